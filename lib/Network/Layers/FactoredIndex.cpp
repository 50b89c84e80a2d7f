// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Indices through reshapes, transposes and broadcasts.

#include "pdq/Network/Layers/FactoredIndex.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Network/Layers/Structure.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// One index
//===----------------------------------------------------------------------===//

int64_t FactoredIndex::getSize() const {
  int64_t size = 1;
  for (const IndexDigit &digit : digits)
    size *= digit.size;
  return size;
}

void FactoredIndex::append(IndexDigit digit) {
  if (digit.size == 1)
    return;
  if (!digits.empty()) {
    IndexDigit &last = digits.back();
    if (last.dim == digit.dim && last.stride == digit.stride * digit.size) {
      last = {digit.dim, digit.stride, last.size * digit.size};
      return;
    }
  }
  digits.push_back(digit);
}

void FactoredIndex::append(const FactoredIndex &faster) {
  for (const IndexDigit &digit : faster.digits)
    append(digit);
}

std::optional<FactoredIndex> FactoredIndex::slice(int64_t stride,
                                                  int64_t size) const {
  FactoredIndex result;
  int64_t high = getSize(), end = stride * size;
  if (high == 0)
    return std::nullopt;
  for (const IndexDigit &digit : digits) {
    // The digit counts in steps of `low`, up to `high`.
    int64_t low = high / digit.size;
    int64_t first = std::max(low, stride), last = std::min(high, end);
    if (first < last) {
      if (first % low || high % first || last % first || high % last)
        return std::nullopt;
      result.append(
          IndexDigit{digit.dim, digit.stride * (first / low), last / first});
    }
    high = low;
  }
  if (result.getSize() != size)
    return std::nullopt;
  return result;
}

std::optional<FactoredIndex>
FactoredIndex::substitute(ArrayRef<FactoredIndex> dims) const {
  FactoredIndex result;
  for (const IndexDigit &digit : digits) {
    auto part = dims[digit.dim].slice(digit.stride, digit.size);
    if (!part)
      return std::nullopt;
    result.append(*part);
  }
  return result;
}

int64_t FactoredIndex::evaluate(ArrayRef<int64_t> position) const {
  int64_t index = 0;
  for (const IndexDigit &digit : digits)
    index =
        index * digit.size + position[digit.dim] / digit.stride % digit.size;
  return index;
}

bool FactoredIndex::dependsOnlyOn(ArrayRef<int64_t> dims) const {
  return llvm::all_of(digits, [&](const IndexDigit &digit) {
    return llvm::is_contained(dims, digit.dim);
  });
}

//===----------------------------------------------------------------------===//
// All indices of a tensor
//===----------------------------------------------------------------------===//

FactoredIndices mlir::pdq::getOwnIndices(RankedTensorType type) {
  FactoredIndices indices;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    indices.emplace_back(dim, size);
  return indices;
}

FactoredIndex mlir::pdq::linearize(ArrayRef<FactoredIndex> indices) {
  FactoredIndex linear;
  for (const FactoredIndex &index : indices)
    linear.append(index);
  return linear;
}

std::optional<FactoredIndices>
mlir::pdq::substitute(ArrayRef<FactoredIndex> indices,
                      ArrayRef<FactoredIndex> dims) {
  FactoredIndices result;
  for (const FactoredIndex &index : indices) {
    auto substituted = index.substitute(dims);
    if (!substituted)
      return std::nullopt;
    result.push_back(std::move(*substituted));
  }
  return result;
}

/// Dimensions that are the parts of one dimension each, as a reshape splits it.
static FactoredIndices split(ArrayRef<int64_t> shape,
                             ArrayRef<ReassociationIndices> groups) {
  FactoredIndices parts(shape.size());
  for (auto [dim, group] : llvm::enumerate(groups)) {
    int64_t whole = 1;
    for (int64_t part : group)
      whole *= shape[part];
    int64_t stride = whole;
    for (int64_t part : group) {
      stride = shape[part] ? stride / shape[part] : 0;
      if (auto slice = FactoredIndex(dim, whole).slice(stride, shape[part]))
        parts[part] = *slice;
    }
  }
  return parts;
}

/// Dimensions that a reshape joins of several.
static FactoredIndices join(ArrayRef<int64_t> shape,
                            ArrayRef<ReassociationIndices> groups) {
  FactoredIndices whole(groups.size());
  for (auto [dim, group] : llvm::enumerate(groups))
    for (int64_t part : group)
      whole[dim].append(FactoredIndex(part, shape[part]));
  return whole;
}

/// Dimensions of one operand as functions of the dimensions of another one that
/// the same loops index; a dimension of the second one for each loop.
static std::optional<FactoredIndices>
matchLoops(RankedTensorType type, AffineMap map, AffineMap other) {
  FactoredIndices indices;
  for (auto [size, expr] : llvm::zip_equal(type.getShape(), map.getResults())) {
    if (size == 1) {
      indices.emplace_back();
      continue;
    }
    auto position = other.getResultPosition(expr);
    if (!isa<AffineDimExpr>(expr) || !position)
      return std::nullopt;
    indices.emplace_back(*position, size);
  }
  return indices;
}

static bool hasStaticTypes(Operation *op) {
  auto isStatic = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape();
  };
  return isStatic(op->getOperand(0).getType()) &&
         isStatic(op->getResult(0).getType());
}

std::optional<FactoredIndices> mlir::pdq::getResultIndices(Operation *view) {
  if (!isView(view) || !hasStaticTypes(view))
    return std::nullopt;
  auto source = cast<RankedTensorType>(view->getOperand(0).getType());
  auto result = cast<RankedTensorType>(view->getResult(0).getType());
  if (isa<tensor::CastOp>(view))
    return getOwnIndices(source);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(view))
    return split(result.getShape(), expand.getReassociationIndices());
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(view))
    return join(source.getShape(), collapse.getReassociationIndices());
  auto copy = cast<linalg::LinalgOp>(view);
  return matchLoops(result,
                    copy.getMatchingIndexingMap(copy.getDpsInitOperand(0)),
                    copy.getMatchingIndexingMap(copy.getDpsInputOperand(0)));
}

std::optional<FactoredIndices>
mlir::pdq::getOperandIndices(linalg::LinalgOp op, OpOperand &operand) {
  auto type = dyn_cast<RankedTensorType>(operand.get().getType());
  if (!type || !type.hasStaticShape())
    return std::nullopt;
  return matchLoops(type, op.getMatchingIndexingMap(&operand),
                    op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
}

std::optional<FactoredIndices> mlir::pdq::getSourceIndices(Operation *op) {
  bool copies = isBroadcast(op);
  if (!op || (!isView(op) && !copies) || !hasStaticTypes(op))
    return std::nullopt;
  auto source = cast<RankedTensorType>(op->getOperand(0).getType());
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  if (isa<tensor::CastOp>(op))
    return getOwnIndices(result);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return join(result.getShape(), expand.getReassociationIndices());
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return split(source.getShape(), collapse.getReassociationIndices());
  auto copy = cast<linalg::LinalgOp>(op);
  return getOperandIndices(copy, *copy.getDpsInputOperand(0));
}
