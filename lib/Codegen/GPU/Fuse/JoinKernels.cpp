// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products take the kernels around them along: the bias in front, and what the
// result goes through behind, with the sums over it.

#include "BlockPartials.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Codegen/GPU/Direct/DirectStrategy.h"
#include "pdq/Codegen/GPU/Epilogue/ElementOp.h"
#include "pdq/Codegen/GPU/Matrix/MatrixStrategy.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Plan/Buffer/KernelCalls.h"
#include "pdq/Plan/IR/Plan.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_JOINKERNELS
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Launches that a kernel is moved across at most.
static constexpr int64_t window = 64;

namespace {
/// Joins the kernels of one module.
class Joiner {
public:
  Joiner(KernelCalls &calls, plan::Math math, StringRef chip)
      : calls(calls), math(math), chip(chip) {}

  /// The launches of matrix products, in order. Joining erases no other ones.
  SmallVector<plan::LaunchOp> findLaunches(plan::ProgramOp program);

  /// Joins what can be joined with a product; returns the number of launches
  /// less.
  unsigned join(plan::LaunchOp call);

private:
  std::optional<KernelCall> findInitial(const KernelCall &main, Value result);
  std::optional<KernelCall> findFormer(const KernelCall &main, Value result);
  std::optional<KernelCall> findEpilogue(const KernelCall &main, Value result,
                                         ArrayRef<KernelCall> before,
                                         Operation *&place);
  bool canFollow(const KernelCall &main, Value result,
                 const KernelCall &epilogue);
  bool overwritesInputs(const KernelCall &epilogue, Value result,
                        ArrayRef<KernelCall> before);

  KernelCalls &calls;
  plan::Math math;
  StringRef chip;
};
} // namespace

/// The one operation of a kernel, if it is elementwise.
static linalg::GenericOp getElementwise(plan::KernelOp kernel) {
  auto ops = kernel.getOps<linalg::LinalgOp>();
  if (!llvm::hasSingleElement(ops))
    return nullptr;
  auto generic = dyn_cast<linalg::GenericOp>((*ops.begin()).getOperation());
  return generic && generic.getNumReductionLoops() == 0 ? generic : nullptr;
}

/// The products of a kernel that are added to one result, on tensor cores or
/// one direct, alone or behind what they start from; none where there is more.
static SmallVector<linalg::LinalgOp> getProducts(plan::KernelOp kernel) {
  SmallVector<linalg::LinalgOp> ops = getKernelOps(kernel),
                                products = findProducts(ops);
  if (products.empty() || products.back() != ops.back() ||
      ops.size() > products.size() + 1)
    return {};
  StringRef reason;
  bool areProducts = succeeded(matchMatrix(products, reason)) ||
                     (products.size() == 1 &&
                      succeeded(matchDirect(products.front(), reason)));
  return areProducts ? products : SmallVector<linalg::LinalgOp>();
}

/// The argument of a kernel that is bound to `operand`; null where there is not
/// exactly one.
static Value findArgument(const KernelCall &launch, Value operand) {
  Value found;
  for (auto [number, value] :
       llvm::enumerate(plan::LaunchOp(launch.call).getOperands())) {
    if (value != operand)
      continue;
    if (found)
      return nullptr;
    found = plan::KernelOp(launch.kernel).getArgument(number);
  }
  return found;
}

/// The elementwise kernel that computes where the sums of `main` start.
std::optional<KernelCall> Joiner::findInitial(const KernelCall &main,
                                              Value result) {
  BufferAccesses passed = calls.getAccesses(main.call);
  Value root = getRoot(result);
  int64_t distance = 0;
  for (Operation *op = plan::LaunchOp(main.call)->getPrevNode();
       op && distance < window; op = op->getPrevNode()) {
    BufferAccesses accesses = calls.getAccesses(op);
    distance += isa<plan::LaunchOp>(op);
    if (accesses.isUnknown)
      return std::nullopt;
    bool touches =
        accesses.reads.contains(root) || accesses.writes.contains(root);
    if (!touches)
      continue;
    FailureOr<KernelCall> launch = calls.resolve(op);
    linalg::GenericOp generic = getElementwise(launch->kernel);
    Value argument = findArgument(*launch, result);
    if (!generic || !argument || generic.getNumDpsInits() != 1 ||
        generic.getDpsInits().front() != argument ||
        accesses.reads.contains(root) || !isElementOp(generic, argument))
      return std::nullopt;
    // What it reads must still be there.
    for (Operation *between = op->getNextNode(); between != main.call;
         between = between->getNextNode())
      if (calls.getAccesses(between).conflictsWith(accesses))
        return std::nullopt;
    return *launch;
  }
  return std::nullopt;
}

/// The product in front of `main` that computes where the sums of `main` start.
std::optional<KernelCall> Joiner::findFormer(const KernelCall &main,
                                             Value result) {
  StringRef reason;
  if (getKernelOps(main.kernel).size() != 1)
    return std::nullopt;
  Value root = getRoot(result);
  int64_t distance = 0;
  Operation *op = plan::LaunchOp(main.call)->getPrevNode();
  for (; op && distance < window; op = op->getPrevNode()) {
    const BufferAccesses &accesses = calls.getAccesses(op);
    if (accesses.isUnknown)
      return std::nullopt;
    if (accesses.reads.contains(root) || accesses.writes.contains(root))
      break;
    distance += isa<plan::LaunchOp>(op);
  }
  if (!op || distance == window)
    return std::nullopt;
  FailureOr<KernelCall> launch = calls.resolve(op);
  if (!findArgument(*launch, result))
    return std::nullopt;
  SmallVector<linalg::LinalgOp> products = getProducts(launch->kernel);
  if (products.empty() ||
      launch->getOperand(products.front().getDpsInits()[0]) != result)
    return std::nullopt;
  FailureOr<MatrixStrategy> strategy =
                                matchMatrix(getKernelOps(main.kernel), reason),
                            former = matchMatrix(products, reason);
  if (failed(strategy) || failed(former) || !haveSameResult(*strategy, *former))
    return std::nullopt;
  for (Operation *between = op->getNextNode(); between != main.call;
       between = between->getNextNode())
    if (calls.mustKeepOrder(op, between))
      return std::nullopt;
  return *launch;
}

/// Whether the elements of `result` are all that `epilogue` reads or writes of
/// it, each by the thread that has it, and partial sums can be those of blocks.
bool Joiner::canFollow(const KernelCall &main, Value result,
                       const KernelCall &epilogue) {
  Value argument = findArgument(epilogue, result);
  Value root = getRoot(result);
  if (!argument || llvm::any_of(epilogue.getBuffers(), [&](Value buffer) {
        return buffer != result && getRoot(buffer) == root;
      }))
    return false;
  StringRef reason;
  bool isMatrix = succeeded(matchMatrix(getProducts(main.kernel), reason));
  FailureOr<SmallVector<EpilogueOp>> parts = matchEpilogue(
      argument, getKernelOps(epilogue.kernel),
      isMatrix ? maxMatrixPayload : DirectStrategy::maxPayload, reason);
  if (failed(parts))
    return false;
  return llvm::all_of(*parts, [&](const EpilogueOp &part) {
    linalg::GenericOp op = part.op;
    return !part.reduces() ||
           (isMatrix &&
            canResizePartials(calls, epilogue,
                              epilogue.getOperand(op.getDpsInits()[0])));
  });
}

/// The kernel that takes the result of `main`. `place` is the call
/// that the joined kernel replaces: of the two the one that the other, with
/// `before`, can be moved to.
std::optional<KernelCall> Joiner::findEpilogue(const KernelCall &main,
                                               Value result,
                                               ArrayRef<KernelCall> before,
                                               Operation *&place) {
  Value root = getRoot(result);
  BufferAccesses moved = calls.getAccesses(main.call);
  for (const KernelCall &launch : before) {
    BufferAccesses own = calls.getAccesses(launch.call);
    moved.reads.insert_range(own.reads);
    moved.writes.insert_range(own.writes);
  }
  bool canSink = true;
  int64_t distance = 0;
  for (Operation *op = plan::LaunchOp(main.call)->getNextNode();
       op && distance < window; op = op->getNextNode()) {
    BufferAccesses accesses = calls.getAccesses(op);
    distance += isa<plan::LaunchOp>(op);
    if (accesses.isUnknown)
      return std::nullopt;
    if (!accesses.reads.contains(root) && !accesses.writes.contains(root)) {
      canSink &= !accesses.conflictsWith(moved);
      continue;
    }
    FailureOr<KernelCall> launch = calls.resolve(op);
    if (!accesses.reads.contains(root) || !canFollow(main, result, *launch))
      return std::nullopt;
    place = op;
    if (canSink)
      return *launch;
    place = main.call;
    for (Operation *between = op->getPrevNode(); between != main.call;
         between = between->getPrevNode())
      if (calls.getAccesses(between).conflictsWith(accesses))
        return std::nullopt;
    return *launch;
  }
  return std::nullopt;
}

/// Whether `epilogue` stores to memory that a part in front of it reads, other
/// than element by element in `result`: the blocks of one launch have no order,
/// so that one would overwrite what another still reads.
bool Joiner::overwritesInputs(const KernelCall &epilogue, Value result,
                              ArrayRef<KernelCall> before) {
  Value root = getRoot(result);
  for (Value written : calls.getAccesses(epilogue.call).writes)
    if (written != root && llvm::any_of(before, [&](const KernelCall &part) {
          return calls.getAccesses(part.call).reads.contains(written);
        }))
      return true;
  return false;
}

/// Whether an operation of `kernel` writes `argument`.
static bool writes(plan::KernelOp kernel, Value argument) {
  return llvm::any_of(getKernelOps(kernel), [&](linalg::LinalgOp op) {
    return llvm::is_contained(op.getDpsInits(), argument);
  });
}

SmallVector<plan::LaunchOp> Joiner::findLaunches(plan::ProgramOp program) {
  SmallVector<plan::LaunchOp> products;
  for (auto call : program.getOps<plan::LaunchOp>()) {
    FailureOr<KernelCall> launch = calls.resolve(call);
    if (succeeded(launch) && !getProducts(launch->kernel).empty())
      products.push_back(call);
  }
  return products;
}

unsigned Joiner::join(plan::LaunchOp call) {
  FailureOr<KernelCall> main = calls.resolve(call);
  Value argument = getProducts(main->kernel).front().getDpsInits().front();
  Value result = main->getOperand(argument);
  if (findArgument(*main, result) != argument)
    return 0;
  unsigned numJoined = 0;
  if (std::optional<KernelCall> former = findFormer(*main, result)) {
    call = calls.replace({*former, *main}, call,
                         [](plan::KernelOp, ArrayRef<Value>) {});
    main = calls.resolve(call);
    ++numJoined;
  }
  SmallVector<KernelCall> parts;
  if (llvm::hasSingleElement(main->kernel.getOps<linalg::LinalgOp>()))
    if (std::optional<KernelCall> initial = findInitial(*main, result))
      parts.push_back(*initial);
  Operation *place = call;
  std::optional<KernelCall> epilogue =
      findEpilogue(*main, result, parts, place);
  parts.push_back(*main);
  if (epilogue && overwritesInputs(*epilogue, result, parts)) {
    epilogue = std::nullopt;
    place = call;
  }
  if (epilogue)
    parts.push_back(*epilogue);
  if (parts.size() == 1)
    return numJoined;
  bool isUnstored = epilogue && isLocal(result, parts) &&
                    !writes(epilogue->kernel, findArgument(*epilogue, result));
  std::optional<MatrixTile> tile;
  if (epilogue)
    tile = resizePartials(calls, *main, *epilogue, math, chip);
  calls.replace(
      parts, place, [&](plan::KernelOp kernel, ArrayRef<Value> buffers) {
        if (isUnstored)
          kernel.setArgAttr(llvm::find(buffers, result) - buffers.begin(),
                            plan::registerOnlyName,
                            UnitAttr::get(kernel.getContext()));
        if (tile)
          sumOverBlocks(kernel, *tile);
      });
  return numJoined + parts.size() - 1;
}

namespace {
struct JoinKernels : mlir::pdq::impl::JoinKernelsBase<JoinKernels> {
  void runOnOperation() override {
    KernelCalls calls(getOperation());
    plan::TargetAttr target = plan::getTarget(getOperation());
    Joiner joiner(calls, target.getMath(), target.getChip());
    for (auto program : getOperation().getOps<plan::ProgramOp>())
      for (plan::LaunchOp call : joiner.findLaunches(program))
        numJoined += joiner.join(call);
    calls.eraseUnused();
  }
};
} // namespace
