// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What depends on constants only is computed once, when a module is compiled,
// by the same kernels as everything else: weights in another order, folded
// scales.

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "pdq/Plan/Analysis/Initializers.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Plan/Passes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_HOISTCONSTANTS
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Results up to this number of elements are hoisted even where they are larger
/// than what they are computed from.
static constexpr int64_t smallTensor = 4096;

/// Operations that cost nothing where they stand: both functions get their own.
static bool isFree(Operation *op) {
  return op->hasTrait<OpTrait::ConstantLike>() ||
         isa<tensor::EmptyOp, linalg::FillOp>(op);
}

static SetVector<Value> getInputs(Operation *op) {
  SetVector<Value> inputs(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), inputs);
  return inputs;
}

static int64_t countElements(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getNumElements() : 0;
}

/// True for what an earlier run has hoisted.
static bool isPersistent(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  auto function =
      argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp())
               : func::FuncOp();
  return function &&
         function.getArgAttr(argument.getArgNumber(), plan::persistentName);
}

/// True for broadcasts: reading them would cost more than computing them.
static bool enlarges(Operation *op, const SetVector<Value> &inputs) {
  int64_t read = 0, written = 0;
  for (Value input : inputs)
    if (Operation *definition = input.getDefiningOp();
        !definition || !isa<tensor::EmptyOp, linalg::FillOp>(definition))
      read += countElements(input);
  for (Value result : op->getResults())
    written += countElements(result);
  return written > smallTensor && written > 2 * read;
}

/// The operations of `body` that depend on constants only, without free ones.
static SetVector<Operation *> findConstantOps(Block &body) {
  SetVector<Operation *> constant;
  for (Operation &op : body.without_terminator()) {
    if (isFree(&op) || !isMemoryEffectFree(&op))
      continue;
    SetVector<Value> inputs = getInputs(&op);
    bool isConstant = llvm::all_of(inputs, [&](Value input) {
      Operation *definition = input.getDefiningOp();
      return definition ? constant.contains(definition) || isFree(definition)
                        : isPersistent(input);
    });
    if (isConstant && !enlarges(&op, inputs))
      constant.insert(&op);
  }
  return constant;
}

/// Those of `constant` that the rest of the function needs a number of, which
/// is no tensor: they stay there, too, since arguments are tensors.
static DenseSet<Operation *> findNumbers(const SetVector<Operation *> &constant,
                                         Block &body) {
  DenseSet<Operation *> numbers;
  for (Operation *op : llvm::reverse(constant)) {
    bool isRead = llvm::any_of(op->getUsers(), [&](Operation *user) {
      Operation *reader = body.findAncestorOpInBlock(*user);
      return !constant.contains(reader) || numbers.contains(reader);
    });
    if (isRead &&
        !llvm::all_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>))
      numbers.insert(op);
  }
  return numbers;
}

/// Clones `op` and the free operations it needs to the end of `builder`'s
/// block.
static void cloneWithInputs(Operation *op, OpBuilder &builder,
                            IRMapping &mapping) {
  for (Value input : getInputs(op))
    if (Operation *definition = input.getDefiningOp();
        definition && !mapping.contains(input))
      cloneWithInputs(definition, builder, mapping);
  builder.clone(*op, mapping);
}

/// Clones `constant` into the initializer, which returns what is `needed` too.
/// Returns the number of its results before.
static unsigned compute(ArrayRef<Operation *> constant, ArrayRef<Value> needed,
                        func::FuncOp function) {
  func::FuncOp initializer = getOrCreateInitializer(function);
  Operation *terminator = initializer.getBody().front().getTerminator();
  IRMapping mapping;
  for (BlockArgument argument : function.getArguments())
    if (auto number = function.getArgAttrOfType<IntegerAttr>(
            argument.getArgNumber(), plan::persistentName))
      mapping.map(argument, terminator->getOperand(number.getInt()));
  unsigned numBefore = terminator->getNumOperands();
  OpBuilder builder(terminator);
  for (Operation *op : constant)
    cloneWithInputs(op, builder, mapping);
  terminator->insertOperands(numBefore,
                             llvm::map_to_vector(needed, [&](Value value) {
                               return mapping.lookup(value);
                             }));
  initializer.setType(
      builder.getFunctionType({}, terminator->getOperandTypes()));
  return numBefore;
}

/// Moves the constant part of `function` to a function behind it. Returns the
/// number of values that it computes.
static unsigned hoistConstants(func::FuncOp function) {
  Block &body = function.getBody().front();
  SetVector<Operation *> constant = findConstantOps(body);
  DenseSet<Operation *> numbers = findNumbers(constant, body);
  auto isHoisted = [&](Operation *user) {
    Operation *reader = body.findAncestorOpInBlock(*user);
    return constant.contains(reader) && !numbers.contains(reader);
  };
  SmallVector<Value> needed;
  for (Operation *op : constant)
    for (Value result : op->getResults())
      if (!numbers.contains(op) && !llvm::all_of(result.getUsers(), isHoisted))
        needed.push_back(result);
  if (needed.empty())
    return 0;
  unsigned number = compute(constant.getArrayRef(), needed, function);
  Builder builder(function);
  for (Value value : needed) {
    auto attributes = builder.getDictionaryAttr(builder.getNamedAttr(
        plan::persistentName, builder.getI64IntegerAttr(number++)));
    unsigned position = function.getNumArguments();
    (void)function.insertArgument(position, value.getType(), attributes,
                                  value.getLoc());
    value.replaceUsesWithIf(
        function.getArgument(position),
        [&](OpOperand &use) { return !isHoisted(use.getOwner()); });
  }
  for (Operation *op : llvm::reverse(constant))
    if (!numbers.contains(op))
      op->erase();
  return needed.size();
}

namespace {
struct HoistConstants : mlir::pdq::impl::HoistConstantsBase<HoistConstants> {
  void runOnOperation() override {
    llvm::StringSet<> initializers = collectInitializers(getOperation());
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (!initializers.contains(function.getName()))
        numHoisted += hoistConstants(function);
  }
};
} // namespace
