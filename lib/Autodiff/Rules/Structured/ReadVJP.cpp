// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivative of reads at computed positions with respect to the tensor that is
// read. Adding to computed positions would need an order; each element looks
// for what was read of it instead. Where positions are known, a table says
// where to look.

#include "LinalgVJP.h"
#include "ReadPositions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Autodiff/TensorBuilder.h"

using namespace mlir;
using namespace mlir::pdq;

/// The map from `numLoops` loops to some of them.
static AffineMap getProjection(Builder &b, unsigned numLoops,
                               ArrayRef<unsigned> loops) {
  SmallVector<AffineExpr> results;
  for (unsigned loop : loops)
    results.push_back(b.getAffineDimExpr(loop));
  return AffineMap::get(numLoops, 0, results, b.getContext());
}

/// `value` where a condition holds, else 0; no condition always holds.
static Value selectOrZero(ImplicitLocOpBuilder &b, Value condition,
                          Value value) {
  if (!condition)
    return value;
  return arith::SelectOp::create(b, condition, value,
                                 buildFloat(b, value.getType(), 0));
}

static Value buildAnd(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
  return lhs ? arith::AndIOp::create(b, lhs, rhs).getResult() : rhs;
}

//===----------------------------------------------------------------------===//
// Known positions
//===----------------------------------------------------------------------===//

namespace {
/// Looks up in tables which iterations read an element. Loops: the dimensions
/// of the source, the columns of each table, and the loops of the operation
/// that no position depends on.
class TableAdjoint {
public:
  TableAdjoint(ImplicitLocOpBuilder &b, const ReadPositions &positions,
               ArrayRef<InverseTable> tables, Value source, Value elements);

  Value build();

private:
  void addTables();
  void addRest();
  Value buildElement(ImplicitLocOpBuilder &body, ValueRange steps);
  void findSteps(ImplicitLocOpBuilder &body, Value number,
                 ArrayRef<unsigned> sought, MutableArrayRef<Value> steps);

  ImplicitLocOpBuilder &b;
  ArrayRef<InverseTable> tables;
  Value source, elements;
  ArrayRef<int64_t> ranges;
  unsigned rank, numLoops;
  bool accumulates = false;
  /// The loop here for a loop of the operation, where it is not looked up.
  SmallVector<std::optional<unsigned>> loopOf;
  SmallVector<Value> inputs;
  /// The loops that index each input.
  SmallVector<SmallVector<unsigned>> indices;
};
} // namespace

TableAdjoint::TableAdjoint(ImplicitLocOpBuilder &b,
                           const ReadPositions &positions,
                           ArrayRef<InverseTable> tables, Value source,
                           Value elements)
    : b(b), tables(tables), source(source), elements(elements),
      ranges(cast<RankedTensorType>(elements.getType()).getShape()),
      rank(positions.getDims().size()), numLoops(rank), loopOf(ranges.size()) {
  for (auto [dim, info] : llvm::enumerate(positions.getDims()))
    if (info.direct)
      loopOf[*info.direct] = dim;
  addTables();
  addRest();
}

void TableAdjoint::addTables() {
  for (const InverseTable &table : tables) {
    auto type = RankedTensorType::get(table.shape, b.getI32Type());
    inputs.push_back(arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, ArrayRef(table.steps))));
    SmallVector<unsigned> &place = indices.emplace_back();
    for (unsigned loop : table.given)
      place.push_back(*loopOf[loop]);
    llvm::append_range(place, table.dims);
    if (table.width == 1)
      continue;
    place.push_back(numLoops++);
    accumulates = true;
  }
}

/// The other loops; an operand that is not read gives them their bounds.
void TableAdjoint::addRest() {
  llvm::SmallDenseSet<unsigned> sought;
  for (const InverseTable &table : tables)
    sought.insert(table.sought.begin(), table.sought.end());
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), elements);
  SmallVector<OpFoldResult> extents;
  SmallVector<unsigned> rest;
  for (unsigned loop = 0; loop < loopOf.size(); ++loop)
    if (!loopOf[loop] && !sought.contains(loop)) {
      loopOf[loop] = numLoops++;
      rest.push_back(*loopOf[loop]);
      extents.push_back(sizes[loop]);
    }
  if (rest.empty())
    return;
  accumulates = true;
  inputs.push_back(tensor::EmptyOp::create(
      b, extents, getElementTypeOrSelf(source.getType())));
  indices.push_back(rest);
}

/// The steps of the loops `sought` that have the row-major number `number`.
void TableAdjoint::findSteps(ImplicitLocOpBuilder &body, Value number,
                             ArrayRef<unsigned> sought,
                             MutableArrayRef<Value> steps) {
  if (sought.empty())
    return;
  for (unsigned loop : llvm::reverse(sought.drop_front())) {
    Value size = arith::ConstantIndexOp::create(body, ranges[loop]);
    steps[loop] = arith::RemUIOp::create(body, number, size);
    number = arith::DivUIOp::create(body, number, size);
  }
  steps[sought.front()] = number;
}

/// The cotangent that one combination of the tables' columns contributes.
Value TableAdjoint::buildElement(ImplicitLocOpBuilder &body,
                                 ValueRange numbers) {
  SmallVector<Value> steps(loopOf.size());
  for (auto [step, loop] : llvm::zip(steps, loopOf))
    if (loop)
      step = linalg::IndexOp::create(body, *loop);
  Value exists;
  for (auto [table, number] : llvm::zip_equal(tables, numbers)) {
    Value step = number;
    if (!table.isFull) {
      Value zero = arith::ConstantOp::create(body, body.getI32IntegerAttr(0));
      exists = buildAnd(
          body, exists,
          arith::CmpIOp::create(body, arith::CmpIPredicate::sge, number, zero));
      step = arith::MaxSIOp::create(body, number, zero);
    }
    step = arith::IndexCastOp::create(body, body.getIndexType(), step);
    findSteps(body, step, table.sought, steps);
  }
  Value element = tensor::ExtractOp::create(body, elements, steps);
  return selectOrZero(body, exists, element);
}

Value TableAdjoint::build() {
  SmallVector<AffineMap> maps;
  for (ArrayRef<unsigned> loops : indices)
    maps.push_back(getProjection(b, numLoops, loops));
  maps.push_back(getProjection(b, numLoops, llvm::to_vector(llvm::seq(rank))));
  SmallVector<utils::IteratorType> iterators(numLoops,
                                             utils::IteratorType::reduction);
  std::fill_n(iterators.begin(), rank, utils::IteratorType::parallel);
  Value init = accumulates ? buildZerosLike(b, b.getLoc(), source)
                           : buildEmptyLike(b, b.getLoc(), source);
  auto generic = linalg::GenericOp::create(
      b, TypeRange{init.getType()}, inputs, ValueRange{init}, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder body(loc, nested);
        Value value = buildElement(body, args.take_front(tables.size()));
        if (accumulates)
          value = arith::AddFOp::create(body, args.back(), value);
        linalg::YieldOp::create(body, value);
      });
  return generic.getResult(0);
}

//===----------------------------------------------------------------------===//
// Positions from data
//===----------------------------------------------------------------------===//

namespace {
/// Lets each element compare its place with all positions. Loops: those of the
/// operation, and the computed dimensions of the source.
class SearchAdjoint {
public:
  SearchAdjoint(ImplicitLocOpBuilder &b, linalg::LinalgOp op,
                tensor::ExtractOp read, const ReadPositions &positions,
                Value elements)
      : b(b), op(op), read(read), positions(positions), elements(elements) {}

  Value build();

private:
  Value buildPositions(unsigned dim);
  SmallVector<OpOperand *> getInputsOf(Value index,
                                       ArrayRef<Operation *> slice);

  ImplicitLocOpBuilder &b;
  linalg::LinalgOp op;
  tensor::ExtractOp read;
  const ReadPositions &positions;
  Value elements;
};
} // namespace

/// The inputs that a position is computed from.
SmallVector<OpOperand *>
SearchAdjoint::getInputsOf(Value index, ArrayRef<Operation *> slice) {
  SmallVector<OpOperand *> inputs;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    Value argument = op.getMatchingBlockArgument(operand);
    if (argument == index || llvm::any_of(slice, [&](Operation *step) {
          return llvm::is_contained(getPayloadOperands(step), argument);
        }))
      inputs.push_back(operand);
  }
  return inputs;
}

/// Clones what computes `index` to a payload whose loops are `loops`.
static Value cloneIndex(ImplicitLocOpBuilder &body, Value index,
                        ArrayRef<Operation *> slice, ArrayRef<unsigned> loops,
                        IRMapping &mapping) {
  for (Operation *step : slice) {
    auto counter = dyn_cast<linalg::IndexOp>(step);
    if (!counter) {
      body.clone(*step, mapping);
      continue;
    }
    unsigned place = llvm::find(loops, counter.getDim()) - loops.begin();
    mapping.map(counter.getResult(),
                linalg::IndexOp::create(body, place).getResult());
  }
  return arith::IndexCastOp::create(body, body.getI64Type(),
                                    mapping.lookupOrDefault(index));
}

/// The positions along one dimension of the source, over the loops that they
/// depend on.
Value SearchAdjoint::buildPositions(unsigned dim) {
  Value index = read.getIndices()[dim];
  ArrayRef<unsigned> loops = positions.getDims()[dim].loops.getArrayRef();
  SmallVector<AffineExpr> exprs(op.getNumLoops(), b.getAffineConstantExpr(0));
  SmallVector<OpFoldResult> all =
      tensor::getMixedSizes(b, b.getLoc(), elements);
  SmallVector<OpFoldResult> sizes;
  for (auto [place, loop] : llvm::enumerate(loops)) {
    exprs[loop] = b.getAffineDimExpr(place);
    sizes.push_back(all[loop]);
  }
  SmallVector<Operation *> slice = getPayloadSlice(*op.getBlock(), index);
  SmallVector<OpOperand *> used = getInputsOf(index, slice);
  SmallVector<AffineMap> maps;
  SmallVector<Value> inputs;
  for (OpOperand *operand : used) {
    inputs.push_back(operand->get());
    maps.push_back(op.getMatchingIndexingMap(operand).replaceDimsAndSymbols(
        exprs, {}, loops.size(), 0));
  }
  maps.push_back(b.getMultiDimIdentityMap(loops.size()));
  Value empty = tensor::EmptyOp::create(b, sizes, b.getI64Type());
  SmallVector<utils::IteratorType> iterators(loops.size(),
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      b, TypeRange{empty.getType()}, inputs, ValueRange{empty}, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder body(loc, nested);
        IRMapping mapping;
        for (auto [operand, arg] : llvm::zip(used, args))
          mapping.map(op.getMatchingBlockArgument(operand), arg);
        linalg::YieldOp::create(body,
                                cloneIndex(body, index, slice, loops, mapping));
      });
  return generic.getResult(0);
}

Value SearchAdjoint::build() {
  SmallVector<unsigned> all = llvm::to_vector(llvm::seq(op.getNumLoops()));
  // The loop of each dimension of the source; those that are searched along.
  SmallVector<unsigned> place, searched;
  unsigned numLoops = op.getNumLoops();
  for (const ReadDim &dim : positions.getDims()) {
    place.push_back(dim.direct ? *dim.direct : numLoops++);
    if (!dim.direct)
      searched.push_back(place.back());
  }
  SmallVector<Value> inputs{elements};
  SmallVector<AffineMap> maps{getProjection(b, numLoops, all)};
  for (auto [dim, info] : llvm::enumerate(positions.getDims()))
    if (!info.direct) {
      inputs.push_back(buildPositions(dim));
      maps.push_back(getProjection(b, numLoops, info.loops.getArrayRef()));
    }
  maps.push_back(getProjection(b, numLoops, place));
  Value init = buildZerosLike(b, b.getLoc(), read.getTensor());
  auto generic = linalg::GenericOp::create(
      b, TypeRange{init.getType()}, inputs, ValueRange{init}, maps,
      getAdjointIterators(maps.back()),
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder body(loc, nested);
        Value isRead;
        for (auto [loop, position] : llvm::zip(searched, args.drop_front())) {
          Value own = arith::IndexCastOp::create(
              body, body.getI64Type(),
              linalg::IndexOp::create(body, loop).getResult());
          isRead = buildAnd(body, isRead,
                            arith::CmpIOp::create(
                                body, arith::CmpIPredicate::eq, position, own));
        }
        Value value = selectOrZero(body, isRead, args[0]);
        linalg::YieldOp::create(
            body, arith::AddFOp::create(body, args.back(), value).getResult());
      });
  return generic.getResult(0);
}

Value mlir::pdq::buildReadVJP(OpBuilder &builder, linalg::LinalgOp op,
                              tensor::ExtractOp read, Value elements) {
  ImplicitLocOpBuilder b(op.getLoc(), builder);
  ReadPositions positions(op, read);
  SmallVector<InverseTable, 2> tables;
  for (ArrayRef<unsigned> group : positions.groupDims()) {
    FailureOr<InverseTable> table = invertPositions(op, read, positions, group);
    if (failed(table))
      return SearchAdjoint(b, op, read, positions, elements).build();
    tables.push_back(std::move(*table));
  }
  return TableAdjoint(b, positions, tables, read.getTensor(), elements).build();
}
