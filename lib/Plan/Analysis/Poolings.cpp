// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognizes reductions over the same windows.

#include "pdq/Plan/Analysis/Poolings.h"
#include "pdq/Plan/Analysis/Payloads.h"

using namespace mlir;
using namespace mlir::pdq;

/// Elements of a window that are spelled out, and operations that they may be
/// computed with in all.
static constexpr int64_t maxElements = 16;
static constexpr size_t maxPayload = 1024;

arith::ConstantOp mlir::pdq::getStart(linalg::GenericOp op) {
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  return fill ? fill.getInputs()[0].getDefiningOp<arith::ConstantOp>()
              : arith::ConstantOp();
}

AffineMap mlir::pdq::getOutputMap(linalg::GenericOp op) {
  return op.getMatchingIndexingMap(op.getDpsInitOperand(0));
}

/// Elements of a window of `op`, all of whose loops are static.
static int64_t countElements(linalg::GenericOp op) {
  int64_t elements = 1;
  for (auto [range, iterator] :
       llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    elements *= iterator == utils::IteratorType::reduction ? range : 1;
  return elements;
}

/// Whether `op` reduces small windows to one element each.
static bool isWindowReduction(linalg::GenericOp op) {
  return op->getNumResults() == 1 && op.getNumReductionLoops() > 0 &&
         op.hasPureTensorSemantics() && getStart(op) &&
         getOutputMap(op).isProjectedPermutation() &&
         getOutputMap(op).getNumResults() == op.getNumParallelLoops() &&
         llvm::none_of(op.getStaticLoopRanges(), ShapedType::isDynamic) &&
         countElements(op) <= maxElements;
}

OpOperand *mlir::pdq::findImage(linalg::GenericOp op, Value other) {
  OpOperand *image = nullptr;
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (input->get() == other || !op.payloadUsesValueFromOperand(input))
      continue;
    if (image)
      return nullptr;
    image = input;
  }
  return image;
}

/// Whether `op` reduces the windows of `first`, and reads nothing else but the
/// result of `first` there.
static bool follows(linalg::GenericOp op, linalg::GenericOp first,
                    OpOperand *image) {
  if (!isWindowReduction(op) ||
      op.getIteratorTypesArray() != first.getIteratorTypesArray() ||
      op.getStaticLoopRanges() != first.getStaticLoopRanges() ||
      getOutputMap(op) != getOutputMap(first))
    return false;
  OpOperand *own = findImage(op, first.getResult(0));
  return own && own->get() == image->get() &&
         op.getMatchingIndexingMap(own) ==
             first.getMatchingIndexingMap(image) &&
         llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
           return input->get() != first.getResult(0) ||
                  op.getMatchingIndexingMap(input) == getOutputMap(first);
         });
}

arith::ConstantOp mlir::pdq::getPadding(tensor::PadOp pad) {
  Value number = pad.getConstantPaddingValue();
  return number ? number.getDefiningOp<arith::ConstantOp>()
                : arith::ConstantOp();
}

/// What the image is computed from, where only the pooling reads it.
static void matchProducer(Pooling &pooling) {
  Value image = pooling.image->get();
  auto isRead = [&](Operation *user) {
    return llvm::is_contained(pooling.ops, user);
  };
  auto pad = image.getDefiningOp<tensor::PadOp>();
  if (pad && getPadding(pad) &&
      llvm::none_of(pad.getStaticLow(), ShapedType::isDynamic)) {
    pooling.pad = pad;
    if (!llvm::all_of(image.getUsers(), isRead))
      return;
    image = pad.getSource();
  }
  auto producer = image.getDefiningOp<linalg::GenericOp>();
  if (!producer || !isComputable(producer) ||
      !llvm::all_of(image.getUsers(), [&](Operation *user) {
        return user == pooling.pad || isRead(user);
      }))
    return;
  size_t elements = countElements(pooling.ops.front());
  if (producer.getBody()->getOperations().size() * elements <= maxPayload)
    pooling.producer = producer;
}

std::optional<Pooling> mlir::pdq::matchPooling(linalg::GenericOp op) {
  if (!isWindowReduction(op))
    return std::nullopt;
  Pooling pooling{{op}, findImage(op), {}, {}};
  if (!pooling.image ||
      op.getMatchingIndexingMap(pooling.image).isProjectedPermutation())
    return std::nullopt;
  for (Operation *user : op->getUsers())
    if (auto other = dyn_cast<linalg::GenericOp>(user);
        other && !llvm::is_contained(pooling.ops, other) &&
        follows(other, op, pooling.image))
      pooling.ops.push_back(other);
  if (pooling.ops.size() == 1)
    return std::nullopt;
  matchProducer(pooling);
  return pooling;
}
