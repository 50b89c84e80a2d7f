// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibrates one region: runs its programs on the calibration set.

#ifndef PDQ_CALIBRATION_PARAMETERS_REGIONCALIBRATOR_H
#define PDQ_CALIBRATION_PARAMETERS_REGIONCALIBRATOR_H

#include "pdq/Calibration/Data/Batches.h"
#include "pdq/Calibration/Programs/RegionPrograms.h"
#include "pdq/Calibration/Progress/Progress.h"
#include "pdq/Calibration/Scales/ScaleSearch.h"

namespace mlir::pdq {

/// Where a region stands inside its iterations: everything that the step
/// program changes, in its own order.
struct StepState {
  int64_t iterations = 0;
  SmallVector<HostTensor> tensors;
  /// What is known of the region so far.
  RegionReport report;
};

/// What the calibration set is at the border of a region. Samples in dimension
/// 0, activations in their kept form.
struct RegionData {
  /// Inputs from the quantized prefix and from the network in floating point.
  SmallVector<BufferRef> plain, original;
  /// Values that the tail reads beside the region's results.
  /// From the quantized prefix, and from the network in floating point.
  SmallVector<BufferRef> tailLiveIns, originalTailLiveIns;
  /// The float network's outputs that have a term in the prediction difference.
  SmallVector<BufferRef> predictions;
};

/// Calibrates one region: compiles its programs, initializes the quantizers,
/// and runs the iterations of the optimizer on the executor.
class RegionCalibrator {
public:
  using SaveFn = function_ref<LogicalResult(const StepState &)>;

  RegionCalibrator(const RegionContext &context, RegionQuantizers &quantizers,
                   Executor &executor, CacheMemory &memory, ScaleSearch &scales,
                   Progress &progress)
      : context(context), options(context.options), quantizers(quantizers),
        executor(executor), memory(memory), scales(scales), progress(progress) {
  }

  /// Builds and compiles the programs.
  LogicalResult compile(RegionReport &report);

  /// Chooses first scales and zero points of the activation quantizers.
  LogicalResult initializeActivations(const RegionData &data);

  /// Initializes the activation quantizers and runs the iterations, from
  /// `resumed` on where it is given. `save` is called between iterations as
  /// often as the options say.
  /// Errors: a loss that is not finite, with region, iteration and likely
  /// cause. Fails without an error where a signal interrupts it; the report has
  /// the iterations that are done and saved.
  LogicalResult calibrate(const RegionData &data, const StepState *resumed,
                          SaveFn save, RegionReport &report);

  /// Computes the region's results, quantized and in floating point, for the
  /// whole calibration set; `calibrated` is the region with its parameters.
  LogicalResult advance(const RegionData &data, RegionOp calibrated,
                        SmallVectorImpl<BufferRef> &quantized,
                        SmallVectorImpl<BufferRef> &floating);

private:
  static constexpr StringRef overflowCause =
      "the region's output overflows; are the inputs normalized as in "
      "training?";

  LogicalResult reserve(const Executable &executable, ModuleOp module);
  void runForward(const RegionData &data, ArrayRef<BufferRef> results);
  LogicalResult runFrozen(const RegionData &data, RegionOp calibrated,
                          ArrayRef<BufferRef> results);
  SmallVector<BufferRef> gatherScaleSamples(ArrayRef<BufferRef> inputs);
  LogicalResult correct(const RegionData &data,
                        SmallVectorImpl<BufferRef> &corrected);
  std::pair<double, double> computeLosses(const RegionData &data,
                                          ArrayRef<BufferRef> targets);
  LogicalResult evaluate(const RegionData &data, ArrayRef<BufferRef> targets,
                         RegionReport::Moment moment, RegionReport &report);
  void measureSensitivity(RegionData data, ArrayRef<BufferRef> targets,
                          RegionReport &report);
  void describeQuantizers(const RegionData &data, RegionReport &report);
  LogicalResult iterate(const RegionData &data, ArrayRef<BufferRef> corrected,
                        ArrayRef<BufferRef> targets, const StepState *resumed,
                        SaveFn save, RegionReport &report);
  void createState();
  StepState readState(const RegionReport &report) const;
  void adoptState();
  LogicalResult checkLosses(int64_t done, IterationLosses &last,
                            LossCurve &curve);
  SmallVector<BufferRef> bindStep(const RegionData &data,
                                  ArrayRef<BufferRef> corrected,
                                  ArrayRef<BufferRef> targets);

  BufferRef upload(const HostTensor &tensor);
  BufferRef uploadScalar(float value);
  BufferRef uploadScalar(double value);
  SmallVector<BufferRef> allocateResults(int64_t samples);
  BufferRef allocateObserved(const ActivationQuantizer &quantizer,
                             int64_t samples);
  /// Weights, scales and zero points as they are now.
  SmallVector<BufferRef> uploadParameters();
  StringRef getName() const { return context.getRegion().getSymName(); }

  const RegionContext &context;
  const CalibrationOptions &options;
  RegionQuantizers &quantizers;
  Executor &executor;
  CacheMemory &memory;
  ScaleSearch &scales;
  Progress &progress;
  std::unique_ptr<Executable> programs;
  /// In-place arguments of the step program: counter, decay powers, parameters
  /// and moments; and the ring of losses.
  SmallVector<BufferRef> state;
  BufferRef ring;
};

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_PARAMETERS_REGIONCALIBRATOR_H
