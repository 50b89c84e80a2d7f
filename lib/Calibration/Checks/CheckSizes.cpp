// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a network whose sizes are made dynamic again, and the network as it
// came, at other sizes than those of the data.

#include "CheckSamples.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "pdq/Calibration/Checks/CheckAnnotation.h"
#include "pdq/Calibration/Checks/NetworkCheck.h"
#include "pdq/Calibration/Passes.h"
#include "pdq/Calibration/Sections.h"
#include "pdq/Frontend/Passes.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Network/Rebatch/Rebatch.h"
#include "pdq/Network/Resize/Resize.h"
#include "pdq/Support/DataArguments.h"
#include "pdq/Support/GuardScalars.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_CHECKSIZES
#include "pdq/Calibration/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Samples of one run. More than one, so that none is taken for the other.
static constexpr int64_t checkedBatch = 2;

namespace {
/// Halves of a size of the data, and a number more.
struct Step {
  int64_t halves, more;
  int64_t apply(int64_t size) const { return size * halves / 2 + more; }
};
/// Other sizes: of even dimensions and of odd ones, so that height and width of
/// an image are not changed alike.
struct Trial {
  Step even, odd;
};
} // namespace

/// What is tried; of each group the first that the network takes: one and a
/// half times and twice the data's sizes, which a network can halve as often,
/// and sizes beside those of the data, which leave another rest.
static const SmallVector<SmallVector<Trial>> &getTrials() {
  static const Step larger{3, 0}, twice{4, 0}, more{2, 1}, less{2, -1};
  static const SmallVector<SmallVector<Trial>> trials = {
      {{larger, twice}, {twice, larger}, {larger, larger}, {twice, twice}},
      {{more, less}, {more, more}},
      {{less, more}, {less, less}}};
  return trials;
}

namespace {
struct CheckSizes : pdq::impl::CheckSizesBase<CheckSizes> {
  using Base::Base;
  CheckSizes(const CheckSizesOptions &options, KeptNetwork original)
      : Base(options), original(std::move(original)) {}
  void runOnOperation() override;

private:
  /// Whether one of a group of other sizes agrees; what differs is said.
  LogicalResult tryGroup(ArrayRef<Trial> group);
  LogicalResult resize();
  LogicalResult compare(ModuleOp expected, ModuleOp found, StringRef shapes);
  OwningOpRef<ModuleOp> specialize(ModuleOp module, StringRef shapes);
  LogicalResult keepStatic(Location loc, const Twine &reason);
  LogicalResult differs(const Twine &what);

  KeptNetwork original;
  SmallVector<RankedTensorType> oldTypes, types;
  KeptNetwork resized;
  std::optional<ResizeNote> doubt;
  SmallVector<std::string> tried;
};
} // namespace

static func::FuncOp getNetwork(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isDeclaration())
      return function;
  return {};
}

/// Says why sizes stay those of the data.
LogicalResult CheckSizes::keepStatic(Location loc, const Twine &reason) {
  emitRemark(loc, "sizes behind the batch stay those of the data: ") << reason;
  getOperation()->removeAttr(inputTypesName);
  return failure();
}

/// Says what differs, and which operation may have been read otherwise.
LogicalResult CheckSizes::differs(const Twine &what) {
  if (!doubt)
    return keepStatic(getNetwork(getOperation()).getLoc(), what);
  return keepStatic(doubt->loc, doubt->reason + ": " + what);
}

/// Sizes of the samples as the option `sample-shape` takes them; nothing where
/// they are those of the data, or none.
static std::optional<std::string>
printShapes(ArrayRef<RankedTensorType> types,
            ArrayRef<RankedTensorType> oldTypes, const Trial &trial) {
  bool isOther = false;
  SmallVector<std::string> shapes;
  for (auto [type, old] : llvm::zip_equal(types, oldTypes)) {
    SmallVector<std::string> sizes;
    for (int64_t dim = 1; dim < type.getRank(); ++dim) {
      int64_t size = old.getDimSize(dim);
      if (type.isDynamicDim(dim))
        size = (dim % 2 ? trial.odd : trial.even).apply(size);
      if (size < 1)
        return std::nullopt;
      isOther |= size != old.getDimSize(dim);
      sizes.push_back(std::to_string(size));
    }
    shapes.push_back(llvm::join(sizes, "x"));
  }
  return isOther ? std::optional(llvm::join(shapes, ",")) : std::nullopt;
}

/// A copy of `module` at other sizes; null where it does not take them.
OwningOpRef<ModuleOp> CheckSizes::specialize(ModuleOp module,
                                             StringRef shapes) {
  ScopedDiagnosticHandler silence(&getContext(),
                                  [](Diagnostic &) { return success(); });
  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager pm(&getContext());
  pm.addPass(createNormalizeFrontend({entry, shapes.str()}));
  if (failed(pm.run(*copy)))
    return nullptr;
  func::FuncOp network = getNetwork(*copy);
  OwningOpRef<ModuleOp> whole = copy->clone();
  if (types.front().isDynamicDim(0) &&
      failed(rebatch(network, checkedBatch, getDataArguments(network))))
    copy = std::move(whole);
  network = getNetwork(*copy);
  if (!canRun(network.getArgumentTypes()) || !canRun(network.getResultTypes()))
    return nullptr;
  guardScalars(network);
  return copy;
}

LogicalResult CheckSizes::compare(ModuleOp expected, ModuleOp found,
                                  StringRef shapes) {
  func::FuncOp theirs = getNetwork(expected), ours = getNetwork(found);
  if (theirs.getFunctionType() != ours.getFunctionType()) {
    std::string text;
    llvm::raw_string_ostream(text)
        << "samples of " << shapes << " would give " << ours.getResultTypes()
        << " where the network gives " << theirs.getResultTypes();
    return differs(text);
  }
  SmallVector<HostTensor> inputs =
      llvm::map_to_vector(ours.getArgumentTypes(), [](Type type) {
        return makeNormalSamples(cast<RankedTensorType>(type));
      });
  auto run = [&](ModuleOp module, func::FuncOp network) {
    ScopedDiagnosticHandler silence(&getContext(),
                                    [](Diagnostic &) { return success(); });
    return runOnce(module, network.getName(), inputs);
  };
  auto right = run(expected, theirs), results = run(found, ours);
  if (failed(right) || failed(results))
    return differs("network does not run for samples of " + shapes);
  ++numRuns;
  for (auto [expected, result] : llvm::zip_equal(*right, *results))
    if (double difference = getDifference(expected, result);
        !(difference <= tolerance))
      return differs("the output for samples of " + shapes +
                     " would differ by " + printDifference(difference) +
                     " of its norm");
  return success();
}

LogicalResult CheckSizes::tryGroup(ArrayRef<Trial> group) {
  for (const Trial &trial : group) {
    std::optional<std::string> shapes = printShapes(types, oldTypes, trial);
    if (!shapes || llvm::is_contained(tried, *shapes))
      continue;
    OwningOpRef<ModuleOp> expected = specialize(**original, *shapes);
    if (!expected)
      continue;
    OwningOpRef<ModuleOp> found = specialize(**resized, *shapes);
    if (!found)
      return differs("no form for samples of " + *shapes +
                     " can be made, which the network takes");
    tried.push_back(*shapes);
    return compare(*expected, *found, *shapes);
  }
  return success();
}

/// Makes the sizes dynamic in a copy that computes what is exported.
LogicalResult CheckSizes::resize() {
  resized = std::make_shared<OwningOpRef<ModuleOp>>(getOperation().clone());
  func::FuncOp network = getNetwork(**resized);
  inlineBodies(network, TailBody::Folded);
  if (std::optional<ResizeNote> refusal = makeDynamic(network, types, &doubt))
    return keepStatic(refusal->loc, refusal->reason);
  removeQuantizers(network);
  (**resized)->removeAttr(inputTypesName);
  return success();
}

void CheckSizes::runOnOperation() {
  ModuleOp module = getOperation();
  llvm::scope_exit release([&] {
    if (original)
      *original = OwningOpRef<ModuleOp>();
    resized.reset();
    tried.clear();
  });
  if (!module->hasAttr(inputTypesName))
    return;
  func::FuncOp network = getNetwork(module);
  types = network ? getInputTypes(module, network)
                  : SmallVector<RankedTensorType>();
  if (types.empty()) {
    emitError(module.getLoc(), "attribute 'pdq.input_types' is ")
        << module->getAttr(inputTypesName)
        << ", expected types of the network's inputs with some sizes dynamic";
    return signalPassFailure();
  }
  oldTypes = llvm::map_to_vector(network.getArgumentTypes(), [](Type type) {
    return cast<RankedTensorType>(type);
  });
  if (!original || !*original) {
    (void)keepStatic(network.getLoc(),
                     "only a run at others could say that they may differ; "
                     "annotate with check=1 or more");
    return;
  }
  if (failed(resize()))
    return;
  for (const SmallVector<Trial> &group : getTrials())
    if (failed(tryGroup(group)))
      return;
  if (tried.empty()) {
    (void)keepStatic(network.getLoc(),
                     "the network takes no others that were tried");
    return;
  }
  network.emitRemark("sizes behind the batch will be dynamic again in the "
                     "exported network, which computes the same for samples "
                     "of ")
      << llvm::join(tried, " and ");
}

std::unique_ptr<Pass>
mlir::pdq::createCheckSizes(const CheckSizesOptions &options,
                            KeptNetwork original) {
  return std::make_unique<CheckSizes>(options, std::move(original));
}
