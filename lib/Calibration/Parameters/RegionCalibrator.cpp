// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibrates one region: runs its programs on the calibration set.

#include "pdq/Calibration/Parameters/RegionCalibrator.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "pdq/Calibration/Data/CacheLayout.h"
#include "pdq/Calibration/Data/ScaleSamples.h"
#include "pdq/Calibration/Programs/FrozenProgram.h"
#include "pdq/Calibration/Progress/Interruption.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

LogicalResult RegionCalibrator::compile(RegionReport &report) {
  Stopwatch watch;
  report.name = getName().str();
  progress.phase(getName(), "compiling");
  FailureOr<OwningOpRef<ModuleOp>> module = buildRegionPrograms(context);
  if (failed(module))
    return failure();
  FailureOr<std::unique_ptr<Executable>> compiled =
      executor.compile(module->get());
  if (failed(compiled))
    return failure();
  programs = std::move(*compiled);
  if (failed(reserve(*programs, **module)))
    return failure();
  report.compileSeconds = watch.seconds();
  return success();
}

/// Makes room for the programs of `module` beside the samples.
LogicalResult RegionCalibrator::reserve(const Executable &executable,
                                        ModuleOp module) {
  SmallVector<StringRef> names;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic())
      names.push_back(function.getName());
  return memory.reserve(executable, names, "region @" + getName());
}

LogicalResult RegionCalibrator::calibrate(const RegionData &data,
                                          const StepState *resumed, SaveFn save,
                                          RegionReport &report) {
  progress.phase(getName(), "choosing activation scales");
  Stopwatch initialization;
  if (failed(initializeActivations(data)))
    return failure();
  report.initializationSeconds += initialization.seconds();
  Stopwatch correction;
  SmallVector<BufferRef> corrected;
  if (failed(correct(data, corrected)))
    return failure();
  report.correctionSeconds = correction.seconds();
  SmallVector<BufferRef> targets = allocateResults(context.samples);
  BatchOperands arguments, results;
  arguments.addSamples(corrected);
  results.addSamples(targets);
  runBatches(*programs, program::teach, context.samples, options.batch,
             arguments, results);
  if (failed(evaluate(data, targets, RegionReport::Before, report)))
    return failure();
  if (context.hasTrainables() &&
      failed(iterate(data, corrected, targets, resumed, save, report)))
    return failure();
  if (failed(evaluate(data, targets, RegionReport::After, report)))
    return failure();
  measureSensitivity(data, targets, report);
  describeQuantizers(data, report);
  return success();
}

/// The student with its parameters as arguments.
void RegionCalibrator::runForward(const RegionData &data,
                                  ArrayRef<BufferRef> results) {
  BatchOperands arguments, outputs;
  arguments.addSamples(data.plain);
  arguments.addFixed(uploadParameters());
  outputs.addSamples(results);
  for (const ActivationQuantizer &quantizer : quantizers.activations)
    outputs.addFixed(allocateObserved(quantizer, options.batch));
  runBatches(*programs, program::forward, context.samples, options.batch,
             arguments, outputs);
}

/// The student as the exported network computes it.
LogicalResult RegionCalibrator::runFrozen(const RegionData &data,
                                          RegionOp calibrated,
                                          ArrayRef<BufferRef> results) {
  FailureOr<OwningOpRef<ModuleOp>> module =
      buildFrozenProgram(calibrated, options.products, options.batch);
  if (failed(module))
    return failure();
  FailureOr<std::unique_ptr<Executable>> frozen =
      executor.compile(module->get());
  if (failed(frozen) || failed(reserve(**frozen, **module)))
    return failure();
  BatchOperands arguments, outputs;
  arguments.addSamples(data.plain);
  outputs.addSamples(results);
  runBatches(**frozen, program::frozen, context.samples, options.batch,
             arguments, outputs);
  return success();
}

LogicalResult RegionCalibrator::advance(const RegionData &data,
                                        RegionOp calibrated,
                                        SmallVectorImpl<BufferRef> &quantized,
                                        SmallVectorImpl<BufferRef> &floating) {
  quantized = allocateResults(context.samples);
  if (options.products == ProductArithmetic::Float)
    runForward(data, quantized);
  else if (failed(runFrozen(data, calibrated, quantized)))
    return failure();

  floating = allocateResults(context.samples);
  BatchOperands originals, taught;
  originals.addSamples(data.original);
  taught.addSamples(floating);
  runBatches(*programs, program::teach, context.samples, options.batch,
             originals, taught);
  return success();
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

BufferRef RegionCalibrator::upload(const HostTensor &tensor) {
  BufferRef buffer =
      executor.allocate(tensor.getShape(), tensor.getElementType());
  buffer->write(tensor);
  return buffer;
}

BufferRef RegionCalibrator::uploadScalar(float value) {
  HostTensor tensor({}, ElementType::F32);
  tensor.values<float>()[0] = value;
  return upload(tensor);
}

BufferRef RegionCalibrator::uploadScalar(double value) {
  HostTensor tensor({}, ElementType::F64);
  tensor.values<double>()[0] = value;
  return upload(tensor);
}

SmallVector<BufferRef> RegionCalibrator::allocateResults(int64_t samples) {
  SmallVector<BufferRef> buffers;
  for (Type type : context.getRegion().getResultTypes())
    buffers.push_back(allocateSamples(memory, cast<RankedTensorType>(type),
                                      options.batch, samples));
  return buffers;
}

SmallVector<BufferRef> RegionCalibrator::uploadParameters() {
  SmallVector<BufferRef> buffers;
  for (const WeightQuantizer &quantizer : quantizers.weights)
    buffers.push_back(upload(quantizeWeight(quantizer)));
  for (const ActivationQuantizer &quantizer : quantizers.activations)
    buffers.push_back(uploadScalar(quantizer.scale));
  for (const ActivationQuantizer &quantizer : quantizers.activations) {
    HostTensor zeroPoint({}, ElementType::I32);
    zeroPoint.values<int32_t>()[0] = quantizer.zeroPoint;
    buffers.push_back(upload(zeroPoint));
  }
  return buffers;
}

//===----------------------------------------------------------------------===//
// Before and after the iterations
//===----------------------------------------------------------------------===//

/// Reconstruction loss and prediction difference, means over the mini-batches.
std::pair<double, double>
RegionCalibrator::computeLosses(const RegionData &data,
                                ArrayRef<BufferRef> targets) {
  BufferRef reconstruction = executor.allocate({}, ElementType::F32);
  BufferRef difference = executor.allocate({}, ElementType::F32);
  BatchOperands arguments;
  arguments.addSamples(data.plain);
  arguments.addFixed(uploadParameters());
  arguments.addSamples(targets);
  arguments.addSamples(data.predictions);
  arguments.addSamples(data.tailLiveIns);
  SmallVector<int64_t> starts = getBatchStarts(context.samples, options.batch);
  std::pair<double, double> sums;
  for (int64_t first : starts) {
    programs->call(program::evaluate, arguments.slice(first, options.batch),
                   {reconstruction, difference});
    sums.first += reconstruction->read().values<float>()[0];
    sums.second += difference->read().values<float>()[0];
  }
  return {sums.first / starts.size(), sums.second / starts.size()};
}

LogicalResult RegionCalibrator::evaluate(const RegionData &data,
                                         ArrayRef<BufferRef> targets,
                                         RegionReport::Moment moment,
                                         RegionReport &report) {
  Stopwatch watch;
  auto [reconstruction, difference] = computeLosses(data, targets);
  report.evaluationSeconds += watch.seconds();
  report.reconstructionLoss[moment] = reconstruction;
  report.predictionDifference[moment] = difference;
  if (std::isfinite(reconstruction) && std::isfinite(difference))
    return success();
  return context.getRegion().emitError()
         << "loss is not finite "
         << (moment == RegionReport::After ? "after" : "before")
         << " the iterations of region @" << getName() << " (reconstruction "
         << reconstruction << ", prediction difference " << difference
         << "): " << overflowCause;
}

/// The prediction difference of the region alone: all that it and its tail read
/// is the float network's.
void RegionCalibrator::measureSensitivity(RegionData data,
                                          ArrayRef<BufferRef> targets,
                                          RegionReport &report) {
  Stopwatch watch;
  data.plain = data.original;
  data.tailLiveIns = data.originalTailLiveIns;
  double difference = computeLosses(data, targets).second;
  if (std::isfinite(difference))
    report.sensitivity = difference;
  report.evaluationSeconds += watch.seconds();
}

void RegionCalibrator::describeQuantizers(const RegionData &data,
                                          RegionReport &report) {
  // What activations are measured on, at most: some 10 ms.
  static constexpr int64_t maxMeasured = 1 << 22;
  Stopwatch watch;
  for (const WeightQuantizer &quantizer : quantizers.weights) {
    report.roundingFlipped += countFlipped(quantizer);
    report.quantizers.push_back(describe(quantizer));
  }
  BatchOperands arguments, results;
  arguments.addSamples(data.plain);
  arguments.addFixed(uploadParameters());
  results.addSamples(allocateResults(options.batch));
  SmallVector<BufferRef> observed;
  for (const ActivationQuantizer &quantizer : quantizers.activations) {
    observed.push_back(allocateObserved(quantizer, options.batch));
    results.addFixed(observed.back());
  }
  if (!observed.empty())
    runBatches(*programs, program::forward, options.batch, options.batch,
               arguments, results);
  for (auto [quantizer, buffer] :
       llvm::zip_equal(quantizers.activations, observed)) {
    int64_t rows = buffer->getShape().front();
    int64_t rowSize = computeProduct(buffer->getShape()) / rows;
    int64_t measured = std::clamp<int64_t>(maxMeasured / rowSize, 1, rows);
    report.quantizers.push_back(
        describe(quantizer, buffer->slice(0, measured)->read()));
    report.activationScales.push_back(quantizer.scale);
  }
  report.evaluationSeconds += watch.seconds();
}
