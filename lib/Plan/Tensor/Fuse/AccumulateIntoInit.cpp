// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is added to a product is where its sum starts: a bias, another product.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Plan/Analysis/Combiners.h"
#include "pdq/Plan/Analysis/Payloads.h"
#include "pdq/Plan/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_ACCUMULATEINTOINIT
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

namespace {
/// Two operands of an elementwise operation that its payload only adds: a
/// product, and another one in front of it, or a tensor that is repeated.
struct SumOfProduct {
  linalg::GenericOp reader;
  arith::AddFOp sum;
  OpOperand *addend, *product;

  linalg::GenericOp getProduct() const {
    return product->get().getDefiningOp<linalg::GenericOp>();
  }
};
} // namespace

static bool isElementwise(linalg::GenericOp op) {
  return op.getNumLoops() > 0 && op.getNumReductionLoops() == 0 &&
         op.hasPureTensorSemantics();
}

/// The input of `op` that `element` is an element of, if one addition is all
/// that it is for.
static OpOperand *findInput(linalg::GenericOp op, Value element) {
  auto argument = dyn_cast<BlockArgument>(element);
  if (!argument || argument.getOwner() != op.getBody() ||
      !argument.hasOneUse() ||
      int64_t(argument.getArgNumber()) >= op.getNumDpsInputs())
    return nullptr;
  return op.getDpsInputOperand(argument.getArgNumber());
}

/// Whether an operand of `op` is a product that nothing else reads.
static bool isProduct(linalg::GenericOp op, OpOperand *operand) {
  auto product = operand->get().getDefiningOp<linalg::GenericOp>();
  return product && product->getBlock() == op->getBlock() &&
         isContraction(product) && product.hasPureTensorSemantics() &&
         cast<ShapedType>(operand->get().getType()).hasStaticShape() &&
         operand->get().hasOneUse() &&
         op.getMatchingIndexingMap(operand).isPermutation();
}

/// Whether an operand of `op` is smaller than its result, and repeated.
static bool isSmall(linalg::GenericOp op, OpOperand *operand) {
  AffineMap map = op.getMatchingIndexingMap(operand);
  return isa<RankedTensorType>(operand->get().getType()) &&
         map.getNumResults() < op.getNumLoops() && map.isProjectedPermutation();
}

/// Whether an operand is so large that its product will be one on tensor
/// cores, which starts from anything: others would read a bias from memory.
static bool isLarge(OpOperand *operand) {
  constexpr int64_t minElements = 4096;
  return cast<RankedTensorType>(operand->get().getType()).getNumElements() >=
         minElements;
}

static std::optional<SumOfProduct> match(linalg::GenericOp op,
                                         arith::AddFOp sum) {
  OpOperand *first = findInput(op, sum.getLhs()),
            *second = findInput(op, sum.getRhs());
  if (!first || !second)
    return std::nullopt;
  if (!isProduct(op, second))
    std::swap(first, second);
  if (!isProduct(op, second))
    return std::nullopt;
  SumOfProduct found{op, sum, first, second};
  if (isSmall(op, first))
    return isLarge(second) ? std::optional(found) : std::nullopt;
  if (!isProduct(op, first) ||
      op.getMatchingIndexingMap(first) != op.getMatchingIndexingMap(second))
    return std::nullopt;
  if (found.getProduct()->isBeforeInBlock(first->get().getDefiningOp()))
    std::swap(found.addend, found.product);
  return found;
}

static bool isZero(Value tensor) {
  auto fill = tensor.getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
}

/// Whether a tensor repeats smaller ones, such as a bias: nothing is read to
/// add it.
static bool isRepeated(Value tensor) {
  auto op = tensor.getDefiningOp<linalg::GenericOp>();
  if (!op || !isElementwise(op))
    return false;
  return llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
    return isSmall(op, input) || isRepeated(input->get());
  });
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

/// The sum of two tensors, one of them zeros or both repeated; null where both
/// would have to be read.
static Value buildSum(RewriterBase &rewriter, Location loc, Value first,
                      Value second) {
  if (isZero(second))
    return first;
  if (isZero(first))
    return second;
  if (!isRepeated(first) || !isRepeated(second))
    return nullptr;
  auto type = cast<RankedTensorType>(first.getType());
  AffineMap identity = rewriter.getMultiDimIdentityMap(type.getRank());
  return buildElementwise(
      rewriter, loc, type, {first, second}, {identity, identity},
      [](OpBuilder &b, Location at, ValueRange elements) {
        return arith::AddFOp::create(b, at, elements[0], elements[1]);
      });
}

/// The addend as a tensor of the product's shape.
static Value repeat(RewriterBase &rewriter, const SumOfProduct &found) {
  linalg::GenericOp op = found.reader;
  auto type = cast<RankedTensorType>(found.product->get().getType());
  // From loops of the reader to dimensions of the product.
  AffineMap toLoops =
      inversePermutation(op.getMatchingIndexingMap(found.product));
  return buildElementwise(
      rewriter, op.getLoc(), type, found.addend->get(),
      {op.getMatchingIndexingMap(found.addend).compose(toLoops)},
      [](OpBuilder &, Location, ValueRange elements) { return elements[0]; });
}

/// Whether an operation passes the elements of its only input on.
static bool isCopy(linalg::GenericOp op) {
  return op.getNumDpsInputs() == 1 && op->getNumResults() == 1 &&
         op.getIndexingMapsArray().front() ==
             op.getIndexingMapsArray().back() &&
         op.getBody()->getTerminator()->getOperand(0) ==
             op.getBody()->getArgument(0);
}

/// The payload takes the product for the sum; the addend goes, and the whole
/// operation where nothing is left to do: returns whether it is still there.
static bool dropAddend(RewriterBase &rewriter, const SumOfProduct &found) {
  linalg::GenericOp op = found.reader;
  arith::AddFOp sum = found.sum;
  rewriter.replaceOp(sum, op.getMatchingBlockArgument(found.product));
  unsigned number = found.addend->getOperandNumber();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  maps.erase(maps.begin() + number);
  op.getBody()->eraseArgument(number);
  op.getInputsMutable().erase(number);
  op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
  if (!isCopy(op))
    return true;
  rewriter.replaceOp(op, op.getInputs()[0]);
  return false;
}

/// Makes the product start from what is added to it; returns whether that can
/// be done.
static bool chain(RewriterBase &rewriter, const SumOfProduct &found) {
  linalg::GenericOp product = found.getProduct();
  auto former = found.addend->get().getDefiningOp<linalg::GenericOp>();
  bool isTensor = isSmall(found.reader, found.addend);
  Value start = product.getOutputs()[0];
  if (isTensor && !isZero(start) && !isRepeated(start))
    return false;
  // What a sum starts from may stand behind the first product, or behind this
  // one: whoever reads it comes later.
  if (isTensor)
    rewriter.moveOpBefore(product, found.reader);
  rewriter.setInsertionPoint(product);
  Value sum = buildSum(
      rewriter, product.getLoc(),
      isTensor ? repeat(rewriter, found) : former.getOutputs()[0], start);
  if (!sum)
    return false;
  if (!isTensor) {
    rewriter.moveOpBefore(former, product);
    former.getOutputsMutable().assign(sum);
    sum = former.getResult(0);
  }
  product.getOutputsMutable().assign(sum);
  return true;
}

namespace {
struct AccumulateIntoInit
    : mlir::pdq::impl::AccumulateIntoInitBase<AccumulateIntoInit> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) {
      if (isElementwise(op))
        ops.push_back(op);
    });
    for (linalg::GenericOp op : ops)
      run(rewriter, op);
  }

private:
  void run(RewriterBase &rewriter, linalg::GenericOp op) {
    // A sum of sums of products is one chain, from its first sum on.
    for (auto sum : llvm::to_vector(op.getBody()->getOps<arith::AddFOp>())) {
      std::optional<SumOfProduct> found = match(op, sum);
      if (!found || !chain(rewriter, *found))
        continue;
      ++numChained;
      if (!dropAddend(rewriter, *found))
        return;
    }
  }
};
} // namespace
