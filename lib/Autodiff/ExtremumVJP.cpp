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
                  CombinedResult combined, Value cotangent)
      : b(op.getLoc(), builder), op(op), combined(combined),
        cotangent(cotangent),
        input(cast<BlockArgument>(combined.term).getArgNumber()),
        initial(op.getDpsInitOperand(result)->get()),
        resultMap(op.getMatchingIndexingMap(op.getDpsInitOperand(result))) {
    for (OpOperand *operand : op.getDpsInputOperands()) {
      operands.push_back(operand->get());
      maps.push_back(op.getMatchingIndexingMap(operand));
    }
  }

  FailureOr<Value> build();

private:
  Value buildPosition(ImplicitLocOpBuilder &body);
  Value buildWinners();
  Value scatter(Value winners);

  ImplicitLocOpBuilder b;
  linalg::LinalgOp op;
  CombinedResult combined;
  Value cotangent;
  unsigned input;
  Value initial;
  AffineMap resultMap;
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
};
} // namespace

/// Row-major index of the current iteration in the reduction loops, i64.
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
  return arith::IndexCastOp::create(body, body.getI64Type(), position);
}

/// Position of the first extremal element for each element of the result, and
/// INT64_MAX where the initial value is beyond all of them. The tie rule is
/// commutative, so the order of iterations does not matter.
Value ExtremumAdjoint::buildWinners() {
  bool isMax = combined.combiner == Combiner::Max;
  Value last = arith::ConstantOp::create(b, b.getI64IntegerAttr(INT64_MAX));
  Value extremum = initial;
  Value empty = tensor::EmptyOp::create(
      b, tensor::getMixedSizes(b, b.getLoc(), cotangent), b.getI64Type());
  Value position = linalg::FillOp::create(b, last, empty).getResult(0);
  SmallVector<AffineMap> allMaps(maps);
  allMaps.append({resultMap, resultMap});
  auto search = linalg::GenericOp::create(
      b, TypeRange{extremum.getType(), position.getType()}, operands,
      ValueRange{extremum, position}, allMaps, op.getIteratorTypesArray(),
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder body(loc, nested);
        Value value = args[input], best = args[operands.size()];
        Value place = args[operands.size() + 1], here = buildPosition(body);
        Value better = arith::CmpFOp::create(
            body, isMax ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT,
            value, best);
        Value equal =
            arith::CmpFOp::create(body, arith::CmpFPredicate::OEQ, value, best);
        Value earlier =
            arith::CmpIOp::create(body, arith::CmpIPredicate::slt, here, place);
        Value take = arith::OrIOp::create(
            body, better, arith::AndIOp::create(body, equal, earlier));
        linalg::YieldOp::create(
            body, ValueRange{arith::SelectOp::create(body, take, value, best),
                             arith::SelectOp::create(body, take, here, place)});
      });
  return search.getResult(1);
}

/// Sends the cotangent to the winners. The operands that only give loops their
/// bounds (a pooling window) stay.
Value ExtremumAdjoint::scatter(Value winners) {
  SmallVector<Value> inputs{winners, cotangent};
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

FailureOr<Value> ExtremumAdjoint::build() {
  for (auto [range, iterator] :
       llvm::zip(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::reduction &&
        ShapedType::isDynamic(range)) {
      op.emitOpError("reduces a dimension of dynamic size by maximum or "
                     "minimum; its derivative needs a static size");
      return failure();
    }
  return scatter(buildWinners());
}

FailureOr<Value> mlir::pdq::buildExtremumVJP(OpBuilder &builder,
                                             linalg::LinalgOp op,
                                             unsigned result,
                                             CombinedResult combined,
                                             Value cotangent) {
  return ExtremumAdjoint(builder, op, result, combined, cotangent).build();
}
