// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Patterns for tensors that are put together from slices, without the zeros
// that gradients of slices start from and without copies.

#include "SimplifySlices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Plan/Analysis/InsertSliceChain.h"

using namespace mlir;
using namespace mlir::pdq;

/// Whether a tensor is 0 wherever the chain has no piece.
static bool isZeroElsewhere(const InsertSliceChain &chain) {
  return !chain.pieces.empty() && (chain.isZeroBased() || chain.isCovered());
}

static const Piece *findPiece(const InsertSliceChain &chain,
                              const StaticSlice &box) {
  const Piece *found = llvm::find_if(
      chain.pieces, [&](const Piece &piece) { return piece.box == box; });
  return found == chain.pieces.end() ? nullptr : found;
}

/// Whether a piece covers a part of another one, or is covered in a part.
static bool meetInPart(const InsertSliceChain &lhs,
                       const InsertSliceChain &rhs) {
  return llvm::any_of(lhs.pieces, [&](const Piece &left) {
    return llvm::any_of(rhs.pieces, [&](const Piece &right) {
      return !(left.box == right.box) && !left.box.isDisjointFrom(right.box);
    });
  });
}

/// The operation `sum` on pieces.
static Value buildSum(RewriterBase &rewriter, linalg::GenericOp sum, Value lhs,
                      Value rhs) {
  auto type = cast<RankedTensorType>(lhs.getType());
  Value empty = tensor::EmptyOp::create(rewriter, sum.getLoc(), type.getShape(),
                                        type.getElementType());
  return clone(rewriter, sum.getOperation(), type, ValueRange{lhs, rhs, empty})
      ->getResult(0);
}

namespace {
struct PlaceConcat : OpRewritePattern<tensor::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ConcatOp concat,
                                PatternRewriter &rewriter) const override {
    if (!concat.getResultType().hasStaticShape())
      return rewriter.notifyMatchFailure(concat, "the shape is not static");
    FailureOr<SmallVector<Value>> whole = concat.decomposeOperation(rewriter);
    if (failed(whole))
      return rewriter.notifyMatchFailure(concat, "cannot be decomposed");
    rewriter.replaceOp(concat, InsertSliceChain::get(whole->front(),
                                                     /*flatten=*/false)
                                   .build(rewriter, concat.getLoc()));
    return success();
  }
};

struct ForwardPiece : OpRewritePattern<tensor::ExtractSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp slice,
                                PatternRewriter &rewriter) const override {
    std::optional<StaticSlice> box = StaticSlice::get(slice);
    if (!box)
      return rewriter.notifyMatchFailure(slice, "not static, or drops a rank");
    InsertSliceChain chain = InsertSliceChain::get(slice.getSource());
    for (const Piece &piece : chain.pieces) {
      if (piece.box == *box && piece.source.getType() == slice.getType()) {
        rewriter.replaceOp(slice, piece.source);
        return success();
      }
      if (!piece.box.isDisjointFrom(*box))
        return rewriter.notifyMatchFailure(slice, "a part of pieces");
    }
    if (!chain.isZeroBased())
      return rewriter.notifyMatchFailure(slice, "no zeros between pieces");
    Value empty = tensor::EmptyOp::create(rewriter, slice.getLoc(), box->sizes,
                                          slice.getType().getElementType());
    Value zero = chain.base.getDefiningOp<linalg::FillOp>().getInputs()[0];
    rewriter.replaceOpWithNewOp<linalg::FillOp>(slice, zero, empty);
    return success();
  }
};

struct AddPieces : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp sum,
                                PatternRewriter &rewriter) const override {
    if (!linalg::isaElemwiseSingleBinaryOpInterface(sum) ||
        !isa<arith::AddFOp>(sum.getBody()->front()))
      return rewriter.notifyMatchFailure(sum, "not the sum of two tensors");
    InsertSliceChain lhs = InsertSliceChain::get(sum.getInputs()[0],
                                                 /*flatten=*/false),
                     rhs = InsertSliceChain::get(sum.getInputs()[1],
                                                 /*flatten=*/false);
    if (!isZeroElsewhere(lhs) || !isZeroElsewhere(rhs))
      return rewriter.notifyMatchFailure(sum, "no chains over zeros");
    if (meetInPart(lhs, rhs))
      return rewriter.notifyMatchFailure(sum, "pieces meet in a part");
    for (Piece &left : lhs.pieces)
      if (const Piece *right = findPiece(rhs, left.box))
        left.source = buildSum(rewriter, sum, left.source, right->source);
    for (const Piece &right : rhs.pieces)
      if (!findPiece(lhs, right.box))
        lhs.pieces.push_back(right);
    rewriter.replaceOp(sum, lhs.build(rewriter, sum.getLoc()));
    return success();
  }
};

/// Chains of slices that are pieces become pieces of the whole, too.
struct DropZeros : OpRewritePattern<tensor::InsertSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::InsertSliceOp last,
                                PatternRewriter &rewriter) const override {
    if (llvm::any_of(last->getUsers(), llvm::IsaPred<tensor::InsertSliceOp>))
      return rewriter.notifyMatchFailure(last, "not the end of a chain");
    InsertSliceChain chain = InsertSliceChain::get(last.getResult());
    if (!chain.isZeroBased() || !chain.isCovered())
      return rewriter.notifyMatchFailure(last, "does not cover zeros");
    rewriter.replaceOp(last, chain.build(rewriter, last.getLoc()));
    return success();
  }
};
} // namespace

void mlir::pdq::populatePlaceConcatPatterns(RewritePatternSet &patterns) {
  patterns.add<PlaceConcat>(patterns.getContext());
}

void mlir::pdq::populateForwardPiecePatterns(RewritePatternSet &patterns) {
  patterns.add<ForwardPiece>(patterns.getContext());
}

void mlir::pdq::populateAddPiecesPatterns(RewritePatternSet &patterns) {
  patterns.add<AddPieces>(patterns.getContext());
}

void mlir::pdq::populateDropZerosPatterns(RewritePatternSet &patterns) {
  patterns.add<DropZeros>(patterns.getContext());
}
