// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The universal rule: the payload's derivative under transposed indexing maps
// serves every structured operation, named or generic.

#include "LinalgVJP.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Autodiff/ReverseMode.h"
#include "pdq/Autodiff/TensorBuilder.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Collects the contributions of one operation's results to what it reads.
class LinalgRule {
public:
  LinalgRule(OpBuilder &builder, linalg::LinalgOp op)
      : builder(builder), op(op) {}
  ~LinalgRule() {
    if (withInitialInputs)
      withInitialInputs.erase();
  }

  /// Adds the contribution to each operand that is needed.
  LogicalResult visitOperands(unsigned result, Value cotangent,
                              ArrayRef<bool> needed,
                              SmallVectorImpl<Value> &contributions);

  /// Adds the contribution to a tensor that the payload reads elements of.
  LogicalResult visitCaptured(unsigned result, Value cotangent, Value captured,
                              Value &contribution);

private:
  void add(Value &sum, Value contribution) {
    ImplicitLocOpBuilder b(op.getLoc(), builder);
    sum = sum ? buildAdd(b, sum, contribution) : contribution;
  }
  LogicalResult refuseCaptured() {
    return op.emitOpError(
        "captures a value that is differentiated; pass it as an operand");
  }
  bool dependsOn(unsigned result, function_ref<bool(Value)> isRead);
  OpOperand *getExtremumInput(unsigned result);
  LogicalResult visitExtremumInput(unsigned result, Value cotangent,
                                   OpOperand *input, ArrayRef<bool> needed,
                                   SmallVectorImpl<Value> &contributions);
  LogicalResult checkStores(unsigned result);
  FailureOr<ResultTerm> getTerm(unsigned result, Value cotangent,
                                Value *initial);
  FailureOr<ResultTerm> getCombinedTerm(unsigned result,
                                        CombinedResult combined,
                                        Value cotangent, Value *initial);
  ResultTerm getTermWithInitialInputs(unsigned result, Value cotangent);

  OpBuilder &builder;
  linalg::LinalgOp op;
  /// The operation with initial values for inputs, as far as they are read.
  linalg::GenericOp withInitialInputs;
};
} // namespace

//===----------------------------------------------------------------------===//
// Terms
//===----------------------------------------------------------------------===//

static bool isExtremum(Combiner combiner) {
  return combiner == Combiner::Max || combiner == Combiner::Min;
}

/// Whether the payload reads something for a result.
bool LinalgRule::dependsOn(unsigned result, function_ref<bool(Value)> isRead) {
  Value yielded = op.getBlock()->getTerminator()->getOperand(result);
  return isRead(yielded) ||
         llvm::any_of(getPayloadSlice(*op.getBlock(), yielded),
                      [&](Operation *step) {
                        return llvm::any_of(getPayloadOperands(step), isRead);
                      });
}

/// The input whose extremum over the reduction loops is the result, if it is
/// one.
OpOperand *LinalgRule::getExtremumInput(unsigned result) {
  CombinedResult combined = classifyResult(op, result);
  if (!isExtremum(combined.combiner) || op.getNumReductionLoops() == 0)
    return nullptr;
  auto argument = dyn_cast<BlockArgument>(combined.term);
  if (!argument || argument.getOwner() != op.getBlock())
    return nullptr;
  OpOperand *input = op.getMatchingOpOperand(argument);
  return isa<RankedTensorType>(input->get().getType()) ? input : nullptr;
}

/// Without a combiner every element must be stored exactly once.
LogicalResult LinalgRule::checkStores(unsigned result) {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(result));
  bool once = map.isProjectedPermutation(/*allowZeroInResults=*/true);
  for (auto [loop, range] : llvm::enumerate(op.getStaticLoopRanges()))
    once &= range == 1 || map.isFunctionOfDim(loop);
  if (once)
    return success();
  return op.emitOpError("overwrites elements of its result in other "
                        "iterations, which has no derivative rule; sums, "
                        "products, maxima and minima have one");
}

/// Where no loop is a reduction, an initial value is one more input.
ResultTerm LinalgRule::getTermWithInitialInputs(unsigned result,
                                                Value cotangent) {
  if (!withInitialInputs) {
    SmallVector<Value> inputs(op->getOperands()), empty;
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    for (OpOperand &init : op.getDpsInitsMutable()) {
      empty.push_back(buildEmptyLike(builder, op.getLoc(), init.get()));
      maps.push_back(op.getMatchingIndexingMap(&init));
    }
    withInitialInputs = linalg::GenericOp::create(
        builder, op.getLoc(), op->getResultTypes(), inputs, empty, maps,
        op.getIteratorTypesArray());
    Region &region = withInitialInputs.getRegion();
    region.getBlocks().clear();
    IRMapping mapping;
    op->getRegion(0).cloneInto(&region, mapping);
    for (Value value : empty)
      region.front().addArgument(getElementTypeOrSelf(value.getType()),
                                 op.getLoc());
  }
  Value term = withInitialInputs.getBody()->getTerminator()->getOperand(result);
  return {cast<linalg::LinalgOp>(withInitialInputs.getOperation()), result,
          term, cotangent};
}

/// The terms of an extremum or a product become a tensor of their own, which
/// has the cotangent.
FailureOr<ResultTerm> LinalgRule::getCombinedTerm(unsigned result,
                                                  CombinedResult combined,
                                                  Value cotangent,
                                                  Value *initial) {
  linalg::GenericOp terms = buildTerms(builder, op, combined.term);
  AffineMap all = builder.getMultiDimIdentityMap(op.getNumLoops());
  FailureOr<CombinedCotangents> found =
      combined.combiner == Combiner::Product
          ? buildProductVJP(builder, op, result, cotangent, terms.getResult(0),
                            /*needsInitial=*/initial)
          : buildExtremumVJP(builder, op, result, cotangent, terms.getResults(),
                             all, /*input=*/0, /*needsInitial=*/initial);
  if (failed(found))
    return failure();
  if (initial)
    *initial = found->initial;
  return ResultTerm{cast<linalg::LinalgOp>(terms.getOperation()), 0,
                    terms.getBody()->getTerminator()->getOperand(0),
                    found->terms};
}

/// What is stored or added up, where operands have the numbers that they have
/// in `op`; and the cotangent of the initial value, where it is no input there.
FailureOr<ResultTerm> LinalgRule::getTerm(unsigned result, Value cotangent,
                                          Value *initial) {
  CombinedResult combined = classifyResult(op, result);
  switch (combined.combiner) {
  case Combiner::None:
    if (failed(checkStores(result)))
      return failure();
    return ResultTerm{op, result, combined.term, cotangent};
  case Combiner::Sum:
    if (initial)
      *initial = cotangent;
    return ResultTerm{op, result, combined.term, cotangent};
  case Combiner::Product:
  case Combiner::Max:
  case Combiner::Min:
    if (op.getNumReductionLoops() > 0)
      return getCombinedTerm(result, combined, cotangent, initial);
    break;
  case Combiner::Unsupported:
    break;
  }
  if (op.getNumReductionLoops() > 0) {
    op.emitOpError("combines its initial value in a way that has no "
                   "derivative rule; sums, products, maxima and minima have "
                   "one");
    return failure();
  }
  if (failed(checkStores(result)))
    return failure();
  return getTermWithInitialInputs(result, cotangent);
}

//===----------------------------------------------------------------------===//
// The rule
//===----------------------------------------------------------------------===//

LogicalResult
LinalgRule::visitExtremumInput(unsigned result, Value cotangent,
                               OpOperand *input, ArrayRef<bool> needed,
                               SmallVectorImpl<Value> &contributions) {
  unsigned initial = op.getDpsInitOperand(result)->getOperandNumber();
  unsigned terms = input->getOperandNumber();
  if (!needed[initial] && !needed[terms])
    return success();
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    operands.push_back(operand->get());
    maps.push_back(op.getMatchingIndexingMap(operand));
  }
  FailureOr<CombinedCotangents> found = buildExtremumVJP(
      builder, op, result, cotangent, operands, maps, terms, needed[initial]);
  if (failed(found))
    return failure();
  if (needed[initial])
    add(contributions[initial], found->initial);
  if (needed[terms])
    add(contributions[terms], found->terms);
  return success();
}

LogicalResult LinalgRule::visitOperands(unsigned result, Value cotangent,
                                        ArrayRef<bool> needed,
                                        SmallVectorImpl<Value> &contributions) {
  auto isNeeded = [&](Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && argument.getOwner() == op.getBlock() &&
           needed[argument.getArgNumber()];
  };
  if (!dependsOn(result, isNeeded))
    return success();
  if (OpOperand *input = getExtremumInput(result))
    return visitExtremumInput(result, cotangent, input, needed, contributions);
  unsigned init = op.getDpsInitOperand(result)->getOperandNumber();
  Value initial;
  FailureOr<ResultTerm> part =
      getTerm(result, cotangent, needed[init] ? &initial : nullptr);
  if (failed(part))
    return failure();
  if (initial)
    add(contributions[init], initial);
  for (unsigned number = 0, end = std::min<unsigned>(
                                needed.size(), part->op.getNumDpsInputs());
       number < end; ++number) {
    if (!needed[number])
      continue;
    if (!isa<RankedTensorType>(op->getOperand(number).getType()))
      return op.emitOpError("differentiates a scalar operand, which has no "
                            "derivative rule; use a tensor of rank 0");
    FailureOr<Value> value =
        buildInputVJP(builder, *part, &part->op->getOpOperand(number));
    if (failed(value))
      return failure();
    if (*value)
      add(contributions[number], *value);
  }
  return success();
}

LogicalResult LinalgRule::visitCaptured(unsigned result, Value cotangent,
                                        Value captured, Value &contribution) {
  auto isCaptured = [&](Value value) { return value == captured; };
  if (!dependsOn(result, isCaptured) || getExtremumInput(result))
    return success();
  FailureOr<ResultTerm> part = getTerm(result, cotangent, /*initial=*/nullptr);
  if (failed(part))
    return failure();
  if (isCaptured(part->term))
    return refuseCaptured();
  for (Operation *step : getPayloadSlice(*part->op.getBlock(), part->term)) {
    if (llvm::none_of(getPayloadOperands(step), isCaptured))
      continue;
    auto read = dyn_cast<tensor::ExtractOp>(step);
    if (!read)
      return refuseCaptured();
    FailureOr<Value> elements = buildReadElementVJP(builder, *part, read);
    if (failed(elements))
      return failure();
    if (*elements)
      add(contribution, buildReadVJP(builder, part->op, read, *elements));
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
    LinalgRule rule(builder, cast<linalg::LinalgOp>(op));
    for (auto [result, cotangent] : llvm::enumerate(cotangents))
      if (cotangent &&
          failed(rule.visitOperands(result, cotangent, needed, contributions)))
        return failure();
    return success();
  }

  FailureOr<Value> buildCapturedVJP(Operation *op, OpBuilder &builder,
                                    ArrayRef<Value> cotangents,
                                    Value captured) const {
    LinalgRule rule(builder, cast<linalg::LinalgOp>(op));
    Value contribution;
    for (auto [result, cotangent] : llvm::enumerate(cotangents))
      if (cotangent &&
          failed(rule.visitCaptured(result, cotangent, captured, contribution)))
        return failure();
    return contribution;
  }
};

/// A fill overwrites a tensor with a scalar, which is never differentiated.
struct FillVJP
    : DifferentiableOpInterface::ExternalModel<FillVJP, linalg::FillOp> {
  LogicalResult buildVJP(Operation *op, OpBuilder &, ArrayRef<Value>,
                         ArrayRef<bool>, SmallVectorImpl<Value> &) const {
    return op->emitOpError("fills with a scalar that is differentiated; "
                           "broadcast a tensor of rank 0");
  }
  bool isDifferentiableThrough(Operation *, unsigned operand, unsigned) const {
    return operand == 0;
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
