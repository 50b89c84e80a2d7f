// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Channel dimensions as attributes of a region.

#include "pdq/IR/RegionChannels.h"

using namespace mlir;
using namespace mlir::pdq;

/// What the attribute says where it fits the values; else the default. A value
/// of rank 1 has no other dimension than 0.
static SmallVector<int64_t> getAxes(DenseI64ArrayAttr attribute,
                                    ValueRange values) {
  bool fits = attribute && attribute.size() == int64_t(values.size());
  SmallVector<int64_t> axes;
  for (auto [number, value] : llvm::enumerate(values)) {
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    int64_t axis = fits ? attribute[number] : defaultChannelAxis;
    if (axis < 0 || axis >= rank)
      axis = std::min(defaultChannelAxis, rank - 1);
    axes.push_back(axis);
  }
  return axes;
}

SmallVector<int64_t> mlir::pdq::getInputChannelAxes(RegionOp region) {
  return getAxes(region.getInputChannelsAttr(), region.getInputs());
}

SmallVector<int64_t> mlir::pdq::getResultChannelAxes(RegionOp region) {
  return getAxes(region.getResultChannelsAttr(), region.getResults());
}

/// The attribute for these dimensions; null where all are the default.
static DenseI64ArrayAttr getAttr(RegionOp region, ArrayRef<int64_t> axes) {
  auto isDefault = [](int64_t axis) { return axis == defaultChannelAxis; };
  return llvm::all_of(axes, isDefault)
             ? DenseI64ArrayAttr()
             : DenseI64ArrayAttr::get(region.getContext(), axes);
}

void mlir::pdq::setChannelAxes(RegionOp region, ArrayRef<int64_t> inputs,
                               ArrayRef<int64_t> results) {
  region.setInputChannelsAttr(getAttr(region, inputs));
  region.setResultChannelsAttr(getAttr(region, results));
}
