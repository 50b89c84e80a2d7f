// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the loops of a reduction to those of an elementwise operation.

#include "pdq/Codegen/GPU/Epilogue/ElementOp.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::pdq;

/// Operations of a payload beyond which a kernel of its own is better: it is
/// repeated for each element that a thread holds.
static constexpr unsigned maxPayload = 64;

/// The first operand of `op` that is `result`: an input, if there is one.
static OpOperand *findOperand(linalg::GenericOp op, Value result) {
  for (OpOperand &operand : op->getOpOperands())
    if (operand.get() == result)
      return &operand;
  return nullptr;
}

bool mlir::pdq::isElementOp(linalg::GenericOp op, Value result) {
  OpOperand *first = findOperand(op, result);
  StringRef reason;
  if (!first || op.getNumReductionLoops() != 0 || !isVectorizable(op) ||
      failed(analyzeIterationSpace(op, reason)) ||
      op.getBody()->getOperations().size() > maxPayload)
    return false;
  AffineMap map = op.getMatchingIndexingMap(first);
  bool isLoaded = false;
  op.walk([&](memref::LoadOp load) { isLoaded |= load.getMemRef() == result; });
  if (isLoaded || !map.isPermutation())
    return false;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    return operand.get() != result ||
           op.getMatchingIndexingMap(&operand) == map;
  });
}

static AffineMap getResultMap(linalg::LinalgOp main) {
  return main.getMatchingIndexingMap(main.getDpsInitOperand(0));
}

/// The dimension of the shared operand that a loop of `op` walks.
static unsigned getDimension(linalg::GenericOp op, OpOperand *shared,
                             unsigned loop) {
  AffineMap map = op.getMatchingIndexingMap(shared);
  return *map.getResultPosition(getAffineDimExpr(loop, op.getContext()));
}

static KernelStrategy buildStrategy(linalg::GenericOp op, OpOperand *shared,
                                    linalg::LinalgOp main, unsigned lanes,
                                    unsigned mainLoop) {
  KernelStrategy strategy;
  StringRef reason;
  strategy.space = *analyzeIterationSpace(op, reason);
  strategy.lanes = lanes;
  if (lanes > 1)
    for (auto [number, loop] : llvm::enumerate(strategy.space.loops))
      if (getResultMap(main).getDimPosition(
              getDimension(op, shared, loop.dim)) == mainLoop)
        strategy.vector = number;
  return strategy;
}

ElementOp::ElementOp(ImplicitLocOpBuilder &b, linalg::GenericOp op,
                     linalg::LinalgOp main, unsigned lanes, unsigned loop)
    : b(b), op(op), main(main),
      shared(findOperand(op, main.getDpsInits().front())),
      strategy(buildStrategy(op, shared, main, lanes, loop)),
      payload(b, strategy, lanes) {}

NestPosition ElementOp::locate(ArrayRef<Value> indices) {
  AffineMap from = getResultMap(main);
  NestPosition position;
  position.indices.resize(strategy.space.loops.size());
  for (auto [number, loop] : llvm::enumerate(strategy.space.loops)) {
    Value index =
        indices[from.getDimPosition(getDimension(op, shared, loop.dim))];
    position.indices[number] =
        index ? index : arith::ConstantIndexOp::create(b, 0).getResult();
  }
  payload.startPosition();
  return position;
}

Value ElementOp::evaluate(ArrayRef<Value> indices) {
  NestPosition position = locate(indices);
  return payload.evaluate(op.getBody()->getTerminator()->getOperand(0),
                          position);
}
