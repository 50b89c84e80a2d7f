// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How dynamic sizes go through reshapes, slices and the like.

#include "BlockResizer.h"
#include "pdq/IR/PDQ.h"

using namespace mlir;
using namespace mlir::pdq;

/// The dimension along which a quantizer or a batch norm has parameters.
static std::optional<int64_t> getParameterAxis(Operation *op) {
  if (auto norm = dyn_cast<BatchNormOp>(op))
    return norm.getAxis();
  if (auto quantizer = dyn_cast<FakeQuantOp>(op))
    return quantizer.getQuantizer().getAxis();
  return std::nullopt;
}

LogicalResult BlockResizer::visitSameShape(Operation *op) {
  Sizes sizes = getSizes(op->getOperand(0));
  std::optional<int64_t> axis = getParameterAxis(op);
  if (axis && !isa<AffineConstantExpr>(sizes[*axis]))
    return refuse(op, "has parameters along a dynamic size");
  track(op->getResult(0), std::move(sizes));
  return success();
}

LogicalResult BlockResizer::visitPad(tensor::PadOp op) {
  if (!op.getLow().empty() || !op.getHigh().empty() ||
      !op.getConstantPaddingValue())
    return refuse(op, "pads by a computed size or with a computed value");
  Sizes sizes = getSizes(op.getSource());
  for (auto [size, low, high] :
       llvm::zip_equal(sizes, op.getStaticLow(), op.getStaticHigh()))
    size = size + low + high;
  track(op.getResult(), std::move(sizes));
  return success();
}

LogicalResult BlockResizer::visitCast(tensor::CastOp op) {
  if (!isa<RankedTensorType>(op.getType()))
    return refuse(op, "forgets the shape of data");
  replace(op, op.getSource(), getSizes(op.getSource()));
  return success();
}

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

LogicalResult BlockResizer::visitCollapse(tensor::CollapseShapeOp op) {
  Sizes source = getSizes(op.getSrc()), sizes;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    AffineExpr product = constant(1);
    for (int64_t dim : group)
      product = product * source[dim];
    sizes.push_back(product);
  }
  track(op.getResult(), std::move(sizes));
  return success();
}

/// The factors of a product.
static void splitProduct(AffineExpr expr, Sizes &factors) {
  auto product = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!product || product.getKind() != AffineExprKind::Mul)
    return factors.push_back(expr);
  splitProduct(product.getLHS(), factors);
  splitProduct(product.getRHS(), factors);
}

FailureOr<Sizes> BlockResizer::splitSize(AffineExpr size,
                                         ArrayRef<int64_t> old) {
  Sizes factors, sizes;
  splitProduct(size, factors);
  int64_t known = 1;
  SmallVector<AffineExpr> dynamic;
  for (AffineExpr factor : factors)
    if (auto number = dyn_cast<AffineConstantExpr>(factor))
      known *= number.getValue();
    else
      dynamic.push_back(factor);
  // Each dynamic factor goes to the first dimension that is a multiple of it,
  // the faster ones behind the slower ones as they were merged.
  auto *next = dynamic.begin();
  for (auto [dim, part] : llvm::enumerate(old)) {
    AffineExpr found = constant(1);
    int64_t rest = part;
    while (next != dynamic.end() && evaluate(*next) > 0 &&
           rest % evaluate(*next) == 0 &&
           known % (rest / evaluate(*next)) == 0) {
      found = found * *next;
      rest /= evaluate(*next++);
    }
    if (rest < 1 || known % rest != 0)
      return failure();
    known /= rest;
    sizes.push_back(found * rest);
  }
  if (next != dynamic.end() || known != 1)
    return failure();
  return sizes;
}

LogicalResult BlockResizer::visitExpand(tensor::ExpandShapeOp op) {
  Sizes source = getSizes(op.getSrc()), sizes;
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  for (auto [size, group] :
       llvm::zip_equal(source, op.getReassociationIndices())) {
    FailureOr<Sizes> parts =
        splitSize(size, shape.slice(group.front(), group.size()));
    if (failed(parts))
      return refuse(op, "splits a dynamic size in a way that cannot be "
                        "followed");
    llvm::append_range(sizes, *parts);
  }
  OpBuilder b(op);
  auto expand = tensor::ExpandShapeOp::create(
      b, op.getLoc(), getType(op.getResultType(), sizes), op.getSrc(),
      op.getReassociationIndices(), buildSizes(b, op.getLoc(), sizes));
  replace(op, expand.getResult(), std::move(sizes));
  return success();
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

FailureOr<AffineExpr> BlockResizer::sliceSize(tensor::ExtractSliceOp op,
                                              int64_t dim, AffineExpr size) {
  int64_t taken = op.getStaticSizes()[dim];
  int64_t first = op.getStaticOffsets()[dim];
  int64_t step = op.getStaticStrides()[dim];
  if (ShapedType::isDynamic(taken) || first < 0 || step < 1)
    return failure();
  if (isa<AffineConstantExpr>(size))
    return constant(taken);
  // To the end, or to the same distance from it.
  int64_t old = evaluate(size);
  if (taken == (old - first + step - 1) / step)
    return (size - first + (step - 1)).floorDiv(step);
  addDoubt(op, "takes " + Twine(taken) + " of " + Twine(old) +
                   " along a dynamic size");
  if (step == 1 && 2 * taken > old)
    return size - (old - taken);
  return constant(taken);
}

LogicalResult BlockResizer::visitExtractSlice(tensor::ExtractSliceOp op) {
  Sizes source = getSizes(op.getSource()), sizes, result;
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (auto [dim, size] : llvm::enumerate(source)) {
    FailureOr<AffineExpr> part = sliceSize(op, dim, size);
    if (failed(part))
      return refuse(op, "takes a computed part of a dynamic size");
    sizes.push_back(*part);
    if (!dropped.test(dim))
      result.push_back(*part);
  }
  OpBuilder b(op);
  auto slice = tensor::ExtractSliceOp::create(
      b, op.getLoc(), getType(op.getType(), result), op.getSource(),
      op.getMixedOffsets(), buildSizes(b, op.getLoc(), sizes),
      op.getMixedStrides());
  replace(op, slice.getResult(), std::move(result));
  return success();
}

LogicalResult BlockResizer::visitInsertSlice(tensor::InsertSliceOp op) {
  if (op.getSourceType().getRank() != op.getDestType().getRank() ||
      !op.getOffsets().empty() || !op.getStrides().empty())
    return refuse(op, "inserts at a computed place");
  Sizes source = getSizes(op.getSource()), dest = getSizes(op.getDest());
  for (auto [dim, from, to] : llvm::enumerate(source, dest)) {
    bool isFromKnown = isa<AffineConstantExpr>(from);
    int64_t part = evaluate(from), whole = evaluate(to);
    int64_t stride = op.getStaticStrides()[dim];
    // Whole, or with the same distances from both ends.
    if (!isFromKnown && isa<AffineConstantExpr>(to)) {
      to = from * stride + (whole - part * stride);
      if (part != whole)
        addDoubt(op, "inserts " + Twine(part) + " into " + Twine(whole) +
                         " along a dynamic size");
    } else if (isFromKnown && !isa<AffineConstantExpr>(to) && part == whole)
      from = to;
  }
  if (failed(adaptOperand(op.getSourceMutable(), source)) ||
      failed(adaptOperand(op.getDestMutable(), dest)))
    return failure();
  OpBuilder b(op);
  auto insert = tensor::InsertSliceOp::create(
      b, op.getLoc(), op.getSource(), op.getDest(), op.getMixedOffsets(),
      buildSizes(b, op.getLoc(), source), op.getMixedStrides());
  replace(op, insert.getResult(), std::move(dest));
  return success();
}

LogicalResult BlockResizer::visitConcat(tensor::ConcatOp op) {
  Sizes sizes;
  AffineExpr sum = constant(0);
  for (Value input : op.getInputs()) {
    Sizes part = getSizes(input);
    sum = sum + part[op.getDim()];
    if (sizes.empty())
      sizes = part;
    for (auto [size, other] : llvm::zip_equal(sizes, part))
      if (isa<AffineConstantExpr>(size))
        size = other;
  }
  for (OpOperand &operand : op->getOpOperands()) {
    sizes[op.getDim()] = getSizes(operand.get())[op.getDim()];
    if (failed(adaptOperand(operand, sizes)))
      return failure();
  }
  sizes[op.getDim()] = sum;
  track(op.getResult(), std::move(sizes));
  return success();
}
