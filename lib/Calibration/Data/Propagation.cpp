// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The calibration set at every value between the regions.

#include "pdq/Calibration/Data/Propagation.h"
#include "pdq/Calibration/Data/CacheLayout.h"
#include "pdq/Support/MemoryLimit.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir;
using namespace mlir::pdq;

/// Samples of an input in their kept form.
static HostTensor toKeptForm(const HostTensor &data) {
  ArrayRef<int64_t> shape = data.getShape();
  if (shape.size() != 4)
    return data.clone();
  int64_t channels = shape[1], pixels = shape[2] * shape[3];
  HostTensor kept({shape[0], shape[2], shape[3], shape[1]},
                  data.getElementType());
  unsigned bytes = getByteSize(data.getElementType());
  const char *from = static_cast<const char *>(data.data());
  char *to = static_cast<char *>(kept.data());
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < pixels; ++p, from += bytes)
        std::memcpy(to + ((n * pixels + p) * channels + c) * bytes, from,
                    bytes);
  return kept;
}

Propagation::Propagation(const NetworkSections &sections, Executor &executor,
                         CacheMemory &memory, const CalibrationData &data,
                         int64_t batch, Location loc)
    : sections(sections), executor(executor), memory(memory),
      samples(data.getNumSamples()), batch(batch), loc(loc) {
  for (Value argument : sections.getLiveValues(-1)) {
    size_t number = cast<BlockArgument>(argument).getArgNumber();
    HostTensor kept = toKeptForm(data.inputs[number].samples);
    BufferRef buffer = memory.allocate(kept.getShape(), kept.getElementType());
    buffer->write(kept);
    quantized[argument] = floating[argument] = buffer;
  }
}

/// Bytes of a value for all samples.
static uint64_t getSampleBytes(Value value, int64_t batch, int64_t samples) {
  auto type = cast<RankedTensorType>(value.getType());
  double count = static_cast<double>(type.getNumElements()) / batch * samples;
  return static_cast<uint64_t>(count * (type.getElementTypeBitWidth() / 8.0));
}

/// Bytes of what a region learns: of each weight a copy, its quantized form,
/// its rounding and two moments on the host and in buffers.
static uint64_t getWeightBytes(RegionOp region) {
  uint64_t bytes = 0;
  region.getQuantizedBody().walk([&](FakeQuantOp op) {
    if (op.getQuantizer().getAxis())
      bytes = llvm::SaturatingAdd(
          bytes,
          getCheckedByteSize(cast<RankedTensorType>(op.getType()).getShape(),
                             ElementType::F32)
              .value_or(UINT64_MAX / 8));
  });
  return llvm::SaturatingMultiply<uint64_t>(bytes, 6);
}

LogicalResult Propagation::checkMemory(ArrayRef<Value> predicted) const {
  auto sum = [&](ValueRange values, uint64_t copies) {
    uint64_t bytes = 0;
    for (Value value : values)
      bytes = llvm::SaturatingAdd(
          bytes, llvm::SaturatingMultiply(getSampleBytes(value, batch, samples),
                                          copies));
    return bytes;
  };
  uint64_t predictions = sum(predicted, 1);
  for (auto [index, section] : llvm::enumerate(sections.getSections())) {
    // Of each the quantized network's and the float network's; the network's
    // inputs are the same in both.
    uint64_t needed = predictions;
    for (Value value : sections.getLiveValues(static_cast<int>(index) - 1))
      needed = llvm::SaturatingAdd(
          needed, sum(value, isa<BlockArgument>(value) ? 1 : 2));
    needed = llvm::SaturatingAdd(needed, sum(section.outputs, 2));
    // The corrected inputs, the targets, and what is learned.
    if (RegionOp region = section.region)
      needed =
          llvm::SaturatingAdd(needed, sum(section.inputs, 1),
                              sum(section.outputs, 1), getWeightBytes(region));
    if (failed(
            checkMemoryLimit(section.operations.front()->getLoc(), needed,
                             "calibration with " + Twine(samples) + " samples",
                             "take fewer samples, or give more")))
      return failure();
  }
  return success();
}

/// Adds the public program `name` that calls `inner` on kept tensors and
/// returns some of its results.
static void addKeptProgram(ModuleOp programs, StringRef name,
                           func::FuncOp inner, ArrayRef<unsigned> results) {
  ProgramBuilder program(programs, name);
  SmallVector<Value> arguments =
      addCacheArguments(program, inner.getArgumentTypes());
  ValueRange all = program.call(inner, arguments);
  program.finish(llvm::map_to_vector(results, [&](unsigned result) {
    return buildToCache(program.getBuilder(), all[result]);
  }));
}

LogicalResult Propagation::computePredictions(ArrayRef<unsigned> outputs) {
  if (outputs.empty())
    return success();
  OwningOpRef<ModuleOp> programs = ModuleOp::create(loc);
  func::FuncOp network =
      sections.buildTail(*programs, "tail", -1, TailBody::Float);
  SmallVector<Type> types(network.getResultTypes());
  addKeptProgram(*programs, "network", network, outputs);
  if (failed(lowerPrograms(*programs)))
    return failure();
  auto compiled = executor.compile(*programs);
  if (failed(compiled) ||
      failed(memory.reserve(**compiled, {"network"}, "the network")))
    return failure();
  for (unsigned output : outputs)
    predictions.push_back(allocateSamples(
        memory, cast<RankedTensorType>(types[output]), batch, samples));
  BatchOperands arguments, results;
  for (Value argument : sections.getLiveValues(-1))
    arguments.addSamples(floating.lookup(argument));
  results.addSamples(predictions);
  runBatches(**compiled, "network", samples, batch, arguments, results);
  return success();
}

LogicalResult Propagation::runGlue(const Section &section) {
  OwningOpRef<ModuleOp> programs = ModuleOp::create(loc);
  func::FuncOp operations =
      sections.buildGlue(*programs, "operations", section);
  addKeptProgram(
      *programs, "glue", operations,
      llvm::to_vector(llvm::seq<unsigned>(0, operations.getNumResults())));
  if (failed(lowerPrograms(*programs)))
    return failure();
  auto compiled = executor.compile(*programs);
  if (failed(compiled) ||
      failed(memory.reserve(**compiled, {"glue"}, "what is between regions")))
    return failure();
  for (DenseMap<Value, BufferRef> *values : {&quantized, &floating}) {
    BatchOperands arguments, results;
    for (Value input : section.inputs)
      arguments.addSamples(values->lookup(input));
    for (Value output : section.outputs) {
      BufferRef buffer = allocateSamples(
          memory, cast<RankedTensorType>(output.getType()), batch, samples);
      (*values)[output] = buffer;
      results.addSamples(buffer);
    }
    runBatches(**compiled, "glue", samples, batch, arguments, results);
  }
  return success();
}

RegionData Propagation::gather(const RegionContext &context) const {
  RegionData result;
  for (Value input : context.getRegion().getInputs()) {
    result.plain.push_back(quantized.lookup(input));
    result.original.push_back(floating.lookup(input));
  }
  for (Value liveIn : context.getTailLiveIns()) {
    result.tailLiveIns.push_back(quantized.lookup(liveIn));
    result.originalTailLiveIns.push_back(floating.lookup(liveIn));
  }
  result.predictions = predictions;
  return result;
}

void Propagation::setResults(RegionOp region,
                             ArrayRef<BufferRef> quantizedResults,
                             ArrayRef<BufferRef> floatResults) {
  for (auto [i, result] : llvm::enumerate(region.getResults())) {
    quantized[result] = quantizedResults[i];
    floating[result] = floatResults[i];
  }
}

void Propagation::dropDeadValues(int section) {
  SmallVector<Value> live = sections.getLiveValues(section);
  for (DenseMap<Value, BufferRef> *values : {&quantized, &floating})
    for (auto &[value, buffer] : *values)
      if (!llvm::is_contained(live, value))
        buffer.reset();
}
