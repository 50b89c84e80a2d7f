// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Padding without copies: the padded tensor is the buffer, and whoever computes
// its interior writes there.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "pdq/Plan/Analysis/InsertSliceChain.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_EXPANDPADS
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// Expands one pad.
class PadExpansion {
public:
  PadExpansion(IRRewriter &rewriter, tensor::PadOp pad)
      : rewriter(rewriter), pad(pad), loc(pad.getLoc()),
        type(pad.getResultType()) {}
  /// Returns the padded tensor.
  Value run();

private:
  Value fill(Value buffer, const StaticSlice &part);
  SmallVector<StaticSlice> getBorder();

  IRRewriter &rewriter;
  tensor::PadOp pad;
  Location loc;
  RankedTensorType type;
  /// Where the source lies in the padded tensor.
  StaticSlice interior;
};

} // namespace

/// For each padded dimension two slices, which are narrowed to the interior in
/// the dimensions before. They do not overlap.
SmallVector<StaticSlice> PadExpansion::getBorder() {
  SmallVector<StaticSlice> border;
  interior = StaticSlice::getWhole(type.getShape());
  auto add = [&](int64_t dim, int64_t offset, int64_t size) {
    if (size == 0)
      return;
    border.push_back(interior);
    border.back().offsets[dim] = offset;
    border.back().sizes[dim] = size;
  };
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    int64_t low = pad.getStaticLow()[dim], high = pad.getStaticHigh()[dim];
    add(dim, 0, low);
    add(dim, type.getDimSize(dim) - high, high);
    interior.offsets[dim] = low;
    interior.sizes[dim] = type.getDimSize(dim) - low - high;
  }
  return border;
}

Value PadExpansion::fill(Value buffer, const StaticSlice &part) {
  Value filled =
      linalg::FillOp::create(rewriter, loc, pad.getConstantPaddingValue(),
                             part.extractFrom(rewriter, loc, buffer))
          ->getResult(0);
  return part.insertInto(rewriter, loc, filled, buffer);
}

Value PadExpansion::run() {
  // In front of the producer, whose destination the buffer becomes.
  Operation *producer = getFirstWriter(pad.getSource());
  rewriter.setInsertionPoint(producer ? producer : pad.getOperation());
  if (Operation *value = pad.getConstantPaddingValue().getDefiningOp())
    if (producer && !value->isBeforeInBlock(producer))
      rewriter.moveOpBefore(value, producer);
  Value buffer = tensor::EmptyOp::create(rewriter, loc, type.getShape(),
                                         type.getElementType());
  for (const StaticSlice &part : getBorder())
    buffer = fill(buffer, part);
  rewriter.setInsertionPoint(pad);
  Value padded = interior.insertInto(rewriter, loc, pad.getSource(), buffer);
  rewriter.replaceOp(pad, padded);
  return padded;
}

/// What computes a part of a padded tensor would have to store it twice if
/// others read it: those behind `padded` read the part of that.
static void readFromPadded(IRRewriter &rewriter, tensor::InsertSliceOp padded) {
  auto replaceUses = [&](Value part, const StaticSlice &box) {
    auto isBehind = [&](OpOperand &use) {
      return use.getOwner()->getBlock() == padded->getBlock() &&
             padded->isBeforeInBlock(use.getOwner());
    };
    if (llvm::none_of(part.getUses(), isBehind))
      return;
    rewriter.setInsertionPointAfter(padded);
    Value slice =
        box.extractFrom(rewriter, padded.getLoc(), padded.getResult());
    rewriter.replaceUsesWithIf(part, slice, isBehind);
  };
  std::optional<StaticSlice> interior = StaticSlice::get(padded);
  Value source = padded.getSource();
  InsertSliceChain chain = InsertSliceChain::get(source, /*flatten=*/false);
  if (chain.pieces.size() < 2)
    return;
  replaceUses(source, *interior);
  for (const Piece &piece : chain.pieces)
    replaceUses(piece.source, interior->compose(piece.box));
}

/// Takes what negative widths take away from the source first.
static void cropNegativePad(IRRewriter &rewriter, tensor::PadOp pad) {
  RankedTensorType source = pad.getSourceType();
  StaticSlice kept = StaticSlice::getWhole(source.getShape());
  SmallVector<int64_t> low, high;
  for (auto [dim, widths] : llvm::enumerate(
           llvm::zip_equal(pad.getStaticLow(), pad.getStaticHigh()))) {
    auto [before, after] = widths;
    if (ShapedType::isDynamic(before) || ShapedType::isDynamic(after))
      return;
    kept.offsets[dim] = std::max<int64_t>(-before, 0);
    kept.sizes[dim] -= kept.offsets[dim] + std::max<int64_t>(-after, 0);
    low.push_back(std::max<int64_t>(before, 0));
    high.push_back(std::max<int64_t>(after, 0));
  }
  if (source.getShape() == ArrayRef(kept.sizes) ||
      llvm::any_of(kept.sizes, [](int64_t size) { return size < 0; }))
    return;
  rewriter.setInsertionPoint(pad);
  Value part = kept.extractFrom(rewriter, pad.getLoc(), pad.getSource());
  rewriter.modifyOpInPlace(pad, [&] {
    pad.getSourceMutable().assign(part);
    pad.setStaticLow(low);
    pad.setStaticHigh(high);
  });
}

/// True where the padding is static, not negative, and a constant.
static bool canExpand(tensor::PadOp pad) {
  auto isSize = [](int64_t size) { return size >= 0; };
  Value value = pad.getConstantPaddingValue();
  return value && value.getDefiningOp() &&
         value.getDefiningOp()->hasTrait<OpTrait::ConstantLike>() &&
         llvm::all_of(pad.getStaticLow(), isSize) &&
         llvm::all_of(pad.getStaticHigh(), isSize) &&
         pad.getSourceType().hasStaticShape();
}

namespace {
struct ExpandPads : mlir::pdq::impl::ExpandPadsBase<ExpandPads> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<tensor::PadOp> pads;
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](tensor::PadOp pad) {
      cropNegativePad(rewriter, pad);
      if (canExpand(pad))
        pads.push_back(pad);
    });
    for (tensor::PadOp pad : pads)
      if (auto padded = PadExpansion(rewriter, pad)
                            .run()
                            .getDefiningOp<tensor::InsertSliceOp>();
          padded && readPadded)
        readFromPadded(rewriter, padded);
  }
};
} // namespace
