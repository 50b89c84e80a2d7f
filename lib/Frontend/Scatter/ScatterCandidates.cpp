// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables of updates over the coordinates that are known.

#include "ScatterCandidates.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::pdq;

ScatterCandidates
mlir::pdq::findScatterCandidates(const CoordinateScatter &scatter) {
  ScatterCandidates found;
  for (int64_t dim = 1; dim < scatter.getNumCoordinates(); ++dim) {
    if (scatter.known[dim].empty())
      continue;
    found.dims.push_back(dim);
    found.shape.push_back(scatter.getType().getDimSize(dim));
  }
  SmallVector<int64_t> strides = computeStrides(found.shape);
  SmallVector<SmallVector<int64_t>> updates(
      ShapedType::getNumElements(found.shape));
  size_t most = 1;
  for (int64_t update = 0; update < scatter.count; ++update) {
    int64_t place = 0;
    for (auto [dim, stride] : llvm::zip_equal(found.dims, strides))
      place += scatter.known[dim][update] * stride;
    updates[place].push_back(update);
    most = std::max(most, updates[place].size());
  }
  for (SmallVector<int64_t> &row : updates) {
    row.resize(most, -1);
    llvm::append_range(found.updates, row);
  }
  found.shape.push_back(most);
  return found;
}

void mlir::pdq::keepLast(ScatterCandidates &candidates) {
  int64_t most = candidates.shape.pop_back_val();
  SmallVector<int64_t> last;
  for (size_t i = 0; i < candidates.updates.size(); i += most)
    last.push_back(*std::max_element(candidates.updates.begin() + i,
                                     candidates.updates.begin() + i + most));
  candidates.updates = std::move(last);
}
