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

/// A box of a padded tensor.
struct Slab {
  SmallVector<OpFoldResult> offsets, sizes;
};

/// Expands one pad.
class PadExpansion {
public:
  PadExpansion(IRRewriter &rewriter, tensor::PadOp pad)
      : rewriter(rewriter), pad(pad), loc(pad.getLoc()),
        type(pad.getResultType()),
        strides(type.getRank(), rewriter.getIndexAttr(1)) {}
  /// Returns the padded tensor.
  Value run();

private:
  Value fillSlab(Value buffer, const Slab &slab);
  SmallVector<Slab> getSlabs();

  IRRewriter &rewriter;
  tensor::PadOp pad;
  Location loc;
  RankedTensorType type;
  SmallVector<OpFoldResult> strides;
};

} // namespace

/// The border: for each padded dimension two slabs, which are narrowed to the
/// interior in the dimensions before. They do not overlap.
SmallVector<Slab> PadExpansion::getSlabs() {
  SmallVector<Slab> slabs;
  SmallVector<int64_t> offsets(type.getRank(), 0), sizes(type.getShape());
  auto add = [&](int64_t dim, int64_t offset, int64_t size) {
    if (size == 0)
      return;
    SmallVector<int64_t> from(offsets), extent(sizes);
    from[dim] = offset;
    extent[dim] = size;
    slabs.push_back({getAsIndexOpFoldResult(type.getContext(), from),
                     getAsIndexOpFoldResult(type.getContext(), extent)});
  };
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    int64_t low = pad.getStaticLow()[dim], high = pad.getStaticHigh()[dim];
    add(dim, 0, low);
    add(dim, type.getDimSize(dim) - high, high);
    offsets[dim] = low;
    sizes[dim] = type.getDimSize(dim) - low - high;
  }
  return slabs;
}

Value PadExpansion::fillSlab(Value buffer, const Slab &slab) {
  Value part = tensor::ExtractSliceOp::create(
      rewriter, loc, buffer, slab.offsets, slab.sizes, strides);
  Value filled =
      linalg::FillOp::create(rewriter, loc, pad.getConstantPaddingValue(), part)
          ->getResult(0);
  return tensor::InsertSliceOp::create(rewriter, loc, filled, buffer,
                                       slab.offsets, slab.sizes, strides);
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
  for (const Slab &slab : getSlabs())
    buffer = fillSlab(buffer, slab);
  rewriter.setInsertionPoint(pad);
  return rewriter.replaceOpWithNewOp<tensor::InsertSliceOp>(
      pad, pad.getSource(), buffer, pad.getMixedLowPad(),
      getAsIndexOpFoldResult(type.getContext(), pad.getSourceType().getShape()),
      strides);
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
    auto attributes = [&](ArrayRef<int64_t> values) {
      return getAsIndexOpFoldResult(rewriter.getContext(), values);
    };
    Value slice = tensor::ExtractSliceOp::create(
        rewriter, padded.getLoc(), padded.getResult(), attributes(box.offsets),
        attributes(box.sizes), attributes(box.strides));
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
  SmallVector<int64_t> offsets, sizes(source.getShape()), low, high;
  for (auto [dim, widths] : llvm::enumerate(
           llvm::zip_equal(pad.getStaticLow(), pad.getStaticHigh()))) {
    auto [before, after] = widths;
    if (ShapedType::isDynamic(before) || ShapedType::isDynamic(after))
      return;
    offsets.push_back(std::max<int64_t>(-before, 0));
    sizes[dim] -= offsets.back() + std::max<int64_t>(-after, 0);
    low.push_back(std::max<int64_t>(before, 0));
    high.push_back(std::max<int64_t>(after, 0));
  }
  bool crops = SmallVector<int64_t>(source.getShape()) != sizes;
  if (!crops || llvm::any_of(sizes, [](int64_t size) { return size < 0; }))
    return;
  auto attributes = [&](ArrayRef<int64_t> values) {
    return getAsIndexOpFoldResult(rewriter.getContext(), values);
  };
  rewriter.setInsertionPoint(pad);
  Value kept = tensor::ExtractSliceOp::create(
      rewriter, pad.getLoc(), pad.getSource(), attributes(offsets),
      attributes(sizes), attributes(SmallVector<int64_t>(sizes.size(), 1)));
  rewriter.modifyOpInPlace(pad, [&] {
    pad.getSourceMutable().assign(kept);
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
