// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rewrites a function so that images and filters lie channels-last. Only types,
// maps and offsets change: copies appear at the borders, where orders differ.

#include "LayoutClasses.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/PatternMatch.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_ASSIGNLAYOUT
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// Replaces the values of one function by values in their new order.
class LayoutRewriter {
public:
  LayoutRewriter(func::FuncOp function,
                 llvm::DenseMap<Value, DimensionOrder> orders)
      : function(function), orders(std::move(orders)),
        rewriter(function.getContext()) {}
  void run();

private:
  ArrayRef<int64_t> getOrder(Value value) const {
    auto it = orders.find(value);
    return it == orders.end() ? ArrayRef<int64_t>() : ArrayRef(it->second);
  }
  RankedTensorType getNewType(Value value) const;
  Value getNew(Value old);
  Value getOriginal(Value old);
  Value transpose(Location loc, Value value, ArrayRef<int64_t> permutation);
  void rewrite(Operation &op);
  void rewriteLinalg(linalg::GenericOp op);
  void rewriteExtracts(linalg::GenericOp op);
  void rewritePad(tensor::PadOp op);
  void rewriteExtractSlice(tensor::ExtractSliceOp op);
  void rewriteInsertSlice(tensor::InsertSliceOp op);
  bool rewriteReshape(Operation &op);
  void rewriteBorder(Operation &op);
  void setNew(Value old, Value replacement) { newValues[old] = replacement; }

  func::FuncOp function;
  llvm::DenseMap<Value, DimensionOrder> orders;
  /// Old value -> the value in its new order; absent where nothing changed.
  llvm::DenseMap<Value, Value> newValues;
  /// Old value -> a copy in its old order, made for operations that keep it.
  llvm::DenseMap<Value, Value> originals;
  IRRewriter rewriter;
};

} // namespace

template <typename T>
static SmallVector<T> permute(ArrayRef<T> values, ArrayRef<int64_t> order) {
  if (order.empty())
    return SmallVector<T>(values);
  return applyPermutation(values, order);
}

RankedTensorType LayoutRewriter::getNewType(Value value) const {
  auto type = cast<RankedTensorType>(value.getType());
  return RankedTensorType::get(permute(type.getShape(), getOrder(value)),
                               type.getElementType());
}

Value LayoutRewriter::transpose(Location loc, Value value,
                                ArrayRef<int64_t> permutation) {
  auto type = cast<RankedTensorType>(value.getType());
  Value empty = tensor::EmptyOp::create(rewriter, loc,
                                        permute(type.getShape(), permutation),
                                        type.getElementType());
  return linalg::TransposeOp::create(rewriter, loc, value, empty, permutation)
      ->getResult(0);
}

/// The value of `old` in its new order. Values that nothing rewrote (arguments,
/// results of operations at the border) are transposed once.
Value LayoutRewriter::getNew(Value old) {
  auto it = newValues.find(old);
  if (it != newValues.end())
    return it->second;
  if (getOrder(old).empty())
    return old;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfterValue(old);
  return newValues[old] = transpose(old.getLoc(), old, getOrder(old));
}

/// The value of `old` in its old order.
Value LayoutRewriter::getOriginal(Value old) {
  auto it = newValues.find(old);
  if (getOrder(old).empty())
    return it == newValues.end() ? old : it->second;
  if (isa<BlockArgument>(old) || it == newValues.end())
    return old;
  Value &original = originals[old];
  if (!original) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointAfterValue(it->second);
    original = transpose(old.getLoc(), it->second,
                         invertPermutationVector(getOrder(old)));
  }
  return original;
}

/// Loop order of an elementwise operation in which it writes memory in order.
static SmallVector<unsigned> getWriteOrder(AffineMap output) {
  SmallVector<unsigned> order;
  for (AffineExpr expr : output.getResults())
    order.push_back(cast<AffineDimExpr>(expr).getPosition());
  return order;
}

/// Addresses of elements that the payload reads follow their tensor's order.
void LayoutRewriter::rewriteExtracts(linalg::GenericOp op) {
  op.getBody()->walk([&](tensor::ExtractOp extract) {
    Value tensor = extract.getTensor();
    ArrayRef<int64_t> order = getOrder(tensor);
    SmallVector<Value> indices =
        permute(ArrayRef<Value>(llvm::to_vector(extract.getIndices())), order);
    extract.getTensorMutable().assign(getNew(tensor));
    extract.getIndicesMutable().assign(indices);
  });
}

void LayoutRewriter::rewriteLinalg(linalg::GenericOp op) {
  SmallVector<AffineMap> maps;
  SmallVector<Value> operands;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    maps.push_back(AffineMap::get(
        map.getNumDims(), 0, permute(map.getResults(), getOrder(operand.get())),
        op.getContext()));
    operands.push_back(getNew(operand.get()));
  }
  SmallVector<Value> old(op->getResults());
  ArrayRef<Value> all(operands);
  unsigned numInputs = op.getNumDpsInputs();
  SmallVector<Type> types;
  for (Value init : all.drop_front(numInputs))
    types.push_back(init.getType());
  auto replacement = linalg::GenericOp::create(
      rewriter, op.getLoc(), types, all.take_front(numInputs),
      all.drop_front(numInputs), maps, op.getIteratorTypesArray());
  replacement.getRegion().takeBody(op.getRegion());
  rewriteExtracts(replacement);
  AffineMap output = maps.back();
  if (replacement.getNumParallelLoops() == replacement.getNumLoops() &&
      output.isPermutation() && !output.isIdentity()) {
    FailureOr<linalg::GenericOp> interchanged = linalg::interchangeGenericOp(
        rewriter, replacement, getWriteOrder(output));
    if (succeeded(interchanged))
      replacement = *interchanged;
  }
  for (auto [from, to] : llvm::zip(old, replacement->getResults()))
    setNew(from, to);
}

void LayoutRewriter::rewritePad(tensor::PadOp op) {
  ArrayRef<int64_t> order = getOrder(op.getResult());
  Value source = getNew(op.getSource());
  auto low = permute(ArrayRef(op.getMixedLowPad()), order);
  auto high = permute(ArrayRef(op.getMixedHighPad()), order);
  auto pad = tensor::PadOp::create(
      rewriter, op.getLoc(), getNewType(op.getResult()), source, low, high,
      op.getConstantPaddingValue(), op.getNofold());
  setNew(op.getResult(), pad);
}

void LayoutRewriter::rewriteExtractSlice(tensor::ExtractSliceOp op) {
  ArrayRef<int64_t> order = getOrder(op.getResult());
  auto slice = tensor::ExtractSliceOp::create(
      rewriter, op.getLoc(), getNewType(op.getResult()), getNew(op.getSource()),
      permute(ArrayRef(op.getMixedOffsets()), order),
      permute(ArrayRef(op.getMixedSizes()), order),
      permute(ArrayRef(op.getMixedStrides()), order));
  setNew(op.getResult(), slice);
}

void LayoutRewriter::rewriteInsertSlice(tensor::InsertSliceOp op) {
  ArrayRef<int64_t> order = getOrder(op.getResult());
  auto slice = tensor::InsertSliceOp::create(
      rewriter, op.getLoc(), getNew(op.getSource()), getNew(op.getDest()),
      permute(ArrayRef(op.getMixedOffsets()), order),
      permute(ArrayRef(op.getMixedSizes()), order),
      permute(ArrayRef(op.getMixedStrides()), order));
  setNew(op.getResult(), slice);
}

/// The dimensions of `type` that are not 1, in `order`, each as its group of
/// `groups` and its position.
static SmallVector<std::pair<int64_t, int64_t>>
getMovingDimensions(RankedTensorType type, ArrayRef<int64_t> order,
                    ArrayRef<ReassociationIndices> groups) {
  SmallVector<int64_t> groupOf(type.getRank());
  for (auto [index, group] : llvm::enumerate(groups))
    for (int64_t dim : group)
      groupOf[dim] = index;
  SmallVector<std::pair<int64_t, int64_t>> dims;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    int64_t dim = order.empty() ? i : order[i];
    if (type.getDimSize(dim) != 1)
      dims.push_back({groupOf[dim], dim});
  }
  return dims;
}

/// Rewrites a reshape if it still only renames memory in the new orders.
bool LayoutRewriter::rewriteReshape(Operation &op) {
  SmallVector<ReassociationIndices> groups;
  bool isExpand = isa<tensor::ExpandShapeOp>(op);
  groups = isExpand
               ? cast<tensor::ExpandShapeOp>(op).getReassociationIndices()
               : cast<tensor::CollapseShapeOp>(op).getReassociationIndices();
  Value source = op.getOperand(0), result = op.getResult(0);
  Value expanded = isExpand ? result : source,
        collapsed = isExpand ? source : result;
  auto expandedType = cast<RankedTensorType>(expanded.getType());
  // The order that the collapsed side implies.
  DimensionOrder implied;
  int64_t rank = cast<RankedTensorType>(collapsed.getType()).getRank();
  for (int64_t i = 0; i < rank; ++i) {
    int64_t dim = getOrder(collapsed).empty() ? i : getOrder(collapsed)[i];
    llvm::append_range(implied, groups[dim]);
  }
  if (implied.empty())
    return false;
  if (getMovingDimensions(expandedType, implied, groups) !=
      getMovingDimensions(expandedType, getOrder(expanded), groups))
    return false;
  RankedTensorType from = getNewType(source), to = getNewType(result);
  auto reassociation = getReassociationIndicesForReshape(from, to);
  if (!reassociation)
    return false;
  Value operand = getNew(source);
  Value reshaped =
      isExpand ? Value(tensor::ExpandShapeOp::create(rewriter, op.getLoc(), to,
                                                     operand, *reassociation))
               : Value(tensor::CollapseShapeOp::create(
                     rewriter, op.getLoc(), to, operand, *reassociation));
  setNew(result, reshaped);
  return true;
}

/// Leaves `op` as it is, on operands in their old order.
void LayoutRewriter::rewriteBorder(Operation &op) {
  for (OpOperand &operand : op.getOpOperands())
    operand.set(getOriginal(operand.get()));
}

void LayoutRewriter::rewrite(Operation &op) {
  auto isConcerned = [&](Value value) {
    return !getOrder(value).empty() || newValues.contains(value);
  };
  bool concerned = llvm::any_of(op.getOperands(), isConcerned) ||
                   llvm::any_of(op.getResults(), isConcerned);
  op.walk([&](tensor::ExtractOp extract) {
    concerned |= isConcerned(extract.getTensor());
  });
  if (!concerned)
    return;
  rewriter.setInsertionPoint(&op);
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    RankedTensorType type = getNewType(empty.getResult());
    return setNew(empty, tensor::EmptyOp::create(rewriter, op.getLoc(),
                                                 type.getShape(),
                                                 type.getElementType()));
  }
  if (auto fill = dyn_cast<linalg::FillOp>(op))
    return setNew(
        fill->getResult(0),
        linalg::FillOp::create(rewriter, op.getLoc(), fill.getInputs(),
                               ValueRange(getNew(fill.getOutputs()[0])))
            ->getResult(0));
  auto sameOrder = [&](Value a, Value b) { return getOrder(a) == getOrder(b); };
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return rewriteLinalg(generic);
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    if (pad.getConstantPaddingValue() &&
        sameOrder(pad.getSource(), pad.getResult()))
      return rewritePad(pad);
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    if (sameOrder(slice.getSource(), slice.getResult()))
      return rewriteExtractSlice(slice);
  if (auto slice = dyn_cast<tensor::InsertSliceOp>(op))
    if (sameOrder(slice.getSource(), slice.getResult()) &&
        sameOrder(slice.getDest(), slice.getResult()))
      return rewriteInsertSlice(slice);
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    if (rewriteReshape(op))
      return;
  rewriteBorder(op);
}

void LayoutRewriter::run() {
  Block &body = function.getBody().front();
  SmallVector<Operation *> work(llvm::make_pointer_range(body));
  for (Operation *op : work)
    rewrite(*op);
  // What was replaced is dead now; users stand behind definitions.
  for (Operation *op : llvm::reverse(work))
    if (!op->hasTrait<OpTrait::IsTerminator>() && op->use_empty())
      rewriter.eraseOp(op);
}

namespace {
struct AssignLayout : mlir::pdq::impl::AssignLayoutBase<AssignLayout> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isDeclaration() || !function.getBody().hasOneBlock())
      return;
    llvm::DenseMap<Value, DimensionOrder> orders = assignLayouts(function);
    numPermuted += orders.size();
    LayoutRewriter(function, std::move(orders)).run();
  }
};
} // namespace
