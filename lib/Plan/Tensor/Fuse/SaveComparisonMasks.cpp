// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A derivative that only asks whether a number is positive needs one byte of
// it, and the number itself need not be kept.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Plan/Analysis/Payloads.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_SAVECOMPARISONMASKS
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Masks that stand for a number of four bytes at most, and elements from which
/// on memory matters.
static constexpr size_t maxMasks = 2;
static constexpr int64_t minElements = 4096;

namespace {
/// A comparison of an element with a constant.
struct Comparison {
  arith::CmpFPredicate predicate;
  Value constant;
  bool isLeft;

  bool operator==(const Comparison &other) const {
    return predicate == other.predicate && constant == other.constant &&
           isLeft == other.isLeft;
  }
};

/// The masks of the tensors of one function.
class MaskStorer {
public:
  explicit MaskStorer(func::FuncOp function)
      : block(function.getBody().front()), rewriter(function.getContext()) {}
  unsigned run();

private:
  bool isWorthIt(Value tensor);
  unsigned replaceReaders(Value view);
  void replaceReader(linalg::GenericOp reader, OpOperand &operand);
  Value buildMask(Value tensor, const Comparison &comparison);

  Block &block;
  IRRewriter rewriter;
  DenseMap<Value, SmallVector<std::pair<Comparison, Value>>> masks;
};
} // namespace

static Comparison getComparison(arith::CmpFOp compare, Value element) {
  bool isLeft = compare.getLhs() == element;
  return {compare.getPredicate(), isLeft ? compare.getRhs() : compare.getLhs(),
          isLeft};
}

/// How the payload compares an operand, where it does nothing else with it.
static std::optional<SmallVector<Comparison>>
findComparisons(linalg::GenericOp op, OpOperand &operand) {
  SmallVector<Comparison> found;
  if (op.isDpsInit(&operand))
    return std::nullopt;
  BlockArgument element = op.getMatchingBlockArgument(&operand);
  for (Operation *user : element.getUsers()) {
    auto compare = dyn_cast<arith::CmpFOp>(user);
    if (!compare)
      return std::nullopt;
    Comparison own = getComparison(compare, element);
    if (own.constant.getParentBlock() == op.getBody() ||
        !own.constant.getDefiningOp<arith::ConstantOp>())
      return std::nullopt;
    if (!llvm::is_contained(found, own))
      found.push_back(own);
  }
  if (found.empty() || found.size() > maxMasks)
    return std::nullopt;
  return found;
}

static bool isElementwise(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && generic.getNumReductionLoops() == 0;
}

/// A tensor and the slices of it.
static SmallVector<Value> getViews(Value tensor) {
  SmallVector<Value> views{tensor};
  for (Operation *user : tensor.getUsers())
    if (isa<tensor::ExtractSliceOp>(user))
      views.push_back(user->getResult(0));
  return views;
}

/// Whether some readers only compare the elements, and no other reader is far:
/// one elementwise operation, which is done where the elements are computed.
bool MaskStorer::isWorthIt(Value tensor) {
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  Operation *producer = tensor.getDefiningOp();
  if (!type || !type.hasStaticShape() || !type.getElementType().isF32() ||
      type.getNumElements() < minElements || !producer ||
      !isa<linalg::LinalgOp>(producer))
    return false;
  unsigned numComparing = 0;
  SmallPtrSet<Operation *, 2> others;
  for (Value view : getViews(tensor))
    for (OpOperand &use : view.getUses()) {
      auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
      if (reader && findComparisons(reader, use))
        ++numComparing;
      else if (view != tensor || !isa<tensor::ExtractSliceOp>(use.getOwner()))
        others.insert(use.getOwner());
    }
  return numComparing > 0 && others.size() <= 1 &&
         llvm::all_of(others, isElementwise);
}

/// The mask of one comparison, behind what computes the tensor; the slice of it
/// for a slice.
Value MaskStorer::buildMask(Value tensor, const Comparison &comparison) {
  if (auto slice = tensor.getDefiningOp<tensor::ExtractSliceOp>()) {
    Value whole = buildMask(slice.getSource(), comparison);
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(slice);
    auto type =
        cast<RankedTensorType>(slice.getType().clone(rewriter.getI1Type()));
    return tensor::ExtractSliceOp::create(
        rewriter, slice.getLoc(), type, whole, slice.getMixedOffsets(),
        slice.getMixedSizes(), slice.getMixedStrides());
  }
  for (auto &[known, mask] : masks[tensor])
    if (known == comparison)
      return mask;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfterValue(tensor);
  // The constant may stand behind the tensor.
  Value constant =
      rewriter.clone(*comparison.constant.getDefiningOp())->getResult(0);
  auto type =
      cast<RankedTensorType>(tensor.getType()).clone(rewriter.getI1Type());
  Value mask = buildElementwise(
      rewriter, tensor.getLoc(), type, tensor,
      {rewriter.getMultiDimIdentityMap(type.getRank())},
      [&](OpBuilder &body, Location at, ValueRange elements) {
        Value lhs = comparison.isLeft ? elements[0] : constant,
              rhs = comparison.isLeft ? constant : elements[0];
        return arith::CmpFOp::create(body, at, comparison.predicate, lhs, rhs);
      });
  masks[tensor].push_back({comparison, mask});
  return mask;
}

/// Gives `reader` the masks instead of the elements it compares.
void MaskStorer::replaceReader(linalg::GenericOp reader, OpOperand &operand) {
  SmallVector<Comparison> comparisons = *findComparisons(reader, operand);
  unsigned number = operand.getOperandNumber();
  SmallVector<Value> inputs(reader.getInputs()), added;
  SmallVector<AffineMap> maps = reader.getIndexingMapsArray();
  AffineMap map = maps[number];
  for (const Comparison &comparison : comparisons)
    added.push_back(buildMask(operand.get(), comparison));
  inputs.erase(inputs.begin() + number);
  inputs.insert(inputs.begin() + number, added.begin(), added.end());
  maps.erase(maps.begin() + number);
  maps.insert(maps.begin() + number, added.size(), map);
  reader.getInputsMutable().assign(inputs);
  reader.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
  Block *body = reader.getBody();
  BlockArgument element = body->getArgument(number);
  for (size_t i = 0; i < comparisons.size(); ++i) {
    BlockArgument mask = body->insertArgument(
        number + 1 + i, rewriter.getI1Type(), reader.getLoc());
    for (Operation *user : llvm::make_early_inc_range(element.getUsers()))
      if (getComparison(cast<arith::CmpFOp>(user), element) == comparisons[i])
        rewriter.replaceOp(user, mask);
  }
  body->eraseArgument(number);
}

/// The operand of `reader` that is `tensor` and is only compared; null where
/// there is none.
static OpOperand *findCompared(linalg::GenericOp reader, Value tensor) {
  for (OpOperand *input : reader.getDpsInputOperands())
    if (input->get() == tensor && findComparisons(reader, *input))
      return input;
  return nullptr;
}

unsigned MaskStorer::replaceReaders(Value view) {
  unsigned numReplaced = 0;
  SetVector<Operation *> readers(view.user_begin(), view.user_end());
  for (Operation *user : readers) {
    auto reader = dyn_cast<linalg::GenericOp>(user);
    if (OpOperand *compared = reader ? findCompared(reader, view) : nullptr) {
      replaceReader(reader, *compared);
      ++numReplaced;
    }
  }
  return numReplaced;
}

unsigned MaskStorer::run() {
  unsigned numReplaced = 0;
  for (auto producer : block.getOps<linalg::LinalgOp>())
    for (Value tensor : producer->getResults()) {
      if (!isWorthIt(tensor))
        continue;
      for (Value view : getViews(tensor))
        numReplaced += replaceReaders(view);
    }
  return numReplaced;
}

namespace {
struct SaveComparisonMasks
    : mlir::pdq::impl::SaveComparisonMasksBase<SaveComparisonMasks> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function.isDeclaration() && function.getBody().hasOneBlock())
      numReplaced += MaskStorer(function).run();
  }
};
} // namespace
