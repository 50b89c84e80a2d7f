// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a module file to outputs: lower what each stage left, compile, and go
// through the samples batch by batch.

#include "Network.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "pdq/Autodiff/Passes.h"
#include "pdq/IR/Canonicalizer.h"
#include "pdq/IR/Rebatch.h"
#include "llvm/ADT/STLExtras.h"
#include <chrono>
#include <cstring>

using namespace mlir;
using namespace mlir::pdq;

/// Samples and results are kept below this size; a larger one in a module is
/// taken for a mistake or an attack.
static constexpr size_t maxTensorBytes = size_t(1) << 34;

/// The network of a module: its one public function with a body.
static FailureOr<func::FuncOp> findNetwork(ModuleOp module) {
  func::FuncOp network;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isPrivate() || function.isDeclaration())
      continue;
    if (network)
      return function.emitError("second public function; expected one network");
    network = function;
  }
  if (!network)
    return module.emitError("module has no public function to run");
  return network;
}

/// The type of an argument or a result that samples can go through.
static FailureOr<RankedTensorType> checkType(func::FuncOp function, Type type,
                                             StringRef what) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() < 1 || !tensor.hasStaticShape() ||
      !(tensor.getElementType().isF32() || tensor.getElementType().isF64()))
    return function.emitError() << what << " has type " << type
                                << ", expected a tensor of f32 or f64 whose "
                                   "first dimension is the batch";
  auto bytes = getCheckedByteSize(tensor.getShape(),
                                  *getElementType(tensor.getElementType()));
  if (!bytes || *bytes > maxTensorBytes)
    return function.emitError()
           << what << " of type " << type << " needs more than "
           << maxTensorBytes << " bytes";
  return tensor;
}

/// Lowers what the stages behind the frontend left; every pass leaves alone
/// what is not its own, so the stage need not be known.
static LogicalResult lowerToTensors(ModuleOp module, RegionBody body,
                                    const NormalizeFrontendOptions &frontend) {
  PassManager pm(module.getContext());
  pm.addPass(createInlineRegions({body}));
  LowerQuantOptions quant;
  quant.foldConstants = true;
  pm.addPass(createLowerQuant(quant));
  pm.addPass(createDecompose());
  pm.addPass(createNormalizeFrontend(frontend));
  return pm.run(module);
}

static LogicalResult simplify(ModuleOp module) {
  PassManager pm(module.getContext());
  pm.addPass(createSoundCanonicalizerPass());
  pm.addPass(createCSEPass());
  return pm.run(module);
}

FailureOr<std::unique_ptr<Network>>
Network::load(StringRef path, RegionBody body,
              const NormalizeFrontendOptions &frontend, int64_t batch,
              Executor &executor, MLIRContext *context) {
  auto network = std::make_unique<Network>();
  network->module = parseSourceFile<ModuleOp>(path, context);
  if (!network->module ||
      failed(lowerToTensors(*network->module, body, frontend)))
    return failure();
  FailureOr<func::FuncOp> function = findNetwork(*network->module);
  if (failed(function))
    return failure();
  if (function->getNumArguments() != 1 || function->getNumResults() != 1)
    return function->emitError()
           << "network has " << function->getNumArguments() << " arguments and "
           << function->getNumResults() << " results, expected one of each";
  if (failed(rebatch(*function, batch, {0})) ||
      failed(simplify(*network->module)))
    return failure();
  auto input =
      checkType(*function, function->getArgumentTypes()[0], "argument");
  if (failed(input))
    return failure();
  auto result = checkType(*function, function->getResultTypes()[0], "result");
  if (failed(result))
    return failure();
  if (result->getDimSize(0) != batch)
    return function->emitError()
           << "result has type " << *result << ", expected " << batch
           << " as first dimension, the batch";
  auto executable = executor.compile(*network->module);
  if (failed(executable))
    return failure();
  network->name = function->getName().str();
  network->inputType = *input;
  network->resultType = *result;
  network->executable = std::move(*executable);
  network->input = executor.allocate(input->getShape(),
                                     *getElementType(input->getElementType()));
  network->result = executor.allocate(
      result->getShape(), *getElementType(result->getElementType()));
  return network;
}

/// Samples, filled up to a whole batch.
HostTensor Network::fillBatch(HostTensor rows) const {
  int64_t count = rows.getShape().front();
  if (count == inputType.getDimSize(0))
    return rows;
  HostTensor filled(inputType.getShape(), rows.getElementType());
  size_t row = rows.getNumBytes() / count;
  for (int64_t i = 0; i < inputType.getDimSize(0); ++i)
    std::memcpy(static_cast<char *>(filled.data()) + i * row,
                static_cast<const char *>(rows.data()) +
                    std::min(i, count - 1) * row,
                row);
  return filled;
}

llvm::Expected<HostTensor> Network::run(const Samples &samples,
                                        double &seconds) {
  int64_t count = samples.getNumRows(), batch = inputType.getDimSize(0);
  SmallVector<int64_t> shape(resultType.getShape());
  shape.front() = count;
  ElementType type = *getElementType(resultType.getElementType());
  auto bytes = getCheckedByteSize(shape, type);
  if (!bytes || *bytes > maxTensorBytes)
    return llvm::createStringError("the outputs of %lld samples are too large",
                                   static_cast<long long>(count));
  HostTensor outputs(shape, type);
  size_t row = *bytes / count;
  seconds = 0;
  for (int64_t first = 0; first < count; first += batch) {
    int64_t rows = std::min(batch, count - first);
    input->write(fillBatch(samples.readRows(first, rows)));
    auto start = std::chrono::steady_clock::now();
    executable->call(name, {input}, {result});
    seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    HostTensor computed = result->read();
    std::memcpy(static_cast<char *>(outputs.data()) + first * row,
                computed.data(), rows * row);
  }
  return outputs;
}
