// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors that are put together from slices, without the zeros that gradients
// of slices start from and without copies.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Plan/Analysis/InsertSliceChain.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_JOINSLICES
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Whether the payload is the sum of two tensors of one shape.
static bool isSum(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op->getNumResults() != 1 ||
      !llvm::all_of(op.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isIdentity(); }) ||
      op.getNumReductionLoops() != 0)
    return false;
  Block *body = op.getBody();
  auto sum =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  Value lhs = body->getArgument(0), rhs = body->getArgument(1);
  return sum && ((sum.getLhs() == lhs && sum.getRhs() == rhs) ||
                 (sum.getLhs() == rhs && sum.getRhs() == lhs));
}

namespace {
/// Works on the operations of one function, in their order.
class SliceJoiner {
public:
  explicit SliceJoiner(func::FuncOp function)
      : block(&function.getBody().front()), rewriter(function.getContext()) {}
  unsigned run();

private:
  bool decompose(tensor::ConcatOp concat);
  bool forward(tensor::ExtractSliceOp slice);
  bool addPieces(linalg::GenericOp sum);
  bool dropBase(tensor::InsertSliceOp last);
  Value buildSum(linalg::GenericOp sum, Value lhs, Value rhs);

  Block *block;
  IRRewriter rewriter;
};
} // namespace

/// concat(a, b) -> pieces of an empty tensor.
bool SliceJoiner::decompose(tensor::ConcatOp concat) {
  if (!concat.getResultType().hasStaticShape() ||
      !llvm::all_of(concat.getInputs(), [](Value input) {
        return cast<RankedTensorType>(input.getType()).hasStaticShape();
      }))
    return false;
  rewriter.setInsertionPoint(concat);
  RankedTensorType type = concat.getResultType();
  InsertSliceChain chain{tensor::EmptyOp::create(rewriter, concat.getLoc(),
                                                 type.getShape(),
                                                 type.getElementType()),
                         {}};
  SmallVector<int64_t> offsets(type.getRank(), 0);
  for (Value input : concat.getInputs()) {
    ArrayRef<int64_t> shape =
        cast<RankedTensorType>(input.getType()).getShape();
    chain.pieces.push_back({input,
                            {offsets, SmallVector<int64_t>(shape),
                             SmallVector<int64_t>(type.getRank(), 1)}});
    offsets[concat.getDim()] += shape[concat.getDim()];
  }
  Value whole = chain.build(rewriter, concat.getLoc());
  rewriter.replaceOp(concat, whole);
  return true;
}

/// The slice of a chain that is one of its pieces, or lies in the zeros
/// between them.
bool SliceJoiner::forward(tensor::ExtractSliceOp slice) {
  std::optional<StaticSlice> box = StaticSlice::get(slice);
  if (!box || slice.getType().getRank() != slice.getSourceType().getRank())
    return false;
  InsertSliceChain chain = InsertSliceChain::get(slice.getSource());
  for (const Piece &piece : chain.pieces) {
    if (piece.box == *box && piece.source.getType() == slice.getType()) {
      rewriter.replaceOp(slice, piece.source);
      return true;
    }
    if (!piece.box.isDisjointFrom(*box))
      return false;
  }
  if (!chain.isZeroBased())
    return false;
  rewriter.setInsertionPoint(slice);
  Value empty = tensor::EmptyOp::create(rewriter, slice.getLoc(),
                                        slice.getType().getShape(),
                                        slice.getType().getElementType());
  Value zero = chain.base.getDefiningOp<linalg::FillOp>().getInputs()[0];
  rewriter.replaceOpWithNewOp<linalg::FillOp>(slice, zero, empty);
  return true;
}

/// The operation `sum` on a piece.
Value SliceJoiner::buildSum(linalg::GenericOp sum, Value lhs, Value rhs) {
  rewriter.setInsertionPoint(sum);
  auto type = cast<RankedTensorType>(lhs.getType());
  Value empty = tensor::EmptyOp::create(rewriter, sum.getLoc(), type.getShape(),
                                        type.getElementType());
  Operation *piece = clone(rewriter, sum.getOperation(), TypeRange{type},
                           ValueRange{lhs, rhs, empty});
  return piece->getResult(0);
}

/// Adds the pieces of a chain of zeros to those of another one.
bool SliceJoiner::addPieces(linalg::GenericOp sum) {
  // Halves of a batch stay whole, whatever they are put together from.
  InsertSliceChain lhs = InsertSliceChain::get(sum.getInputs()[0],
                                               /*flatten=*/false),
                   rhs = InsertSliceChain::get(sum.getInputs()[1],
                                               /*flatten=*/false);
  if (lhs.pieces.empty() || rhs.pieces.empty() ||
      !(lhs.isZeroBased() || lhs.isCovered()) ||
      !(rhs.isZeroBased() || rhs.isCovered()))
    return false;
  // Pairs of pieces that meet, by their numbers.
  SmallVector<std::optional<size_t>> partners(lhs.pieces.size());
  llvm::SmallDenseSet<size_t> met;
  for (auto [i, left] : llvm::enumerate(lhs.pieces))
    for (auto [j, right] : llvm::enumerate(rhs.pieces)) {
      if (left.box == right.box) {
        partners[i] = j;
        met.insert(j);
      } else if (!left.box.isDisjointFrom(right.box)) {
        return false;
      }
    }
  for (auto [i, partner] : llvm::enumerate(partners))
    if (partner)
      lhs.pieces[i].source =
          buildSum(sum, lhs.pieces[i].source, rhs.pieces[*partner].source);
  for (auto [j, right] : llvm::enumerate(rhs.pieces))
    if (!met.contains(j))
      lhs.pieces.push_back(right);
  if (!lhs.isZeroBased() && !lhs.isCovered())
    return false;
  Value whole = lhs.build(rewriter, sum.getLoc());
  rewriter.replaceOp(sum, whole);
  return true;
}

/// Builds a chain over nothing where its zeros are all overwritten, and
/// without the inner ones where its pieces are chains of slices.
bool SliceJoiner::dropBase(tensor::InsertSliceOp last) {
  if (llvm::any_of(last->getUsers(), llvm::IsaPred<tensor::InsertSliceOp>))
    return false;
  InsertSliceChain chain = InsertSliceChain::get(last.getResult());
  if (!chain.isZeroBased() || !chain.isCovered())
    return false;
  Value whole = chain.build(rewriter, last.getLoc());
  rewriter.replaceOp(last, whole);
  return true;
}

unsigned SliceJoiner::run() {
  unsigned numChanged = 0;
  auto visit = [&](auto tag, auto rewrite) {
    using OpTy = decltype(tag);
    for (auto op : llvm::to_vector(block->getOps<OpTy>()))
      numChanged += (this->*rewrite)(op);
  };
  visit(tensor::ConcatOp(), &SliceJoiner::decompose);
  visit(tensor::ExtractSliceOp(), &SliceJoiner::forward);
  for (auto op : llvm::to_vector(block->getOps<linalg::GenericOp>()))
    if (isSum(op))
      numChanged += addPieces(op);
  visit(tensor::InsertSliceOp(), &SliceJoiner::dropBase);
  // Chains that were replaced, users before what they use.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*block)))
    if (isOpTriviallyDead(&op))
      rewriter.eraseOp(&op);
  return numChanged;
}

namespace {
struct JoinSlices : mlir::pdq::impl::JoinSlicesBase<JoinSlices> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function.isDeclaration() && function.getBody().hasOneBlock())
      numJoined += SliceJoiner(function).run();
  }
};
} // namespace
