// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The iterations of a region, and the state that they change.

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "pdq/Calibration/Parameters/RegionCalibrator.h"
#include "pdq/Calibration/Progress/Interruption.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

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
