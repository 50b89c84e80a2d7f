// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibration of an annotated network, region after region. No IR is rewritten
// here but the parameters that were learned.

#include "pdq/Calibration/Calibrator.h"
#include "Checkpoint.h"
#include "KeptForms.h"
#include "pdq/Execution/TensorAttributes.h"
#include "pdq/IR/Rebatch.h"
#include <cmath>
#include <sys/resource.h>

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Runs a calibration. `module` is the result; a copy of it with the
/// mini-batch's size is what programs are made from.
class Calibrator {
public:
  Calibrator(ModuleOp module, const HostTensor &data,
             const CalibrationOptions &options, Executor &executor,
             CalibrationReport &report)
      : module(module), data(data), options(options), executor(executor),
        report(report), scales(executor, options.init) {}

  LogicalResult run(StringRef checkpointPath);

private:
  LogicalResult checkInputs();
  LogicalResult checkData(func::FuncOp function);
  LogicalResult prepare();
  LogicalResult checkBorders(func::FuncOp network);
  LogicalResult computeLogits();
  void seedValues();
  LogicalResult runGlue(const Stage &stage);
  LogicalResult runRegion(int index, size_t number, Checkpoint &checkpoint);
  LogicalResult initializeWeights(RegionQuantizers &quantizers);
  LogicalResult readParameters(RegionQuantizers &quantizers);
  RegionData gatherData(const RegionContext &context);
  void dropDeadValues(int stage);
  void writeBack(RegionOp target, const RegionQuantizers &quantizers,
                 const RegionReport &regionReport);

  ModuleOp module;
  const HostTensor &data;
  CalibrationOptions options;
  Executor &executor;
  CalibrationReport &report;
  ScaleSearch scales;

  OwningOpRef<ModuleOp> working;
  std::optional<NetworkStages> stages;
  SmallVector<RegionOp> targets;
  std::optional<Progress> progress;
  std::optional<StepState> resumed;
  /// The calibration set at the values that are still needed.
  DenseMap<Value, BufferRef> quantized, floating;
  BufferRef logits;
};
} // namespace

/// The network: the one function with regions.
static FailureOr<func::FuncOp> findNetwork(ModuleOp module) {
  func::FuncOp network;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isDeclaration() ||
        function.getBody().front().getOps<RegionOp>().empty())
      continue;
    if (network)
      return function.emitError(
          "second function with regions; expected one network");
    network = function;
  }
  if (!network)
    return module.emitError(
        "no function with pdq.region; run -pdq-annotate first");
  return network;
}

/// Finds samples that would spoil every loss.
static LogicalResult checkFinite(Location loc, const HostTensor &data) {
  ArrayRef<float> values = data.values<float>();
  const float *found =
      llvm::find_if(values, [](float value) { return !std::isfinite(value); });
  if (found == values.end())
    return success();
  int64_t inSample = values.size() / data.getShape().front();
  return emitError(loc) << "calibration data is not finite: sample "
                        << (found - values.begin()) / inSample << " contains "
                        << *found;
}

LogicalResult Calibrator::checkData(func::FuncOp function) {
  if (function.getNumArguments() != 1 || function.getNumResults() != 1)
    return function.emitError()
           << "network has " << function.getNumArguments() << " arguments and "
           << function.getNumResults() << " results, expected one of each";
  auto input = dyn_cast<RankedTensorType>(function.getArgumentTypes()[0]);
  auto output = dyn_cast<RankedTensorType>(function.getResultTypes()[0]);
  if (!input || !input.getElementType().isF32())
    return function.emitError()
           << "network takes " << function.getArgumentTypes()[0]
           << ", expected a tensor of f32";
  bool isKnown =
      output && output.getElementType().isF32() && output.getRank() > 0;
  if (!isKnown || (output.getRank() != 2 && options.predictionDifference))
    return function.emitError()
           << "network returns " << function.getResultTypes()[0]
           << ", expected logits of f32 of rank 2 (batch, classes)"
           << (isKnown ? "; other outputs need prediction-difference=false"
                       : "");
  ArrayRef<int64_t> found = data.getShape();
  bool matches = data.getElementType() == ElementType::F32 &&
                 found.size() == static_cast<size_t>(input.getRank()) &&
                 found.drop_front() == input.getShape().drop_front() &&
                 found.front() > 0;
  if (matches)
    return checkFinite(function.getLoc(), data);
  InFlightDiagnostic diag = function.emitError("calibration data has shape [");
  llvm::interleaveComma(found, diag);
  diag << "]" << (data.getElementType() == ElementType::F32 ? "" : " (not f32)")
       << ", expected f32 [N";
  for (int64_t size : input.getShape().drop_front())
    diag << ", " << size;
  return diag << "]";
}

/// Between regions a sample is one slice of dimension 0: that is how they are
/// kept and drawn.
LogicalResult Calibrator::checkBorders(func::FuncOp network) {
  for (Operation &op : network.getBody().front()) {
    auto region = dyn_cast<RegionOp>(op);
    if (!region)
      continue;
    SmallVector<Value> border(region.getInputs());
    llvm::append_range(border, region.getResults());
    for (Value value : border) {
      auto type = cast<RankedTensorType>(value.getType());
      if (type.getRank() > 0 && type.getDimSize(0) == options.batch)
        continue;
      return region.emitError()
             << "value of type " << type << " at the border of region @"
             << region.getSymName() << " does not have the batch "
             << options.batch
             << " as dimension 0; place the border elsewhere with pdq.region";
    }
    for (auto quantizer :
         region.getQuantizedBody().front().getOps<FakeQuantOp>()) {
      auto type = cast<RankedTensorType>(quantizer.getType());
      bool isWeight = quantizer.getQuantizer().getAxis().has_value();
      if (!isWeight &&
          (type.getRank() == 0 || type.getNumElements() % options.batch != 0))
        return quantizer.emitError() << "quantized value of type " << type
                                     << " does not have the batch "
                                     << options.batch << " in its shape";
    }
  }
  return success();
}

/// Checks network and data, and fits the options to the number of samples.
LogicalResult Calibrator::checkInputs() {
  FailureOr<func::FuncOp> network = findNetwork(module);
  if (failed(network) || failed(checkData(*network)))
    return failure();
  int64_t samples = data.getShape().front();
  if (options.batch > samples)
    network->emitRemark("batch is ")
        << samples << " instead of " << options.batch
        << ": the calibration data has no more samples";
  options.batch = std::min(options.batch, samples);
  options.initSamples = std::clamp(options.initSamples, options.batch, samples);
  return success();
}

LogicalResult Calibrator::prepare() {
  func::FuncOp original = *findNetwork(module);
  original.walk([&](RegionOp op) { targets.push_back(op); });
  working = module.clone();
  func::FuncOp network = *findNetwork(*working);
  if (failed(rebatch(network, options.batch, {0})))
    return failure();
  if (failed(checkBorders(network)))
    return failure();
  stages.emplace(network);
  progress.emplace(targets.size(), options.iterations);
  return success();
}

/// The calibration set in its kept form, as value of the network's argument.
void Calibrator::seedValues() {
  ArrayRef<int64_t> shape = data.getShape();
  HostTensor kept;
  if (shape.size() != 4) {
    kept = data.clone();
  } else {
    int64_t channels = shape[1], pixels = shape[2] * shape[3];
    kept =
        HostTensor({shape[0], shape[2], shape[3], shape[1]}, ElementType::F32);
    for (int64_t n = 0; n < shape[0]; ++n)
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t p = 0; p < pixels; ++p)
          kept.values<float>()[(n * pixels + p) * channels + c] =
              data.values<float>()[(n * channels + c) * pixels + p];
  }
  BufferRef buffer = executor.allocate(kept.getShape(), ElementType::F32);
  buffer->write(kept);
  Value argument = stages->getLiveValues(-1).front();
  quantized[argument] = floating[argument] = buffer;
}

/// Adds the public program `name` that calls `inner` on kept tensors.
static void addKeptProgram(ModuleOp programs, StringRef name,
                           func::FuncOp inner) {
  ProgramBuilder program(programs, name);
  SmallVector<Value> arguments =
      addCacheArguments(program, inner.getArgumentTypes());
  SmallVector<Value> results;
  for (Value result : program.call(inner, arguments))
    results.push_back(buildToCache(program.getBuilder(), result));
  program.finish(results);
}

LogicalResult Calibrator::computeLogits() {
  progress->phase("network", "computing the predictions");
  OwningOpRef<ModuleOp> programs = ModuleOp::create(module.getLoc());
  func::FuncOp network = stages->buildTail(*programs, "tail", -1, Body::Float);
  addKeptProgram(*programs, "network", network);
  auto type = cast<RankedTensorType>(network.getResultTypes().front());
  if (failed(lowerPrograms(*programs)))
    return failure();
  auto compiled = executor.compile(*programs);
  if (failed(compiled))
    return failure();
  int64_t samples = data.getShape().front();
  logits = allocateSamples(executor, type, options.batch, samples);
  BatchOperands arguments, results;
  arguments.addSamples(floating.lookup(stages->getLiveValues(-1).front()));
  results.addSamples(logits);
  runBatches(**compiled, "network", samples, options.batch, arguments, results);
  return success();
}

LogicalResult Calibrator::runGlue(const Stage &stage) {
  OwningOpRef<ModuleOp> programs = ModuleOp::create(module.getLoc());
  addKeptProgram(*programs, "glue",
                 stages->buildGlue(*programs, "operations", stage));
  if (failed(lowerPrograms(*programs)))
    return failure();
  auto compiled = executor.compile(*programs);
  if (failed(compiled))
    return failure();
  int64_t samples = data.getShape().front();
  for (DenseMap<Value, BufferRef> *values : {&quantized, &floating}) {
    BatchOperands arguments, results;
    for (Value input : stage.inputs)
      arguments.addSamples(values->lookup(input));
    for (Value output : stage.outputs) {
      BufferRef buffer =
          allocateSamples(executor, cast<RankedTensorType>(output.getType()),
                          options.batch, samples);
      (*values)[output] = buffer;
      results.addSamples(buffer);
    }
    runBatches(**compiled, "glue", samples, options.batch, arguments, results);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

/// Reads the parameters that a calibrated region has as constants.
LogicalResult Calibrator::readParameters(RegionQuantizers &quantizers) {
  for (WeightQuantizer &quantizer : quantizers.weights) {
    FailureOr<HostTensor> scale = readElements(quantizer.op.getScale());
    FailureOr<HostTensor> zeroPoint = readElements(quantizer.op.getZeroPoint());
    if (failed(scale) || failed(zeroPoint))
      return failure();
    quantizer.scale = std::move(*scale);
    quantizer.zeroPoint = std::move(*zeroPoint);
  }
  for (ActivationQuantizer &quantizer : quantizers.activations) {
    FailureOr<HostTensor> scale = readElements(quantizer.op.getScale());
    FailureOr<HostTensor> zeroPoint = readElements(quantizer.op.getZeroPoint());
    if (failed(scale) || failed(zeroPoint))
      return failure();
    quantizer.scale = scale->values<float>()[0];
    quantizer.zeroPoint = zeroPoint->values<int32_t>()[0];
  }
  return success();
}

LogicalResult Calibrator::initializeWeights(RegionQuantizers &quantizers) {
  for (WeightQuantizer &quantizer : quantizers.weights) {
    BufferRef weight =
        executor.allocate(quantizer.weight.getShape(), ElementType::F32);
    weight->write(quantizer.weight);
    FailureOr<QuantizerParameters> found = scales.search(
        quantizer.op.getLoc(), weight, quantizer.op.getQuantizer());
    if (failed(found))
      return failure();
    quantizer.scale = std::move(found->scale);
    quantizer.zeroPoint = std::move(found->zeroPoint);
  }
  return success();
}

RegionData Calibrator::gatherData(const RegionContext &context) {
  RegionData result;
  for (Value input : context.getRegion().getInputs()) {
    result.plain.push_back(quantized.lookup(input));
    result.original.push_back(floating.lookup(input));
  }
  for (Value bypass : context.getBypasses())
    result.bypasses.push_back(quantized.lookup(bypass));
  result.logits = logits;
  return result;
}

/// Writes what was learned into the corresponding region of the result.
void Calibrator::writeBack(RegionOp target, const RegionQuantizers &quantizers,
                           const RegionReport &regionReport) {
  size_t weight = 0, activation = 0;
  RegionQuantizers original = *collectQuantizers(target);
  auto assign = [&](FakeQuantOp op, const HostTensor &scale,
                    const HostTensor &zeroPoint) {
    ImplicitLocOpBuilder b(op.getLoc(), op);
    op.getScaleMutable().assign(buildConstant(b, scale));
    op.getZeroPointMutable().assign(buildConstant(b, zeroPoint));
  };
  for (WeightQuantizer &place : original.weights) {
    const WeightQuantizer &learned = quantizers.weights[weight++];
    ImplicitLocOpBuilder b(place.op.getLoc(), place.op);
    place.op.getInputMutable().assign(
        buildConstant(b, quantizeWeight(learned)));
    assign(place.op, learned.scale, learned.zeroPoint);
  }
  for (ActivationQuantizer &place : original.activations) {
    const ActivationQuantizer &learned = quantizers.activations[activation++];
    HostTensor scale({}, ElementType::F32), zeroPoint({}, ElementType::I32);
    scale.values<float>()[0] = learned.scale;
    zeroPoint.values<int32_t>()[0] = learned.zeroPoint;
    assign(place.op, scale, zeroPoint);
  }
  Builder b(target.getContext());
  target.setStatusAttr(CalibratedAttr::get(
      b.getContext(), regionReport.iterations,
      b.getF64FloatAttr(regionReport.reconstructionLoss[0]),
      b.getF64FloatAttr(regionReport.reconstructionLoss[1]),
      b.getF64FloatAttr(regionReport.predictionDifference[0]),
      b.getF64FloatAttr(regionReport.predictionDifference[1])));
}

LogicalResult Calibrator::runRegion(int index, size_t number,
                                    Checkpoint &checkpoint) {
  Stopwatch watch;
  RegionOp region = stages->getStages()[index].region;
  FailureOr<RegionQuantizers> quantizers = collectQuantizers(region);
  if (failed(quantizers))
    return failure();
  bool finished = static_cast<bool>(region.getStatus());
  CalibrationOptions regionOptions = options;
  if (finished) // Only its results are needed.
    regionOptions.iterations = 0;
  RegionContext context{*stages, index, *quantizers, regionOptions,
                        data.getShape().front()};
  if (failed(finished ? readParameters(*quantizers)
                      : initializeWeights(*quantizers)))
    return failure();
  RegionCalibrator calibrator(context, *quantizers, executor, scales,
                              *progress);
  RegionReport regionReport;
  if (failed(calibrator.compile(regionReport)))
    return failure();
  RegionData border = gatherData(context);
  if (!finished) {
    auto save = [&](const StepState &state) {
      return checkpoint.save(module, report.regions, &state);
    };
    if (failed(calibrator.calibrate(border, resumed ? &*resumed : nullptr, save,
                                    regionReport)))
      return failure();
    resumed.reset();
    regionReport.seconds = watch.seconds();
    writeBack(targets[number], *quantizers, regionReport);
    report.regions.push_back(regionReport);
    progress->finishRegion(regionReport);
    if (failed(checkpoint.save(module, report.regions, nullptr)))
      return failure();
  }
  SmallVector<BufferRef> quantizedResults, floatResults;
  calibrator.advance(border, quantizedResults, floatResults);
  for (auto [i, result] : llvm::enumerate(region.getResults())) {
    quantized[result] = quantizedResults[i];
    floating[result] = floatResults[i];
  }
  return success();
}

void Calibrator::dropDeadValues(int stage) {
  SmallVector<Value> live = stages->getLiveValues(stage);
  for (DenseMap<Value, BufferRef> *values : {&quantized, &floating})
    for (auto &[value, buffer] : *values)
      if (!llvm::is_contained(live, value))
        buffer.reset();
}

LogicalResult Calibrator::run(StringRef checkpointPath) {
  Stopwatch watch;
  if (failed(checkInputs()))
    return failure();
  report.settings = options.describe();
  report.seed = options.seed;
  report.dataSHA256 = hashTensor(data);
  module.walk([&](BatchNormOp) { ++report.batchNormsCaptured; });
  Checkpoint checkpoint(
      checkpointPath, {report.settings, report.dataSHA256, hashModule(module)});
  if (failed(checkpoint.load(module, report.regions, resumed)) ||
      failed(prepare()))
    return failure();
  // Finds out now, with the size that it will have, whether it can be kept.
  if (failed(checkpoint.save(module, report.regions,
                             resumed ? &*resumed : nullptr)))
    return failure();
  seedValues();
  if (failed(computeLogits()))
    return failure();
  size_t number = 0;
  for (auto [index, stage] : llvm::enumerate(stages->getStages())) {
    if (failed(stage.region ? runRegion(index, number++, checkpoint)
                            : runGlue(stage)))
      return failure();
    dropDeadValues(index);
  }
  report.totalSeconds = watch.seconds();
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  report.peakMemoryBytes = usage.ru_maxrss * 1024;
  return success();
}

LogicalResult mlir::pdq::calibrate(ModuleOp module, const HostTensor &data,
                                   CalibrationOptions options,
                                   Executor &executor, StringRef checkpoint,
                                   CalibrationReport &report) {
  return Calibrator(module, data, options, executor, report).run(checkpoint);
}
