// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivative of products over loops: each factor gets the product of all
// others. It is multiplied up for each anew, which a division by the factor
// would not give where that is 0.

#include "LinalgVJP.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "pdq/Autodiff/TensorBuilder.h"

using namespace mlir;
using namespace mlir::pdq;

/// The loops of `op` that it multiplies over.
static SmallVector<unsigned> getReductionLoops(linalg::LinalgOp op) {
  SmallVector<unsigned> loops;
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::reduction)
      loops.push_back(loop);
  return loops;
}

/// cotangent * initial value, over all loops of `op`.
static Value buildStart(ImplicitLocOpBuilder &b, linalg::LinalgOp op,
                        unsigned result, Value cotangent, Value terms) {
  OpOperand *initial = op.getDpsInitOperand(result);
  AffineMap map = op.getMatchingIndexingMap(initial);
  AffineMap all = b.getMultiDimIdentityMap(op.getNumLoops());
  SmallVector<utils::IteratorType> iterators(op.getNumLoops(),
                                             utils::IteratorType::parallel);
  Value empty = buildEmptyLike(b, b.getLoc(), terms);
  return linalg::GenericOp::create(
             b, TypeRange{empty.getType()},
             ValueRange{cotangent, initial->get()}, ValueRange{empty},
             ArrayRef<AffineMap>{map, map, all}, iterators,
             [](OpBuilder &nested, Location loc, ValueRange args) {
               Value product =
                   arith::MulFOp::create(nested, loc, args[0], args[1]);
               linalg::YieldOp::create(nested, loc, product);
             })
      .getResult(0);
}

/// `start` times all terms but the own one: the loops of `op`, and those that
/// it multiplies over once more.
static Value multiplyOthers(ImplicitLocOpBuilder &b, linalg::LinalgOp op,
                            Value start, Value terms) {
  unsigned loops = op.getNumLoops();
  SmallVector<unsigned> reduced = getReductionLoops(op);
  unsigned count = loops + reduced.size();
  SmallVector<AffineExpr> others;
  for (unsigned loop = 0; loop < loops; ++loop)
    others.push_back(b.getAffineDimExpr(loop));
  for (auto [number, loop] : llvm::enumerate(reduced))
    others[loop] = b.getAffineDimExpr(loops + number);
  SmallVector<AffineMap> maps = {
      AffineMap::get(count, 0, others, b.getContext()),
      b.getMultiDimIdentityMap(count).getMajorSubMap(loops)};
  SmallVector<utils::IteratorType> iterators(loops,
                                             utils::IteratorType::parallel);
  iterators.append(reduced.size(), utils::IteratorType::reduction);
  auto body = [&](OpBuilder &nested, Location loc, ValueRange args) {
    ImplicitLocOpBuilder inner(loc, nested);
    Value isOwn = arith::ConstantOp::create(inner, inner.getBoolAttr(true));
    for (auto [number, loop] : llvm::enumerate(reduced)) {
      Value isSame = arith::CmpIOp::create(
          inner, arith::CmpIPredicate::eq, linalg::IndexOp::create(inner, loop),
          linalg::IndexOp::create(inner, loops + number));
      isOwn = arith::AndIOp::create(inner, isOwn, isSame);
    }
    Value one = buildFloat(inner, args[0].getType(), 1);
    Value factor = arith::SelectOp::create(inner, isOwn, one, args[0]);
    linalg::YieldOp::create(
        inner, arith::MulFOp::create(inner, factor, args[1]).getResult());
  };
  return linalg::GenericOp::create(b, TypeRange{start.getType()},
                                   ValueRange{terms}, ValueRange{start}, maps,
                                   iterators, body)
      .getResult(0);
}

/// The cotangent of the initial value: times all terms.
static Value multiplyAll(ImplicitLocOpBuilder &b, linalg::LinalgOp op,
                         unsigned result, Value cotangent, Value terms) {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(result));
  AffineMap all = b.getMultiDimIdentityMap(op.getNumLoops());
  return linalg::GenericOp::create(
             b, TypeRange{cotangent.getType()}, ValueRange{terms},
             ValueRange{cotangent}, ArrayRef<AffineMap>{all, map},
             op.getIteratorTypesArray(),
             [](OpBuilder &nested, Location loc, ValueRange args) {
               Value product =
                   arith::MulFOp::create(nested, loc, args[0], args[1]);
               linalg::YieldOp::create(nested, loc, product);
             })
      .getResult(0);
}

CombinedCotangents mlir::pdq::buildProductVJP(OpBuilder &builder,
                                              linalg::LinalgOp op,
                                              unsigned result, Value cotangent,
                                              Value terms, bool needsInitial) {
  ImplicitLocOpBuilder b(op.getLoc(), builder);
  Value start = buildStart(b, op, result, cotangent, terms);
  return {multiplyOthers(b, op, start, terms),
          needsInitial ? multiplyAll(b, op, result, cotangent, terms)
                       : Value()};
}
