// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What comes before the iterations of a region: first scales of activations,
// and the correction of its inputs.

#include "pdq/Calibration/Data/CacheLayout.h"
#include "pdq/Calibration/Data/ScaleSamples.h"
#include "pdq/Calibration/Parameters/RegionCalibrator.h"
#include "pdq/Calibration/Progress/Interruption.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

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
