// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The calibration set at every value between the regions.

#include "Propagation.h"
#include "KeptForms.h"

using namespace mlir;
using namespace mlir::pdq;

/// The calibration set in its kept form.
static HostTensor toKeptForm(const HostTensor &data) {
  ArrayRef<int64_t> shape = data.getShape();
  if (shape.size() != 4)
    return data.clone();
  int64_t channels = shape[1], pixels = shape[2] * shape[3];
  HostTensor kept({shape[0], shape[2], shape[3], shape[1]}, ElementType::F32);
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < pixels; ++p)
        kept.values<float>()[(n * pixels + p) * channels + c] =
            data.values<float>()[(n * channels + c) * pixels + p];
  return kept;
}

Propagation::Propagation(const NetworkStages &stages, Executor &executor,
                         CacheMemory &memory, const HostTensor &data,
                         int64_t batch, Location loc)
    : stages(stages), executor(executor), memory(memory),
      samples(data.getShape().front()), batch(batch), loc(loc) {
  HostTensor kept = toKeptForm(data);
  BufferRef buffer = memory.allocate(kept.getShape(), ElementType::F32);
  buffer->write(kept);
  Value argument = stages.getLiveValues(-1).front();
  quantized[argument] = floating[argument] = buffer;
}

/// Adds the public program `name` that calls `inner` on kept tensors.
/// Bytes of a value for all samples.
static uint64_t getSampleBytes(Value value, int64_t batch, int64_t samples) {
  auto type = cast<RankedTensorType>(value.getType());
  double count = static_cast<double>(type.getNumElements()) / batch * samples;
  return static_cast<uint64_t>(count * (type.getElementTypeBitWidth() / 8.0));
}

LogicalResult Propagation::checkMemory() const {
  for (auto [index, stage] : llvm::enumerate(stages.getStages())) {
    // Of each the quantized network's and the float network's; the network's
    // input is one and the same.
    uint64_t needed = 0;
    for (Value value : stages.getLiveValues(static_cast<int>(index) - 1))
      needed += getSampleBytes(value, batch, samples) *
                (isa<BlockArgument>(value) ? 1 : 2);
    for (Value value : stage.outputs)
      needed += getSampleBytes(value, batch, samples) * 2;
    if (needed > getMachineBytes())
      return emitError(stage.operations.front()->getLoc())
             << "calibration with " << samples << " samples keeps " << needed
             << " bytes here, this machine has " << getMachineBytes()
             << "; take fewer samples";
  }
  return success();
}

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

LogicalResult Propagation::computeLogits() {
  OwningOpRef<ModuleOp> programs = ModuleOp::create(loc);
  func::FuncOp network = stages.buildTail(*programs, "tail", -1, Body::Float);
  addKeptProgram(*programs, "network", network);
  auto type = cast<RankedTensorType>(network.getResultTypes().front());
  if (failed(lowerPrograms(*programs)))
    return failure();
  auto compiled = executor.compile(*programs);
  if (failed(compiled) ||
      failed(memory.reserve(**compiled, {"network"}, "the network")))
    return failure();
  logits = allocateSamples(memory, type, batch, samples);
  BatchOperands arguments, results;
  arguments.addSamples(floating.lookup(stages.getLiveValues(-1).front()));
  results.addSamples(logits);
  runBatches(**compiled, "network", samples, batch, arguments, results);
  return success();
}

LogicalResult Propagation::runGlue(const Stage &stage) {
  OwningOpRef<ModuleOp> programs = ModuleOp::create(loc);
  addKeptProgram(*programs, "glue",
                 stages.buildGlue(*programs, "operations", stage));
  if (failed(lowerPrograms(*programs)))
    return failure();
  auto compiled = executor.compile(*programs);
  if (failed(compiled) ||
      failed(memory.reserve(**compiled, {"glue"}, "what is between regions")))
    return failure();
  for (DenseMap<Value, BufferRef> *values : {&quantized, &floating}) {
    BatchOperands arguments, results;
    for (Value input : stage.inputs)
      arguments.addSamples(values->lookup(input));
    for (Value output : stage.outputs) {
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
  for (Value bypass : context.getBypasses())
    result.bypasses.push_back(quantized.lookup(bypass));
  result.logits = logits;
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

void Propagation::dropDeadValues(int stage) {
  SmallVector<Value> live = stages.getLiveValues(stage);
  for (DenseMap<Value, BufferRef> *values : {&quantized, &floating})
    for (auto &[value, buffer] : *values)
      if (!llvm::is_contained(live, value))
        buffer.reset();
}
