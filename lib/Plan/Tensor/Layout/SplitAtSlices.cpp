// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Patterns for elementwise operations on tensors that are put together from
// slices, or taken apart, and for contractions that are taken apart: each part
// can then be fused with what makes or takes its slice, and the whole is not
// stored.

#include "SimplifySlices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "pdq/Plan/Analysis/Combiners.h"
#include "pdq/Plan/Analysis/InsertSliceChain.h"
#include "pdq/Plan/Analysis/Payloads.h"

using namespace mlir;
using namespace mlir::pdq;

/// Slices beyond which one operation on the whole is better than many.
static constexpr size_t maxPieces = 4;

/// Whether every operand has a slice for the iterations `loops`: loops that are
/// not walked whole number a dimension on their own.
static bool haveSlices(linalg::GenericOp op, const StaticSlice &loops) {
  for (auto [loop, extent] : llvm::enumerate(op.getStaticLoopRanges())) {
    if (loops.sizes[loop] == extent)
      continue;
    for (AffineMap map : op.getIndexingMapsArray())
      for (AffineExpr result : map.getResults())
        if (result.isFunctionOfDim(loop) && !isa<AffineDimExpr>(result))
          return false;
  }
  return true;
}

/// The iterations that touch a slice of an operand with this map.
static StaticSlice getLoops(linalg::GenericOp op, AffineMap map,
                            const StaticSlice &box) {
  StaticSlice loops = StaticSlice::getWhole(op.getStaticLoopRanges());
  for (unsigned place = 0; place < map.getNumResults(); ++place) {
    unsigned loop = map.getDimPosition(place);
    loops.offsets[loop] = box.offsets[place];
    loops.sizes[loop] = box.sizes[place];
    loops.strides[loop] = box.strides[place];
  }
  return loops;
}

/// The slice of a tensor with this map that the iterations `loops` touch.
static StaticSlice getSlice(AffineMap map, const StaticSlice &loops,
                            ArrayRef<int64_t> shape) {
  StaticSlice box = StaticSlice::getWhole(shape);
  for (auto [place, result] : llvm::enumerate(map.getResults()))
    if (auto loop = dyn_cast<AffineDimExpr>(result)) {
      box.offsets[place] = loops.offsets[loop.getPosition()];
      box.sizes[place] = loops.sizes[loop.getPosition()];
      box.strides[place] = loops.strides[loop.getPosition()];
    } else if (isa<AffineConstantExpr>(result)) {
      box.sizes[place] = 1;
    }
  return box;
}

/// The slice of an operand that the iterations `loops` touch: a piece that it
/// is put together from, where there is one.
static Value buildSlice(RewriterBase &rewriter, Value operand, AffineMap map,
                        const StaticSlice &loops) {
  auto type = dyn_cast<RankedTensorType>(operand.getType());
  if (!type)
    return operand;
  StaticSlice box = getSlice(map, loops, type.getShape());
  if (ArrayRef(box.sizes) == type.getShape())
    return operand;
  for (const Piece &piece :
       InsertSliceChain::get(operand, /*flatten=*/false).pieces)
    if (piece.box == box)
      return piece.source;
  return box.extractFrom(rewriter, operand.getLoc(), operand);
}

/// Makes `linalg.index` count the iterations of the whole.
static void shiftIndices(RewriterBase &rewriter, linalg::GenericOp op,
                         const StaticSlice &loops) {
  for (auto index : llvm::to_vector(op.getBody()->getOps<linalg::IndexOp>())) {
    int64_t offset = loops.offsets[index.getDim()],
            stride = loops.strides[index.getDim()];
    if (offset == 0 && stride == 1)
      continue;
    rewriter.setInsertionPointAfter(index);
    Location loc = index.getLoc();
    auto constant = [&](int64_t value) {
      return arith::ConstantIndexOp::create(rewriter, loc, value);
    };
    Value scaled = arith::MulIOp::create(rewriter, loc, index.getResult(),
                                         constant(stride));
    Value shifted =
        arith::AddIOp::create(rewriter, loc, scaled, constant(offset));
    rewriter.replaceAllUsesExcept(index.getResult(), shifted,
                                  scaled.getDefiningOp());
  }
}

/// `op` for the iterations `loops`. The result starts from `init`; null stands
/// for an empty tensor.
static Value buildOnSlice(RewriterBase &rewriter, linalg::GenericOp op,
                          const StaticSlice &loops, Value init) {
  SmallVector<Value> operands;
  for (OpOperand *input : op.getDpsInputOperands())
    operands.push_back(buildSlice(rewriter, input->get(),
                                  op.getMatchingIndexingMap(input), loops));
  if (!init) {
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    StaticSlice box =
        getSlice(op.getIndexingMapsArray().back(), loops, type.getShape());
    init = tensor::EmptyOp::create(rewriter, op.getLoc(), box.sizes,
                                   type.getElementType());
  }
  operands.push_back(init);
  auto part = cast<linalg::GenericOp>(
      clone(rewriter, op.getOperation(), init.getType(), operands));
  OpBuilder::InsertionGuard guard(rewriter);
  shiftIndices(rewriter, part, loops);
  return part.getResult(0);
}

/// Whether neighbours of a slice are neighbours in the whole.
static bool isDense(const Piece &piece) {
  return llvm::all_of(piece.box.strides,
                      [](int64_t stride) { return stride == 1; });
}

/// Whether `use` takes one element after the other: an elementwise operation, a
/// sum of all elements, or what puts slices together.
static bool takesElements(OpOperand &use) {
  if (isa<tensor::InsertSliceOp>(use.getOwner()))
    return true;
  auto op = dyn_cast<linalg::GenericOp>(use.getOwner());
  return op && op.getMatchingIndexingMap(&use).isPermutation() &&
         (isElementwiseGeneric(op) ||
          op.getNumReductionLoops() == op.getNumLoops());
}

static bool isContracted(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  return op && isContraction(op);
}

/// Whether `value` is a contraction, or elements computed from one, that is
/// read element by element: those operations are fused into the contraction,
/// wherever their results lie.
static bool isFromContraction(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || !llvm::all_of(value.getUses(), takesElements))
    return false;
  return isContracted(value) ||
         (isElementwiseGeneric(op) &&
          llvm::any_of(op.getInputs(), isFromContraction));
}

/// Whether an operation that reads the elements of `chain`, its operand
/// `whole`, may be done piece by piece. Elements of pieces that are not dense
/// lie apart, which only those that a contraction stores anyway may do; but not
/// those of an operation that is fused into the contraction behind another
/// operand.
static bool canSplit(linalg::GenericOp op, const InsertSliceChain &chain,
                     Value whole) {
  if (chain.pieces.size() < 2 || chain.pieces.size() > maxPieces ||
      !chain.isCovered())
    return false;
  return llvm::all_of(chain.pieces, isDense) ||
         (llvm::all_of(chain.pieces,
                       [](const Piece &piece) {
                         return isFromContraction(piece.source);
                       }) &&
          llvm::none_of(op.getInputs(), [&](Value other) {
            return other != whole && isContracted(other);
          }));
}

/// The first input that has all loops and is put together from few slices, with
/// its map.
static std::optional<std::pair<InsertSliceChain, AffineMap>>
findInsertSliceChain(linalg::GenericOp op) {
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    if (!map.isPermutation())
      continue;
    InsertSliceChain chain =
        InsertSliceChain::get(input->get(), /*flatten=*/false);
    if (canSplit(op, chain, input->get()))
      return std::pair(chain, map);
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Chains
//===----------------------------------------------------------------------===//

namespace {
struct SplitElementwise : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!isComputable(op))
      return rewriter.notifyMatchFailure(op, "not elementwise");
    auto found = findInsertSliceChain(op);
    if (!found)
      return rewriter.notifyMatchFailure(op, "reads no pieces to split at");
    AffineMap output = op.getIndexingMapsArray().back();
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    InsertSliceChain whole{tensor::EmptyOp::create(rewriter, op.getLoc(),
                                                   type.getShape(),
                                                   type.getElementType()),
                           {}};
    for (const Piece &piece : found->first.pieces) {
      StaticSlice loops = getLoops(op, found->second, piece.box);
      whole.pieces.push_back({buildOnSlice(rewriter, op, loops, Value()),
                              getSlice(output, loops, type.getShape())});
    }
    rewriter.replaceOp(op, whole.build(rewriter, op.getLoc()));
    return success();
  }
};

struct SplitFullReduction : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || op.getNumLoops() == 0 ||
        op.getNumReductionLoops() != op.getNumLoops() ||
        !op.hasPureTensorSemantics() ||
        !linalg::allIndexingsAreProjectedPermutation(op) ||
        cast<RankedTensorType>(op.getResult(0).getType()).getRank() != 0)
      return rewriter.notifyMatchFailure(op, "does not reduce to one number");
    auto found = findInsertSliceChain(op);
    if (!found)
      return rewriter.notifyMatchFailure(op, "reads no pieces to split at");
    Value sum = op.getOutputs()[0];
    for (const Piece &piece : found->first.pieces)
      sum = buildOnSlice(rewriter, op, getLoops(op, found->second, piece.box),
                         sum);
    rewriter.replaceOp(op, sum);
    return success();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

/// Whether each slice of a contraction is read element by element, so that the
/// operation can be fused into its part of the contraction.
static bool haveElementwiseUsers(linalg::GenericOp op) {
  return llvm::all_of(op->getUsers(), [](Operation *slice) {
    return llvm::any_of(slice->getUsers(), [](Operation *user) {
      auto reader = dyn_cast<linalg::GenericOp>(user);
      return reader && isElementwiseGeneric(reader);
    });
  });
}

/// Whether a factor is put together from slices: others read the whole of it,
/// which would then lie in memory twice.
static bool hasChainFactor(linalg::GenericOp op) {
  return llvm::any_of(op.getDpsInputs(), [](Value input) {
    return InsertSliceChain::get(input, /*flatten=*/false).pieces.size() > 1;
  });
}

using Slices = SmallVector<std::pair<tensor::ExtractSliceOp, StaticSlice>>;

/// The slices that all users of `op` are; none where another user, or elements
/// in several slices, would have something computed twice.
static std::optional<Slices> findSlices(linalg::GenericOp op) {
  Slices slices;
  int64_t elements = 0;
  for (Operation *user : op->getUsers()) {
    auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
    std::optional<StaticSlice> box =
        slice ? StaticSlice::get(slice) : std::nullopt;
    if (!box)
      return std::nullopt;
    if (!llvm::is_contained(llvm::make_second_range(slices), *box))
      elements += box->getNumElements();
    slices.push_back({slice, *box});
  }
  if (elements >
      cast<RankedTensorType>(op.getResult(0).getType()).getNumElements())
    return std::nullopt;
  return slices;
}

/// Whether `op`, a contraction, may be done for each of `slices` on its own.
static bool canSplitContraction(linalg::GenericOp op, const Slices &slices) {
  AffineMap output = op.getIndexingMapsArray().back();
  return !hasChainFactor(op) && haveElementwiseUsers(op) &&
         llvm::all_of(slices, [&](const auto &entry) {
           return haveSlices(op, getLoops(op, output, entry.second));
         });
}

namespace {
struct MoveSlices : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    bool contracts = isContraction(op) && op.hasPureTensorSemantics();
    if (op->use_empty() || !(contracts || isComputable(op)))
      return rewriter.notifyMatchFailure(op, "no contraction, not elementwise");
    std::optional<Slices> slices = findSlices(op);
    if (!slices)
      return rewriter.notifyMatchFailure(op, "the whole is read");
    if (contracts && !canSplitContraction(op, *slices))
      return rewriter.notifyMatchFailure(op, "better done as a whole");
    AffineMap output = op.getIndexingMapsArray().back();
    SmallVector<std::pair<StaticSlice, Value>> parts;
    for (auto &[slice, box] : *slices) {
      auto *known = llvm::find_if(
          parts, [&, &own = box](auto &part) { return part.first == own; });
      if (known == parts.end()) {
        rewriter.setInsertionPoint(op);
        StaticSlice loops = getLoops(op, output, box);
        Value init =
            contracts ? buildSlice(rewriter, op.getOutputs()[0], output, loops)
                      : Value();
        Value part = buildOnSlice(rewriter, op, loops, init);
        known = parts.insert(parts.end(), {box, part});
      }
      rewriter.replaceOp(slice, known->second);
    }
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void mlir::pdq::populateSplitAtPiecesPatterns(RewritePatternSet &patterns) {
  patterns.add<SplitElementwise, SplitFullReduction>(patterns.getContext());
}

void mlir::pdq::populateMoveSlicesPatterns(RewritePatternSet &patterns) {
  patterns.add<MoveSlices>(patterns.getContext());
}
