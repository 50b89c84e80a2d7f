// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running a program over the whole calibration set, one batch a call.

#ifndef PDQ_CALIBRATION_DATA_BATCHES_H
#define PDQ_CALIBRATION_DATA_BATCHES_H

#include "mlir/IR/BuiltinTypes.h"
#include "pdq/Calibration/Data/CacheMemory.h"

namespace mlir::pdq {

/// Buffers that a program is called on, in order: with all samples in
/// dimension 0, or the same for every call.
class BatchOperands {
public:
  /// `rows` slices of dimension 0 belong to one sample: more than 1 where a
  /// network merges the batch with other dimensions.
  void addSamples(const BufferRef &buffer, int64_t rows = 1) {
    operands.push_back({buffer, rows});
  }
  void addSamples(ArrayRef<BufferRef> buffers) {
    for (const BufferRef &buffer : buffers)
      addSamples(buffer);
  }
  void addFixed(const BufferRef &buffer) { operands.push_back({buffer, 0}); }
  void addFixed(ArrayRef<BufferRef> buffers) {
    for (const BufferRef &buffer : buffers)
      addFixed(buffer);
  }

  /// The operands of the call on samples [first, first + count).
  SmallVector<BufferRef> slice(int64_t first, int64_t count) const;

private:
  struct Operand {
    BufferRef buffer;
    /// Slices of a sample; 0 for what is the same in every call.
    int64_t rows;
  };
  SmallVector<Operand> operands;
};

/// First samples of the batches that cover `samples`; the last one starts
/// earlier where `batch` does not divide them, so samples stand in two.
SmallVector<int64_t> getBatchStarts(int64_t samples, int64_t batch);

/// Calls `name` for all samples.
void runBatches(Executable &executable, StringRef name, int64_t samples,
                int64_t batch, const BatchOperands &arguments,
                const BatchOperands &results);

/// A buffer for `samples` samples of what has `type` for `batch` samples, in
/// its kept form.
BufferRef allocateSamples(CacheMemory &memory, RankedTensorType type,
                          int64_t batch, int64_t samples);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_DATA_BATCHES_H
