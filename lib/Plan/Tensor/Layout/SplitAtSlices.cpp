// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise operations on tensors that are put together from slices, or taken
// apart, are done slice by slice, and so are products that are taken apart:
// each part can then be fused with what makes or takes its slice, and the whole
// is not stored.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "pdq/Plan/Analysis/Combiners.h"
#include "pdq/Plan/Analysis/InsertSliceChain.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_SPLITATSLICES
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Slices beyond which one operation on the whole is better than many.
static constexpr size_t maxPieces = 4;

namespace {
/// Works on the operations of one function.
class SliceSplitter {
public:
  explicit SliceSplitter(func::FuncOp function)
      : block(&function.getBody().front()), rewriter(function.getContext()) {}
  unsigned run();

private:
  bool splitElementwise(linalg::GenericOp op);
  bool splitSum(linalg::GenericOp op);
  Operation *moveSlices(linalg::GenericOp op);
  Value buildOnSlice(linalg::GenericOp op, const StaticSlice &loops,
                     Value init);
  Value buildSlice(Value operand, AffineMap map, const StaticSlice &loops);

  Block *block;
  IRRewriter rewriter;
};
} // namespace

/// Whether results of `op` are computed element by element, from operands that
/// can be sliced like the result.
static bool isElementwise(linalg::GenericOp op) {
  return op->getNumResults() == 1 && op.getNumLoops() > 0 &&
         op.getNumReductionLoops() == 0 && op.hasPureTensorSemantics() &&
         op.getIndexingMapsArray().back().isPermutation() &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0));
}

static bool canSliceOperands(linalg::GenericOp op) {
  return llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
    return map.isProjectedPermutation(/*allowZeroInResults=*/true);
  });
}

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
  StaticSlice loops{SmallVector<int64_t>(op.getNumLoops(), 0),
                    op.getStaticLoopRanges(),
                    SmallVector<int64_t>(op.getNumLoops(), 1)};
  for (unsigned place = 0; place < map.getNumResults(); ++place) {
    unsigned loop = map.getDimPosition(place);
    loops.offsets[loop] = box.offsets[place];
    loops.sizes[loop] = box.sizes[place];
    loops.strides[loop] = box.strides[place];
  }
  return loops;
}

/// The slice of an operand that the iterations `loops` touch: a piece that it
/// is put together from, where there is one.
Value SliceSplitter::buildSlice(Value operand, AffineMap map,
                                const StaticSlice &loops) {
  auto type = dyn_cast<RankedTensorType>(operand.getType());
  if (!type)
    return operand;
  StaticSlice box{SmallVector<int64_t>(type.getRank(), 0),
                  SmallVector<int64_t>(type.getRank(), 1),
                  SmallVector<int64_t>(type.getRank(), 1)};
  for (auto [place, result] : llvm::enumerate(map.getResults()))
    if (auto loop = dyn_cast<AffineDimExpr>(result)) {
      box.offsets[place] = loops.offsets[loop.getPosition()];
      box.sizes[place] = loops.sizes[loop.getPosition()];
      box.strides[place] = loops.strides[loop.getPosition()];
    } else if (!isa<AffineConstantExpr>(result)) {
      box.sizes[place] = type.getDimSize(place);
    }
  if (ArrayRef(box.sizes) == type.getShape())
    return operand;
  for (const Piece &piece :
       InsertSliceChain::get(operand, /*flatten=*/false).pieces)
    if (piece.box == box)
      return piece.source;
  auto attributes = [&](ArrayRef<int64_t> values) {
    return getAsIndexOpFoldResult(rewriter.getContext(), values);
  };
  return tensor::ExtractSliceOp::create(
      rewriter, operand.getLoc(), operand, attributes(box.offsets),
      attributes(box.sizes), attributes(box.strides));
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

/// `op` for the iterations `loops`, in front of `op`. The result starts from
/// `init`; null stands for an empty tensor.
Value SliceSplitter::buildOnSlice(linalg::GenericOp op,
                                  const StaticSlice &loops, Value init) {
  SmallVector<Value> inputs;
  for (OpOperand *input : op.getDpsInputOperands())
    inputs.push_back(
        buildSlice(input->get(), op.getMatchingIndexingMap(input), loops));
  if (!init) {
    AffineMap map = op.getIndexingMapsArray().back();
    SmallVector<int64_t> shape;
    for (unsigned place = 0; place < map.getNumResults(); ++place)
      shape.push_back(loops.sizes[map.getDimPosition(place)]);
    init = tensor::EmptyOp::create(
        rewriter, op.getLoc(), shape,
        getElementTypeOrSelf(op.getResult(0).getType()));
  }
  auto part = linalg::GenericOp::create(rewriter, op.getLoc(), init.getType(),
                                        inputs, init, op.getIndexingMapsArray(),
                                        op.getIteratorTypesArray());
  rewriter.cloneRegionBefore(op.getRegion(), part.getRegion(),
                             part.getRegion().begin());
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
         (isElementwise(op) || op.getNumReductionLoops() == op.getNumLoops());
}

static bool isProduct(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  return op && isContraction(op);
}

/// Whether `value` is a product, or elements computed from one, that is read
/// element by element: the product takes those operations along, wherever their
/// results lie.
static bool isFromProduct(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || !llvm::all_of(value.getUses(), takesElements))
    return false;
  return isProduct(value) ||
         (isElementwise(op) && llvm::any_of(op.getInputs(), isFromProduct));
}

/// Whether an operation that reads the elements of `chain`, its operand
/// `whole`, may be done piece by piece. Elements of pieces that are not dense
/// lie apart, which only those that a product stores anyway may do; but not
/// those of an operation that the product behind another operand takes along.
static bool canSplit(linalg::GenericOp op, const InsertSliceChain &chain,
                     Value whole) {
  if (chain.pieces.size() < 2 || chain.pieces.size() > maxPieces ||
      !chain.isCovered())
    return false;
  return llvm::all_of(chain.pieces, isDense) ||
         (llvm::all_of(
              chain.pieces,
              [](const Piece &piece) { return isFromProduct(piece.source); }) &&
          llvm::none_of(op.getInputs(), [&](Value other) {
            return other != whole && isProduct(other);
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

/// f(slices) -> slices of f.
bool SliceSplitter::splitElementwise(linalg::GenericOp op) {
  if (!isElementwise(op) || !canSliceOperands(op))
    return false;
  auto found = findInsertSliceChain(op);
  if (!found)
    return false;
  AffineMap output = op.getIndexingMapsArray().back();
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  rewriter.setInsertionPoint(op);
  InsertSliceChain whole{tensor::EmptyOp::create(rewriter, op.getLoc(),
                                                 type.getShape(),
                                                 type.getElementType()),
                         {}};
  for (const Piece &piece : found->first.pieces) {
    StaticSlice loops = getLoops(op, found->second, piece.box);
    StaticSlice box = loops;
    for (unsigned place = 0; place < output.getNumResults(); ++place) {
      unsigned loop = output.getDimPosition(place);
      box.offsets[place] = loops.offsets[loop];
      box.sizes[place] = loops.sizes[loop];
      box.strides[place] = loops.strides[loop];
    }
    rewriter.setInsertionPoint(op);
    whole.pieces.push_back({buildOnSlice(op, loops, Value()), box});
  }
  Value result = whole.build(rewriter, op.getLoc());
  rewriter.replaceOp(op, result);
  return true;
}

/// sum(slices) -> a sum that starts from that of the slice before.
bool SliceSplitter::splitSum(linalg::GenericOp op) {
  if (op->getNumResults() != 1 || op.getNumLoops() == 0 ||
      op.getNumReductionLoops() != op.getNumLoops() ||
      !op.hasPureTensorSemantics() || !canSliceOperands(op) ||
      cast<RankedTensorType>(op.getResult(0).getType()).getRank() != 0)
    return false;
  auto found = findInsertSliceChain(op);
  if (!found)
    return false;
  rewriter.setInsertionPoint(op);
  Value sum = op.getOutputs()[0];
  for (const Piece &piece : found->first.pieces)
    sum = buildOnSlice(op, getLoops(op, found->second, piece.box), sum);
  rewriter.replaceOp(op, sum);
  return true;
}

/// Whether each slice of a product is read element by element, so that its part
/// of the product can take the operation along.
static bool haveElementwiseUsers(linalg::GenericOp op) {
  return llvm::all_of(op->getUsers(), [](Operation *slice) {
    return llvm::any_of(slice->getUsers(), [](Operation *user) {
      auto reader = dyn_cast<linalg::GenericOp>(user);
      return reader && isElementwise(reader);
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

/// slice(f(x)) -> f(slice(x)), where nothing reads the whole. Returns the last
/// of the new operations, or null.
Operation *SliceSplitter::moveSlices(linalg::GenericOp op) {
  bool isProduct = isContraction(op) && op.hasPureTensorSemantics();
  bool canMove = isProduct ? !hasChainFactor(op)
                           : isElementwise(op) && canSliceOperands(op);
  if (op->use_empty() || !canMove)
    return nullptr;
  SmallVector<std::pair<tensor::ExtractSliceOp, StaticSlice>> slices;
  int64_t elements = 0;
  for (Operation *user : op->getUsers()) {
    auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
    std::optional<StaticSlice> box =
        slice && slice.getType().getRank() == slice.getSourceType().getRank()
            ? StaticSlice::get(slice)
            : std::nullopt;
    if (!box)
      return nullptr;
    if (llvm::none_of(slices,
                      [&](auto &known) { return known.second == *box; }))
      elements += box->getNumElements();
    slices.push_back({slice, *box});
  }
  // Nothing is computed twice.
  if (elements >
      cast<RankedTensorType>(op.getResult(0).getType()).getNumElements())
    return nullptr;
  AffineMap output = op.getIndexingMapsArray().back();
  if (isProduct &&
      (!haveElementwiseUsers(op) || llvm::any_of(slices, [&](auto &entry) {
        return !haveSlices(op, getLoops(op, output, entry.second));
      })))
    return nullptr;
  SmallVector<std::pair<StaticSlice, Value>> parts;
  for (auto &[slice, box] : slices) {
    auto *known = llvm::find_if(
        parts, [&, &own = box](auto &part) { return part.first == own; });
    if (known == parts.end()) {
      rewriter.setInsertionPoint(op);
      StaticSlice loops = getLoops(op, output, box);
      Value init =
          isProduct ? buildSlice(op.getOutputs()[0], output, loops) : Value();
      Value part = buildOnSlice(op, loops, init);
      known = parts.insert(parts.end(), {box, part});
    }
    rewriter.replaceOp(slice, known->second);
  }
  Operation *last = op->getPrevNode();
  rewriter.eraseOp(op);
  return last;
}

unsigned SliceSplitter::run() {
  unsigned numSplit = 0;
  // A slice may be put together from slices itself.
  for (unsigned before = ~0u; before != numSplit;) {
    before = numSplit;
    for (auto op : llvm::to_vector(block->getOps<linalg::GenericOp>()))
      numSplit += splitElementwise(op) || splitSum(op);
  }
  // What slices are taken of comes before them, and is reached after them.
  for (Operation *op = &block->back(); op;) {
    Operation *before = op->getPrevNode();
    if (isOpTriviallyDead(op)) {
      rewriter.eraseOp(op);
    } else if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      // The new operations stand in front of the old one.
      if (Operation *last = moveSlices(generic)) {
        ++numSplit;
        before = last;
      }
    }
    op = before;
  }
  return numSplit;
}

namespace {
struct SplitAtSlices : mlir::pdq::impl::SplitAtSlicesBase<SplitAtSlices> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function.isDeclaration() && function.getBody().hasOneBlock())
      numSplit += SliceSplitter(function).run();
  }
};
} // namespace
