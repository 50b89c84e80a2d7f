// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels around a contraction are fused into it: the bias in front, and
// the epilogue behind, with the sums over it.

#include "BlockPartials.h"
#include "Contractions.h"
#include "Fusion.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Codegen/GPU/Epilogue/ElementOp.h"

using namespace mlir;
using namespace mlir::pdq;

/// Launches that a kernel is moved across at most.
static constexpr int64_t window = 64;

namespace {
/// Fuses the kernels around contractions into them.
class ContractionFuser {
public:
  ContractionFuser(KernelCalls &calls, plan::TargetAttr target)
      : calls(calls), target(target) {}

  /// Fuses what can be fused into the contraction that `call` launches; returns
  /// the number of launches less.
  unsigned fuse(plan::LaunchOp call);

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
  unsigned fuseAround(const KernelCall &main, Value result);

  KernelCalls &calls;
  plan::TargetAttr target;
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

/// The elementwise kernel that computes where the sums of `main` start.
std::optional<KernelCall> ContractionFuser::findInitial(const KernelCall &main,
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

/// The contraction in front of `main` that computes where the sums of `main`
/// start.
std::optional<KernelCall> ContractionFuser::findFormer(const KernelCall &main,
                                                       Value result) {
  SmallVector<linalg::LinalgOp> ops = getKernelOps(main.kernel);
  if (ops.size() != 1)
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
  Contractions former = getContractions(launch->kernel);
  if (!former || launch->getOperand(former.getResult()) != result ||
      !former.form->canAddTo(former.ops, ops.front()))
    return std::nullopt;
  for (Operation *between = op->getNextNode(); between != main.call;
       between = between->getNextNode())
    if (calls.mustKeepOrder(op, between))
      return std::nullopt;
  return *launch;
}

/// Whether the elements of `result` are all that `epilogue` reads or writes of
/// it, each by the thread that has it, and partial sums can be those of blocks.
bool ContractionFuser::canFollow(const KernelCall &main, Value result,
                                 const KernelCall &epilogue) {
  Value argument = findArgument(epilogue, result);
  Value root = getRoot(result);
  if (!argument || llvm::any_of(epilogue.getBuffers(), [&](Value buffer) {
        return buffer != result && getRoot(buffer) == root;
      }))
    return false;
  Contractions contractions = getContractions(main.kernel);
  StringRef reason;
  FailureOr<SmallVector<EpilogueOp>> parts = contractions.form->matchEpilogue(
      argument, getKernelOps(epilogue.kernel), reason);
  if (failed(parts))
    return false;
  bool hasSums =
      contractions.form->findPartition(contractions.ops, target).has_value();
  return llvm::all_of(*parts, [&](const EpilogueOp &part) {
    linalg::GenericOp op = part.op;
    return !part.reduces() ||
           (hasSums &&
            canResizePartials(calls, epilogue,
                              epilogue.getOperand(op.getDpsInits()[0])));
  });
}

/// The kernel that reads the result of `main`. `place` is the call
/// that the fused kernel replaces: of the two the one that the other, with
/// `before`, can be moved to.
std::optional<KernelCall>
ContractionFuser::findEpilogue(const KernelCall &main, Value result,
                               ArrayRef<KernelCall> before, Operation *&place) {
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
bool ContractionFuser::overwritesInputs(const KernelCall &epilogue,
                                        Value result,
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

unsigned ContractionFuser::fuse(plan::LaunchOp call) {
  FailureOr<KernelCall> main = calls.resolve(call);
  Value argument = getContractions(main->kernel).getResult();
  Value result = main->getOperand(argument);
  if (findArgument(*main, result) != argument)
    return 0;
  unsigned numFused = 0;
  if (std::optional<KernelCall> former = findFormer(*main, result)) {
    call = calls.replace({*former, *main}, call,
                         [](plan::KernelOp, ArrayRef<Value>) {});
    main = calls.resolve(call);
    ++numFused;
  }
  return numFused + fuseAround(*main, result);
}

/// Fuses what `result` starts from and what reads it; returns the number of
/// launches less.
unsigned ContractionFuser::fuseAround(const KernelCall &main, Value result) {
  SmallVector<KernelCall> parts;
  if (llvm::hasSingleElement(getKernelOps(main.kernel)))
    if (std::optional<KernelCall> initial = findInitial(main, result))
      parts.push_back(*initial);
  Operation *place = main.call;
  std::optional<KernelCall> epilogue = findEpilogue(main, result, parts, place);
  parts.push_back(main);
  if (epilogue && overwritesInputs(*epilogue, result, parts)) {
    epilogue = std::nullopt;
    place = main.call;
  }
  if (epilogue)
    parts.push_back(*epilogue);
  if (parts.size() == 1)
    return 0;
  bool isUnstored = epilogue && isLocal(result, parts) &&
                    !writes(epilogue->kernel, findArgument(*epilogue, result));
  std::optional<BlockPartition> partition;
  if (epilogue && hasSums(epilogue->kernel)) {
    Contractions contractions = getContractions(main.kernel);
    partition = contractions.form->findPartition(contractions.ops, target);
    resizePartials(calls, *epilogue, *partition);
  }
  calls.replace(
      parts, place, [&](plan::KernelOp kernel, ArrayRef<Value> buffers) {
        if (isUnstored)
          kernel.setArgAttr(llvm::find(buffers, result) - buffers.begin(),
                            plan::registerOnlyName,
                            UnitAttr::get(kernel.getContext()));
        if (partition)
          sumOverBlocks(kernel, *partition);
      });
  return parts.size() - 1;
}

unsigned mlir::pdq::fuseContractions(KernelCalls &calls,
                                     plan::ProgramOp program,
                                     plan::TargetAttr target) {
  SmallVector<plan::LaunchOp> launches;
  for (auto call : program.getOps<plan::LaunchOp>()) {
    FailureOr<KernelCall> launch = calls.resolve(call);
    if (succeeded(launch) && getContractions(launch->kernel))
      launches.push_back(call);
  }
  ContractionFuser fuser(calls, target);
  unsigned numFused = 0;
  // Fusing erases no other ones of them.
  for (plan::LaunchOp call : launches)
    numFused += fuser.fuse(call);
  return numFused;
}
