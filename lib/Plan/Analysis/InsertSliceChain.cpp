// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and writing chains of `tensor.insert_slice`.

#include "pdq/Plan/Analysis/InsertSliceChain.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"
#include <numeric>

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Boxes
//===----------------------------------------------------------------------===//

std::optional<StaticSlice> StaticSlice::get(OffsetSizeAndStrideOpInterface op) {
  StaticSlice box{SmallVector<int64_t>(op.getStaticOffsets()),
                  SmallVector<int64_t>(op.getStaticSizes()),
                  SmallVector<int64_t>(op.getStaticStrides())};
  for (ArrayRef<int64_t> numbers : {box.offsets, box.sizes, box.strides})
    if (llvm::any_of(numbers, ShapedType::isDynamic))
      return std::nullopt;
  auto hasRank = [&](Value value) {
    return cast<ShapedType>(value.getType()).getRank() ==
           static_cast<int64_t>(box.sizes.size());
  };
  if (llvm::any_of(box.strides, [](int64_t stride) { return stride < 1; }) ||
      !hasRank(op->getOperand(0)) || !llvm::all_of(op->getResults(), hasRank))
    return std::nullopt;
  return box;
}

StaticSlice StaticSlice::getWhole(ArrayRef<int64_t> shape) {
  return {SmallVector<int64_t>(shape.size(), 0), SmallVector<int64_t>(shape),
          SmallVector<int64_t>(shape.size(), 1)};
}

Value StaticSlice::extractFrom(OpBuilder &b, Location loc, Value tensor) const {
  return tensor::ExtractSliceOp::create(
      b, loc, tensor, getAsIndexOpFoldResult(b.getContext(), offsets),
      getAsIndexOpFoldResult(b.getContext(), sizes),
      getAsIndexOpFoldResult(b.getContext(), strides));
}

Value StaticSlice::insertInto(OpBuilder &b, Location loc, Value slice,
                              Value tensor) const {
  return tensor::InsertSliceOp::create(
      b, loc, slice, tensor, getAsIndexOpFoldResult(b.getContext(), offsets),
      getAsIndexOpFoldResult(b.getContext(), sizes),
      getAsIndexOpFoldResult(b.getContext(), strides));
}

StaticSlice StaticSlice::compose(const StaticSlice &inner) const {
  StaticSlice box = inner;
  for (size_t dim = 0; dim < offsets.size(); ++dim) {
    box.offsets[dim] = offsets[dim] + strides[dim] * inner.offsets[dim];
    box.strides[dim] = strides[dim] * inner.strides[dim];
  }
  return box;
}

/// Whether two sequences first + i * stride, i < size, have no number in common
/// for sure.
static bool areDisjoint(int64_t first, int64_t size, int64_t stride,
                        int64_t otherFirst, int64_t otherSize,
                        int64_t otherStride) {
  int64_t last = first + (size - 1) * stride;
  int64_t otherLast = otherFirst + (otherSize - 1) * otherStride;
  return last < otherFirst || otherLast < first ||
         (otherFirst - first) % std::gcd(stride, otherStride) != 0;
}

bool StaticSlice::isDisjointFrom(const StaticSlice &other) const {
  for (size_t dim = 0; dim < offsets.size(); ++dim)
    if (areDisjoint(offsets[dim], sizes[dim], strides[dim], other.offsets[dim],
                    other.sizes[dim], other.strides[dim]))
      return true;
  return false;
}

int64_t StaticSlice::getNumElements() const {
  return ShapedType::getNumElements(sizes);
}

bool StaticSlice::operator==(const StaticSlice &other) const {
  return offsets == other.offsets && sizes == other.sizes &&
         strides == other.strides;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

bool InsertSliceChain::isDisjointFrom(const StaticSlice &box) const {
  return llvm::all_of(pieces, [&](const Piece &piece) {
    return piece.box.isDisjointFrom(box);
  });
}

void InsertSliceChain::addLink(tensor::InsertSliceOp link,
                               const StaticSlice &box, bool flatten) {
  if (!isDisjointFrom(box)) {
    base = link.getDest();
    pieces.clear();
  }
  InsertSliceChain inner =
      flatten ? get(link.getSource()) : InsertSliceChain{link.getSource(), {}};
  if (!inner.pieces.empty() && link.getSource().hasOneUse() &&
      (inner.isCovered() || (inner.isZeroBased() && isZeroBased()))) {
    for (const Piece &piece : inner.pieces)
      pieces.push_back({piece.source, box.compose(piece.box)});
    return;
  }
  pieces.push_back({link.getSource(), box});
}

InsertSliceChain InsertSliceChain::get(Value value, bool flatten) {
  SmallVector<std::pair<tensor::InsertSliceOp, StaticSlice>> links;
  InsertSliceChain chain{value, {}};
  while (auto link = chain.base.getDefiningOp<tensor::InsertSliceOp>()) {
    std::optional<StaticSlice> box = StaticSlice::get(link);
    if (!box)
      break;
    links.push_back({link, *box});
    chain.base = link.getDest();
  }
  for (auto &[link, box] : llvm::reverse(links))
    chain.addLink(link, box, flatten);
  return chain;
}

bool InsertSliceChain::isZeroBased() const {
  auto fill = base.getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs()[0], m_PosZeroFloat());
}

bool InsertSliceChain::isCovered() const {
  int64_t covered = 0;
  for (const Piece &piece : pieces)
    covered += piece.box.getNumElements();
  auto type = cast<RankedTensorType>(base.getType());
  return type.hasStaticShape() && covered == type.getNumElements();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// The tensors that `op` overwrites, or puts into its result.
static SmallVector<Value> getDestinations(Operation *op) {
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return structured.getDpsInits();
  if (auto link = dyn_cast<tensor::InsertSliceOp>(op))
    return {link.getSource(), link.getDest()};
  return {};
}

Operation *mlir::pdq::getFirstWriter(Value value) {
  Operation *first = value.getDefiningOp();
  if (!first)
    return nullptr;
  for (Value destination : getDestinations(first)) {
    Operation *writer = destination.getDefiningOp();
    if (!writer || !destination.hasOneUse() || getDestinations(writer).empty())
      continue;
    writer = getFirstWriter(destination);
    if (writer->isBeforeInBlock(first))
      first = writer;
  }
  return first;
}

/// Moves what only prepares the destination of `op` down to it.
static void sinkPreparation(RewriterBase &rewriter, Operation *op) {
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  if (!structured)
    return;
  for (Value destination : structured.getDpsInits()) {
    auto writer = destination.getDefiningOp<linalg::LinalgOp>();
    if (!writer || !destination.hasOneUse() ||
        writer.getNumReductionLoops() > 0 || writer.getNumDpsInits() != 1)
      continue;
    rewriter.moveOpBefore(writer, op);
    sinkPreparation(rewriter, writer);
  }
}

static bool isDefinedBefore(Value a, Value b) {
  Operation *first = a.getDefiningOp(), *second = b.getDefiningOp();
  if (!first || !second)
    return !first && second;
  return first->isBeforeInBlock(second);
}

Value InsertSliceChain::build(RewriterBase &rewriter, Location loc) const {
  // Pieces of one source stay in their order.
  auto order = llvm::to_vector(llvm::seq<size_t>(0, pieces.size()));
  llvm::sort(order, [&](size_t a, size_t b) {
    Value first = pieces[a].source, second = pieces[b].source;
    if (first == second)
      return a < b;
    return isDefinedBefore(first, second) ||
           (!isDefinedBefore(second, first) && a < b);
  });
  auto sorted =
      llvm::map_to_vector(order, [&](size_t number) { return pieces[number]; });
  for (const Piece &piece : sorted)
    if (Operation *op = piece.source.getDefiningOp())
      sinkPreparation(rewriter, op);
  Value whole = base;
  if (isCovered() || isZeroBased()) {
    Operation *first =
        sorted.empty() ? nullptr : getFirstWriter(sorted.front().source);
    rewriter.setInsertionPoint(first ? first
                                     : &Value(base).getParentBlock()->front());
    auto type = cast<RankedTensorType>(base.getType());
    whole = tensor::EmptyOp::create(rewriter, loc, type.getShape(),
                                    type.getElementType());
    if (!isCovered()) {
      Value zero = arith::ConstantOp::create(
          rewriter, loc, rewriter.getZeroAttr(type.getElementType()));
      whole = linalg::FillOp::create(rewriter, loc, zero, whole)->getResult(0);
    }
  }
  for (const Piece &piece : sorted) {
    rewriter.setInsertionPointAfterValue(
        isDefinedBefore(piece.source, whole) ? whole : piece.source);
    whole = piece.box.insertInto(rewriter, loc, piece.source, whole);
  }
  return whole;
}
