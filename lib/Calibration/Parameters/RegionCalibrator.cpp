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

static constexpr StringRef overflowCause =
    "the region's output overflows; are the inputs normalized as in training?";

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
// Before the iterations
//===----------------------------------------------------------------------===//

/// A buffer for what a quantizer sees of `samples` samples.
BufferRef
RegionCalibrator::allocateObserved(const ActivationQuantizer &quantizer,
                                   int64_t samples) {
  auto type = cast<RankedTensorType>(FakeQuantOp(quantizer.op).getType());
  return allocateSamples(memory, getObservedType(type, options.batch),
                         options.batch, samples);
}

/// scale_samples: the inputs of the samples that scales are chosen by.
SmallVector<BufferRef>
RegionCalibrator::gatherScaleSamples(ArrayRef<BufferRef> inputs) {
  int64_t count = options.initSamples;
  SmallVector<BufferRef> gathered(inputs);
  if (options.scaleSamples == ScaleSamples::First || count == context.samples)
    return gathered;
  SmallVector<int64_t> drawn =
      drawScaleSamples(context.samples, count, options.seed);
  for (BufferRef &input : gathered) {
    SmallVector<int64_t> shape(input->getShape());
    shape[0] = count;
    BufferRef some = memory.allocate(shape, input->getElementType());
    for (auto [place, sample] : llvm::enumerate(drawn))
      some->slice(place, 1)->write(input->slice(sample, 1)->read());
    input = some;
  }
  return gathered;
}

LogicalResult RegionCalibrator::initializeActivations(const RegionData &data) {
  int64_t samples = options.initSamples;
  SmallVector<BufferRef> inputs = gatherScaleSamples(data.plain);
  SmallVector<BufferRef> results = allocateResults(samples), observed;
  for (const ActivationQuantizer &quantizer : quantizers.activations)
    observed.push_back(allocateObserved(quantizer, samples));
  // Each quantizer sees the ones before it in place, so one pass initializes
  // one quantizer.
  for (auto [index, quantizer] : llvm::enumerate(quantizers.activations)) {
    BatchOperands arguments, outputs;
    arguments.addSamples(inputs);
    arguments.addFixed(uploadParameters());
    outputs.addSamples(results);
    for (const BufferRef &buffer : observed)
      outputs.addSamples(buffer, buffer->getShape().front() / samples);
    runBatches(*programs, program::forward, samples, options.batch, arguments,
               outputs);
    FailureOr<QuantizerParameters> found =
        scales.searchActivation(quantizer.op.getLoc(), observed[index],
                                FakeQuantOp(quantizer.op).getQuantizer());
    if (failed(found))
      return failure();
    quantizer.scale = found->scale.values<float>()[0];
    quantizer.zeroPoint = found->zeroPoint.values<int32_t>()[0];
  }
  return success();
}

static bool isFinite(const HostTensor &tensor) {
  return llvm::all_of(tensor.values<float>(),
                      [](float value) { return std::isfinite(value); });
}

/// Integers, as indices of an embedding, stay as they are.
static bool isCorrected(const Buffer &input) {
  return input.getElementType() == ElementType::F32;
}

LogicalResult RegionCalibrator::correct(const RegionData &data,
                                        SmallVectorImpl<BufferRef> &corrected) {
  if (!context.hasTrainables() || !context.hasBatchNorms()) {
    corrected.assign(data.original.begin(), data.original.end());
    return success();
  }
  progress.phase(getName(), "correcting the distribution");
  for (const BufferRef &original : data.original)
    corrected.push_back(isCorrected(*original) ? upload(original->read())
                                               : original);
  for (int64_t first : getBatchStarts(context.samples, options.batch)) {
    SmallVector<BufferRef> arguments{
        uploadScalar(1.0), uploadScalar(1.0),
        uploadScalar(static_cast<float>(options.correctionRate)),
        uploadScalar(std::numeric_limits<float>::infinity()),
        uploadScalar(0.0f)};
    for (auto [original, result] : llvm::zip_equal(data.original, corrected)) {
      BufferRef start = original->slice(first, options.batch);
      if (!isCorrected(*original)) {
        arguments.push_back(start);
        continue;
      }
      BufferRef batch = result->slice(first, options.batch);
      batch->write(start->read());
      arguments.push_back(batch);
      for (int moment = 0; moment < 2; ++moment)
        arguments.push_back(
            executor.allocate(batch->getShape(), batch->getElementType()));
      arguments.push_back(start);
    }
    for (int64_t step = 0; step < options.correctionSteps; ++step) {
      if (isInterrupted())
        return failure();
      programs->call(program::correct, arguments, {});
    }
  }
  for (const BufferRef &buffer : corrected)
    if (isCorrected(*buffer) && !isFinite(buffer->read()))
      return context.getRegion().emitError()
             << "distribution correction of region @" << getName()
             << " diverges; are the inputs normalized as in training? "
                "Otherwise "
                "lower distribution-correction-rate ("
             << options.correctionRate << ")";
  return success();
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

//===----------------------------------------------------------------------===//
// Iterations
//===----------------------------------------------------------------------===//

/// A weight in the layout of the state (`getParameterType`); with `isInverse`
/// in that of the network again.
static HostTensor permuteParameter(const HostTensor &tensor,
                                   bool isInverse = false) {
  ArrayRef<int64_t> shape = tensor.getShape();
  if (shape.size() != 2 && shape.size() != 4)
    return tensor.clone();
  bool isMatrix = shape.size() == 2;
  SmallVector<int64_t> forward =
      isMatrix ? SmallVector<int64_t>{1, 0} : SmallVector<int64_t>{2, 3, 1, 0};
  SmallVector<int64_t> permutation =
      isInverse ? invertPermutationVector(forward) : forward;
  HostTensor result(applyPermutation(shape, permutation), ElementType::F32);
  SmallVector<int64_t> strides = computeStrides(shape);
  SmallVector<int64_t> sourceStrides = applyPermutation(strides, permutation);
  SmallVector<int64_t> resultStrides = computeStrides(result.getShape());
  for (int64_t i = 0, e = result.getNumElements(); i < e; ++i) {
    int64_t source = 0;
    for (auto [index, stride] :
         llvm::zip(delinearize(i, resultStrides), sourceStrides))
      source += index * stride;
    result.values<float>()[i] = tensor.values<float>()[source];
  }
  return result;
}

void RegionCalibrator::createState() {
  state.clear();
  state.push_back(executor.allocate({}, ElementType::I64));
  state.push_back(uploadScalar(1.0));
  state.push_back(uploadScalar(1.0));
  auto addMoments = [&](const BufferRef &parameter) {
    state.push_back(parameter);
    for (int moment = 0; moment < 2; ++moment)
      state.push_back(executor.allocate(parameter->getShape(),
                                        parameter->getElementType()));
  };
  for (WeightQuantizer &quantizer : quantizers.weights) {
    if (options.learnedRounding)
      addMoments(upload(permuteParameter(initializeRounding(quantizer))));
    else
      state.push_back(upload(quantizeWeight(quantizer)));
  }
  if (options.learnsWeightScales())
    for (const WeightQuantizer &quantizer : quantizers.weights)
      addMoments(upload(quantizer.scale));
  for (const ActivationQuantizer &quantizer : quantizers.activations)
    addMoments(uploadScalar(quantizer.scale));
  ring = executor.allocate({lossRingSize, 4}, ElementType::F32);
}

StepState RegionCalibrator::readState(const RegionReport &report) const {
  StepState result;
  result.iterations = report.iterations;
  result.report = report;
  for (const BufferRef &buffer : state)
    result.tensors.push_back(buffer->read());
  return result;
}

void RegionCalibrator::adoptState() {
  // Behind the step and the powers of the two decay rates.
  size_t place = 3;
  for (WeightQuantizer &quantizer : quantizers.weights) {
    if (options.learnedRounding)
      quantizer.rounding =
          permuteParameter(state[place]->read(), /*isInverse=*/true);
    place += options.learnedRounding ? 3 : 1;
  }
  if (options.learnsWeightScales())
    for (WeightQuantizer &quantizer : quantizers.weights) {
      quantizer.scale = state[place]->read();
      place += 3;
    }
  for (ActivationQuantizer &quantizer : quantizers.activations) {
    quantizer.scale = state[place]->read().values<float>()[0];
    place += 3;
  }
}

SmallVector<BufferRef> RegionCalibrator::bindStep(const RegionData &data,
                                                  ArrayRef<BufferRef> corrected,
                                                  ArrayRef<BufferRef> targets) {
  SmallVector<BufferRef> arguments(state.begin(), state.begin() + 3);
  for (auto [plain, other] : llvm::zip_equal(data.plain, corrected))
    arguments.append({plain, other});
  arguments.append(targets.begin(), targets.end());
  llvm::append_range(arguments, data.predictions);
  llvm::append_range(arguments, data.tailLiveIns);
  arguments.append(state.begin() + 3, state.end());
  SmallVector<BufferRef> parameters = uploadParameters();
  arguments.append(parameters.end() - quantizers.activations.size(),
                   parameters.end());
  arguments.push_back(ring);
  return arguments;
}

/// Keeps the losses of an iteration where it is one of the curve.
static void addToCurve(LossCurve &curve, int64_t iteration, int64_t iterations,
                       const IterationLosses &losses) {
  bool isKept = iteration == 1 || iteration == iterations ||
                iteration % LossCurve::getStride(iterations) == 0;
  if (!isKept ||
      (!curve.iterations.empty() && iteration <= curve.iterations.back()))
    return;
  curve.iterations.push_back(iteration);
  curve.total.push_back(losses.total);
  curve.reconstruction.push_back(losses.reconstruction);
  curve.difference.push_back(losses.difference);
  curve.regularizer.push_back(losses.regularizer);
}

LogicalResult RegionCalibrator::checkLosses(int64_t done, IterationLosses &last,
                                            LossCurve &curve) {
  HostTensor losses = ring->read();
  ArrayRef<float> values = losses.values<float>();
  for (int64_t i = std::max<int64_t>(0, done - lossRingSize); i < done; ++i) {
    ArrayRef<float> row = values.slice(i % lossRingSize * 4, 4);
    last = {row[0], row[1], row[2], row[3]};
    if (llvm::all_of(row, [](float loss) { return std::isfinite(loss); })) {
      addToCurve(curve, i + 1, options.iterations, last);
      continue;
    }
    StringRef cause =
        !std::isfinite(row[1]) ? overflowCause
        : !std::isfinite(row[2])
            ? "the logits overflow; are the inputs normalized as in training?"
            : "the learned rounding diverges; lower rounding-rate";
    return context.getRegion().emitError()
           << "loss is not finite in iteration " << i + 1 << " of region @"
           << getName() << " (reconstruction " << row[1]
           << ", prediction difference " << row[2] << ", regularizer " << row[3]
           << "): " << cause;
  }
  return success();
}

LogicalResult RegionCalibrator::iterate(const RegionData &data,
                                        ArrayRef<BufferRef> corrected,
                                        ArrayRef<BufferRef> targets,
                                        const StepState *resumed, SaveFn save,
                                        RegionReport &report) {
  createState();
  int64_t done = 0;
  if (resumed) {
    if (resumed->tensors.size() != state.size())
      return context.getRegion().emitError()
             << "checkpoint has " << resumed->tensors.size()
             << " tensors for region @" << getName() << ", expected "
             << state.size();
    done = resumed->iterations;
    report.lossCurve = resumed->report.lossCurve;
    for (auto [buffer, tensor] : llvm::zip_equal(state, resumed->tensors))
      buffer->write(tensor);
  }
  SmallVector<BufferRef> arguments = bindStep(data, corrected, targets);
  Stopwatch watch;
  int64_t first = done;
  double secondsBefore = resumed ? resumed->report.iterationSeconds : 0;
  while (done < options.iterations) {
    int64_t end = std::min(done + lossRingSize, options.iterations);
    if (options.checkpointEvery > 0)
      end = std::min(end, (done / options.checkpointEvery + 1) *
                              options.checkpointEvery);
    for (; done < end && !isInterrupted(); ++done)
      programs->call(program::step, arguments, {});
    IterationLosses last;
    if (failed(checkLosses(done, last, report.lossCurve)))
      return failure();
    report.iterationSeconds = secondsBefore + watch.seconds();
    progress.iteration(getName(), done, last);
    report.iterations = done;
    bool due = options.checkpointEvery > 0 &&
               done % options.checkpointEvery == 0 && done < options.iterations;
    if ((due || isInterrupted()) && failed(save(readState(report))))
      return failure();
    if (isInterrupted())
      return failure();
  }
  report.iterations = options.iterations;
  if (done > first)
    report.millisecondsPerIteration = watch.seconds() * 1e3 / (done - first);
  adoptState();
  return success();
}
