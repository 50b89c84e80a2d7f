// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Says at each region which dimension of its inputs and results is the channel,
// as the layers have it.

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Annotation/Passes.h"
#include "pdq/IR/RegionChannels.h"
#include "pdq/Network/Layers/FactoredIndex.h"
#include "pdq/Network/Layers/Structure.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_MARKCHANNELS
#include "pdq/Annotation/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// The channel dimensions of the values of a network, layer by layer.
class ChannelDims {
public:
  /// Goes through a block forwards, and through the float bodies in it.
  void follow(Block &block);

  std::optional<int64_t> find(Value value) const {
    auto found = dims.find(value);
    return found == dims.end() ? std::nullopt : std::optional(found->second);
  }

private:
  void followRegion(RegionOp region);
  std::optional<int64_t> getResultDim(Operation *op) const;
  std::optional<int64_t> getStructuredDim(linalg::LinalgOp op) const;

  DenseMap<Value, int64_t> dims;
};
} // namespace

/// The dimension that most of `dim` goes to, where `indices` are the dimensions
/// of a value as functions of another one's.
static std::optional<int64_t> findLargestPart(ArrayRef<FactoredIndex> indices,
                                              int64_t dim) {
  std::optional<int64_t> best;
  int64_t size = 0;
  for (auto [result, index] : llvm::enumerate(indices))
    for (const IndexDigit &digit : index.getDigits())
      if (digit.dim == dim && digit.size > size) {
        size = digit.size;
        best = result;
      }
  return best;
}

/// The larger one where output channels are several dimensions, as groups and
/// filters are; the last one of equal ones.
static std::optional<int64_t> getLayerDim(linalg::LinalgOp layer) {
  auto type = cast<RankedTensorType>(layer->getResult(0).getType());
  std::optional<int64_t> best;
  for (int64_t dim : getChannelDims(layer))
    if (!best || type.getDimSize(dim) >= type.getDimSize(*best))
      best = dim;
  return best;
}

/// The dimension of the result that the same loop indexes as the channel of an
/// operand.
std::optional<int64_t>
ChannelDims::getStructuredDim(linalg::LinalgOp op) const {
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (OpOperand *operand : op.getDpsInputOperands()) {
    std::optional<int64_t> dim = find(operand->get());
    if (!dim)
      continue;
    AffineExpr loop = op.getMatchingIndexingMap(operand).getResult(*dim);
    if (auto position = result.getResultPosition(loop);
        position && isa<AffineDimExpr>(loop))
      return *position;
  }
  return std::nullopt;
}

std::optional<int64_t> ChannelDims::getResultDim(Operation *op) const {
  if (isLayer(op))
    return getLayerDim(cast<linalg::LinalgOp>(op));
  if (auto norm = dyn_cast<BatchNormOp>(op))
    return norm.getAxis();
  auto type = op->getNumResults() == 1
                  ? dyn_cast<RankedTensorType>(op->getResult(0).getType())
                  : RankedTensorType();
  if (!type)
    return std::nullopt;
  if (isView(op)) {
    std::optional<int64_t> dim = find(op->getOperand(0));
    auto indices = getResultIndices(op);
    return dim && indices ? findLargestPart(*indices, *dim) : std::nullopt;
  }
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return getStructuredDim(structured);
  // Pads, slices, concatenations and quantizers keep the dimensions.
  for (Value operand : op->getOperands()) {
    auto source = dyn_cast<RankedTensorType>(operand.getType());
    if (source && source.getRank() == type.getRank())
      if (std::optional<int64_t> dim = find(operand))
        return dim;
  }
  return std::nullopt;
}

void ChannelDims::followRegion(RegionOp region) {
  Block &body = region.getFloatBody().front();
  for (auto [input, argument] :
       llvm::zip_equal(region.getInputs(), body.getArguments()))
    if (std::optional<int64_t> dim = find(input))
      dims[argument] = *dim;
  follow(body);
  for (auto [yielded, result] : llvm::zip_equal(
           body.getTerminator()->getOperands(), region.getResults()))
    if (std::optional<int64_t> dim = find(yielded))
      dims[result] = *dim;
}

void ChannelDims::follow(Block &block) {
  for (Operation &op : block.without_terminator())
    if (auto region = dyn_cast<RegionOp>(op))
      followRegion(region);
    else if (std::optional<int64_t> dim = getResultDim(&op))
      dims[op.getResult(0)] = *dim;
}

/// The dimension of a layer's data that the filter sums over, or filters each
/// by itself: its input channels.
static std::optional<int64_t> getLayerInputDim(linalg::LinalgOp layer) {
  AffineMap data = layer.getMatchingIndexingMap(layer.getDpsInputOperand(0));
  AffineMap filter = layer.getMatchingIndexingMap(layer.getDpsInputOperand(1));
  for (auto [dim, loop] : llvm::enumerate(data.getResults()))
    if (isa<AffineDimExpr>(loop) &&
        llvm::is_contained(filter.getResults(), loop))
      return dim;
  return std::nullopt;
}

/// The channel of what no layer computes, the network's input: that of the
/// first layer which reads it through views, padding or one value at a time.
static std::optional<int64_t> findReadDim(BlockArgument argument) {
  DenseMap<Value, FactoredIndices> read;
  auto type = cast<RankedTensorType>(argument.getType());
  if (!type.hasStaticShape())
    return std::nullopt;
  read[argument] = getOwnIndices(type);
  for (Operation &op : argument.getOwner()->without_terminator()) {
    if (op.getNumOperands() == 0 || !read.contains(op.getOperand(0)))
      continue;
    const FactoredIndices source = read[op.getOperand(0)];
    if (isLayer(&op)) {
      auto dim = getLayerInputDim(cast<linalg::LinalgOp>(op));
      if (!dim || source[*dim].getDigits().empty())
        return std::nullopt;
      return source[*dim].getDigits().front().dim;
    }
    std::optional<FactoredIndices> indices;
    if (isView(&op))
      indices = getResultIndices(&op);
    if (indices)
      indices = substitute(*indices, source);
    else if (isa<tensor::PadOp, BatchNormOp>(op) || isElementwise(&op))
      indices = source;
    if (indices && op.getNumResults() == 1)
      read[op.getResult(0)] = *indices;
  }
  return std::nullopt;
}

namespace {
struct MarkChannels : pdq::impl::MarkChannelsBase<MarkChannels> {
  using Base::Base;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isDeclaration())
        continue;
      ChannelDims dims;
      dims.follow(function.getBody().front());
      for (auto region : function.getOps<RegionOp>())
        mark(region, dims);
    }
  }

private:
  void mark(RegionOp region, const ChannelDims &dims) {
    SmallVector<int64_t> inputs, results;
    Block &body = region.getFloatBody().front();
    // Only distribution correction asks for those of inputs.
    bool hasNorms = !body.getOps<BatchNormOp>().empty();
    for (auto [input, argument] :
         llvm::zip_equal(region.getInputs(), body.getArguments())) {
      std::optional<int64_t> dim = dims.find(input);
      if (!dim)
        dim = findReadDim(argument);
      inputs.push_back(hasNorms ? dim.value_or(defaultChannelAxis)
                                : defaultChannelAxis);
    }
    for (Value result : region.getResults())
      results.push_back(dims.find(result).value_or(defaultChannelAxis));
    setChannelAxes(region, inputs, results);
  }
};
} // namespace
