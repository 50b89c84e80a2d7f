// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the calibration set lies: on the device as far as its memory goes, else
// on the host, from where programs take the samples that they use.

#ifndef PDQ_CALIBRATION_DATA_CACHEMEMORY_H
#define PDQ_CALIBRATION_DATA_CACHEMEMORY_H

#include "mlir/IR/BuiltinOps.h"
#include "pdq/Runtime/Executor.h"
#include <optional>

namespace mlir::pdq {

/// Hands out the buffers that hold all samples. Results do not depend on where
/// they are.
class CacheMemory {
public:
  /// `budget` is in bytes of device memory, for programs and samples; without
  /// one it is what is free now, less a margin. Remarks go to `loc`.
  CacheMemory(Executor &executor, std::optional<uint64_t> budget, Location loc);

  /// A zero-filled buffer.
  BufferRef allocate(ArrayRef<int64_t> shape, ElementType type);

  /// Makes room for the temporaries of `functions` of a program, which `what`
  /// names. Errors: they alone are over the budget.
  LogicalResult reserve(const Executable &program,
                        ArrayRef<StringRef> functions, const Twine &what);

private:
  struct Resident {
    std::weak_ptr<Buffer> buffer;
    uint64_t bytes;
  };
  uint64_t sumResidents();
  void remark();

  Executor &executor;
  Location loc;
  /// Nothing where the device has no memory of its own.
  std::optional<uint64_t> budget;
  uint64_t programBytes = 0;
  std::vector<Resident> residents;
  bool remarked = false;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_DATA_CACHEMEMORY_H
