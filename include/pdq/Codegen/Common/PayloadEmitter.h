// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The payload of a structured operation on vectors, and the loads and stores
// around it.

#ifndef PDQ_CODEGEN_COMMON_PAYLOADEMITTER_H
#define PDQ_CODEGEN_COMMON_PAYLOADEMITTER_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "pdq/Codegen/Common/KernelStrategy.h"

namespace mlir::pdq {

/// Where the nest stands: the current index of every loop, and what a row of
/// the register tile or a vector of a row adds to it.
struct NestPosition {
  SmallVector<Value> indices;
  int64_t row = 0;
  int64_t vector = 0;
};

/// Emits element accesses and payload operations for `lanes` iterations of the
/// vectorized loop at once; 1 emits scalars.
class PayloadEmitter {
public:
  PayloadEmitter(ImplicitLocOpBuilder &builder, const KernelStrategy &strategy,
                 unsigned lanes);

  /// Forgets loads and values of other positions; call where indices change.
  void startPosition() { loads.clear(); }

  /// States what an operand holds at the position, instead of loading it.
  void provide(unsigned operand, Value value) {
    loads[{operand, 0, 0}] = value;
  }

  /// The elements of an operand at a position.
  Value load(unsigned operand, const NestPosition &position);
  void store(Value value, unsigned operand, const NestPosition &position);

  /// Evaluates a value of the payload at a position. `outputs` are what block
  /// arguments of outputs stand for; null entries are loaded.
  Value evaluate(Value value, const NestPosition &position,
                 ArrayRef<Value> outputs = {});
  /// Evaluates several values that share operations.
  SmallVector<Value> evaluate(ValueRange values, const NestPosition &position,
                              ArrayRef<Value> outputs = {});

  /// Makes a value of one element as wide as the others.
  Value widen(Value value);
  Type getWideType(Type elementType) const;

private:
  using Evaluated = DenseMap<Value, Value>;
  Value evaluateIn(Value value, const NestPosition &position,
                   ArrayRef<Value> outputs, Evaluated &known);
  Value evaluateOperation(Operation *op, const NestPosition &position,
                          ArrayRef<Value> outputs, Evaluated &known);
  Value evaluateIndex(unsigned dim, const NestPosition &position);
  Value evaluateLoad(Operation *load, const NestPosition &position,
                     ArrayRef<Value> outputs, Evaluated &known);
  Value loadAtLanes(Value buffer, Value address, int64_t laneStride,
                    llvm::MaybeAlign alignment);
  Value getAddress(const KernelOperand &operand, const NestPosition &position);
  llvm::MaybeAlign getStatedAlignment(BlockArgument buffer) const;
  llvm::MaybeAlign getLoadAlignment(memref::LoadOp load) const;
  llvm::MaybeAlign getVectorAlignment(const KernelOperand &operand) const;
  Value loadContiguous(Value buffer, Type elementType, Value address,
                       llvm::MaybeAlign alignment = std::nullopt);
  Value getFlatBuffer(Value buffer);
  Value addConstant(Value index, int64_t value);

  ImplicitLocOpBuilder &b;
  const KernelStrategy &strategy;
  unsigned lanes;
  /// Loads of the current position: (operand, row, vector) -> value.
  DenseMap<std::tuple<unsigned, int64_t, int64_t>, Value> loads;
  DenseMap<Value, Value> flatBuffers;
};

/// Combines two partial results of a reduction.
Value buildCombiner(ImplicitLocOpBuilder &b, const Reduction &reduction,
                    Value lhs, Value rhs);

/// What leaves the other operand of the combiner as it is; `type` is an element
/// or a vector.
Value buildIdentity(ImplicitLocOpBuilder &b, const Reduction &reduction,
                    Type type);

/// Combines an accumulator with the term at a position.
Value buildCombined(ImplicitLocOpBuilder &b, PayloadEmitter &payload,
                    const Reduction &reduction, Value accumulator,
                    const NestPosition &at);

} // namespace mlir::pdq

#endif // PDQ_CODEGEN_COMMON_PAYLOADEMITTER_H
