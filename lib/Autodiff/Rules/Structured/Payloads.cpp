// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the payload of a structured operation combines what it computes with the
// initial value.

#include "LinalgVJP.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/RegionUtils.h"
#include "pdq/Autodiff/Rules/ScalarVJP.h"

using namespace mlir;
using namespace mlir::pdq;

SmallVector<Value> mlir::pdq::getPayloadOperands(Operation *step) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(step->getRegions(), captured);
  SmallVector<Value> operands(step->getOperands());
  llvm::append_range(operands, captured);
  return operands;
}

SmallVector<Operation *> mlir::pdq::getPayloadSlice(Block &block, Value value) {
  DenseSet<Operation *> slice;
  SmallVector<Value> worklist{value};
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (op && op->getBlock() == &block && slice.insert(op).second)
      llvm::append_range(worklist, getPayloadOperands(op));
  }
  SmallVector<Operation *> ordered;
  for (Operation &op : block)
    if (slice.contains(&op))
      ordered.push_back(&op);
  return ordered;
}

namespace {
/// How a scalar depends on the initial values of an operation.
enum class Dependence {
  None,
  /// It is the initial value of the result in question, plus something else.
  Added,
  Other
};

/// Finds how the scalars of a payload depend on initial values.
class InitialValues {
public:
  InitialValues(linalg::LinalgOp op, BlockArgument initial)
      : op(op), initial(initial) {}

  Dependence get(Value value) {
    if (value == initial)
      return Dependence::Added;
    auto argument = dyn_cast<BlockArgument>(value);
    if (argument && argument.getOwner() == op.getBlock())
      return op.isDpsInit(op.getMatchingOpOperand(argument)) ? Dependence::Other
                                                             : Dependence::None;
    Operation *def = value.getDefiningOp();
    if (!def || def->getBlock() != op.getBlock())
      return Dependence::None;
    auto [known, isNew] = dependences.try_emplace(def, Dependence::None);
    if (!isNew)
      return known->second;
    Dependence dependence = compute(def);
    return dependences[def] = dependence;
  }

private:
  Dependence compute(Operation *def) {
    SmallVector<Dependence> operands = llvm::map_to_vector(
        getPayloadOperands(def), [&](Value operand) { return get(operand); });
    auto are = [&](ArrayRef<Dependence> expected) {
      return ArrayRef(operands) == expected;
    };
    if (llvm::all_of(operands, [](auto d) { return d == Dependence::None; }))
      return Dependence::None;
    constexpr Dependence none = Dependence::None, added = Dependence::Added;
    bool adds = (isa<arith::AddFOp>(def) && are({none, added})) ||
                (isa<arith::AddFOp, arith::SubFOp>(def) && are({added, none}));
    bool fuses = isa<math::FmaOp>(def) && are({none, none, added});
    bool chooses = isa<arith::SelectOp>(def) && are({none, added, added});
    return adds || fuses || chooses ? added : Dependence::Other;
  }

  linalg::LinalgOp op;
  BlockArgument initial;
  DenseMap<Operation *, Dependence> dependences;
};
} // namespace

CombinedResult mlir::pdq::classifyResult(linalg::LinalgOp op, unsigned result) {
  Value yielded = op.getBlock()->getTerminator()->getOperand(result);
  BlockArgument initial =
      op.getMatchingBlockArgument(op.getDpsInitOperand(result));
  InitialValues initials(op, initial);
  switch (initials.get(yielded)) {
  case Dependence::None:
    return {Combiner::None, yielded};
  case Dependence::Added:
    return {Combiner::Sum, yielded};
  case Dependence::Other:
    break;
  }
  Operation *def = yielded.getDefiningOp();
  if (auto product = dyn_cast_or_null<arith::MulFOp>(def);
      product && product->getBlock() == op.getBlock())
    for (auto [one, other] : {std::pair(product.getLhs(), product.getRhs()),
                              std::pair(product.getRhs(), product.getLhs())})
      if (one == initial && initials.get(other) == Dependence::None)
        return {Combiner::Product, other};
  FailureOr<ScalarExtremum> extremum = failure();
  if (def && def->getBlock() == op.getBlock())
    extremum = matchExtremum(def);
  if (failed(extremum))
    return {Combiner::Unsupported, {}};
  Value term = extremum->lhs == initial ? extremum->rhs : extremum->lhs;
  bool combines = extremum->lhs == initial || extremum->rhs == initial;
  if (!combines || initials.get(term) != Dependence::None)
    return {Combiner::Unsupported, {}};
  return {extremum->isMax ? Combiner::Max : Combiner::Min, term};
}

SmallVector<utils::IteratorType> mlir::pdq::getAdjointIterators(AffineMap map) {
  SmallVector<utils::IteratorType> iterators(map.getNumDims(),
                                             utils::IteratorType::reduction);
  for (unsigned dim = 0; dim < map.getNumDims(); ++dim) {
    AffineExpr expr = getAffineDimExpr(dim, map.getContext());
    unsigned whole = 0, inside = 0;
    for (AffineExpr result : map.getResults()) {
      whole += result == expr;
      inside += result != expr && result.isFunctionOfDim(dim);
    }
    if (whole == 1 && inside == 0)
      iterators[dim] = utils::IteratorType::parallel;
  }
  return iterators;
}
