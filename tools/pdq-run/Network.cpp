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
#include "pdq/IR/PDQ.h"
#include "pdq/Network/Rebatch/Rebatch.h"
#include "pdq/Support/Canonicalizer.h"
#include "pdq/Support/DataArguments.h"
#include "pdq/Support/MemoryLimit.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <chrono>
#include <cstring>

using namespace mlir;
using namespace mlir::pdq;

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

/// The types of arguments or results, which samples go through: tensors with
/// the batch as dimension 0.
static FailureOr<SmallVector<RankedTensorType>>
checkTypes(func::FuncOp function, TypeRange types, StringRef what,
           int64_t batch) {
  SmallVector<RankedTensorType> tensors;
  for (auto [number, type] : llvm::enumerate(types)) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getRank() < 1 || !tensor.hasStaticShape() ||
        failed(getElementType(tensor.getElementType())))
      return function.emitError()
             << what << " " << number << " has type " << type
             << ", expected a tensor whose first dimension is the batch";
    if (tensor.getDimSize(0) != batch)
      return function.emitError()
             << what << " " << number << " has type " << type << ", expected "
             << batch << " as first dimension, the batch";
    tensors.push_back(tensor);
  }
  return tensors;
}

static SmallVector<BufferRef> allocate(Executor &executor,
                                       ArrayRef<RankedTensorType> types) {
  return llvm::map_to_vector(types, [&](RankedTensorType type) {
    return executor.allocate(type.getShape(),
                             *getElementType(type.getElementType()));
  });
}

/// Bytes of `batch` samples, or all, in `types`.
static uint64_t sumBytes(ArrayRef<RankedTensorType> types, int64_t samples) {
  uint64_t sum = 0;
  for (RankedTensorType type : types) {
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = samples;
    sum = llvm::SaturatingAdd(
        sum,
        static_cast<uint64_t>(
            getCheckedByteSize(shape, *getElementType(type.getElementType()))
                .value_or(UINT64_MAX)));
  }
  return sum;
}

/// Whether a network is a calibrated one, not yet exported, that says in which
/// order the exported one computes products.
static bool isRunAsExported(ModuleOp module) {
  int64_t quantizers = 0, calibrated = 0;
  module.walk([&](FakeQuantOp op) {
    ++quantizers;
    calibrated += op.isCalibrated();
  });
  return getProductArithmetic(module) != ProductArithmetic::Float &&
         quantizers != 0 && calibrated == quantizers;
}

/// Lowers what the stages behind the frontend left; every pass leaves alone
/// what is not its own, so the stage need not be known.
static LogicalResult lowerToTensors(ModuleOp module, RegionBody body,
                                    const NormalizeFrontendOptions &frontend) {
  PassManager pm(module.getContext());
  pm.addPass(createInlineRegions({body}));
  if (body == RegionBody::Quantized && isRunAsExported(module)) {
    pm.addPass(createFreeze());
    pm.addPass(createConvertPDQToQuant());
  }
  pm.addPass(createUnpackConstants());
  LowerQuantOptions quant;
  quant.foldConstants = true;
  quant.remarks = ProductRemarks::None;
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
  if (function->getNumArguments() == 0 || function->getNumResults() == 0)
    return function->emitError()
           << "network has " << function->getNumArguments() << " inputs and "
           << function->getNumResults() << " outputs, expected one of each";
  SmallVector<unsigned> data = getDataArguments(*function);
  auto check = BatchCheck::create(*function, batch, data);
  if (failed(check) || failed(rebatch(*function, batch, data)) ||
      failed(simplify(*network->module)))
    return failure();
  network->batchCheck = std::move(*check);
  auto inputs =
      checkTypes(*function, function->getArgumentTypes(), "argument", batch);
  if (failed(inputs))
    return failure();
  auto results =
      checkTypes(*function, function->getResultTypes(), "result", batch);
  if (failed(results))
    return failure();
  if (failed(checkMemoryLimit(function->getLoc(),
                              llvm::SaturatingAdd(sumBytes(*inputs, batch),
                                                  sumBytes(*results, batch)),
                              "a batch of " + Twine(batch) + " samples",
                              "take a smaller 'batch', or give more")))
    return failure();
  auto executable = executor.compile(*network->module);
  if (failed(executable))
    return failure();
  network->name = function->getName().str();
  network->inputTypes = std::move(*inputs);
  network->resultTypes = std::move(*results);
  network->executable = std::move(*executable);
  network->inputs = allocate(executor, network->inputTypes);
  network->results = allocate(executor, network->resultTypes);
  return network;
}

/// Samples of an input, filled up to the batch of its type.
static HostTensor fillBatch(HostTensor rows, RankedTensorType type) {
  int64_t count = rows.getShape().front();
  if (count == type.getDimSize(0))
    return rows;
  HostTensor filled(type.getShape(), rows.getElementType());
  size_t row = rows.getNumBytes() / count;
  for (int64_t i = 0; i < type.getDimSize(0); ++i)
    std::memcpy(static_cast<char *>(filled.data()) + i * row,
                static_cast<const char *>(rows.data()) +
                    std::min(i, count - 1) * row,
                row);
  return filled;
}

llvm::Expected<std::vector<HostTensor>>
Network::allocateOutputs(int64_t count) const {
  uint64_t bytes = sumBytes(resultTypes, count), used = getUsedBytes();
  if (llvm::SaturatingAdd(bytes, used) > getMemoryLimit())
    return llvm::createStringError(
        "the outputs of " + Twine(count) + " samples need " + Twine(bytes) +
        " bytes of memory beside " + Twine(used) + " in use, memory-limit is " +
        Twine(getMemoryLimit()) + "; take fewer samples, or give more");
  std::vector<HostTensor> outputs;
  for (RankedTensorType type : resultTypes) {
    SmallVector<int64_t> shape(type.getShape());
    shape.front() = count;
    outputs.emplace_back(shape, *getElementType(type.getElementType()));
  }
  return outputs;
}

LogicalResult Network::checkBatch(ArrayRef<Samples> samples,
                                  Executor &executor) {
  if (!batchCheck)
    return success();
  int64_t count = std::min(getBatch(), samples.front().getNumRows());
  std::vector<HostTensor> rows;
  for (const Samples &source : samples)
    rows.push_back(source.readRows(0, count));
  SmallVector<const HostTensor *> inputs;
  for (const HostTensor &row : rows)
    inputs.push_back(&row);
  if (failed(batchCheck->run(inputs, executor)))
    return failure();
  batchCheck.reset();
  return success();
}

llvm::Expected<std::vector<HostTensor>> Network::run(ArrayRef<Samples> samples,
                                                     double &seconds) {
  int64_t count = samples.front().getNumRows(), batch = getBatch();
  auto outputs = allocateOutputs(count);
  if (!outputs)
    return outputs.takeError();
  seconds = 0;
  for (int64_t first = 0; first < count; first += batch) {
    int64_t rows = std::min(batch, count - first);
    for (auto [input, source, type] :
         llvm::zip_equal(inputs, samples, inputTypes))
      input->write(fillBatch(source.readRows(first, rows), type));
    auto start = std::chrono::steady_clock::now();
    executable->call(name, inputs, results);
    seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
    for (auto [result, output] : llvm::zip_equal(results, *outputs)) {
      HostTensor computed = result->read();
      size_t row = output.getNumBytes() / count;
      std::memcpy(static_cast<char *>(output.data()) + first * row,
                  computed.data(), rows * row);
    }
  }
  return outputs;
}
