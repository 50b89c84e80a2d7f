// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forms in which tensors are kept between calls.

#include "pdq/Calibration/Data/CacheLayout.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::pdq;

/// Dimension i of the kept form is dimension permutation[i] of the tensor.
static SmallVector<int64_t> getCachePermutation(int64_t rank) {
  if (rank == 4)
    return {0, 2, 3, 1};
  return llvm::to_vector(llvm::seq<int64_t>(rank));
}

static SmallVector<int64_t> getParameterPermutation(int64_t rank) {
  if (rank == 4)
    return {2, 3, 1, 0};
  if (rank == 2)
    return {1, 0};
  return llvm::to_vector(llvm::seq<int64_t>(rank));
}

static RankedTensorType permute(RankedTensorType type,
                                ArrayRef<int64_t> permutation) {
  return RankedTensorType::get(applyPermutation(type.getShape(), permutation),
                               type.getElementType());
}

static Value transpose(ImplicitLocOpBuilder &b, Value value,
                       ArrayRef<int64_t> permutation) {
  if (isIdentityPermutation(permutation))
    return value;
  RankedTensorType type =
      permute(cast<RankedTensorType>(value.getType()), permutation);
  Value init =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  return linalg::TransposeOp::create(b, value, init, permutation)->getResult(0);
}

RankedTensorType mlir::pdq::getCacheType(RankedTensorType type) {
  return permute(type, getCachePermutation(type.getRank()));
}

RankedTensorType mlir::pdq::getParameterType(RankedTensorType type) {
  return permute(type, getParameterPermutation(type.getRank()));
}

RankedTensorType mlir::pdq::getObservedType(RankedTensorType type,
                                            int64_t batch) {
  if (type.getDimSize(0) % batch == 0)
    return type;
  return RankedTensorType::get({type.getNumElements()}, type.getElementType());
}

Value mlir::pdq::buildToObserved(ImplicitLocOpBuilder &b, Value value,
                                 int64_t batch) {
  auto type = cast<RankedTensorType>(value.getType());
  if (getObservedType(type, batch) == type)
    return value;
  auto all = llvm::to_vector<2>(llvm::seq<int64_t>(type.getRank()));
  return tensor::CollapseShapeOp::create(
      b, value, SmallVector<ReassociationIndices>{all});
}

Value mlir::pdq::buildToCache(ImplicitLocOpBuilder &b, Value value) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  return transpose(b, value, getCachePermutation(rank));
}

Value mlir::pdq::buildFromCache(ImplicitLocOpBuilder &b, Value value,
                                RankedTensorType type) {
  return transpose(
      b, value, invertPermutationVector(getCachePermutation(type.getRank())));
}

Value mlir::pdq::buildToParameter(ImplicitLocOpBuilder &b, Value value) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  return transpose(b, value, getParameterPermutation(rank));
}

Value mlir::pdq::buildFromParameter(ImplicitLocOpBuilder &b, Value value,
                                    RankedTensorType type) {
  return transpose(
      b, value,
      invertPermutationVector(getParameterPermutation(type.getRank())));
}
