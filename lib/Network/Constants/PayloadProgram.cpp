// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the scalars of a payload to a list of steps.

#include "PayloadProgram.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

/// Operations between a scalar and what it is computed from.
static constexpr unsigned maxDepth = 1000;

unsigned PayloadProgram::addPlace() {
  places.push_back(Scalar{0.0});
  return places.size() - 1;
}

std::optional<unsigned> PayloadProgram::addConstant(Attribute value) {
  std::optional<Scalar> scalar = readScalar(value);
  if (!scalar)
    return std::nullopt;
  unsigned place = addPlace();
  places[place] = *scalar;
  return place;
}

std::optional<unsigned> PayloadProgram::add(Value scalar) {
  if (auto found = known.find(scalar); found != known.end())
    return found->second;
  if (depth >= maxDepth)
    return std::nullopt;
  ++depth;
  std::optional<unsigned> place = addNew(scalar);
  --depth;
  if (place)
    known[scalar] = *place;
  return place;
}

/// A read of an element of a constant tensor.
PayloadProgram::Step PayloadProgram::makeExtract(Operation *op,
                                                 ArrayRef<unsigned> operands,
                                                 unsigned result) {
  std::optional<ConstantTensor> tensor =
      evaluator.evaluate(cast<tensor::ExtractOp>(op).getTensor());
  if (!tensor)
    return Step();
  SmallVector<unsigned> indices(operands);
  return [tensor = *tensor, indices, result](Scalar *at, ArrayRef<int64_t>) {
    int64_t offset = 0;
    for (auto [place, size] : llvm::zip_equal(indices, tensor.getShape())) {
      int64_t index = at[place].integer;
      if (index < 0 || index >= size)
        return false;
      offset = offset * size + index;
    }
    at[result] = tensor.getElements()[offset];
    return true;
  };
}

std::optional<unsigned> PayloadProgram::addNew(Value scalar) {
  if (!isEvaluated(scalar.getType()))
    return std::nullopt;
  if (auto argument = dyn_cast<BlockArgument>(scalar)) {
    if (argument.getOwner() != block)
      return std::nullopt;
    arguments.push_back({argument, addPlace()});
    return arguments.back().second;
  }
  Attribute constant;
  if (matchPattern(scalar, m_Constant(&constant)))
    return addConstant(constant);
  Operation *op = scalar.getDefiningOp();
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    unsigned place = addPlace(), loop = index.getDim();
    steps.push_back([=](Scalar *at, ArrayRef<int64_t> position) {
      at[place].integer = position[loop];
      return true;
    });
    return place;
  }
  auto extract = dyn_cast<tensor::ExtractOp>(op);
  SmallVector<unsigned> operands;
  for (Value operand : extract ? extract.getIndices() : op->getOperands()) {
    std::optional<unsigned> place = add(operand);
    if (!place)
      return std::nullopt;
    operands.push_back(*place);
  }
  unsigned place = addPlace();
  Step step;
  if (extract)
    step = makeExtract(op, operands, place);
  else if (auto arithmetic = makeArithmetic(op, operands, place))
    step = [arithmetic](Scalar *at, ArrayRef<int64_t>) {
      return arithmetic(at);
    };
  if (!step)
    return std::nullopt;
  steps.push_back(std::move(step));
  return place;
}

bool PayloadProgram::compile(Value scalar) {
  std::optional<unsigned> place = add(scalar);
  result = place.value_or(0);
  return place.has_value();
}

std::optional<Scalar> PayloadProgram::run(ArrayRef<int64_t> position) {
  for (const Step &step : steps)
    if (!step(places.data(), position))
      return std::nullopt;
  return places[result];
}
