// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The calibration set at every value between the regions.

#ifndef PDQ_CALIBRATION_DATA_PROPAGATION_H
#define PDQ_CALIBRATION_DATA_PROPAGATION_H

#include "pdq/Calibration/Calibrator.h"
#include "pdq/Calibration/Parameters/RegionCalibrator.h"

namespace mlir::pdq {

/// Pushes the calibration set through the network, once quantized and once in
/// floating point, and keeps it at the values that are still needed. Samples
/// are slices of dimension 0, activations are in their kept form.
class Propagation {
public:
  /// `batch` samples a call.
  Propagation(const NetworkSections &sections, Executor &executor,
              CacheMemory &memory, const CalibrationData &data, int64_t batch,
              Location loc);

  /// Errors: what must be there at once is over the memory limit: the values at
  /// both ends of some region, what it learns, and the `predicted` outputs.
  LogicalResult checkMemory(ArrayRef<Value> predicted) const;

  /// Runs the float network; those of its outputs that have a term in the
  /// prediction difference are part of the data of each region.
  LogicalResult computePredictions(ArrayRef<unsigned> outputs);

  /// The same in the order of the outputs: [N, ...] in their kept form.
  ArrayRef<BufferRef> getPredictions() const { return predictions; }

  /// Runs the operations between two regions.
  LogicalResult runGlue(const Section &section);

  /// The data at the border of a region.
  RegionData gather(const RegionContext &context) const;

  /// Takes in the results of a region.
  void setResults(RegionOp region, ArrayRef<BufferRef> quantizedResults,
                  ArrayRef<BufferRef> floatResults);

  /// Forgets what no section after `section` reads.
  void dropDeadValues(int section);

private:
  const NetworkSections &sections;
  Executor &executor;
  CacheMemory &memory;
  int64_t samples, batch;
  Location loc;
  DenseMap<Value, BufferRef> quantized, floating;
  SmallVector<BufferRef> predictions;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_DATA_PROPAGATION_H
