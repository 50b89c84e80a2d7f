// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The payload's derivative under transposed indexing maps.

#include "LinalgVJP.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Autodiff/Rules/ScalarVJP.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Builds the adjoint with respect to one scalar of the payload.
class TermAdjoint {
public:
  /// The scalar's cotangents go to where `map` says; `like` is a tensor of the
  /// shape that they have there.
  TermAdjoint(OpBuilder &builder, const ResultTerm &part, Value scalar,
              AffineMap map, Value like)
      : builder(builder), op(part.op), term(part.term), scalar(scalar),
        map(map), like(like), iterators(getAdjointIterators(map)),
        accumulates(!map.isPermutation()) {
    for (OpOperand *operand : op.getDpsInputOperands()) {
      operands.push_back(operand->get());
      maps.push_back(op.getMatchingIndexingMap(operand));
    }
    operands.push_back(part.cotangent);
    maps.push_back(
        op.getMatchingIndexingMap(op.getDpsInitOperand(part.result)));
  }

  FailureOr<Value> build();

private:
  IRMapping mapArguments(ImplicitLocOpBuilder &b, Block &body);
  FailureOr<Value> buildPayload(ImplicitLocOpBuilder &b, Block &body);
  linalg::GenericOp pruneOperands(linalg::GenericOp generic);

  OpBuilder &builder;
  linalg::LinalgOp op;
  Value term, scalar;
  AffineMap map;
  Value like;
  /// Inputs of `op`, then the cotangent; and how they are indexed.
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  SmallVector<utils::IteratorType> iterators;
  /// Several iterations contribute to one element.
  bool accumulates;
};
} // namespace

/// Inputs are the arguments of the new payload, or numbers where all elements
/// are the same, so that bounds are known to be constant. Initial values have
/// no influence on the derivative.
IRMapping TermAdjoint::mapArguments(ImplicitLocOpBuilder &b, Block &body) {
  IRMapping mapping;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    Value argument = op.getMatchingBlockArgument(operand);
    SplatElementsAttr splat;
    Attribute constant = matchPattern(operand->get(), m_Constant(&splat))
                             ? splat.getSplatValue<Attribute>()
                             : Attribute();
    if (isa_and_nonnull<FloatAttr>(constant))
      mapping.map(
          argument,
          arith::ConstantOp::create(b, cast<TypedAttr>(constant)).getResult());
    else
      mapping.map(argument, body.getArgument(operand->getOperandNumber()));
  }
  for (OpOperand &init : op.getDpsInitsMutable()) {
    BlockArgument argument = op.getMatchingBlockArgument(&init);
    if (!argument.use_empty())
      mapping.map(argument, arith::ConstantOp::create(
                                b, b.getZeroAttr(argument.getType())));
  }
  return mapping;
}

/// Derivative of the term with respect to the scalar, times the cotangent's
/// scalar. Null: it does not depend on it.
FailureOr<Value> TermAdjoint::buildPayload(ImplicitLocOpBuilder &b,
                                           Block &body) {
  IRMapping mapping = mapArguments(b, body);
  Value seed = body.getArgument(operands.size() - 1);
  SmallVector<Operation *> forward;
  DenseSet<Value> active{mapping.lookupOrDefault(scalar)};
  for (Operation *original : getPayloadSlice(*op.getBlock(), term)) {
    Operation *clone = b.clone(*original, mapping);
    forward.push_back(clone);
    bool varied = llvm::any_of(getPayloadOperands(original), [&](Value v) {
      return active.contains(mapping.lookupOrDefault(v));
    });
    for (auto [before, result] :
         llvm::zip_equal(original->getResults(), clone->getResults()))
      if (before == scalar || (varied && isa<FloatType>(result.getType())))
        active.insert(result);
  }
  DenseMap<Value, Value> cotangents;
  auto accumulate = [&](Value value, Value contribution) {
    if (!active.contains(value))
      return;
    Value &sum = cotangents[value];
    sum = sum ? arith::AddFOp::create(b, sum, contribution).getResult()
              : contribution;
  };
  Value variable = mapping.lookupOrDefault(scalar);
  accumulate(mapping.lookupOrDefault(term), seed);
  for (Operation *step : llvm::reverse(forward)) {
    Value cotangent = step->getNumResults() == 1
                          ? cotangents.lookup(step->getResult(0))
                          : Value();
    if (!cotangent || step->getResult(0) == variable)
      continue;
    if (failed(buildScalarVJP(b, step, cotangent, accumulate))) {
      op.emitOpError() << "has no derivative rule for '" << step->getName()
                       << "' in its payload";
      return failure();
    }
  }
  return cotangents.lookup(variable);
}

/// Erases payload operations without uses, last first.
static void eraseDeadPayload(Block &body) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

/// Removes operands that the payload does not read; one that is needed to
/// bound a loop stays.
linalg::GenericOp TermAdjoint::pruneOperands(linalg::GenericOp generic) {
  unsigned numLoops = map.getNumDims();
  llvm::SmallBitVector bounded(numLoops);
  auto bound = [&](AffineMap indexing) {
    bool helps = false;
    for (AffineExpr result : indexing.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(result)) {
        helps |= !bounded.test(dim.getPosition());
        bounded.set(dim.getPosition());
      }
    return helps;
  };
  Block &body = *generic.getBody();
  llvm::SmallBitVector kept(operands.size());
  bound(map);
  for (size_t i = 0; i < operands.size(); ++i)
    if (!body.getArgument(i).use_empty()) {
      kept.set(i);
      bound(maps[i]);
    }
  for (size_t i = 0; i < operands.size(); ++i)
    if (!kept.test(i) && !bounded.all() && bound(maps[i]))
      kept.set(i);
  if (kept.all())
    return generic;
  SmallVector<Value> keptOperands;
  SmallVector<AffineMap> keptMaps;
  for (unsigned i : kept.set_bits()) {
    keptOperands.push_back(operands[i]);
    keptMaps.push_back(maps[i]);
  }
  keptMaps.push_back(map);
  auto pruned = linalg::GenericOp::create(
      builder, op.getLoc(), generic.getResultTypes(), keptOperands,
      generic.getOutputs(), keptMaps, iterators);
  for (int i = operands.size() - 1; i >= 0; --i)
    if (!kept.test(i))
      body.eraseArgument(i);
  pruned.getRegion().takeBody(generic.getRegion());
  generic.erase();
  return pruned;
}

FailureOr<Value> TermAdjoint::build() {
  Location loc = op.getLoc();
  Value init = accumulates ? buildZerosLike(builder, loc, like)
                           : buildEmptyLike(builder, loc, like);
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(map);
  FailureOr<Value> cotangent = Value();
  auto generic = linalg::GenericOp::create(
      builder, loc, TypeRange{init.getType()}, operands, ValueRange{init},
      allMaps, iterators, [&](OpBuilder &nested, Location, ValueRange args) {
        ImplicitLocOpBuilder b(loc, nested);
        cotangent = buildPayload(b, *nested.getInsertionBlock());
        Type type = getElementTypeOrSelf(like.getType());
        Value value = succeeded(cotangent) && *cotangent
                          ? *cotangent
                          : buildFloat(b, type, 0);
        if (accumulates)
          value = arith::AddFOp::create(b, args.back(), value);
        linalg::YieldOp::create(b, value);
      });
  if (failed(cotangent) || !*cotangent) {
    generic.erase();
    return cotangent;
  }
  eraseDeadPayload(*generic.getBody());
  return pruneOperands(generic).getResult(0);
}

FailureOr<Value> mlir::pdq::buildInputVJP(OpBuilder &builder,
                                          const ResultTerm &part,
                                          OpOperand *input) {
  linalg::LinalgOp op = part.op;
  return TermAdjoint(builder, part, op.getMatchingBlockArgument(input),
                     op.getMatchingIndexingMap(input), input->get())
      .build();
}

/// An uninitialized tensor with a dimension for each loop.
static Value buildEmptyOverLoops(OpBuilder &builder, linalg::LinalgOp op,
                                 Type elementType) {
  auto sizes = llvm::map_to_vector(
      op.createLoopRanges(builder, op.getLoc()),
      [](const Range &range) -> OpFoldResult { return range.size; });
  return tensor::EmptyOp::create(builder, op.getLoc(), sizes, elementType);
}

FailureOr<Value> mlir::pdq::buildReadElementVJP(OpBuilder &builder,
                                                const ResultTerm &part,
                                                tensor::ExtractOp read) {
  linalg::LinalgOp op = part.op;
  AffineMap all = builder.getMultiDimIdentityMap(op.getNumLoops());
  Value like = buildEmptyOverLoops(builder, op, read.getType());
  return TermAdjoint(builder, part, read.getResult(), all, like).build();
}

linalg::GenericOp mlir::pdq::buildTerms(OpBuilder &builder, linalg::LinalgOp op,
                                        Value term) {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    inputs.push_back(operand->get());
    maps.push_back(op.getMatchingIndexingMap(operand));
  }
  maps.push_back(builder.getMultiDimIdentityMap(op.getNumLoops()));
  Value empty = buildEmptyOverLoops(builder, op, term.getType());
  SmallVector<utils::IteratorType> iterators(op.getNumLoops(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
      builder, op.getLoc(), empty.getType(), inputs, empty, maps, iterators,
      [&](OpBuilder &b, Location loc, ValueRange args) {
        IRMapping mapping;
        for (OpOperand *operand : op.getDpsInputOperands())
          mapping.map(op.getMatchingBlockArgument(operand),
                      args[operand->getOperandNumber()]);
        for (Operation *step : getPayloadSlice(*op.getBlock(), term))
          b.clone(*step, mapping);
        linalg::YieldOp::create(b, loc, mapping.lookupOrDefault(term));
      });
}
