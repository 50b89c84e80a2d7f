// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations on scalars, as ONNX applies them to all elements of tensors.

#include "Conversion.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace mlir::pdq;

/// The operator of ONNX that computes the same from the same operands; empty
/// where there is none.
static StringRef getOperator(Operation *op) {
  bool isBool = getElementTypeOrSelf(op->getResult(0).getType()).isInteger(1);
  return llvm::StringSwitch<StringRef>(op->getName().getStringRef())
      .Cases({"arith.addf", "arith.addi"}, "Add")
      .Cases({"arith.subf", "arith.subi"}, "Sub")
      .Cases({"arith.mulf", "arith.muli"}, "Mul")
      .Cases({"arith.divf", "arith.divsi"}, "Div")
      .Cases({"arith.maximumf", "arith.maxnumf", "arith.maxsi"}, "Max")
      .Cases({"arith.minimumf", "arith.minnumf", "arith.minsi"}, "Min")
      .Case("arith.andi", isBool ? "And" : "BitwiseAnd")
      .Case("arith.ori", isBool ? "Or" : "BitwiseOr")
      .Case("arith.xori", isBool ? "Xor" : "BitwiseXor")
      .Case("arith.negf", "Neg")
      .Cases({"math.absf", "math.absi"}, "Abs")
      .Case("math.ceil", "Ceil")
      .Case("math.floor", "Floor")
      .Case("math.roundeven", "Round")
      .Case("math.sqrt", "Sqrt")
      .Case("math.exp", "Exp")
      .Case("math.log", "Log")
      .Case("math.powf", "Pow")
      .Case("math.erf", "Erf")
      .Case("math.tanh", "Tanh")
      .Case("math.sin", "Sin")
      .Case("math.cos", "Cos")
      .Case("math.tan", "Tan")
      .Case("math.sinh", "Sinh")
      .Case("math.cosh", "Cosh")
      .Case("math.asin", "Asin")
      .Case("math.acos", "Acos")
      .Case("math.atan", "Atan")
      .Case("math.isnan", "IsNaN")
      .Case("math.isinf", "IsInf")
      .Default("");
}

static Value buildNot(GraphBuilder &graph, Value value) {
  return graph.elementwise("Not", value);
}

static Value buildCompare(GraphBuilder &graph, StringRef operatorType,
                          ValueRange operands) {
  return graph.elementwise(operatorType, operands, graph.b.getI1Type());
}

/// A comparison, which is false (ordered) or true (unordered) where there is a
/// NaN.
static Value convertCompare(GraphBuilder &graph, arith::CmpFPredicate predicate,
                            ValueRange operands) {
  using P = arith::CmpFPredicate;
  auto compare = [&](StringRef type) {
    return buildCompare(graph, type, operands);
  };
  auto isNaN = [&](Value value) { return buildCompare(graph, "IsNaN", value); };
  auto differs = [&] {
    return graph.elementwise("Or", {compare("Less"), compare("Greater")});
  };
  auto isUnordered = [&] {
    return graph.elementwise("Or", {isNaN(operands[0]), isNaN(operands[1])});
  };
  switch (predicate) {
  case P::OEQ:
    return compare("Equal");
  case P::OGT:
    return compare("Greater");
  case P::OGE:
    return compare("GreaterOrEqual");
  case P::OLT:
    return compare("Less");
  case P::OLE:
    return compare("LessOrEqual");
  case P::ONE:
    return differs();
  case P::UEQ:
    return buildNot(graph, differs());
  case P::UGT:
    return buildNot(graph, compare("LessOrEqual"));
  case P::UGE:
    return buildNot(graph, compare("Less"));
  case P::ULT:
    return buildNot(graph, compare("GreaterOrEqual"));
  case P::ULE:
    return buildNot(graph, compare("Greater"));
  case P::UNE:
    return buildNot(graph, compare("Equal"));
  case P::ORD:
    return buildNot(graph, isUnordered());
  case P::UNO:
    return isUnordered();
  default:
    return {};
  }
}

static Value convertCompare(GraphBuilder &graph, arith::CmpIPredicate predicate,
                            ValueRange operands) {
  using P = arith::CmpIPredicate;
  auto compare = [&](StringRef type) {
    return buildCompare(graph, type, operands);
  };
  switch (predicate) {
  case P::eq:
    return compare("Equal");
  case P::ne:
    return buildNot(graph, compare("Equal"));
  case P::slt:
    return compare("Less");
  case P::sle:
    return compare("LessOrEqual");
  case P::sgt:
    return compare("Greater");
  case P::sge:
    return compare("GreaterOrEqual");
  default:
    return {};
  }
}

/// Whether a select gives the larger, or the smaller, of what it compares.
static bool isExtremum(arith::SelectOp op, bool isMax) {
  using P = arith::CmpFPredicate;
  auto compare = op.getCondition().getDefiningOp<arith::CmpFOp>();
  if (!compare)
    return false;
  P predicate = compare.getPredicate();
  bool isGreater =
      llvm::is_contained({P::OGT, P::OGE, P::UGT, P::UGE}, predicate);
  bool isLess = llvm::is_contained({P::OLT, P::OLE, P::ULT, P::ULE}, predicate);
  if (!isGreater && !isLess)
    return false;
  bool isSame = compare.getLhs() == op.getTrueValue() &&
                compare.getRhs() == op.getFalseValue();
  bool isSwapped = compare.getRhs() == op.getTrueValue() &&
                   compare.getLhs() == op.getFalseValue();
  return (isSame && isGreater == isMax) || (isSwapped && isLess == isMax);
}

/// The number as a constant of the elements of `like`.
static Value buildNumber(GraphBuilder &graph, double number, Value like) {
  return graph.scalar(
      graph.b.getFloatAttr(getTensorType(like).getElementType(), number));
}

/// max(x, 0) where one of the values is 0; null elsewhere.
static Value buildRelu(GraphBuilder &graph, ValueRange values,
                       ValueRange operands) {
  for (int i : {0, 1})
    if (matchPattern(values[i], m_AnyZeroFloat()))
      return graph.elementwise("Relu", operands[1 - i]);
  return {};
}

static Value convertSelect(GraphBuilder &graph, arith::SelectOp op,
                           ValueRange operands) {
  ValueRange branches = operands.drop_front();
  if (isExtremum(op, /*isMax=*/true)) {
    if (Value relu =
            buildRelu(graph, {op.getTrueValue(), op.getFalseValue()}, branches))
      return relu;
    return graph.elementwise("Max", branches);
  }
  if (isExtremum(op, /*isMax=*/false))
    return graph.elementwise("Min", branches);
  return graph.elementwise("Where", operands,
                           getTensorType(branches[0]).getElementType());
}

/// Functions that ONNX computes by several operators.
static Value convertFunction(GraphBuilder &graph, Operation *op,
                             ValueRange operands) {
  Value x = operands[0];
  auto number = [&](double value) { return buildNumber(graph, value, x); };
  auto apply = [&](StringRef type, ValueRange inputs) {
    return graph.elementwise(type, inputs);
  };
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](math::RsqrtOp) {
        return apply("Div", {number(1), apply("Sqrt", x)});
      })
      .Case([&](math::Log1pOp) {
        return apply("Log", apply("Add", {x, number(1)}));
      })
      .Case([&](math::ExpM1Op) {
        return apply("Sub", {apply("Exp", x), number(1)});
      })
      .Case([&](math::Log2Op) {
        return apply("Div", {apply("Log", x), number(std::log(2.0))});
      })
      .Case([&](math::Exp2Op) { return apply("Pow", {number(2), x}); })
      .Case([&](math::FmaOp) {
        return apply("Add", {apply("Mul", {x, operands[1]}), operands[2]});
      })
      .Case<math::FPowIOp>([&](Operation *) {
        return graph.elementwise(
            "Pow",
            {x, graph.cast(operands[1], getTensorType(x).getElementType())});
      })
      .Case<arith::RemFOp, arith::RemSIOp>([&](Operation *) {
        return graph.elementwise("Mod", operands, {},
                                 graph.attribute("fmod", int64_t(1)));
      })
      .Default([](Operation *) { return Value(); });
}

/// Whether `Cast` of ONNX converts as `op` does. An unsigned i1 is a BOOL.
static bool isCast(Operation *op) {
  bool fromBool =
      op->getNumOperands() == 1 &&
      getElementTypeOrSelf(op->getOperand(0).getType()).isInteger(1);
  if (isa<arith::ExtUIOp, arith::UIToFPOp, arith::IndexCastUIOp>(op))
    return fromBool;
  return !fromBool &&
         isa<arith::ExtFOp, arith::TruncFOp, arith::ExtSIOp, arith::SIToFPOp,
             arith::FPToSIOp, arith::IndexCastOp, arith::TruncIOp>(op) &&
         !getElementTypeOrSelf(op->getResult(0).getType()).isInteger(1);
}

Value Conversion::convertScalar(Operation *op, ValueRange operands) {
  if (llvm::is_contained(operands, Value()))
    return {};
  if (isa<arith::MaximumFOp, arith::MaxNumFOp>(op))
    if (Value relu = buildRelu(graph, op->getOperands(), operands))
      return relu;
  if (StringRef operatorType = getOperator(op); !operatorType.empty())
    return graph.elementwise(operatorType, operands,
                             getOnnxElementType(op->getResult(0).getType()));
  Value result;
  if (isCast(op))
    result =
        graph.cast(operands[0], getOnnxElementType(op->getResult(0).getType()));
  else if (auto compare = dyn_cast<arith::CmpFOp>(op))
    result = convertCompare(graph, compare.getPredicate(), operands);
  else if (auto compareIntegers = dyn_cast<arith::CmpIOp>(op))
    result = convertCompare(graph, compareIntegers.getPredicate(), operands);
  else if (auto select = dyn_cast<arith::SelectOp>(op))
    result = convertSelect(graph, select, operands);
  else if (!operands.empty())
    result = convertFunction(graph, op, operands);
  return result ? result : fail(op, "no operator computes it");
}
