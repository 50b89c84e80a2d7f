// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs an annotated network and compares both bodies of every region, and the
// whole with the network as it was.

#include "pdq/Calibration/Checks/CheckAnnotation.h"
#include "CheckSamples.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Calibration/Data/Inputs.h"
#include "pdq/Calibration/Passes.h"
#include "pdq/Calibration/Programs/Program.h"
#include "pdq/Calibration/Sections.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Network/Rebatch/Rebatch.h"
#include "pdq/Support/Files/FileDiagnostics.h"
#include "pdq/Support/Files/Npy.h"
#include "pdq/Support/GuardScalars.h"
#include <numeric>

namespace mlir::pdq {
#define GEN_PASS_DEF_CHECKANNOTATION
#include "pdq/Calibration/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// The program that computes everything
//===----------------------------------------------------------------------===//

namespace {
/// Two results of the program that must agree; `region` computes them, or the
/// whole network where it is null.
struct Pair {
  RegionOp region;
  Value expected, found;
};

/// Writes a function of the network's inputs that returns the values of all
/// pairs, one after the other.
class CheckProgram {
public:
  static constexpr StringRef name = "check";

  CheckProgram(ModuleOp module, func::FuncOp network, ModuleOp original)
      : program(module, name), network(network), original(original) {}
  SmallVector<Pair> build();

private:
  SmallVector<Value> cloneOriginal();
  SmallVector<Value> cloneNetwork();

  ProgramBuilder program;
  func::FuncOp network;
  ModuleOp original;
  SmallVector<Value> inputs;
  SmallVector<Pair> pairs;
};
} // namespace

static SmallVector<Value> lookUp(ValueRange values, const IRMapping &mapping) {
  return llvm::map_to_vector(values,
                             [&](Value v) { return mapping.lookup(v); });
}

/// The results of the network as it was; empty where it was not kept.
SmallVector<Value> CheckProgram::cloneOriginal() {
  if (!original)
    return {};
  for (auto function : original.getOps<func::FuncOp>()) {
    if (function.isDeclaration() || function.isPrivate() ||
        function.getArgumentTypes() != network.getArgumentTypes())
      continue;
    IRMapping mapping;
    return cloneBody(program.getBuilder(), function.getBody(), inputs, mapping);
  }
  return {};
}

/// The results of the annotated network with float bodies; each quantized body
/// gets the inputs that the float body gets.
SmallVector<Value> CheckProgram::cloneNetwork() {
  OpBuilder &b = program.getBuilder();
  Block &block = network.getBody().front();
  IRMapping mapping;
  mapping.map(block.getArguments(), inputs);
  for (Operation &op : block.without_terminator()) {
    auto region = dyn_cast<RegionOp>(op);
    if (!region) {
      b.clone(op, mapping);
      continue;
    }
    SmallVector<Value> arguments = lookUp(region.getInputs(), mapping);
    IRMapping inFloat, inQuantized;
    auto expected = cloneBody(b, region.getFloatBody(), arguments, inFloat);
    auto found =
        cloneBody(b, region.getQuantizedBody(), arguments, inQuantized);
    mapping.map(region.getResults(), expected);
    for (auto [e, f] : llvm::zip_equal(expected, found))
      pairs.push_back({region, e, f});
  }
  return lookUp(block.getTerminator()->getOperands(), mapping);
}

SmallVector<Pair> CheckProgram::build() {
  for (Type type : network.getArgumentTypes())
    inputs.push_back(program.addArgument(cast<RankedTensorType>(type)));
  SmallVector<Value> before = cloneOriginal(), after = cloneNetwork();
  if (before.size() == after.size())
    for (auto [e, f] : llvm::zip_equal(before, after))
      pairs.push_back({RegionOp(), e, f});
  SmallVector<Value> results;
  for (const Pair &pair : pairs)
    llvm::append_values(results, pair.expected, pair.found);
  program.finish(results);
  return pairs;
}

//===----------------------------------------------------------------------===//
// Running it
//===----------------------------------------------------------------------===//

namespace {
struct CheckAnnotation : pdq::impl::CheckAnnotationBase<CheckAnnotation> {
  using Base::Base;
  CheckAnnotation(const CheckAnnotationOptions &options, KeptNetwork kept)
      : Base(options), kept(std::move(kept)) {}
  void runOnOperation() override;

private:
  LogicalResult check(func::FuncOp network);
  func::FuncOp fitBatch(OwningOpRef<ModuleOp> &module, int64_t batch);
  HostTensor makeSamples(RankedTensorType type, unsigned input);
  LogicalResult compare(const Pair &pair, const HostTensor &expected,
                        const HostTensor &found);

  KeptNetwork kept;
};

struct KeepNetwork : PassWrapper<KeepNetwork, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(KeepNetwork)
  KeepNetwork(KeptNetwork kept, StringRef data)
      : kept(std::move(kept)), data(data) {}
  StringRef getArgument() const override { return "pdq-keep-network"; }
  void runOnOperation() override {
    for (StringRef path : llvm::split(data, ','))
      if (!path.empty() && failed(checkFile(path)))
        return signalPassFailure();
    *kept = getOperation().clone();
    markAllAnalysesPreserved();
  }

private:
  LogicalResult checkFile(StringRef path) {
    llvm::Expected<NpyFile> file = NpyFile::open(path);
    if (file)
      return success();
    return emitFileError(&getContext(), path, file.takeError());
  }

  KeptNetwork kept;
  std::string data;
};
} // namespace

/// The first samples of the calibration set where it has the input's type and
/// shape (if not, the calibration says so), else standard normal numbers; zeros
/// for integers, which may be indices.
HostTensor CheckAnnotation::makeSamples(RankedTensorType type, unsigned input) {
  SmallVector<StringRef> files;
  StringRef(calibration.getValue()).split(files, ',', -1, false);
  if (input < files.size() && type.getElementType().isF32()) {
    llvm::Expected<NpyFile> data = NpyFile::open(files[input]);
    if (!data)
      llvm::consumeError(data.takeError());
    else if (data->getElementType() == ElementType::F32 &&
             data->getShape().size() == type.getShape().size() &&
             data->getShape().front() >= type.getDimSize(0) &&
             data->getShape().drop_front() == type.getShape().drop_front())
      return data->readRows(0, type.getDimSize(0));
  }
  return makeNormalSamples(type);
}

LogicalResult CheckAnnotation::compare(const Pair &pair,
                                       const HostTensor &expected,
                                       const HostTensor &found) {
  // Integers, such as positions of a maximum, may be others by rounding.
  if (expected.getElementType() != ElementType::F32 &&
      expected.getElementType() != ElementType::F64)
    return success();
  double difference = getDifference(expected, found);
  if (difference <= tolerance)
    return success();
  std::string number = printDifference(difference);
  RegionOp region = pair.region;
  if (!region)
    return getOperation().emitError("annotation has changed the network: its "
                                    "output differs by ")
           << number << " of its norm; check=0 goes on without this check";
  return region.emitError("annotation has changed region @")
         << region.getSymName() << ": its quantized body, without quantizers, "
         << "differs from its float body by " << number
         << " of its norm; check=0 goes on without this check";
}

/// The function with another batch; null where the batch cannot be followed,
/// which whoever needs another batch says.
func::FuncOp CheckAnnotation::fitBatch(OwningOpRef<ModuleOp> &module,
                                       int64_t batch) {
  auto function = module->lookupSymbol<func::FuncOp>(CheckProgram::name);
  SmallVector<unsigned> arguments(function.getNumArguments());
  std::iota(arguments.begin(), arguments.end(), 0);
  ScopedDiagnosticHandler silence(&getContext(),
                                  [](Diagnostic &) { return success(); });
  return succeeded(rebatch(function, batch, arguments)) ? function
                                                        : func::FuncOp();
}

LogicalResult CheckAnnotation::check(func::FuncOp network) {
  ModuleOp original = kept && *kept ? **kept : ModuleOp();
  OwningOpRef<ModuleOp> module = ModuleOp::create(network.getLoc());
  SmallVector<Pair> pairs = CheckProgram(*module, network, original).build();
  auto function = module->lookupSymbol<func::FuncOp>(CheckProgram::name);
  removeQuantizers(function);
  guardScalars(function);
  OwningOpRef<ModuleOp> other = module->clone();
  if (fitBatch(other, samples))
    module = std::move(other);
  function = module->lookupSymbol<func::FuncOp>(CheckProgram::name);
  SmallVector<HostTensor> inputs;
  for (auto [number, type] : llvm::enumerate(function.getArgumentTypes()))
    inputs.push_back(makeSamples(cast<RankedTensorType>(type), number));
  FailureOr<SmallVector<HostTensor>> results =
      runOnce(*module, CheckProgram::name, inputs);
  if (failed(results))
    return failure();
  for (auto [number, pair] : llvm::enumerate(pairs))
    if (failed(
            compare(pair, (*results)[2 * number], (*results)[2 * number + 1])))
      return failure();
  return success();
}

void CheckAnnotation::runOnOperation() {
  for (auto network : getOperation().getOps<func::FuncOp>()) {
    if (samples == 0 || network.isDeclaration() ||
        network.getBody().front().getOps<RegionOp>().empty())
      continue;
    if (!canRun(network.getArgumentTypes())) {
      network.emitRemark("annotation is not checked: the network takes ")
          << network.getArgumentTypes();
      continue;
    }
    if (failed(check(network)))
      return signalPassFailure();
    ++numChecked;
  }
  if (kept)
    *kept = OwningOpRef<ModuleOp>();
}

std::unique_ptr<Pass> mlir::pdq::createKeepNetwork(KeptNetwork kept,
                                                   StringRef data) {
  return std::make_unique<KeepNetwork>(std::move(kept), data);
}

std::unique_ptr<Pass>
mlir::pdq::createCheckAnnotation(const CheckAnnotationOptions &options,
                                 KeptNetwork kept) {
  return std::make_unique<CheckAnnotation>(options, std::move(kept));
}
