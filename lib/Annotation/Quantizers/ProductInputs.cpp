// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values products read.

#include "pdq/Annotation/Quantizers/ProductInputs.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "pdq/IR/PDQ.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Same-scale operations
//===----------------------------------------------------------------------===//

/// Whether a scalar of the payload of `op` is the same for all elements.
static bool isUniform(Value scalar, linalg::LinalgOp op) {
  Attribute constant;
  if (matchPattern(scalar, m_Constant(&constant)))
    return true;
  auto argument = dyn_cast<BlockArgument>(scalar);
  if (!argument || argument.getOwner() != op.getBlock())
    return false;
  Value tensor = op.getMatchingOpOperand(argument)->get();
  SplatElementsAttr splat;
  auto fill = tensor.getDefiningOp<linalg::FillOp>();
  return matchPattern(tensor, m_Constant(&splat)) ||
         (fill && matchPattern(fill.getInputs()[0], m_Constant()));
}

/// Whether a scalar of the payload is an element of an input of `op` times a
/// uniform factor.
static bool isScaledElement(Value scalar, linalg::LinalgOp op) {
  auto argument = dyn_cast<BlockArgument>(scalar);
  if (argument)
    return argument.getOwner() == op.getBlock() &&
           !op.isDpsInit(op.getMatchingOpOperand(argument));
  Operation *def = scalar.getDefiningOp();
  if (isa<tensor::ExtractOp>(def))
    return def->getBlock() == op.getBlock();
  if (isa<arith::MulFOp>(def) && isUniform(def->getOperand(0), op))
    return isScaledElement(def->getOperand(1), op);
  return isa<arith::MulFOp, arith::DivFOp>(def) &&
         isUniform(def->getOperand(1), op) &&
         isScaledElement(def->getOperand(0), op);
}

/// Whether a payload adds or compares elements of a window: poolings, means.
static bool isPooling(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInits() != 1)
    return false;
  Operation *def =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::MaximumFOp, arith::MinimumFOp,
                       arith::MaxNumFOp, arith::MinNumFOp>(def))
    return false;
  Value accumulator = op.getRegionOutputArgs().front();
  for (unsigned i : {0, 1})
    if (def->getOperand(i) == accumulator)
      return isScaledElement(def->getOperand(1 - i), op);
  return false;
}

/// Whether a scalar of the payload of `op` depends on the position alone.
static bool isPositional(Value scalar, linalg::LinalgOp op) {
  if (auto argument = dyn_cast<BlockArgument>(scalar))
    return argument.getOwner() == op.getBlock() &&
           matchPattern(op.getMatchingOpOperand(argument)->get(), m_Constant());
  Operation *def = scalar.getDefiningOp();
  if (def->getBlock() != op.getBlock())
    return matchPattern(scalar, m_Constant());
  return !isa<tensor::ExtractOp>(def) &&
         llvm::all_of(def->getOperands(),
                      [&](Value operand) { return isPositional(operand, op); });
}

/// Whether `op` makes averages of the sums of a pooling: it divides them by the
/// number of elements of each window.
static bool dividesPooling(linalg::LinalgOp op) {
  Operation *def =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  if (!isElementwise(op) || !isa_and_nonnull<arith::DivFOp>(def))
    return false;
  auto sum = dyn_cast<BlockArgument>(def->getOperand(0));
  if (!sum || sum.getOwner() != op.getBlock() ||
      !isPositional(def->getOperand(1), op))
    return false;
  Value pooled = op.getMatchingOpOperand(sum)->get();
  auto pooling = pooled.getDefiningOp<linalg::LinalgOp>();
  return pooling && isPooling(pooling) && !isMultiplyAccumulate(pooling);
}

bool mlir::pdq::isSameScale(Operation *op) {
  if (isView(op) || isa_and_nonnull<tensor::PadOp, tensor::ExtractSliceOp,
                                    tensor::InsertSliceOp, tensor::ConcatOp,
                                    linalg::BroadcastOp, linalg::CopyOp>(op))
    return true;
  auto structured = dyn_cast_or_null<linalg::LinalgOp>(op);
  if (!structured || op->getNumResults() != 1 || isMultiplyAccumulate(op) ||
      isa<linalg::FillOp>(op))
    return false;
  if (structured.getNumReductionLoops() != 0)
    return isPooling(structured);
  Value yielded = structured.getBlock()->getTerminator()->getOperand(0);
  return isScaledElement(yielded, structured) || dividesPooling(structured);
}

//===----------------------------------------------------------------------===//
// Following values back
//===----------------------------------------------------------------------===//

Value mlir::pdq::lookThroughRegion(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto region = dyn_cast<RegionOp>(argument.getOwner()->getParentOp());
    return region ? region.getInputs()[argument.getArgNumber()] : value;
  }
  auto region = value.getDefiningOp<RegionOp>();
  return region ? region.getQuantizedBody().front().getTerminator()->getOperand(
                      cast<OpResult>(value).getResultNumber())
                : value;
}

/// Whether a value is made of floating point inputs of the network by
/// elementwise and same-scale operations alone; constants are true too.
bool ProductInputFinder::isNetworkInput(Value value) {
  if (auto known = networkInputs.find(value); known != networkInputs.end())
    return known->second;
  Value other = lookThroughRegion(value);
  bool result = false;
  if (other != value) {
    result = isNetworkInput(other);
  } else if (isa<BlockArgument>(value)) {
    result = isa<FloatType>(getElementTypeOrSelf(value.getType()));
  } else {
    Operation *op = value.getDefiningOp();
    SetVector<Value> read = getReadValues(op);
    bool passes = read.empty() || isElementwise(op) || isSameScale(op) ||
                  isa<linalg::FillOp, BatchNormOp>(op);
    result = passes && llvm::all_of(read, [&](Value operand) {
               return isNetworkInput(operand);
             });
  }
  return networkInputs[value] = result;
}

/// Whether the payload of a same-scale operation makes other numbers than those
/// that it reads.
static bool isAverage(Operation *op) {
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  return structured && llvm::any_of(*structured.getBlock(), [](Operation &op) {
           return isa<arith::AddFOp, arith::MulFOp, arith::DivFOp>(op);
         });
}

/// Whether values are followed back through an operation. Operands of products
/// of two data tensors are slices of one projection, and each slice has a range
/// of its own.
bool ProductInputFinder::isFollowed(Operation *op,
                                    bool isDataProductOperand) const {
  return isSameScale(op) &&
         !(isDataProductOperand && isa<tensor::ExtractSliceOp>(op)) &&
         !(stopsAtAverages && isAverage(op));
}

bool ProductInputFinder::isData(Value value) {
  std::unique_ptr<DataPath> &path = paths[value.getParentBlock()];
  if (!path)
    path = std::make_unique<DataPath>(*value.getParentBlock());
  return path->contains(value);
}

/// The floating point tensors on the data path that an operation reads.
SmallVector<Value> ProductInputFinder::getFloatData(Operation *op) {
  SmallVector<Value> tensors;
  for (Value read : getReadValues(op)) {
    auto type = dyn_cast<RankedTensorType>(read.getType());
    if (type && isa<FloatType>(type.getElementType()) && isData(read))
      tensors.push_back(read);
  }
  return tensors;
}

SmallVector<OpOperand *>
ProductInputFinder::getDataOperands(linalg::LinalgOp product) {
  SmallVector<OpOperand *> operands = product.getDpsInputOperands();
  llvm::erase_if(operands,
                 [&](OpOperand *operand) { return !isData(operand->get()); });
  return operands;
}

SmallVector<OpOperand *> ProductInputFinder::getAveraged(Operation *op) {
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  if (!structured || isMultiplyAccumulate(op) || !isPooling(structured) ||
      !isAverage(op) || !isData(op->getOperand(0)))
    return {};
  return {structured.getDpsInputOperand(0)};
}

SmallVector<OpOperand *> ProductInputFinder::getSummands(Operation *op) {
  auto sum = dyn_cast<linalg::LinalgOp>(op);
  if (!sum || !isElementwise(op))
    return {};
  SmallVector<OpOperand *> summands;
  for (OpOperand *operand : sum.getDpsInputOperands()) {
    auto isAdded = [](Operation *user) {
      return isa<arith::AddFOp, arith::SubFOp>(user);
    };
    if (isa<FloatType>(getElementTypeOrSelf(operand->get())) &&
        isData(operand->get()) &&
        llvm::any_of(sum.getMatchingBlockArgument(operand).getUsers(), isAdded))
      summands.push_back(operand);
  }
  if (summands.size() < 2)
    summands.clear();
  return summands;
}

/// Whether a value of the network's input is another value on the other side
/// of a region's border, which a quantizer can stand behind in a region.
static bool isFollowedBack(Value value, Value other) {
  if (value == other)
    return false;
  auto argument = dyn_cast<BlockArgument>(other);
  return !argument || isa<RegionOp>(argument.getOwner()->getParentOp());
}

ProductInput ProductInputFinder::find(OpOperand &operand) {
  ProductInput result;
  bool isDataProductOperand =
      isMultiplyAccumulate(operand.getOwner()) &&
      getDataOperands(cast<linalg::LinalgOp>(operand.getOwner())).size() > 1;
  SetVector<Value> worklist;
  worklist.insert(operand.get());
  for (size_t i = 0; i < worklist.size(); ++i) {
    Value value = worklist[i];
    Value other = lookThroughRegion(value);
    bool isInput = isNetworkInput(value);
    if (isInput ? isFollowedBack(value, other) : other != value) {
      worklist.insert(other);
      continue;
    }
    Operation *op = value.getDefiningOp();
    SmallVector<Value> sources;
    if (op && isFollowed(op, isDataProductOperand))
      sources = getFloatData(op);
    // A table that is read at positions from data gives new values.
    if (sources.empty())
      (isInput ? result.networkInputs : result.computed).push_back(value);
    worklist.insert(sources.begin(), sources.end());
  }
  return result;
}

bool ProductInputFinder::isCovered(Value value,
                                   const DenseSet<Value> &quantized) {
  SetVector<Value> worklist;
  worklist.insert(value);
  for (size_t i = 0; i < worklist.size(); ++i) {
    if (quantized.contains(worklist[i]) || isNetworkInput(worklist[i]))
      continue;
    Operation *op = worklist[i].getDefiningOp();
    SmallVector<Value> sources;
    if (op && isSameScale(op))
      sources = getFloatData(op);
    if (sources.empty())
      return false;
    worklist.insert(sources.begin(), sources.end());
  }
  return true;
}

DenseSet<Operation *> mlir::pdq::findInputComputations(const DataPath &path) {
  ProductInputFinder finder;
  SmallVector<Operation *> worklist;
  DenseSet<Value> quantized;
  for (Operation *op : path.getOperations()) {
    if (!isMultiplyAccumulate(op))
      continue;
    auto product = cast<linalg::LinalgOp>(op);
    for (OpOperand *operand : finder.getDataOperands(product))
      for (Value value : finder.find(*operand).computed) {
        quantized.insert(value);
        if (value.getDefiningOp())
          worklist.push_back(value.getDefiningOp());
      }
  }
  DenseSet<Operation *> computations;
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val();
    if (isMultiplyAccumulate(op) || !computations.insert(op).second)
      continue;
    for (Value read : getReadValues(op))
      if (read.getDefiningOp() && path.contains(read) &&
          !finder.isCovered(read, quantized))
        worklist.push_back(read.getDefiningOp());
  }
  return computations;
}
