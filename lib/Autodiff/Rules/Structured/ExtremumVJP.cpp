// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivative of maxima and minima over loops (max pooling, reductions): finds
// the first extremal element again and gives it the cotangent.

#include "LinalgVJP.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Autodiff/TensorBuilder.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
class ExtremumAdjoint {
public:
  ExtremumAdjoint(OpBuilder &builder, linalg::LinalgOp op, unsigned result,
                  Value cotangent, ValueRange operands,
                  ArrayRef<AffineMap> maps, unsigned input)
      : b(op.getLoc(), builder), op(op), cotangent(cotangent), input(input),
        extremum(op->getResult(result)),
        resultMap(op.getMatchingIndexingMap(op.getDpsInitOperand(result))),
        operands(operands), maps(maps) {}

  FailureOr<CombinedCotangents> build(bool needsInitial);

private:
  IntegerType getPositionType();
  Value buildPosition(ImplicitLocOpBuilder &body);
  Value buildLast();
  Value buildArgmax();
  Value scatter(Value argmax);
  Value selectInitial(Value argmax);

  ImplicitLocOpBuilder b;
  linalg::LinalgOp op;
  Value cotangent;
  unsigned input;
  Value extremum;
  AffineMap resultMap;
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
};
} // namespace

/// An integer that holds every position in the reduction loops, and one more.
IntegerType ExtremumAdjoint::getPositionType() {
  int64_t positions = 1;
  for (auto [range, iterator] :
       llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::reduction)
      positions *= range;
  unsigned bits = positions < INT8_MAX ? 8 : positions < INT32_MAX ? 32 : 64;
  return b.getIntegerType(bits);
}

/// Row-major index of the current iteration in the reduction loops.
Value ExtremumAdjoint::buildPosition(ImplicitLocOpBuilder &body) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  Value position;
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (iterator != utils::IteratorType::reduction)
      continue;
    Value index = linalg::IndexOp::create(body, loop);
    if (position) {
      Value size = arith::ConstantIndexOp::create(body, ranges[loop]);
      position = arith::MulIOp::create(body, position, size);
      index = arith::AddIOp::create(body, position, index);
    }
    position = index;
  }
  return arith::IndexCastOp::create(body, getPositionType(), position);
}

/// The position that no element has.
Value ExtremumAdjoint::buildLast() {
  IntegerType type = getPositionType();
  return arith::ConstantOp::create(
      b, b.getIntegerAttr(type, APInt::getSignedMaxValue(type.getWidth())));
}

/// Position of the first element that is the extremum, for each element of the
/// result; the largest integer where none is, as the initial value is beyond
/// all. A minimum of positions: the order of iterations does not matter.
Value ExtremumAdjoint::buildArgmax() {
  Value last = buildLast();
  Value empty = tensor::EmptyOp::create(
      b, tensor::getMixedSizes(b, b.getLoc(), cotangent), getPositionType());
  Value positions = linalg::FillOp::create(b, last, empty).getResult(0);
  SmallVector<Value> inputs(operands);
  inputs.push_back(extremum);
  SmallVector<AffineMap> allMaps(maps);
  allMaps.append({resultMap, resultMap});
  auto search = linalg::GenericOp::create(
      b, TypeRange{positions.getType()}, inputs, ValueRange{positions}, allMaps,
      op.getIteratorTypesArray(),
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder body(loc, nested);
        Value isExtremum =
            arith::CmpFOp::create(body, arith::CmpFPredicate::OEQ, args[input],
                                  args[operands.size()]);
        Value place = arith::SelectOp::create(body, isExtremum,
                                              buildPosition(body), last);
        linalg::YieldOp::create(
            body, arith::MinSIOp::create(body, args.back(), place).getResult());
      });
  return search.getResult(0);
}

/// Sends the cotangent to the argmax. The operands that only give loops their
/// bounds (a pooling window) stay.
Value ExtremumAdjoint::scatter(Value argmax) {
  SmallVector<Value> inputs{argmax, cotangent};
  SmallVector<AffineMap> allMaps{resultMap, resultMap};
  for (unsigned i = 0; i < operands.size(); ++i)
    if (i != input) {
      inputs.push_back(operands[i]);
      allMaps.push_back(maps[i]);
    }
  allMaps.push_back(maps[input]);
  Value zeros = buildZerosLike(b, b.getLoc(), operands[input]);
  auto generic = linalg::GenericOp::create(
      b, TypeRange{zeros.getType()}, inputs, ValueRange{zeros}, allMaps,
      getAdjointIterators(maps[input]),
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder body(loc, nested);
        Value wins = arith::CmpIOp::create(body, arith::CmpIPredicate::eq,
                                           args[0], buildPosition(body));
        Value share = arith::SelectOp::create(
            body, wins, args[1], buildFloat(body, args[1].getType(), 0));
        linalg::YieldOp::create(
            body, arith::AddFOp::create(body, args.back(), share).getResult());
      });
  return generic.getResult(0);
}

/// The cotangents of the results that no element wins.
Value ExtremumAdjoint::selectInitial(Value argmax) {
  Value last = buildLast();
  return buildElementwise(
      b, cotangent, {argmax, cotangent},
      [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        Value isInitial = arith::CmpIOp::create(body, arith::CmpIPredicate::eq,
                                                args[0], last);
        return arith::SelectOp::create(body, isInitial, args[1],
                                       buildFloat(body, args[1].getType(), 0));
      });
}

FailureOr<CombinedCotangents> ExtremumAdjoint::build(bool needsInitial) {
  for (auto [range, iterator] :
       llvm::zip(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::reduction &&
        ShapedType::isDynamic(range)) {
      op.emitOpError("reduces a dimension of dynamic size by maximum or "
                     "minimum; its derivative needs a static size");
      return failure();
    }
  Value argmax = buildArgmax();
  return CombinedCotangents{scatter(argmax),
                            needsInitial ? selectInitial(argmax) : Value()};
}

FailureOr<CombinedCotangents>
mlir::pdq::buildExtremumVJP(OpBuilder &builder, linalg::LinalgOp op,
                            unsigned result, Value cotangent,
                            ValueRange operands, ArrayRef<AffineMap> maps,
                            unsigned input, bool needsInitial) {
  return ExtremumAdjoint(builder, op, result, cotangent, operands, maps, input)
      .build(needsInitial);
}
