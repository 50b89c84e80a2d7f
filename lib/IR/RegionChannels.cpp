// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Channel dimensions as attributes of a region.

#include "pdq/IR/RegionChannels.h"

using namespace mlir;
using namespace mlir::pdq;

/// The dimension that counts as the channels of a value where nothing is said.
static int64_t getDefaultAxis(Value value) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  return std::min(defaultChannelAxis, rank - 1);
}

static SmallVector<int64_t> getAxes(DenseI64ArrayAttr attribute,
                                    ValueRange values) {
  if (!attribute)
    return llvm::map_to_vector(values, getDefaultAxis);
  return SmallVector<int64_t>(attribute.asArrayRef());
}

SmallVector<int64_t> mlir::pdq::getInputChannelAxes(RegionOp region) {
  return getAxes(region.getInputChannelsAttr(), region.getInputs());
}

SmallVector<int64_t> mlir::pdq::getResultChannelAxes(RegionOp region) {
  return getAxes(region.getResultChannelsAttr(), region.getResults());
}

/// The attribute for these dimensions; null where all are the default. Values
/// of a lower rank have their last one, scalars 0.
static DenseI64ArrayAttr getAttr(RegionOp region, ValueRange values,
                                 ArrayRef<int64_t> axes) {
  SmallVector<int64_t> own;
  bool isDefault = true;
  for (auto [value, axis] : llvm::zip_equal(values, axes)) {
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    own.push_back(std::clamp<int64_t>(axis, 0, std::max<int64_t>(rank - 1, 0)));
    isDefault &= own.back() == std::max<int64_t>(getDefaultAxis(value), 0);
  }
  return isDefault ? DenseI64ArrayAttr()
                   : DenseI64ArrayAttr::get(region.getContext(), own);
}

void mlir::pdq::setChannelAxes(RegionOp region, ArrayRef<int64_t> inputs,
                               ArrayRef<int64_t> results) {
  region.setInputChannelsAttr(getAttr(region, region.getInputs(), inputs));
  region.setResultChannelsAttr(getAttr(region, region.getResults(), results));
}
