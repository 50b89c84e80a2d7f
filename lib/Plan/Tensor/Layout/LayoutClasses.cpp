// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Roles of convolutions, and classes of values with one order.

#include "LayoutClasses.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "pdq/Plan/Analysis/Combiners.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::pdq;

/// The dimensions that occur in a map.
static llvm::SmallBitVector getDims(AffineMap map) {
  return getUnusedDimsBitVector(map).flip();
}

static llvm::SmallBitVector getDims(AffineExpr expr, unsigned numDims) {
  return getDims(AffineMap::get(numDims, 0, expr));
}

/// The operand whose map slides a window, or nothing.
static std::optional<unsigned> findImage(ArrayRef<AffineMap> maps) {
  std::optional<unsigned> image;
  for (auto [index, map] : llvm::enumerate(maps)) {
    unsigned numDims = map.getNumDims();
    bool slides = llvm::any_of(map.getResults(), [=](AffineExpr expr) {
      return getDims(expr, numDims).count() == 2;
    });
    if (!slides)
      continue;
    if (image)
      return std::nullopt;
    image = index;
  }
  return image;
}

/// Positions of `map` sorted by `rank` of their dimensions; stable.
static DimensionOrder
sortDimensions(AffineMap map,
               function_ref<int(const llvm::SmallBitVector &)> rank) {
  DimensionOrder order(
      llvm::to_vector(llvm::seq<int64_t>(0, map.getNumResults())));
  // Equal ones stay in their order.
  auto keyOf = [&](int64_t i) {
    return std::pair(rank(getDims(map.getResult(i), map.getNumDims())), i);
  };
  llvm::sort(order, [&](int64_t a, int64_t b) { return keyOf(a) < keyOf(b); });
  return order;
}

std::optional<ConvolutionRoles>
mlir::pdq::inferConvolutionRoles(linalg::LinalgOp op) {
  if (!isContraction(op))
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  std::optional<unsigned> image = findImage(maps);
  if (!image || maps[*image].getNumResults() < 3)
    return std::nullopt;
  unsigned first = (*image + 1) % 3, second = (*image + 2) % 3;
  // The batch dimension leads images in every layout that frontends use.
  llvm::SmallBitVector batch =
      getDims(maps[*image].getResult(0), maps[*image].getNumDims());
  if (batch.count() != 1)
    return std::nullopt;
  bool inFirst = batch.anyCommon(getDims(maps[first])),
       inSecond = batch.anyCommon(getDims(maps[second]));
  if (inFirst == inSecond)
    return std::nullopt;
  ConvolutionRoles roles;
  roles.image = *image;
  roles.output = inFirst ? first : second;
  roles.filter = inFirst ? second : first;

  llvm::SmallBitVector sliding(batch.size());
  for (AffineExpr expr : maps[*image].getResults())
    if (getDims(expr, batch.size()).count() == 2)
      sliding |= getDims(expr, batch.size());
  llvm::SmallBitVector imageDims = getDims(maps[roles.image]),
                       outputDims = getDims(maps[roles.output]),
                       filterDims = getDims(maps[roles.filter]);
  // Batch, space, groups, channels.
  auto byImage = [&](const llvm::SmallBitVector &dims) {
    if (dims.anyCommon(batch))
      return 0;
    if (dims.anyCommon(sliding))
      return 1;
    return dims.anyCommon(filterDims) && dims.anyCommon(outputDims) &&
                   dims.anyCommon(imageDims)
               ? 2
               : 3;
  };
  // Window, input channels, groups, output channels.
  auto byFilter = [&](const llvm::SmallBitVector &dims) {
    if (dims.anyCommon(sliding))
      return 0;
    if (!dims.anyCommon(outputDims))
      return 1;
    return dims.anyCommon(imageDims) ? 2 : 3;
  };
  roles.imageOrder = sortDimensions(maps[roles.image], byImage);
  roles.outputOrder = sortDimensions(maps[roles.output], byImage);
  roles.filterOrder = sortDimensions(maps[roles.filter], byFilter);
  return roles;
}

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

static int64_t getRank(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getRank() : 0;
}

/// True where position i of both maps is the same dimension for every i, up to
/// windows and broadcasts.
static bool areAligned(AffineMap a, AffineMap b) {
  if (a.getNumResults() != b.getNumResults())
    return false;
  for (auto [x, y] : llvm::zip(a.getResults(), b.getResults())) {
    auto dimsOfX = getDims(x, a.getNumDims()),
         dimsOfY = getDims(y, b.getNumDims());
    if (dimsOfX.any() && dimsOfY.any() && !dimsOfX.anyCommon(dimsOfY))
      return false;
  }
  return true;
}

namespace {
/// Values of rank 3 and more that get one order.
class LayoutClasses {
public:
  void visit(Operation &op);
  void seed(linalg::LinalgOp op);
  void pin(Value value) {
    pinned.insert(classes.getOrInsertLeaderValue(value));
  }
  llvm::DenseMap<Value, DimensionOrder> getOrders();

private:
  void join(Value a, Value b);
  void visitLinalg(linalg::LinalgOp op);
  void suggest(Value value, const DimensionOrder &order);

  llvm::EquivalenceClasses<Value> classes;
  llvm::DenseMap<Value, DimensionOrder> orders;
  llvm::DenseSet<Value> pinned;
};
} // namespace

void LayoutClasses::join(Value a, Value b) {
  if (getRank(a) >= 3 && getRank(a) == getRank(b))
    classes.unionSets(a, b);
}

void LayoutClasses::visitLinalg(linalg::LinalgOp op) {
  for (auto [init, result] : llvm::zip(op.getDpsInits(), op->getResults()))
    join(init, result);
  if (inferConvolutionRoles(op))
    return;
  // Aligned with the first operand of the same rank; transposes stay apart.
  auto operands =
      llvm::to_vector(llvm::make_pointer_range(op->getOpOperands()));
  for (OpOperand *a : llvm::reverse(operands))
    for (OpOperand *b : operands)
      if (a != b && areAligned(op.getMatchingIndexingMap(a),
                               op.getMatchingIndexingMap(b)))
        join(a->get(), b->get());
}

void LayoutClasses::visit(Operation &op) {
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return visitLinalg(linalgOp);
  if (isa<tensor::PadOp, tensor::ExtractSliceOp>(op))
    join(op.getOperand(0), op.getResult(0));
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
    join(insert.getDest(), insert.getResult());
    join(insert.getSource(), insert.getResult());
  }
}

void LayoutClasses::suggest(Value value, const DimensionOrder &order) {
  // Values of lower rank have no classes: what computes one would keep its
  // order (the filter of a depthwise convolution of signals).
  if (getRank(value) >= 3 &&
      getRank(value) == static_cast<int64_t>(order.size()))
    orders.try_emplace(classes.getOrInsertLeaderValue(value), order);
}

void LayoutClasses::seed(linalg::LinalgOp op) {
  std::optional<ConvolutionRoles> roles = inferConvolutionRoles(op);
  if (!roles)
    return;
  suggest(op->getOperand(roles->image), roles->imageOrder);
  suggest(op->getOperand(roles->output), roles->outputOrder);
  suggest(op->getOperand(roles->filter), roles->filterOrder);
}

llvm::DenseMap<Value, DimensionOrder> LayoutClasses::getOrders() {
  llvm::DenseMap<Value, DimensionOrder> result;
  for (const auto *member : classes) {
    Value leader = classes.getLeaderValue(member->getData());
    auto order = orders.find(leader);
    if (order == orders.end() || pinned.contains(leader) ||
        isIdentityPermutation(order->second))
      continue;
    result[member->getData()] = order->second;
  }
  return result;
}

llvm::DenseMap<Value, DimensionOrder>
mlir::pdq::assignLayouts(func::FuncOp function) {
  LayoutClasses classes;
  Block &body = function.getBody().front();
  for (Operation &op : body)
    classes.visit(op);
  // Seeds in program order: a forward convolution decides before its
  // gradients, which may want the filter the other way round.
  for (auto op : body.getOps<linalg::LinalgOp>())
    classes.seed(op);
  // Elements of arguments that a payload addresses by itself: a copy of the
  // whole argument in another order costs more than it gains.
  body.walk(
      [&](tensor::ExtractOp extract) { classes.pin(extract.getTensor()); });
  return classes.getOrders();
}
