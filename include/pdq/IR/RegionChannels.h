// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which dimension of the values at the border of a region is the channel:
// losses sum over channels and average over everything else.

#ifndef PDQ_IR_REGIONCHANNELS_H
#define PDQ_IR_REGIONCHANNELS_H

#include "pdq/IR/PDQ.h"

namespace mlir::pdq {

/// The channel dimension where nobody has said another one.
inline constexpr int64_t defaultChannelAxis = 1;

/// The channel dimensions of all inputs, and of all results, of a region.
SmallVector<int64_t> getInputChannelAxes(RegionOp region);
SmallVector<int64_t> getResultChannelAxes(RegionOp region);

/// Keeps them at the region, in the attributes `input_channels` and
/// `result_channels`; there are none where all dimensions are the default.
void setChannelAxes(RegionOp region, ArrayRef<int64_t> inputs,
                    ArrayRef<int64_t> results);

} // namespace mlir::pdq

#endif // PDQ_IR_REGIONCHANNELS_H
