// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products take the elementwise kernels around them along: the bias in
// front, and what the result goes through behind.

#include "KernelCalls.h"
#include "Kernels/DirectPlan.h"
#include "Kernels/ElementOp.h"
#include "Kernels/MatrixPlan.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_JOINKERNELS
#include "pdq/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Launches that a kernel is moved across at most.
static constexpr int64_t window = 64;

namespace {
/// Joins the kernels of one module.
class Joiner {
public:
  explicit Joiner(KernelCalls &calls) : calls(calls) {}

  /// The launches of matrix products, in order. Joining erases no other ones.
  SmallVector<func::CallOp> getProducts(func::FuncOp function);

  /// Joins what can be joined with a product; returns the number of launches
  /// less.
  unsigned join(func::CallOp call);

private:
  std::optional<KernelCall> findInitial(const KernelCall &main, Value result);
  std::optional<KernelCall> findEpilogue(const KernelCall &main, Value result,
                                         ArrayRef<KernelCall> before,
                                         Operation *&place);
  bool overwritesInputs(const KernelCall &epilogue, Value result,
                        ArrayRef<KernelCall> before);

  KernelCalls &calls;
};
} // namespace

/// The one operation of a kernel, if it is elementwise.
static linalg::GenericOp getElementwise(func::FuncOp kernel) {
  auto ops = kernel.getOps<linalg::LinalgOp>();
  if (!llvm::hasSingleElement(ops))
    return nullptr;
  auto generic = dyn_cast<linalg::GenericOp>((*ops.begin()).getOperation());
  return generic && generic.getNumReductionLoops() == 0 ? generic : nullptr;
}

/// The product of a kernel, on tensor cores or direct, alone or behind a fill;
/// null where there is none.
static linalg::LinalgOp getProduct(func::FuncOp kernel) {
  linalg::LinalgOp product;
  for (auto op : kernel.getOps<linalg::LinalgOp>()) {
    if (product)
      return nullptr;
    if (!isa<linalg::FillOp>(op.getOperation()))
      product = op;
  }
  StringRef reason;
  bool isProduct = product && (succeeded(planMatrix(product, reason)) ||
                               succeeded(planDirect(product, reason)));
  return isProduct ? product : nullptr;
}

/// The argument of a kernel that is bound to `operand`; null where there is not
/// exactly one.
static Value findArgument(const KernelCall &launch, Value operand) {
  Value found;
  for (auto [number, value] :
       llvm::enumerate(func::CallOp(launch.call).getOperands())) {
    if (value != operand)
      continue;
    if (found)
      return nullptr;
    found = func::FuncOp(launch.kernel).getArgument(number);
  }
  return found;
}

/// The elementwise kernel that computes where the sums of `main` start.
std::optional<KernelCall> Joiner::findInitial(const KernelCall &main,
                                              Value result) {
  BufferAccesses passed = calls.getAccesses(main.call);
  Value root = getRoot(result);
  int64_t distance = 0;
  for (Operation *op = func::CallOp(main.call)->getPrevNode();
       op && distance < window; op = op->getPrevNode()) {
    BufferAccesses accesses = calls.getAccesses(op);
    distance += isa<func::CallOp>(op);
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

/// The elementwise kernel that takes the result of `main`. `place` is the call
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
  for (Operation *op = func::CallOp(main.call)->getNextNode();
       op && distance < window; op = op->getNextNode()) {
    BufferAccesses accesses = calls.getAccesses(op);
    distance += isa<func::CallOp>(op);
    if (accesses.isUnknown)
      return std::nullopt;
    if (!accesses.reads.contains(root) && !accesses.writes.contains(root)) {
      canSink &= !accesses.conflictsWith(moved);
      continue;
    }
    FailureOr<KernelCall> launch = calls.resolve(op);
    linalg::GenericOp generic = getElementwise(launch->kernel);
    Value argument = findArgument(*launch, result);
    if (!generic || !argument || !accesses.reads.contains(root) ||
        !isElementOp(generic, argument))
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
  for (Value init : getElementwise(epilogue.kernel).getDpsInits()) {
    Value place = epilogue.getOperand(init);
    if (place == result)
      continue;
    Value written = getRoot(place);
    if (written == root || llvm::any_of(before, [&](const KernelCall &part) {
          return calls.getAccesses(part.call).reads.contains(written);
        }))
      return true;
  }
  return false;
}

SmallVector<func::CallOp> Joiner::getProducts(func::FuncOp function) {
  SmallVector<func::CallOp> products;
  for (auto call : function.getOps<func::CallOp>()) {
    FailureOr<KernelCall> launch = calls.resolve(call);
    if (succeeded(launch) && getProduct(launch->kernel))
      products.push_back(call);
  }
  return products;
}

unsigned Joiner::join(func::CallOp call) {
  FailureOr<KernelCall> main = calls.resolve(call);
  linalg::LinalgOp product = getProduct(main->kernel);
  Value result = main->getOperand(product.getDpsInits().front());
  if (findArgument(*main, result) != product.getDpsInits().front())
    return 0;
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
    return 0;
  bool isUnstored =
      epilogue && isLocal(result, parts) &&
      !llvm::is_contained(getElementwise(epilogue->kernel).getDpsInits(),
                          findArgument(*epilogue, result));
  calls.replace(
      parts, place, [&](func::FuncOp kernel, ArrayRef<Value> buffers) {
        if (isUnstored)
          kernel.setArgAttr(llvm::find(buffers, result) - buffers.begin(),
                            "pdq.unstored", UnitAttr::get(kernel.getContext()));
      });
  return parts.size() - 1;
}

namespace {
struct JoinKernels : mlir::pdq::impl::JoinKernelsBase<JoinKernels> {
  void runOnOperation() override {
    KernelCalls calls(getOperation());
    Joiner joiner(calls);
    for (auto function :
         llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (function.isDeclaration() || function->hasAttr("pdq.kernel"))
        continue;
      for (func::CallOp call : joiner.getProducts(function))
        numJoined += joiner.join(call);
    }
    calls.eraseUnused();
  }
};
} // namespace
