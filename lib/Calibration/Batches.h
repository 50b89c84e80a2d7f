// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running a program over the whole calibration set, one batch a call.

#ifndef PDQ_CALIBRATION_BATCHES_H
#define PDQ_CALIBRATION_BATCHES_H

#include "mlir/IR/BuiltinTypes.h"
#include "pdq/Execution/Executor.h"

namespace mlir::pdq {

/// Buffers that a program is called on, in order: with all samples in
/// dimension 0, or the same for every call.
class BatchOperands {
public:
  void addSamples(const BufferRef &buffer) {
    operands.push_back({buffer, true});
  }
  void addSamples(ArrayRef<BufferRef> buffers) {
    for (const BufferRef &buffer : buffers)
      addSamples(buffer);
  }
  void addFixed(const BufferRef &buffer) {
    operands.push_back({buffer, false});
  }
  void addFixed(ArrayRef<BufferRef> buffers) {
    for (const BufferRef &buffer : buffers)
      addFixed(buffer);
  }

  /// The operands of the call on samples [first, first + count).
  SmallVector<BufferRef> slice(int64_t first, int64_t count) const;

private:
  struct Operand {
    BufferRef buffer;
    bool samples;
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

/// A buffer for `samples` samples of a kept tensor of one batch.
BufferRef allocateSamples(Executor &executor, RankedTensorType type,
                          int64_t samples);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_BATCHES_H
