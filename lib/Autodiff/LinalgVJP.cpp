// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The universal rule: the payload's derivative under transposed indexing maps
// serves every structured operation, named or generic.

#include "LinalgVJP.h"
#include "ScalarVJP.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Autodiff/ReverseMode.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

/// Operations of `block` that `value` depends on, in order.
static SmallVector<Operation *> getSlice(Block &block, Value value) {
  DenseSet<Operation *> slice;
  SmallVector<Value> worklist{value};
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    if (op && op->getBlock() == &block && slice.insert(op).second)
      llvm::append_range(worklist, op->getOperands());
  }
  SmallVector<Operation *> ordered;
  for (Operation &op : block)
    if (slice.contains(&op))
      ordered.push_back(&op);
  return ordered;
}

CombinedResult mlir::pdq::classifyResult(linalg::LinalgOp op, unsigned result) {
  Block &block = *op.getBlock();
  Value yielded = block.getTerminator()->getOperand(result);
  BlockArgument initial =
      op.getMatchingBlockArgument(op.getDpsInitOperand(result));
  if (initial.use_empty())
    return {Combiner::None, yielded};
  Operation *combiner = yielded.getDefiningOp();
  if (!combiner || combiner->getNumOperands() != 2 ||
      !llvm::is_contained(combiner->getOperands(), initial))
    return {Combiner::Unsupported, {}};
  Value term = combiner->getOperand(combiner->getOperand(0) == initial);
  SmallVector<Operation *> slice = getSlice(block, term);
  bool readsInitial =
      term == initial || llvm::any_of(slice, [&](Operation *op) {
        return llvm::is_contained(op->getOperands(), initial);
      });
  if (readsInitial)
    return {Combiner::Unsupported, {}};
  if (isa<arith::AddFOp>(combiner))
    return {Combiner::Sum, term};
  if (isa<arith::MaximumFOp, arith::MaxNumFOp>(combiner))
    return {Combiner::Max, term};
  if (isa<arith::MinimumFOp, arith::MinNumFOp>(combiner))
    return {Combiner::Min, term};
  return {Combiner::Unsupported, {}};
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

//===----------------------------------------------------------------------===//
// Adjoint of a term
//===----------------------------------------------------------------------===//

namespace {
/// Builds the adjoint of one input.
class TermAdjoint {
public:
  TermAdjoint(OpBuilder &builder, linalg::LinalgOp op, unsigned result,
              Value term, OpOperand *input, Value cotangent)
      : builder(builder), op(op), term(term), input(input) {
    for (OpOperand *operand : op.getDpsInputOperands()) {
      operands.push_back(operand->get());
      maps.push_back(op.getMatchingIndexingMap(operand));
    }
    operands.push_back(cotangent);
    maps.push_back(op.getMatchingIndexingMap(op.getDpsInitOperand(result)));
    inputMap = op.getMatchingIndexingMap(input);
    iterators = getAdjointIterators(inputMap);
    accumulates = !inputMap.isPermutation();
  }

  FailureOr<Value> build();

private:
  FailureOr<Value> buildPayload(ImplicitLocOpBuilder &b, Block &body);
  linalg::GenericOp pruneOperands(linalg::GenericOp generic);

  OpBuilder &builder;
  linalg::LinalgOp op;
  Value term;
  OpOperand *input;
  /// Inputs of `op`, then the cotangent; and how they are indexed.
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  AffineMap inputMap;
  SmallVector<utils::IteratorType> iterators;
  /// Several iterations contribute to one element.
  bool accumulates;
};
} // namespace

/// Derivative of the term with respect to the input's scalar, times the
/// cotangent's scalar. Null: it does not depend on it.
FailureOr<Value> TermAdjoint::buildPayload(ImplicitLocOpBuilder &b,
                                           Block &body) {
  IRMapping mapping;
  for (OpOperand *operand : op.getDpsInputOperands())
    mapping.map(op.getMatchingBlockArgument(operand),
                body.getArgument(operand->getOperandNumber()));
  Value variable = body.getArgument(input->getOperandNumber());
  Value seed = body.getArgument(operands.size() - 1);
  SmallVector<Operation *> forward;
  DenseSet<Value> active{variable};
  for (Operation *original : getSlice(*op.getBlock(), term)) {
    Operation *clone = b.clone(*original, mapping);
    forward.push_back(clone);
    bool varied = llvm::any_of(clone->getOperands(),
                               [&](Value v) { return active.contains(v); });
    for (Value result : clone->getResults())
      if (varied && isa<FloatType>(result.getType()))
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
  accumulate(mapping.lookupOrDefault(term), seed);
  for (Operation *scalar : llvm::reverse(forward)) {
    Value cotangent = scalar->getNumResults() == 1
                          ? cotangents.lookup(scalar->getResult(0))
                          : Value();
    if (cotangent && failed(buildScalarVJP(b, scalar, cotangent, accumulate))) {
      op.emitOpError() << "has no derivative rule for '" << scalar->getName()
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
  unsigned numLoops = inputMap.getNumDims();
  llvm::SmallBitVector bounded(numLoops);
  auto bound = [&](AffineMap map) {
    bool helps = false;
    for (AffineExpr result : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(result)) {
        helps |= !bounded.test(dim.getPosition());
        bounded.set(dim.getPosition());
      }
    return helps;
  };
  Block &body = *generic.getBody();
  llvm::SmallBitVector kept(operands.size());
  bound(inputMap);
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
  keptMaps.push_back(inputMap);
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
  Value source = input->get();
  Value init = accumulates ? buildZerosLike(builder, loc, source)
                           : buildEmptyLike(builder, loc, source);
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(inputMap);
  FailureOr<Value> cotangent = Value();
  auto generic = linalg::GenericOp::create(
      builder, loc, TypeRange{source.getType()}, operands, ValueRange{init},
      allMaps, iterators, [&](OpBuilder &nested, Location, ValueRange args) {
        ImplicitLocOpBuilder b(loc, nested);
        cotangent = buildPayload(b, *nested.getInsertionBlock());
        Type type = getElementTypeOrSelf(source.getType());
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

FailureOr<Value> mlir::pdq::buildTermVJP(OpBuilder &builder,
                                         linalg::LinalgOp op, unsigned result,
                                         Value term, OpOperand *input,
                                         Value cotangent) {
  return TermAdjoint(builder, op, result, term, input, cotangent).build();
}

//===----------------------------------------------------------------------===//
// The rule
//===----------------------------------------------------------------------===//

namespace {
/// Collects the contributions to the operands of one operation.
class LinalgRule {
public:
  LinalgRule(OpBuilder &builder, linalg::LinalgOp op, ArrayRef<bool> needed,
             SmallVectorImpl<Value> &contributions)
      : builder(builder), op(op), needed(needed), contributions(contributions) {
  }

  LogicalResult visitResult(unsigned result, Value cotangent);

private:
  void add(OpOperand *operand, Value contribution) {
    Value &sum = contributions[operand->getOperandNumber()];
    ImplicitLocOpBuilder b(op.getLoc(), builder);
    sum = sum ? buildAdd(b, sum, contribution) : contribution;
  }

  OpBuilder &builder;
  linalg::LinalgOp op;
  ArrayRef<bool> needed;
  SmallVectorImpl<Value> &contributions;
};
} // namespace

LogicalResult LinalgRule::visitResult(unsigned result, Value cotangent) {
  CombinedResult combined = classifyResult(op, result);
  OpOperand *init = op.getDpsInitOperand(result);
  bool extremum =
      combined.combiner == Combiner::Max || combined.combiner == Combiner::Min;
  if (extremum) {
    auto argument = dyn_cast<BlockArgument>(combined.term);
    OpOperand *input =
        argument ? op.getDpsInputOperand(argument.getArgNumber()) : nullptr;
    if (!input)
      return op.emitOpError("reduces a computed value by maximum or minimum, "
                            "which has no derivative rule");
    if (needed[init->getOperandNumber()])
      return op.emitOpError("differentiates the initial value of a maximum or "
                            "minimum, which has no derivative rule");
    if (!needed[input->getOperandNumber()])
      return success();
    FailureOr<Value> value =
        buildExtremumVJP(builder, op, result, combined, cotangent);
    if (failed(value))
      return failure();
    add(input, *value);
    return success();
  }
  if (combined.combiner == Combiner::Unsupported)
    return op.emitOpError("combines its initial value in a way that has no "
                          "derivative rule; sums, maxima and minima have one");
  if (combined.combiner == Combiner::Sum && needed[init->getOperandNumber()])
    add(init, cotangent);
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (!needed[input->getOperandNumber()])
      continue;
    if (!isa<RankedTensorType>(input->get().getType()))
      return op.emitOpError("differentiates a scalar operand, which has no "
                            "derivative rule; use a tensor of rank 0");
    FailureOr<Value> value =
        buildTermVJP(builder, op, result, combined.term, input, cotangent);
    if (failed(value))
      return failure();
    if (*value)
      add(input, *value);
  }
  return success();
}

namespace {
template <typename OpTy>
struct LinalgVJP
    : DifferentiableOpInterface::ExternalModel<LinalgVJP<OpTy>, OpTy> {
  LogicalResult buildVJP(Operation *op, OpBuilder &builder,
                         ArrayRef<Value> cotangents, ArrayRef<bool> needed,
                         SmallVectorImpl<Value> &contributions) const {
    LinalgRule rule(builder, cast<linalg::LinalgOp>(op), needed, contributions);
    for (auto [result, cotangent] : llvm::enumerate(cotangents))
      if (cotangent && failed(rule.visitResult(result, cotangent)))
        return failure();
    return success();
  }
};

/// A fill overwrites a tensor with a scalar, which is never differentiated.
struct FillVJP
    : DifferentiableOpInterface::ExternalModel<FillVJP, linalg::FillOp> {
  LogicalResult buildVJP(Operation *, OpBuilder &, ArrayRef<Value>,
                         ArrayRef<bool>, SmallVectorImpl<Value> &) const {
    return success();
  }
  bool isDifferentiableThrough(Operation *, unsigned, unsigned) const {
    return false;
  }
};
} // namespace

template <typename... OpTys> static void attachLinalgVJP(MLIRContext *context) {
  auto attach = [&](auto *tag) {
    using OpTy = std::remove_pointer_t<decltype(tag)>;
    if constexpr (!std::is_same_v<OpTy, linalg::FillOp>)
      OpTy::template attachInterface<LinalgVJP<OpTy>>(*context);
  };
  (attach(static_cast<OpTys *>(nullptr)), ...);
}

namespace mlir::pdq {
void registerLinalgVJPs(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    attachLinalgVJP<
#define GET_OP_LIST
#include "mlir/Dialect/Linalg/IR/LinalgStructuredOps.cpp.inc"
        >(context);
    linalg::FillOp::attachInterface<FillVJP>(*context);
  });
}
} // namespace mlir::pdq
