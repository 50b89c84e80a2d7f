// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// a * b + c * d as one sum of products.

#include "Combiners.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_CHAINPRODUCTS
#include "pdq/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Two operands of an elementwise operation, both products, that its payload
/// only adds.
struct SumOfProducts {
  linalg::GenericOp reader;
  arith::AddFOp sum;
  OpOperand *first, *second;

  linalg::GenericOp getProduct(OpOperand *operand) const {
    return operand->get().getDefiningOp<linalg::GenericOp>();
  }
};
} // namespace

static bool isElementwise(linalg::GenericOp op) {
  return op.getNumLoops() > 0 && op.getNumReductionLoops() == 0 &&
         op.hasPureTensorSemantics();
}

/// The operand of `op` that `element` is an element of: a product that only
/// `op` reads, for one addition.
static OpOperand *findProduct(linalg::GenericOp op, Value element) {
  auto argument = dyn_cast<BlockArgument>(element);
  if (!argument || argument.getOwner() != op.getBody() ||
      !argument.hasOneUse() ||
      int64_t(argument.getArgNumber()) >= op.getNumDpsInputs())
    return nullptr;
  OpOperand *operand = op.getDpsInputOperand(argument.getArgNumber());
  auto product = operand->get().getDefiningOp<linalg::GenericOp>();
  bool fits = product && isContraction(product) &&
              product.hasPureTensorSemantics() && operand->get().hasOneUse() &&
              op.getMatchingIndexingMap(operand).isPermutation();
  return fits ? operand : nullptr;
}

static std::optional<SumOfProducts> match(linalg::GenericOp op) {
  if (!isElementwise(op))
    return std::nullopt;
  for (auto sum : op.getBody()->getOps<arith::AddFOp>()) {
    OpOperand *first = findProduct(op, sum.getLhs()),
              *second = findProduct(op, sum.getRhs());
    if (!first || !second ||
        op.getMatchingIndexingMap(first) != op.getMatchingIndexingMap(second))
      continue;
    SumOfProducts found{op, sum, first, second};
    if (found.getProduct(second)->isBeforeInBlock(found.getProduct(first)))
      std::swap(found.first, found.second);
    return found;
  }
  return std::nullopt;
}

static bool isZero(Value tensor) {
  auto fill = tensor.getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
}

/// Whether a tensor repeats a smaller one, such as a bias: nothing is read to
/// add it.
static bool isRepeated(Value tensor) {
  auto op = tensor.getDefiningOp<linalg::GenericOp>();
  return op && isElementwise(op) &&
         llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
           return op.getMatchingIndexingMap(input).getNumResults() <
                  op.getNumLoops();
         });
}

/// Where the sum of two products starts: the sum of where they start. Null
/// where that would have to be read.
static Value buildStart(RewriterBase &rewriter, Location loc, Value first,
                        Value second) {
  if (isZero(second))
    return first;
  if (isZero(first))
    return second;
  if (!isRepeated(first) || !isRepeated(second))
    return nullptr;
  auto type = cast<RankedTensorType>(first.getType());
  Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(),
                                        type.getElementType());
  SmallVector<AffineMap> maps(3,
                              rewriter.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  auto add = [](OpBuilder &b, Location nested, ValueRange elements) {
    Value sum = arith::AddFOp::create(b, nested, elements[0], elements[1]);
    linalg::YieldOp::create(b, nested, sum);
  };
  return linalg::GenericOp::create(rewriter, loc, type,
                                   ValueRange{first, second}, empty, maps,
                                   iterators, add)
      .getResult(0);
}

/// The payload takes the second operand for the sum; the first one goes.
static void dropFirst(RewriterBase &rewriter, const SumOfProducts &found) {
  linalg::GenericOp op = found.reader;
  arith::AddFOp sum = found.sum;
  rewriter.replaceOp(sum, op.getMatchingBlockArgument(found.second));
  unsigned number = found.first->getOperandNumber();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps.erase(maps.begin() + number);
  op.getBody()->eraseArgument(number);
  op.getInputsMutable().erase(number);
  op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
}

/// Returns whether the second product starts from the first one now.
static bool chain(RewriterBase &rewriter, const SumOfProducts &found) {
  linalg::GenericOp first = found.getProduct(found.first),
                    second = found.getProduct(found.second);
  rewriter.setInsertionPoint(second);
  Value start = buildStart(rewriter, second.getLoc(), first.getOutputs()[0],
                           second.getOutputs()[0]);
  if (!start)
    return false;
  // What the second one starts from may stand behind the first one.
  rewriter.moveOpBefore(first, second);
  first.getOutputsMutable().assign(start);
  second.getOutputsMutable().assign(first.getResult(0));
  dropFirst(rewriter, found);
  return true;
}

namespace {
struct ChainProducts : mlir::pdq::impl::ChainProductsBase<ChainProducts> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) { ops.push_back(op); });
    for (linalg::GenericOp op : ops)
      if (std::optional<SumOfProducts> found = match(op))
        numChained += chain(rewriter, *found);
  }
};
} // namespace
