// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the operations of a network are.

#include "Structure.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::pdq;

bool mlir::pdq::isElementwise(Operation *op) {
  auto structured = dyn_cast_or_null<linalg::LinalgOp>(op);
  if (!structured || op->getNumResults() != 1 ||
      isa<linalg::FillOp, linalg::TransposeOp, linalg::BroadcastOp>(op) ||
      structured.getNumReductionLoops() != 0 ||
      !structured.hasPureTensorSemantics() || structured.hasIndexSemantics())
    return false;
  OpOperand *init = structured.getDpsInitOperand(0);
  if (structured.payloadUsesValueFromOperand(init) ||
      !structured.getMatchingIndexingMap(init).isIdentity())
    return false;
  auto isPlain = [](AffineExpr expr) {
    return isa<AffineDimExpr, AffineConstantExpr>(expr);
  };
  auto readsInOrder = [&](OpOperand *operand) {
    return llvm::all_of(structured.getMatchingIndexingMap(operand).getResults(),
                        isPlain);
  };
  return llvm::all_of(structured.getDpsInputOperands(), readsInOrder);
}

bool mlir::pdq::isView(Operation *op) {
  return isa_and_nonnull<tensor::CastOp, tensor::CollapseShapeOp,
                         tensor::ExpandShapeOp, linalg::TransposeOp>(op);
}

Value mlir::pdq::getViewSource(Operation *view) { return view->getOperand(0); }

unsigned mlir::pdq::countBounds(Operation *op) {
  if (!isElementwise(op))
    return 0;
  return llvm::count_if(
      *cast<linalg::LinalgOp>(op).getBlock(), [](Operation &scalar) {
        return isa<arith::SelectOp, arith::MaximumFOp, arith::MinimumFOp,
                   arith::MaxNumFOp, arith::MinNumFOp>(scalar);
      });
}

/// The payload is out + a * b for two floating point operands.
bool mlir::pdq::isMultiplyAccumulate(Operation *operation) {
  auto op = dyn_cast_or_null<linalg::LinalgOp>(operation);
  if (!op || op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() == 0)
    return false;
  Block &block = *op.getBlock();
  auto sum =
      block.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  for (Value term : sum->getOperands())
    if (auto product = term.getDefiningOp<arith::MulFOp>())
      return isa<BlockArgument>(product.getLhs()) &&
             isa<BlockArgument>(product.getRhs());
  return false;
}

/// The constant that a value renames through views; null where there is none.
static Value findConstant(Value value) {
  while (isView(value.getDefiningOp()))
    value = getViewSource(value.getDefiningOp());
  return matchPattern(value, m_Constant()) ||
                 value.getDefiningOp<arith::ConstantOp>()
             ? value
             : Value();
}

bool mlir::pdq::isLayer(Operation *op) {
  // A depthwise convolution reduces over its window only; a product of two data
  // tensors is no layer.
  auto structured = dyn_cast_or_null<linalg::LinalgOp>(op);
  return structured && isMultiplyAccumulate(structured) &&
         findConstant(structured.getDpsInputOperand(1)->get()) &&
         !findConstant(structured.getDpsInputOperand(0)->get());
}

bool mlir::pdq::isDataProduct(Operation *op) {
  auto structured = dyn_cast_or_null<linalg::LinalgOp>(op);
  return structured && isMultiplyAccumulate(structured) &&
         llvm::none_of(structured->getOperands().take_front(2), findConstant);
}

//===----------------------------------------------------------------------===//
// Data path
//===----------------------------------------------------------------------===//

DataPath::DataPath(Block &block) {
  values.insert(block.args_begin(), block.args_end());
  for (Operation &op : block.without_terminator()) {
    SetVector<Value> read(op.operand_begin(), op.operand_end());
    getUsedValuesDefinedAbove(op.getRegions(), read);
    if (llvm::none_of(read, [&](Value v) { return values.contains(v); }))
      continue;
    operations.push_back(&op);
    values.insert(op.result_begin(), op.result_end());
  }
}

SmallVector<Value> DataPath::getDataOperands(Operation *op) const {
  SetVector<Value> operands;
  for (Value operand : op->getOperands())
    if (contains(operand))
      operands.insert(operand);
  return operands.takeVector();
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// Loops that index output channels: those of both filter and result.
static SmallVector<AffineExpr> getChannelLoops(linalg::LinalgOp layer) {
  ArrayRef<AffineExpr> filter =
      layer.getMatchingIndexingMap(layer.getDpsInputOperand(1)).getResults();
  ArrayRef<AffineExpr> result =
      layer.getMatchingIndexingMap(layer.getDpsInitOperand(0)).getResults();
  SmallVector<AffineExpr> loops;
  llvm::copy_if(result, std::back_inserter(loops), [&](AffineExpr expr) {
    return llvm::is_contained(filter, expr);
  });
  return loops;
}

static SmallVector<int64_t> findDims(AffineMap map,
                                     ArrayRef<AffineExpr> loops) {
  SmallVector<int64_t> dims;
  for (auto [dim, expr] : llvm::enumerate(map.getResults()))
    if (llvm::is_contained(loops, expr))
      dims.push_back(dim);
  return dims;
}

SmallVector<int64_t> mlir::pdq::getChannelDims(linalg::LinalgOp layer) {
  return findDims(layer.getMatchingIndexingMap(layer.getDpsInitOperand(0)),
                  getChannelLoops(layer));
}

/// The dimensions of a view's source that `dims` of its result come from;
/// dimensions of size 1 are left out where others remain.
static SmallVector<int64_t> followDims(Operation *view,
                                       ArrayRef<int64_t> dims) {
  llvm::SmallSetVector<int64_t, 4> sources;
  if (isa<tensor::CastOp>(view))
    return SmallVector<int64_t>(dims);
  if (auto transpose = dyn_cast<linalg::TransposeOp>(view)) {
    for (int64_t dim : dims)
      sources.insert(transpose.getPermutation()[dim]);
  } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(view)) {
    for (auto [source, group] :
         llvm::enumerate(expand.getReassociationIndices()))
      for (int64_t dim : dims)
        if (llvm::is_contained(group, dim))
          sources.insert(source);
  } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(view)) {
    for (int64_t dim : dims)
      for (int64_t source : collapse.getReassociationIndices()[dim])
        if (collapse.getSrcType().getDimSize(source) != 1)
          sources.insert(source);
  }
  return sources.takeVector();
}

/// Splits a constant whose dimensions `first` and `first + 1` index output
/// channels into a constant with one such dimension, which is returned, and a
/// view of it; null where it is none that canonicalization could have reshaped.
static Value joinChannels(Value value, int64_t first) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  if (!elements)
    return {};
  SmallVector<int64_t> shape;
  SmallVector<ReassociationIndices> groups;
  for (auto [dim, size] : llvm::enumerate(elements.getType().getShape())) {
    if (static_cast<int64_t>(dim) == first + 1) {
      shape.back() *= size;
      groups.back().push_back(dim);
      continue;
    }
    shape.push_back(size);
    groups.push_back({static_cast<int64_t>(dim)});
  }
  OpBuilder builder(constant);
  Value joined = arith::ConstantOp::create(
      builder, constant.getLoc(),
      elements.reshape(elements.getType().clone(shape)));
  Value view = tensor::ExpandShapeOp::create(builder, constant.getLoc(),
                                             value.getType(), joined, groups);
  value.replaceAllUsesWith(view);
  return joined;
}

FailureOr<LayerWeight> mlir::pdq::findWeight(linalg::LinalgOp layer) {
  OpOperand *operand = layer.getDpsInputOperand(1);
  SmallVector<int64_t> dims =
      findDims(layer.getMatchingIndexingMap(operand), getChannelLoops(layer));
  Value value = operand->get();
  while (isView(value.getDefiningOp())) {
    dims = followDims(value.getDefiningOp(), dims);
    value = getViewSource(value.getDefiningOp());
  }
  if (!value.getDefiningOp<arith::ConstantOp>())
    return layer.emitOpError("has a weight that is no constant");
  auto type = cast<RankedTensorType>(value.getType());
  // Dimensions of size 1 do not matter, as long as one is left.
  SmallVector<int64_t> proper;
  llvm::copy_if(dims, std::back_inserter(proper),
                [&](int64_t dim) { return type.getDimSize(dim) != 1; });
  if (proper.empty() && !dims.empty())
    proper.push_back(dims.front());
  llvm::sort(proper);
  if (proper.size() == 2 && proper[1] == proper[0] + 1)
    if (Value joined = joinChannels(value, proper[0]))
      return LayerWeight{operand, joined, proper[0]};
  if (proper.size() != 1)
    return layer.emitOpError()
           << "has a weight of type " << type
           << " whose output channels are not one dimension of it";
  return LayerWeight{operand, value, proper.front()};
}
