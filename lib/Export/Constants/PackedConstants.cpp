// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Packing, unpacking as operations, and the evaluation of these.

#include "pdq/Export/Constants/PackedConstants.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Network/Constants/ConstantEvaluator.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;
using namespace mlir::pdq;

PackedLayout::PackedLayout(unsigned bits)
    : bits(bits), elements(8 / std::gcd(bits, 8u)),
      bytes(bits / std::gcd(bits, 8u)) {}

bool mlir::pdq::isPackedType(Type elementType) {
  auto integer = dyn_cast<IntegerType>(elementType);
  return integer && integer.isSignless() && integer.getWidth() > 1 &&
         integer.getWidth() < 8;
}

DenseElementsAttr mlir::pdq::packIntegers(DenseIntElementsAttr integers) {
  PackedLayout layout(integers.getElementType().getIntOrFloatBitWidth());
  int64_t groups = llvm::divideCeil(integers.getNumElements(), layout.elements);
  SmallVector<int8_t> stream(groups * layout.bytes, 0);
  for (auto [i, value] : llvm::enumerate(integers.getValues<APInt>()))
    for (unsigned bit = 0; bit < layout.bits; ++bit) {
      uint64_t place = i * layout.bits + bit;
      stream[place / 8] |= static_cast<int8_t>(value[bit] << (place % 8));
    }
  SmallVector<int64_t> shape = {groups};
  if (layout.bytes > 1)
    shape.push_back(layout.bytes);
  Type byte = IntegerType::get(integers.getContext(), 8);
  return DenseElementsAttr::get(RankedTensorType::get(shape, byte),
                                ArrayRef<int8_t>(stream));
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// The constant [0, step, 2 * step, ...] of `count` elements of `type`.
static Value buildShifts(OpBuilder &b, Location loc, Type type, unsigned count,
                         unsigned step) {
  SmallVector<Attribute> shifts;
  for (unsigned i = 0; i < count; ++i)
    shifts.push_back(b.getIntegerAttr(type, int64_t(i) * step));
  auto tensorType = RankedTensorType::get({count}, type);
  return arith::ConstantOp::create(b, loc,
                                   DenseElementsAttr::get(tensorType, shifts));
}

/// Joins the bytes of each group to one word: word[g] |= byte[g, i] << 8 * i.
static Value buildWords(OpBuilder &b, Location loc, Value bytes, Type word) {
  auto type = cast<RankedTensorType>(bytes.getType());
  int64_t groups = type.getDimSize(0);
  Value shifts = buildShifts(b, loc, word, type.getDimSize(1), 8);
  Value empty = tensor::EmptyOp::create(b, loc, {groups}, word);
  Value zero = arith::ConstantOp::create(b, loc, b.getIntegerAttr(word, 0));
  Value init = linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  AffineMap group = AffineMap::get(2, 0, b.getAffineDimExpr(0));
  AffineMap place = AffineMap::get(2, 0, b.getAffineDimExpr(1));
  return linalg::GenericOp::create(
             b, loc, init.getType(), ValueRange{bytes, shifts}, init,
             {b.getMultiDimIdentityMap(2), place, group},
             {utils::IteratorType::parallel, utils::IteratorType::reduction},
             [&](OpBuilder &body, Location at, ValueRange arguments) {
               Value wide =
                   arith::ExtUIOp::create(body, at, word, arguments[0]);
               Value moved =
                   arith::ShLIOp::create(body, at, wide, arguments[1]);
               Value joined =
                   arith::OrIOp::create(body, at, arguments[2], moved);
               linalg::YieldOp::create(body, at, joined);
             })
      .getResult(0);
}

/// Takes the elements out of the words: element[g, i] = word[g] >> bits * i.
static Value buildElements(OpBuilder &b, Location loc, Value words,
                           Type element, const PackedLayout &layout) {
  auto type = cast<RankedTensorType>(words.getType());
  Value shifts =
      buildShifts(b, loc, type.getElementType(), layout.elements, layout.bits);
  Value empty = tensor::EmptyOp::create(
      b, loc, {type.getDimSize(0), layout.elements}, element);
  AffineMap group = AffineMap::get(2, 0, b.getAffineDimExpr(0));
  AffineMap place = AffineMap::get(2, 0, b.getAffineDimExpr(1));
  return linalg::GenericOp::create(
             b, loc, empty.getType(), ValueRange{words, shifts}, empty,
             {group, place, b.getMultiDimIdentityMap(2)},
             {utils::IteratorType::parallel, utils::IteratorType::parallel},
             [&](OpBuilder &body, Location at, ValueRange arguments) {
               Value moved =
                   arith::ShRUIOp::create(body, at, arguments[0], arguments[1]);
               Value lowest = arith::TruncIOp::create(body, at, element, moved);
               linalg::YieldOp::create(body, at, lowest);
             })
      .getResult(0);
}

Value mlir::pdq::buildUnpack(OpBuilder &b, Location loc,
                             DenseElementsAttr groups, RankedTensorType type) {
  Type element = type.getElementType();
  PackedLayout layout(element.getIntOrFloatBitWidth());
  Value words = arith::ConstantOp::create(b, loc, groups);
  if (layout.bytes > 1)
    words =
        buildWords(b, loc, words, b.getIntegerType(layout.bytes > 4 ? 64 : 32));
  Value all = buildElements(b, loc, words, element, layout);
  int64_t count = type.getNumElements();
  int64_t filled = groups.getType().getDimSize(0) * layout.elements;
  Value flat = tensor::CollapseShapeOp::create(
      b, loc, all, SmallVector<ReassociationIndices>{{0, 1}});
  if (filled != count) {
    SmallVector<OpFoldResult> offset = {b.getIndexAttr(0)},
                              size = {b.getIndexAttr(count)},
                              stride = {b.getIndexAttr(1)};
    flat = tensor::ExtractSliceOp::create(b, loc, flat, offset, size, stride);
  }
  if (type.getRank() == 1)
    return flat;
  ReassociationIndices whole =
      llvm::to_vector<2>(llvm::seq<int64_t>(0, type.getRank()));
  return tensor::ExpandShapeOp::create(
      b, loc, type, flat, SmallVector<ReassociationIndices>{whole});
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

/// Operations between packed integers and their bytes, and some more for other
/// tools.
static constexpr unsigned maxDepth = 16;

/// Whether `value` depends on constants only, told without evaluating them.
static bool isComputedFromConstants(Value value, unsigned depth = 0) {
  Operation *op = value.getDefiningOp();
  if (!op || depth > maxDepth)
    return false;
  if (op->hasTrait<OpTrait::ConstantLike>() || isa<tensor::EmptyOp>(op))
    return true;
  return op->getNumOperands() > 0 &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return isComputedFromConstants(operand, depth + 1);
         });
}

DenseIntElementsAttr mlir::pdq::readIntegers(Value value) {
  DenseIntElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant)))
    return constant;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !isPackedType(type.getElementType()) ||
      !isComputedFromConstants(value))
    return {};
  std::optional<ConstantTensor> tensor = ConstantEvaluator().evaluate(value);
  return tensor ? cast<DenseIntElementsAttr>(tensor->getAttribute())
                : DenseIntElementsAttr();
}
