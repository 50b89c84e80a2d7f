// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which loops and iterations read an element at a computed position.

#include "ReadPositions.h"
#include "LinalgVJP.h"
#include "pdq/Support/ConstantElements.h"
#include "llvm/ADT/EquivalenceClasses.h"

using namespace mlir;
using namespace mlir::pdq;

/// Largest number of positions that are computed here.
static constexpr int64_t maxPositions = 1 << 20;

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The loops that a scalar of the payload depends on.
static llvm::SmallSetVector<unsigned, 4> collectLoops(linalg::LinalgOp op,
                                                      Value scalar) {
  llvm::SmallSetVector<unsigned, 4> loops;
  auto addArgument = [&](Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    if (!argument || argument.getOwner() != op.getBlock())
      return;
    AffineMap map =
        op.getMatchingIndexingMap(op.getMatchingOpOperand(argument));
    for (unsigned loop = 0; loop < map.getNumDims(); ++loop)
      if (map.isFunctionOfDim(loop))
        loops.insert(loop);
  };
  addArgument(scalar);
  for (Operation *step : getPayloadSlice(*op.getBlock(), scalar)) {
    if (auto index = dyn_cast<linalg::IndexOp>(step))
      loops.insert(index.getDim());
    llvm::for_each(getPayloadOperands(step), addArgument);
  }
  return loops;
}

ReadPositions::ReadPositions(linalg::LinalgOp op, tensor::ExtractOp read)
    : op(op), read(read) {
  for (unsigned dim = 0; dim < read.getIndices().size(); ++dim)
    dims.push_back(classify(dim));
}

bool ReadPositions::isDirect(unsigned loop) const {
  return llvm::any_of(dims,
                      [&](const ReadDim &dim) { return dim.direct == loop; });
}

ReadDim ReadPositions::classify(unsigned dim) {
  Value index = read.getIndices()[dim];
  int64_t size = read.getTensor().getType().getDimSize(dim);
  auto counter = index.getDefiningOp<linalg::IndexOp>();
  if (counter && !ShapedType::isDynamic(size) &&
      op.getStaticLoopRanges()[counter.getDim()] == size &&
      !isDirect(counter.getDim()))
    return {counter.getDim(), {}};
  return {std::nullopt, collectLoops(op, index)};
}

SmallVector<SmallVector<unsigned>> ReadPositions::groupDims() const {
  llvm::EquivalenceClasses<unsigned> classes;
  DenseMap<unsigned, unsigned> owner;
  for (auto [dim, info] : llvm::enumerate(dims)) {
    if (info.direct)
      continue;
    classes.insert(dim);
    for (unsigned loop : info.loops)
      if (!isDirect(loop))
        classes.unionSets(owner.try_emplace(loop, dim).first->second, dim);
  }
  SmallVector<SmallVector<unsigned>> groups;
  for (unsigned dim = 0; dim < dims.size(); ++dim) {
    if (dims[dim].direct)
      continue;
    auto *found = llvm::find_if(groups, [&](ArrayRef<unsigned> group) {
      return classes.isEquivalent(group.front(), dim);
    });
    if (found == groups.end())
      groups.push_back({dim});
    else
      found->push_back(dim);
  }
  return groups;
}

//===----------------------------------------------------------------------===//
// Known positions
//===----------------------------------------------------------------------===//

namespace {
/// Visits all iterations that choose positions along a group of dimensions.
class PositionInverter {
public:
  PositionInverter(linalg::LinalgOp op, tensor::ExtractOp read,
                   const ReadPositions &positions, ArrayRef<unsigned> group)
      : op(op), read(read), ranges(op.getStaticLoopRanges()),
        position(op.getNumLoops(), 0) {
    llvm::SmallSetVector<unsigned, 4> loops;
    for (unsigned dim : group)
      for (unsigned loop : positions.getDims()[dim].loops)
        loops.insert(loop);
    table.dims.assign(group.begin(), group.end());
    for (unsigned loop : loops)
      (positions.isDirect(loop) ? table.given : table.sought).push_back(loop);
    for (unsigned loop : table.given)
      table.shape.push_back(ranges[loop]);
    for (unsigned dim : group)
      table.shape.push_back(read.getTensor().getType().getDimSize(dim));
  }

  FailureOr<InverseTable> run();

private:
  LogicalResult visitLoop(size_t number);
  LogicalResult visitIteration();
  void fill();

  linalg::LinalgOp op;
  tensor::ExtractOp read;
  SmallVector<int64_t> ranges, position;
  ConstantElements constants;
  InverseTable table;
  /// Steps of the loops sought, for each element.
  std::vector<SmallVector<int32_t, 1>> found;
};
} // namespace

/// Whether a space has a known size that is small enough.
static bool isSmall(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (ShapedType::isDynamic(size) || size > maxPositions)
      return false;
    count *= size;
    if (count > maxPositions)
      return false;
  }
  return true;
}

/// Adds the current iteration to the element that it reads.
LogicalResult PositionInverter::visitIteration() {
  int64_t key = 0, step = 0;
  for (unsigned loop : table.given)
    key = key * ranges[loop] + position[loop];
  for (unsigned loop : table.sought)
    step = step * ranges[loop] + position[loop];
  for (unsigned dim : table.dims) {
    auto value = dyn_cast_or_null<IntegerAttr>(
        constants.getScalar(read.getIndices()[dim], op, position));
    int64_t size = read.getTensor().getType().getDimSize(dim);
    if (!value || value.getInt() < 0 || value.getInt() >= size)
      return failure();
    key = key * size + value.getInt();
  }
  found[key].push_back(step);
  return success();
}

/// Walks over the loops given and sought from the `number`-th one on.
LogicalResult PositionInverter::visitLoop(size_t number) {
  size_t numGiven = table.given.size();
  if (number == numGiven + table.sought.size())
    return visitIteration();
  unsigned loop =
      number < numGiven ? table.given[number] : table.sought[number - numGiven];
  for (position[loop] = 0; position[loop] < ranges[loop]; ++position[loop])
    if (failed(visitLoop(number + 1)))
      return failure();
  return success();
}

/// Writes rows of equal width.
void PositionInverter::fill() {
  table.width = 1;
  for (ArrayRef<int32_t> steps : found)
    table.width = std::max<int64_t>(table.width, steps.size());
  for (ArrayRef<int32_t> steps : found) {
    llvm::append_range(table.steps, steps);
    table.steps.append(table.width - steps.size(), -1);
    table.isFull &= static_cast<int64_t>(steps.size()) == table.width;
  }
  if (table.width > 1)
    table.shape.push_back(table.width);
}

FailureOr<InverseTable> PositionInverter::run() {
  SmallVector<int64_t> space;
  for (unsigned loop : llvm::concat<unsigned>(table.given, table.sought))
    space.push_back(ranges[loop]);
  if (!isSmall(space) || !isSmall(table.shape))
    return failure();
  found.resize(ShapedType::getNumElements(table.shape));
  if (failed(visitLoop(0)))
    return failure();
  fill();
  if (!isSmall(table.shape))
    return failure();
  return std::move(table);
}

FailureOr<InverseTable>
mlir::pdq::invertPositions(linalg::LinalgOp op, tensor::ExtractOp read,
                           const ReadPositions &positions,
                           ArrayRef<unsigned> group) {
  return PositionInverter(op, read, positions, group).run();
}
