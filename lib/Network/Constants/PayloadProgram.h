// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scalar operations, as the payloads of structured operations consist of them,
// as a list of steps.

#ifndef PDQ_LIB_NETWORK_CONSTANTS_PAYLOADPROGRAM_H
#define PDQ_LIB_NETWORK_CONSTANTS_PAYLOADPROGRAM_H

#include "pdq/Network/Constants/ConstantEvaluator.h"
#include <functional>

namespace mlir::pdq {

/// The steps that compute one scalar from the arguments of a block and from
/// what is constant.
class PayloadProgram {
public:
  /// `block`, which may be null, is the one whose arguments are set by hand;
  /// tensors that are read by position come from `evaluator`.
  PayloadProgram(Block *block, ConstantEvaluator &evaluator)
      : block(block), evaluator(evaluator) {}

  /// Adds the steps for a scalar; false where it depends on an operation that
  /// is not known. Called once.
  bool compile(Value scalar);

  /// The arguments of the block that it reads, with their places.
  ArrayRef<std::pair<BlockArgument, unsigned>> getArguments() const {
    return arguments;
  }
  void set(unsigned place, Scalar value) { places[place] = value; }

  /// The scalar at a position of the loops; nothing where a step fails, such as
  /// a division by zero.
  std::optional<Scalar> run(ArrayRef<int64_t> position);

private:
  using Step = std::function<bool(Scalar *, ArrayRef<int64_t>)>;

  std::optional<unsigned> add(Value scalar);
  std::optional<unsigned> addNew(Value scalar);
  unsigned addPlace();
  std::optional<unsigned> addConstant(Attribute value);
  Step makeExtract(Operation *op, ArrayRef<unsigned> operands, unsigned result);

  Block *block;
  ConstantEvaluator &evaluator;
  DenseMap<Value, unsigned> known;
  std::vector<Scalar> places;
  std::vector<Step> steps;
  SmallVector<std::pair<BlockArgument, unsigned>> arguments;
  unsigned result = 0, depth = 0;
};

/// The step of one arithmetic operation from the places `operands` to `result`,
/// with the rounding of its type; empty where it is not known.
std::function<bool(Scalar *)>
makeArithmetic(Operation *op, ArrayRef<unsigned> operands, unsigned result);

} // namespace mlir::pdq

#endif // PDQ_LIB_NETWORK_CONSTANTS_PAYLOADPROGRAM_H
