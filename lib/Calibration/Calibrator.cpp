// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibration of an annotated network, region after region. No IR is rewritten
// here but the parameters that were learned.

#include "pdq/Calibration/Calibrator.h"
#include "pdq/Calibration/Checks/NetworkCheck.h"
#include "pdq/Calibration/Data/Inputs.h"
#include "pdq/Calibration/Data/Propagation.h"
#include "pdq/Calibration/Data/ScaleSamples.h"
#include "pdq/Calibration/Parameters/Parameters.h"
#include "pdq/Calibration/Programs/OutputTerms.h"
#include "pdq/Calibration/Progress/Checkpoint.h"
#include "pdq/Calibration/Progress/Interruption.h"
#include "pdq/IR/RecordedOptions.h"
#include "pdq/Network/Rebatch/Rebatch.h"
#include "pdq/Support/DataArguments.h"
#include "pdq/Support/GuardScalars.h"
#include "pdq/Support/MemoryLimit.h"
#include "pdq/Support/Options/OptionsLocation.h"
#include "pdq/Support/Options/PassOptionText.h"
#include <sys/resource.h>

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// A region in work.
struct OpenRegion {
  OpenRegion(const NetworkSections &sections, int index,
             const CalibrationOptions &options, int64_t samples)
      : options(options),
        context{sections, index, quantizers, this->options, samples} {}

  RegionQuantizers quantizers;
  CalibrationOptions options;
  RegionContext context;
  std::unique_ptr<RegionCalibrator> calibrator;
  RegionReport report;
};

/// Runs through the regions. `module` is the result; a copy of it with the
/// mini-batch's size is what programs are made from.
class Calibrator {
public:
  Calibrator(ModuleOp module, CalibrationData &data,
             const CalibrationOptions &options, Executor &executor)
      : module(module), data(data), options(options), executor(executor),
        scales(executor, {options.init, options.symmetricWeights,
                          options.powerOfTwoScales}) {}

  LogicalResult initialize(int64_t &numQuantizers);
  LogicalResult calibrate(StringRef checkpointPath, CalibrationReport &report);

private:
  /// Runs `visit(section, region of the result)` for each region and the
  /// operations between them.
  using VisitFn = function_ref<LogicalResult(int, RegionOp)>;

  LogicalResult checkInputs();
  LogicalResult prepare();
  LogicalResult visitRegions(VisitFn visit);
  LogicalResult calibrateRegion(int index, RegionOp target,
                                Checkpoint &checkpoint,
                                CalibrationReport &report);
  FailureOr<std::unique_ptr<OpenRegion>> open(int index, RegionOp target);
  LogicalResult advance(OpenRegion &work, const RegionData &border,
                        RegionOp target);
  void remarkOrder() const;
  std::string describeSettings() const;
  LogicalResult failInterrupted(RegionOp target, int64_t done);

  ModuleOp module;
  CalibrationData &data;
  CalibrationOptions options;
  Executor &executor;
  ScaleSearch scales;

  OwningOpRef<ModuleOp> working;
  std::optional<CacheMemory> memory;
  std::optional<NetworkSections> sections;
  std::optional<Propagation> propagation;
  SmallVector<RegionOp> targets;
  std::optional<Progress> progress;
  std::optional<StepState> resumed;
  /// Whether there is a checkpoint.
  bool keepsState = false;
};
} // namespace

/// Checks network and data, and fits the options to the number of samples.
LogicalResult Calibrator::checkInputs() {
  FailureOr<func::FuncOp> network = findNetwork(module);
  if (failed(network) || failed(checkNetwork(*network)) ||
      failed(
          fitData(*network, data, getOptionsLocation(module.getContext()))) ||
      failed(chooseOutputTerms(*network, options,
                               getOptionsLocation(module.getContext()))))
    return failure();
  int64_t samples = data.getNumSamples();
  if (options.batch > samples)
    network->emitRemark("batch is ")
        << samples << " instead of " << options.batch
        << ": the calibration data has no more samples";
  options.batch = std::min(options.batch, samples);
  options.initSamples = std::clamp(options.initSamples, options.batch, samples);
  remarkSamples(data, options.batch);
  return success();
}

LogicalResult Calibrator::prepare() {
  func::FuncOp original = *findNetwork(module);
  original.walk([&](RegionOp op) { targets.push_back(op); });
  working = module.clone();
  func::FuncOp network = *findNetwork(*working);
  guardScalars(network);
  if (failed(rebatch(network, options.batch, getDataArguments(network))) ||
      failed(checkBorders(network, options.batch)) ||
      failed(checkOtherBatch(module, options.batch, data, executor)))
    return failure();
  sections.emplace(network);
  progress.emplace(targets.size(), options.iterations, options.progress);
  memory.emplace(executor, readByteCount(options.memoryBudget),
                 module.getLoc());
  propagation.emplace(*sections, executor, *memory, data, options.batch,
                      module.getLoc());
  Operation *end = network.getBody().front().getTerminator();
  return propagation->checkMemory(
      llvm::map_to_vector(getTermOutputs(options), [&](unsigned output) {
        return end->getOperand(output);
      }));
}

LogicalResult Calibrator::visitRegions(VisitFn visit) {
  size_t number = 0;
  for (auto [index, section] : llvm::enumerate(sections->getSections())) {
    if (failed(section.region ? visit(index, targets[number++])
                              : propagation->runGlue(section)))
      return failure();
    propagation->dropDeadValues(index);
  }
  return success();
}

/// Compiles the programs of a region, with its quantizers as they start: those
/// of a finished region as they are, since only its results are needed.
FailureOr<std::unique_ptr<OpenRegion>> Calibrator::open(int index,
                                                        RegionOp target) {
  auto work = std::make_unique<OpenRegion>(*sections, index, options,
                                           data.getNumSamples());
  bool finished = static_cast<bool>(target.getStatus());
  if (finished)
    work->options.iterations = 0;
  FailureOr<RegionQuantizers> quantizers =
      collectQuantizers(sections->getSections()[index].region);
  if (failed(quantizers))
    return failure();
  work->quantizers = std::move(*quantizers);
  Stopwatch watch;
  if (failed(finished ? readParameters(work->quantizers)
                      : initializeWeights(work->quantizers, scales, executor)))
    return failure();
  work->report.initializationSeconds = watch.seconds();
  work->calibrator = std::make_unique<RegionCalibrator>(
      work->context, work->quantizers, executor, *memory, scales, *progress);
  if (failed(work->calibrator->compile(work->report)))
    return failure();
  return work;
}

/// Looks at the first output that has classes.
void Calibrator::remarkOrder() const {
  for (auto [output, predictions] :
       llvm::zip_equal(getTermOutputs(options), propagation->getPredictions()))
    if (options.outputs[output].loss == OutputLoss::Divergence &&
        predictions->getShape().size() == 2)
      return remarkClassOrder(predictions->read(),
                              options.scaleSamples == ScaleSamples::First,
                              data.inputs.front().loc);
}

LogicalResult Calibrator::advance(OpenRegion &work, const RegionData &border,
                                  RegionOp target) {
  SmallVector<BufferRef> quantizedResults, floatResults;
  if (failed(work.calibrator->advance(border, target, quantizedResults,
                                      floatResults)))
    return failure();
  propagation->setResults(work.context.getRegion(), quantizedResults,
                          floatResults);
  return success();
}

//===----------------------------------------------------------------------===//
// Initialization
//===----------------------------------------------------------------------===//

LogicalResult Calibrator::initialize(int64_t &numQuantizers) {
  options.iterations = 0;
  if (failed(checkInputs()) || failed(prepare()))
    return failure();
  return visitRegions([&](int index, RegionOp target) -> LogicalResult {
    FailureOr<std::unique_ptr<OpenRegion>> work = open(index, target);
    if (failed(work))
      return failure();
    RegionData border = propagation->gather((*work)->context);
    if (!target.getStatus()) {
      RegionQuantizers &quantizers = (*work)->quantizers;
      if (failed((*work)->calibrator->initializeActivations(border)))
        return failure();
      writeScales(target, quantizers);
      numQuantizers +=
          quantizers.weights.size() + quantizers.activations.size();
    }
    return advance(**work, border, target);
  });
}

LogicalResult mlir::pdq::initializeScales(ModuleOp module,
                                          CalibrationData &data,
                                          const CalibrationOptions &options,
                                          Executor &executor,
                                          int64_t &numQuantizers) {
  return Calibrator(module, data, options, executor).initialize(numQuantizers);
}

//===----------------------------------------------------------------------===//
// Calibration
//===----------------------------------------------------------------------===//

/// Fails; says so where a signal is the reason.
LogicalResult Calibrator::failInterrupted(RegionOp target, int64_t done) {
  if (!isInterrupted())
    return failure();
  progress->clear();
  return target.emitError("interrupted by ")
         << getInterruption() << " in region @" << target.getSymName()
         << ", iteration " << done << " of " << options.iterations
         << (keepsState ? "; the same command goes on from the checkpoint"
                        : "; without the option 'checkpoint' nothing is kept");
}

LogicalResult Calibrator::calibrateRegion(int index, RegionOp target,
                                          Checkpoint &checkpoint,
                                          CalibrationReport &report) {
  Stopwatch watch;
  if (isInterrupted())
    return failInterrupted(target, 0);
  FailureOr<std::unique_ptr<OpenRegion>> work = open(index, target);
  if (failed(work))
    return failure();
  RegionReport &regionReport = (*work)->report;
  RegionData border = propagation->gather((*work)->context);
  if (!target.getStatus()) {
    auto save = [&](const StepState &state) {
      return checkpoint.save(module, report.regions, &state);
    };
    if (failed((*work)->calibrator->calibrate(
            border, resumed ? &*resumed : nullptr, save, regionReport)))
      return failInterrupted(target, regionReport.iterations);
    resumed.reset();
    regionReport.seconds = watch.seconds();
    writeScales(target, (*work)->quantizers);
    writeWeights(target, (*work)->quantizers);
    writeStatus(target, regionReport);
    report.regions.push_back(regionReport);
    progress->finishRegion(regionReport);
    if (failed(checkpoint.save(module, report.regions, nullptr)))
      return failure();
  }
  return advance(**work, border, target);
}

/// What decides about the result: options, those of earlier passes included.
std::string Calibrator::describeSettings() const {
  std::string text = options.describe();
  llvm::raw_string_ostream os(text);
  for (NamedAttribute option : getRecordedOptions(module)) {
    os << " " << option.getName().getValue() << "=";
    if (auto name = dyn_cast<StringAttr>(option.getValue()))
      os << name.getValue();
    else
      option.getValue().print(os, /*elideType=*/true);
  }
  return text;
}

LogicalResult Calibrator::calibrate(StringRef checkpointPath,
                                    CalibrationReport &report) {
  Stopwatch watch;
  InterruptionGuard guard;
  keepsState = !checkpointPath.empty();
  if (failed(checkInputs()))
    return failure();
  report.settings = options.toJSON();
  report.seed = options.seed;
  report.dataSHA256 = hashData(data);
  module.walk([&](BatchNormOp) { ++report.batchNormsCaptured; });
  Checkpoint checkpoint(checkpointPath, {describeSettings(), report.dataSHA256,
                                         hashModule(module)});
  if (failed(checkpoint.load(module, report.regions, resumed)) ||
      failed(prepare()))
    return failure();
  if (options.products != ProductArithmetic::Float)
    module->setAttr(
        productsName,
        StringAttr::get(module.getContext(), stringifyEnum(options.products)));
  // Finds out now, with the size that it will have, whether it can be kept.
  if (failed(checkpoint.save(module, report.regions,
                             resumed ? &*resumed : nullptr)))
    return failure();
  progress->phase("network", "computing the predictions");
  if (failed(propagation->computePredictions(getTermOutputs(options))))
    return failure();
  remarkOrder();
  if (failed(visitRegions([&](int index, RegionOp target) {
        return calibrateRegion(index, target, checkpoint, report);
      })))
    return failure();
  report.totalSeconds = watch.seconds();
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  report.peakMemoryBytes = usage.ru_maxrss * 1024;
  return success();
}

LogicalResult mlir::pdq::calibrate(ModuleOp module, CalibrationData &data,
                                   const CalibrationOptions &options,
                                   Executor &executor, StringRef checkpoint,
                                   CalibrationReport &report) {
  return Calibrator(module, data, options, executor)
      .calibrate(checkpoint, report);
}
