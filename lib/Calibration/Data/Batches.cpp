// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running a program over the whole calibration set, one batch a call.

#include "pdq/Calibration/Data/Batches.h"
#include "pdq/Calibration/Data/CacheLayout.h"

using namespace mlir;
using namespace mlir::pdq;

SmallVector<BufferRef> BatchOperands::slice(int64_t first,
                                            int64_t count) const {
  return llvm::map_to_vector(operands, [&](const Operand &operand) {
    return operand.rows == 0 ? operand.buffer
                             : operand.buffer->slice(first * operand.rows,
                                                     count * operand.rows);
  });
}

SmallVector<int64_t> mlir::pdq::getBatchStarts(int64_t samples, int64_t batch) {
  SmallVector<int64_t> starts;
  for (int64_t first = 0; first < samples; first += batch)
    starts.push_back(std::min(first, samples - batch));
  return starts;
}

void mlir::pdq::runBatches(Executable &executable, StringRef name,
                           int64_t samples, int64_t batch,
                           const BatchOperands &arguments,
                           const BatchOperands &results) {
  for (int64_t first : getBatchStarts(samples, batch))
    executable.call(name, arguments.slice(first, batch),
                    results.slice(first, batch));
}

BufferRef mlir::pdq::allocateSamples(CacheMemory &memory, RankedTensorType type,
                                     int64_t batch, int64_t samples) {
  RankedTensorType kept = getCacheType(type);
  SmallVector<int64_t> shape(kept.getShape());
  shape[0] = shape[0] / batch * samples;
  return memory.allocate(shape, *getElementType(kept.getElementType()));
}
