// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reverse walk: which values are active, in which order adjoints are
// built, and how they add up.

#include "pdq/Autodiff/ReverseMode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Transforms/RegionUtils.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "pdq/IR/PDQ.h"

using namespace mlir;
using namespace mlir::pdq;

#include "pdq/Autodiff/DifferentiableOpInterface.cpp.inc"

namespace {
/// Values that depend on the arguments of interest and that the differentiated
/// result depends on.
class Activity {
public:
  Activity(Block &block, ArrayRef<int64_t> wrt, Value result);

  bool isActive(Value value) const {
    return varied.contains(value) && useful.contains(value);
  }
  bool isVaried(Value value) const { return varied.contains(value); }

private:
  DenseSet<Value> varied, useful;
};

/// Builds the adjoint of one function in place.
class ReverseWalk {
public:
  ReverseWalk(func::FuncOp function, ArrayRef<int64_t> wrt)
      : function(function), block(function.getBody().front()), wrt(wrt),
        builder(block.getTerminator()),
        activity(block, wrt, block.getTerminator()->getOperand(0)) {}

  LogicalResult run();

private:
  LogicalResult checkEffects(Operation *op);
  LogicalResult visit(Operation *op);
  void accumulate(Value value, Value cotangent);
  void returnGradients();

  func::FuncOp function;
  Block &block;
  ArrayRef<int64_t> wrt;
  OpBuilder builder;
  Activity activity;
  DenseMap<Value, Value> cotangents;
};
} // namespace

static bool isComplex(Type type) {
  return isa<ComplexType>(getElementTypeOrSelf(type));
}

/// Whether values of a type change smoothly. Complex ones do: that they have no
/// rule is found where they are used.
static bool isSmooth(Type type) {
  return isa<FloatType, ComplexType>(getElementTypeOrSelf(type));
}

/// Whether a change of `operand` can change `result`.
static bool isDifferentiableThrough(OpOperand &operand, OpResult result) {
  Operation *op = operand.getOwner();
  if (!isSmooth(result.getType()) || !isSmooth(operand.get().getType()))
    return false;
  // An initial value that is only overwritten carries nothing.
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    if (linalgOp.isDpsInit(&operand) &&
        !linalgOp.payloadUsesValueFromOperand(&operand))
      return false;
  auto rule = dyn_cast<DifferentiableOpInterface>(op);
  return !rule || rule.isDifferentiableThrough(operand.getOperandNumber(),
                                               result.getResultNumber());
}

/// Values from outside that the payload of `op` reads without an operand.
static SetVector<Value> getCaptured(Operation *op) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  return captured;
}

Activity::Activity(Block &block, ArrayRef<int64_t> wrt, Value result) {
  for (int64_t index : wrt)
    varied.insert(block.getArgument(index));
  for (Operation &op : block.without_terminator())
    for (OpResult value : op.getResults()) {
      if (isSmooth(value.getType()) &&
          llvm::any_of(getCaptured(&op),
                       [&](Value v) { return varied.contains(v); }))
        varied.insert(value);
      for (OpOperand &operand : op.getOpOperands())
        if (varied.contains(operand.get()) &&
            ::isDifferentiableThrough(operand, value))
          varied.insert(value);
    }
  useful.insert(result);
  for (Operation &op : llvm::reverse(block.without_terminator()))
    for (OpResult value : op.getResults()) {
      if (!useful.contains(value))
        continue;
      // Walked into, so that a captured value gets its error.
      for (Value captured : getCaptured(&op))
        useful.insert(captured);
      for (OpOperand &operand : op.getOpOperands())
        if (::isDifferentiableThrough(operand, value))
          useful.insert(operand.get());
    }
}

void ReverseWalk::accumulate(Value value, Value cotangent) {
  Value &sum = cotangents[value];
  ImplicitLocOpBuilder b(cotangent.getLoc(), builder);
  sum = sum ? buildAdd(b, sum, cotangent) : cotangent;
}

/// What is written to memory comes back as another value, which cannot be
/// followed.
LogicalResult ReverseWalk::checkEffects(Operation *op) {
  auto isVaried = [&](Value value) { return activity.isVaried(value); };
  if (op->getNumResults() > 0 || isMemoryEffectFree(op) ||
      !(llvm::any_of(op->getOperands(), isVaried) ||
        llvm::any_of(getCaptured(op), isVaried)))
    return success();
  return op->emitOpError("writes a value that is differentiated to memory; "
                         "a derivative needs operations on tensors");
}

LogicalResult ReverseWalk::visit(Operation *op) {
  auto isActive = [&](Value value) { return activity.isActive(value); };
  SmallVector<Value> results = llvm::map_to_vector(
      op->getResults(), [&](Value v) { return cotangents.lookup(v); });
  if (llvm::none_of(results, [](Value v) { return static_cast<bool>(v); }))
    return success();
  SmallVector<bool> needed = llvm::map_to_vector(op->getOperands(), isActive);
  SmallVector<Value> captured =
      llvm::filter_to_vector(getCaptured(op), isActive);
  bool reads = llvm::is_contained(needed, true);
  if (!reads && captured.empty())
    return success();
  if (llvm::any_of(
          llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()),
          isComplex))
    return op->emitOpError("computes with complex numbers, which have no "
                           "derivative rule");
  auto rule = dyn_cast<DifferentiableOpInterface>(op);
  if (!rule)
    return op->emitOpError("has no derivative rule");
  SmallVector<Value> contributions(op->getNumOperands());
  if (reads && failed(rule.buildVJP(builder, results, needed, contributions)))
    return failure();
  for (auto [operand, contribution] :
       llvm::zip_equal(op->getOperands(), contributions))
    if (contribution)
      accumulate(operand, contribution);
  for (Value value : captured) {
    FailureOr<Value> contribution =
        rule.buildCapturedVJP(builder, results, value);
    if (failed(contribution))
      return failure();
    if (*contribution)
      accumulate(value, *contribution);
  }
  return success();
}

void ReverseWalk::returnGradients() {
  auto terminator = cast<func::ReturnOp>(block.getTerminator());
  SmallVector<Value> results(terminator.getOperands());
  for (int64_t index : wrt) {
    Value argument = block.getArgument(index);
    Value gradient = cotangents.lookup(argument);
    results.push_back(
        gradient ? gradient
                 : buildZerosLike(builder, function.getLoc(), argument));
  }
  terminator->setOperands(results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           TypeRange(ValueRange(results))));
}

LogicalResult ReverseWalk::run() {
  SmallVector<Operation *> forward;
  for (Operation &op : block.without_terminator()) {
    if (failed(checkEffects(&op)))
      return failure();
    forward.push_back(&op);
  }
  ImplicitLocOpBuilder b(function.getLoc(), builder);
  Value result = block.getTerminator()->getOperand(0);
  Type type = getElementTypeOrSelf(result.getType());
  if (activity.isActive(result))
    cotangents[result] = buildScalar(b, type, 1.0);
  for (Operation *op : llvm::reverse(forward))
    if (failed(visit(op)))
      return failure();
  returnGradients();
  return success();
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

static LogicalResult checkFunction(func::FuncOp function,
                                   ArrayRef<int64_t> wrt) {
  for (int64_t index : wrt)
    if (Type type = function.getArgumentTypes()[index];
        !isa<RankedTensorType>(type))
      return function.emitOpError("differentiates argument ")
             << index << " of type " << type << ", expected a ranked tensor";
  if (!function.getBody().hasOneBlock())
    return function.emitOpError(
        "has control flow; only functions with one block are differentiated");
  if (function.getNumResults() == 0)
    return function.emitOpError("has no result to differentiate");
  auto type = dyn_cast<RankedTensorType>(function.getResultTypes()[0]);
  if (type && type.getRank() == 0 && isa<FloatType>(type.getElementType()))
    return success();
  return function.emitOpError()
         << "has first result " << function.getResultTypes()[0]
         << ", expected a floating point tensor of rank 0";
}

FailureOr<func::FuncOp> mlir::pdq::buildVJPFunction(func::FuncOp function,
                                                    ArrayRef<int64_t> wrt,
                                                    SymbolTable &symbols) {
  if (failed(checkFunction(function, wrt)))
    return failure();
  Builder attributes(function.getContext());
  auto wrtAttr = attributes.getDenseI64ArrayAttr(wrt);
  auto ofAttr = FlatSymbolRefAttr::get(function.getSymNameAttr());
  for (auto known : cast<ModuleOp>(symbols.getOp()).getOps<func::FuncOp>())
    if (known->getAttr(vjpOfName) == ofAttr &&
        known->getAttr(wrtName) == wrtAttr)
      return known;

  func::FuncOp derivative = function.clone();
  std::string name = (function.getName() + "__vjp").str();
  for (int64_t index : wrt)
    name += "_" + std::to_string(index);
  derivative.setName(name);
  derivative.setPrivate();
  derivative->setAttr(vjpOfName, ofAttr);
  derivative->setAttr(wrtName, wrtAttr);
  symbols.insert(derivative);
  if (succeeded(ReverseWalk(derivative, wrt).run()))
    return derivative;
  symbols.erase(derivative);
  return failure();
}
