// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations on constant tensors.

#include "pdq/Network/Constants/ConstantEvaluator.h"
#include "PayloadProgram.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

/// Operations between a tensor and its constants.
static constexpr unsigned maxDepth = 200;
/// Iterations of one operation: minutes.
static constexpr int64_t maxIterations = int64_t(1) << 32;
/// Elements of one tensor: a GiB.
static constexpr int64_t maxElements = int64_t(1) << 27;

using Tensor = std::optional<ConstantTensor>;
using Indices = SmallVector<int64_t>;

Tensor ConstantEvaluator::evaluate(Value tensor) {
  if (auto found = known.find(tensor); found != known.end())
    return found->second;
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type || !type.hasStaticShape() || !isEvaluated(type.getElementType()) ||
      type.getNumElements() > maxElements || depth >= maxDepth)
    return std::nullopt;
  ++depth;
  Tensor result = compute(tensor);
  --depth;
  return known[tensor] = result;
}

std::optional<Scalar> ConstantEvaluator::evaluateScalar(Value scalar) {
  PayloadProgram program(/*block=*/nullptr, *this);
  return program.compile(scalar) ? program.run({}) : std::nullopt;
}

Tensor ConstantEvaluator::compute(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return std::nullopt;
  ElementsAttr constant;
  if (matchPattern(tensor, m_Constant(&constant)))
    return ConstantTensor::read(constant);
  auto type = cast<RankedTensorType>(tensor.getType());
  return llvm::TypeSwitch<Operation *, Tensor>(op)
      .Case([&](linalg::LinalgOp structured) {
        return computeStructured(structured,
                                 cast<OpResult>(tensor).getResultNumber());
      })
      // Contents that nobody wrote are whatever they are.
      .Case([&](tensor::EmptyOp) { return ConstantTensor(type); })
      .Case<tensor::CastOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp,
            tensor::ReshapeOp>([&](auto view) -> Tensor {
        Tensor source = evaluate(view->getOperand(0));
        return source ? source->reshape(type.getShape()) : Tensor();
      })
      .Case<tensor::ExtractSliceOp>([&](auto op) { return computeSlice(op); })
      .Case<tensor::InsertSliceOp>(
          [&](auto op) { return computeInsertion(op); })
      .Case<tensor::PadOp>([&](auto op) { return computePad(op); })
      .Case<tensor::ConcatOp>([&](auto op) { return computeConcat(op); })
      .Case<tensor::FromElementsOp, tensor::SplatOp>(
          [&](auto op) { return computeFromScalars(op); })
      .Default([](Operation *) { return Tensor(); });
}

//===----------------------------------------------------------------------===//
// Structured operations
//===----------------------------------------------------------------------===//

namespace {
/// The elements of an operand that the iterations read or write, in turn.
class Access {
public:
  Access(AffineMap map, ArrayRef<int64_t> shape, ArrayRef<int64_t> ranges)
      : map(map), strides(computeStrides(shape)) {
    map.walkExprs([&](AffineExpr expr) {
      AffineExprKind kind = expr.getKind();
      isLinear &= kind != AffineExprKind::Mod &&
                  kind != AffineExprKind::FloorDiv &&
                  kind != AffineExprKind::CeilDiv;
    });
    Indices position(ranges.size(), 0);
    offset = getOffset(position);
    for (size_t loop = 0; isLinear && loop < ranges.size(); ++loop) {
      position[loop] = 1;
      steps.push_back(getOffset(position) - offset);
      position[loop] = 0;
    }
  }

  /// Follows a step of loop `loop`, behind which `count` steps of each faster
  /// loop are taken back.
  void advance(ArrayRef<int64_t> position, size_t loop,
               ArrayRef<int64_t> ranges) {
    if (!isLinear) {
      offset = getOffset(position);
      return;
    }
    offset += steps[loop];
    for (size_t faster = loop + 1; faster < ranges.size(); ++faster)
      offset -= steps[faster] * (ranges[faster] - 1);
  }

  int64_t offset = 0;

private:
  int64_t getOffset(ArrayRef<int64_t> position) const {
    int64_t result = 0;
    for (auto [index, stride] : llvm::zip_equal(map.compose(position), strides))
      result += index * stride;
    return result;
  }

  AffineMap map;
  Indices strides, steps;
  bool isLinear = true;
};

/// An argument of a payload, with the tensor that it reads.
struct Load {
  unsigned place;
  ConstantTensor tensor;
  Access access;
};

/// All iterations of a structured operation, for one scalar of its payload.
class Iterations {
public:
  Iterations(linalg::LinalgOp op, ConstantEvaluator &evaluator)
      : op(op), ranges(op.getStaticLoopRanges()), evaluator(evaluator),
        program(op.getBlock(), evaluator) {}

  /// False where something is not known. Only with `accumulates` the payload
  /// may read the operation's one result so far.
  bool prepare(Value scalar, bool accumulates);

  /// Calls `visit(scalar)` in each iteration until it returns false; false
  /// where a scalar is not known.
  template <typename Fn> bool run(Fn visit);

  /// Of the result that `prepare` was given: the element that each iteration
  /// writes.
  std::optional<Access> written;
  std::optional<unsigned> accumulator;
  void setAccumulator(Scalar value) { program.set(*accumulator, value); }

private:
  bool addLoad(BlockArgument argument, unsigned place);

  linalg::LinalgOp op;
  Indices ranges;
  ConstantEvaluator &evaluator;
  PayloadProgram program;
  std::vector<Load> loads;
};
} // namespace

bool Iterations::addLoad(BlockArgument argument, unsigned place) {
  OpOperand *operand = op.getMatchingOpOperand(argument);
  if (!isa<RankedTensorType>(operand->get().getType())) {
    std::optional<Scalar> scalar = evaluator.evaluateScalar(operand->get());
    if (scalar)
      program.set(place, *scalar);
    return scalar.has_value();
  }
  Tensor tensor = evaluator.evaluate(operand->get());
  if (!tensor)
    return false;
  loads.push_back(
      {place, *tensor,
       Access(op.getMatchingIndexingMap(operand), tensor->getShape(), ranges)});
  return true;
}

bool Iterations::prepare(Value scalar, bool accumulates) {
  int64_t count = 1;
  for (int64_t range : ranges) {
    if (ShapedType::isDynamic(range) || count > maxIterations)
      return false;
    count *= range;
  }
  if (count > maxIterations || !op.hasPureTensorSemantics() ||
      !program.compile(scalar))
    return false;
  for (auto [argument, place] : program.getArguments()) {
    OpOperand *operand = op.getMatchingOpOperand(argument);
    if (!op.isDpsInit(operand)) {
      if (!addLoad(argument, place))
        return false;
      continue;
    }
    if (!accumulates || op.getNumDpsInits() != 1)
      return false;
    accumulator = place;
  }
  return true;
}

template <typename Fn> bool Iterations::run(Fn visit) {
  Indices position(ranges.size(), 0);
  if (llvm::is_contained(ranges, 0))
    return true;
  while (true) {
    for (const Load &load : loads)
      program.set(load.place, load.tensor.getElements()[load.access.offset]);
    if (!visit([&] { return program.run(position); }))
      return false;
    size_t loop = ranges.size();
    while (loop > 0 && ++position[loop - 1] == ranges[loop - 1])
      position[--loop] = 0;
    if (loop == 0)
      return true;
    for (Load &load : loads)
      load.access.advance(position, loop - 1, ranges);
    if (written)
      written->advance(position, loop - 1, ranges);
  }
}

Tensor ConstantEvaluator::computeStructured(linalg::LinalgOp op,
                                            unsigned number) {
  OpOperand *init = op.getDpsInitOperand(number);
  Tensor result = evaluate(init->get());
  if (!result)
    return std::nullopt;
  Iterations iterations(op, *this);
  if (!iterations.prepare(op.getBlock()->getTerminator()->getOperand(number),
                          /*accumulates=*/true))
    return std::nullopt;
  iterations.written = Access(op.getMatchingIndexingMap(init),
                              result->getShape(), op.getStaticLoopRanges());
  MutableArrayRef<Scalar> elements = result->getMutableElements();
  bool isKnown = iterations.run([&](auto compute) {
    Scalar &element = elements[iterations.written->offset];
    if (iterations.accumulator)
      iterations.setAccumulator(element);
    std::optional<Scalar> value = compute();
    element = value.value_or(element);
    return value.has_value();
  });
  return isKnown ? result : std::nullopt;
}

std::optional<bool> ConstantEvaluator::isAlwaysTrue(Value scalar,
                                                    linalg::LinalgOp op) {
  Iterations iterations(op, *this);
  if (!iterations.prepare(scalar, /*accumulates=*/false))
    return std::nullopt;
  std::optional<bool> result = true;
  iterations.run([&](auto compute) {
    std::optional<Scalar> value = compute();
    result = value ? std::optional<bool>(value->integer != 0) : std::nullopt;
    return result == true;
  });
  return result;
}
