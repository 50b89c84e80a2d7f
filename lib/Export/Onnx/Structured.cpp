// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Structured operations: elementwise payloads, reductions and contractions. The
// loops of an operation are the dimensions of the tensors that its payload
// becomes.

#include "Conversion.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Support/DebugStringHelper.h"
#include "pdq/Network/Layers/Structure.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Loops and dimensions
//===----------------------------------------------------------------------===//

Size Conversion::getLoopSize(linalg::LinalgOp op, unsigned loop) {
  SmallVector<std::pair<Value, unsigned>> places;
  op.mapIterationSpaceDimToAllOperandDims(loop, places);
  for (auto [operand, dim] : places)
    if (auto type = dyn_cast<RankedTensorType>(operand.getType());
        type && !type.isDynamicDim(dim))
      return type.getDimSize(dim);
  if (!places.empty())
    return getSize(places.front().first, places.front().second);
  fail(op, "no operand has the size of loop " + Twine(loop));
  return Value();
}

Value Conversion::alignInput(linalg::LinalgOp op, OpOperand &operand) {
  if (!isa<RankedTensorType>(operand.get().getType()))
    return get(operand.get());
  AffineMap map = op.getMatchingIndexingMap(&operand);
  SmallVector<int64_t> loops, dropped;
  for (auto [dim, index] : llvm::enumerate(map.getResults())) {
    bool isOne =
        cast<RankedTensorType>(operand.get().getType()).getDimSize(dim) == 1;
    if (auto loop = dyn_cast<AffineDimExpr>(index))
      loops.push_back(loop.getPosition());
    else if (isOne)
      dropped.push_back(dim);
    else
      return fail(op, "an operand is indexed by " + debugString(index));
  }
  SmallVector<int64_t> order =
      llvm::to_vector(llvm::seq<int64_t>(0, loops.size()));
  llvm::sort(order, [&](int64_t a, int64_t b) { return loops[a] < loops[b]; });
  llvm::sort(loops);
  if (std::adjacent_find(loops.begin(), loops.end()) != loops.end())
    return fail(op, "a loop indexes an operand twice");
  Value value =
      graph.transpose(graph.squeeze(getCompact(operand.get()), dropped), order);
  SmallVector<int64_t> missing;
  for (int64_t loop = 0; loop < op.getNumLoops(); ++loop)
    if (!llvm::is_contained(loops, loop))
      missing.push_back(loop);
  return graph.unsqueeze(value, missing);
}

Value Conversion::orderResult(linalg::LinalgOp op, unsigned number, Value value,
                              ArrayRef<int64_t> loops) {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(number));
  SmallVector<int64_t> order;
  for (AffineExpr index : map.getResults()) {
    auto loop = dyn_cast<AffineDimExpr>(index);
    const int64_t *place =
        loop ? llvm::find(loops, loop.getPosition()) : loops.end();
    if (place == loops.end())
      return fail(op, "its result is indexed by " + debugString(index));
    order.push_back(place - loops.begin());
  }
  if (order.size() != loops.size())
    return fail(op, "its result is not indexed by all parallel loops");
  return graph.transpose(value, order);
}

Value Conversion::addStart(linalg::LinalgOp op, Value sum) {
  Value start = op.getDpsInits()[0];
  auto fill = start.getDefiningOp<linalg::FillOp>();
  if (fill ? matchPattern(fill.getInputs()[0], m_AnyZeroFloat())
           : matchPattern(start, m_AnyZeroFloat()))
    return sum;
  return sum ? graph.elementwise("Add", {sum, getCompact(start)}) : Value();
}

//===----------------------------------------------------------------------===//
// Payloads
//===----------------------------------------------------------------------===//

namespace {
/// The payload of a structured operation, applied to all iterations at once:
/// scalars become tensors of the loops' sizes, or of size 1 where they do not
/// depend on a loop.
class Payload {
public:
  Payload(Conversion &conversion, linalg::LinalgOp op)
      : conversion(conversion), graph(conversion.graph), op(op) {}

  Value get(Value scalar);

private:
  Value convert(Operation *scalar);
  Value convertIndex(linalg::IndexOp index);
  Value convertRead(tensor::ExtractOp read);
  Value gatherRows(tensor::ExtractOp read);
  SmallVector<Size> getLoopSizes();
  Value raise(Value value);

  Conversion &conversion;
  GraphBuilder &graph;
  linalg::LinalgOp op;
  DenseMap<Value, Value> values;
};
} // namespace

Value Payload::get(Value scalar) {
  auto argument = dyn_cast<BlockArgument>(scalar);
  bool isInside = argument
                      ? argument.getOwner() == op.getBlock()
                      : scalar.getDefiningOp()->getBlock() == op.getBlock();
  if (!isInside)
    return conversion.get(scalar);
  auto known = values.find(scalar);
  if (known != values.end())
    return known->second;
  Value value =
      argument
          ? conversion.alignInput(op, op->getOpOperand(argument.getArgNumber()))
          : convert(scalar.getDefiningOp());
  return values[scalar] = value;
}

Value Payload::convert(Operation *scalar) {
  if (matchPattern(scalar, m_Constant()))
    return conversion.get(scalar->getResult(0));
  if (auto index = dyn_cast<linalg::IndexOp>(scalar))
    return convertIndex(index);
  if (auto read = dyn_cast<tensor::ExtractOp>(scalar))
    return convertRead(read);
  if (scalar->getNumRegions() != 0 || scalar->getNumResults() != 1 ||
      llvm::any_of(scalar->getOperandTypes(),
                   [](Type type) { return isa<ShapedType>(type); }))
    return conversion.fail(scalar, "no operator computes it");
  SmallVector<Value> operands;
  for (Value operand : scalar->getOperands())
    operands.push_back(get(operand));
  return conversion.convertScalar(scalar, operands);
}

/// A value with a dimension for each loop.
Value Payload::raise(Value value) {
  if (!value)
    return {};
  int64_t missing = op.getNumLoops() - getTensorType(value).getRank();
  return graph.unsqueeze(value,
                         llvm::to_vector(llvm::seq<int64_t>(0, missing)));
}

Value Payload::convertIndex(linalg::IndexOp index) {
  Size size = conversion.getLoopSize(op, index.getDim());
  Value positions;
  if (size.isDynamic()) {
    auto number = [&](int64_t value) {
      return graph.scalar(graph.b.getI64IntegerAttr(value));
    };
    positions = graph.node(
        "Range", {number(0), graph.squeeze(size.tensor, 0), number(1)},
        RankedTensorType::get({ShapedType::kDynamic}, graph.b.getI64Type()));
  } else {
    positions =
        graph.integers(llvm::to_vector(llvm::seq<int64_t>(0, size.size)));
  }
  SmallVector<int64_t> others;
  for (int64_t loop = 0; loop < op.getNumLoops(); ++loop)
    if (loop != static_cast<int64_t>(index.getDim()))
      others.push_back(loop);
  return graph.unsqueeze(positions, others);
}

SmallVector<Size> Payload::getLoopSizes() {
  SmallVector<Size> sizes;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    sizes.push_back(conversion.getLoopSize(op, loop));
  return sizes;
}

/// A read of whole rows of a table, as an embedding does: the row is computed,
/// and the last loop goes over its elements. Null for other reads.
Value Payload::gatherRows(tensor::ExtractOp read) {
  auto table = cast<RankedTensorType>(read.getTensor().getType());
  unsigned last = op.getNumLoops() - 1;
  if (table.getRank() != 2 || op.getNumLoops() < 2)
    return {};
  auto place = read.getIndices()[1].getDefiningOp<linalg::IndexOp>();
  if (!place || place.getDim() != last || table.isDynamicDim(1) ||
      conversion.getLoopSize(op, last).size != table.getDimSize(1))
    return {};
  Value rows = raise(get(read.getIndices()[0]));
  if (!rows || getTensorType(rows).getShape().back() != 1)
    return {};
  rows = graph.squeeze(rows, last);
  SmallVector<int64_t> shape(getTensorType(rows).getShape());
  shape.push_back(table.getDimSize(1));
  return graph.node("Gather", {conversion.get(read.getTensor()), rows},
                    table.clone(shape), graph.attribute("axis", int64_t(0)));
}

Value Payload::convertRead(tensor::ExtractOp read) {
  if (Value rows = gatherRows(read))
    return rows;
  SmallVector<Size> sizes = getLoopSizes();
  SmallVector<Value> indices;
  for (Value index : read.getIndices())
    indices.push_back(graph.unsqueeze(graph.expand(raise(get(index)), sizes),
                                      op.getNumLoops()));
  Value places = graph.concat(indices, op.getNumLoops());
  auto type = cast<RankedTensorType>(read.getTensor().getType());
  return graph.node(
      "GatherND", {conversion.get(read.getTensor()), places},
      RankedTensorType::get(getStaticShape(sizes),
                            getOnnxElementType(type.getElementType())));
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

static Value getYielded(linalg::LinalgOp op, OpResult result) {
  return op.getBlock()->getTerminator()->getOperand(result.getResultNumber());
}

/// A dimension for each loop, then those of the result.
static Value convertElementwise(Conversion &conversion, linalg::LinalgOp op,
                                OpResult result) {
  Payload payload(conversion, op);
  Value value = payload.get(getYielded(op, result));
  if (!value)
    return {};
  int64_t rank = op.getNumLoops();
  int64_t missing = rank - getTensorType(value).getRank();
  value = conversion.graph.unsqueeze(
      value, llvm::to_vector(llvm::seq<int64_t>(0, missing)));
  return conversion.orderResult(op, result.getResultNumber(), value,
                                llvm::to_vector(llvm::seq<int64_t>(0, rank)));
}

namespace {
/// What a reduction combines by, in ONNX.
struct Combiner {
  StringRef reduce, combine;
};
} // namespace

static std::optional<Combiner> getCombiner(Operation *op) {
  if (isa_and_nonnull<arith::AddFOp, arith::AddIOp>(op))
    return Combiner{"ReduceSum", "Add"};
  if (isa_and_nonnull<arith::MulFOp, arith::MulIOp>(op))
    return Combiner{"ReduceProd", "Mul"};
  if (isa_and_nonnull<arith::MaximumFOp, arith::MaxNumFOp, arith::MaxSIOp>(op))
    return Combiner{"ReduceMax", "Max"};
  if (isa_and_nonnull<arith::MinimumFOp, arith::MinNumFOp, arith::MinSIOp>(op))
    return Combiner{"ReduceMin", "Min"};
  return std::nullopt;
}

/// Whether combining with a tensor of this one element changes nothing.
static bool isNeutral(Value start, StringRef combine) {
  auto fill = start.getDefiningOp<linalg::FillOp>();
  Attribute number;
  if (!fill || !matchPattern(fill.getInputs()[0], m_Constant(&number)))
    return false;
  if (auto integer = dyn_cast<IntegerAttr>(number)) {
    const APInt &value = integer.getValue();
    return (combine == "Add" && value.isZero()) ||
           (combine == "Mul" && value.isOne()) ||
           (combine == "Max" && value.isMinSignedValue()) ||
           (combine == "Min" && value.isMaxSignedValue());
  }
  const APFloat &value = cast<FloatAttr>(number).getValue();
  bool isLowest = value.isInfinity() || value.isLargest();
  return (combine == "Add" && value.isZero()) ||
         (combine == "Mul" && value.isExactlyValue(1)) ||
         (combine == "Max" && isLowest && value.isNegative()) ||
         (combine == "Min" && isLowest && !value.isNegative());
}

Value Conversion::convertReduction(linalg::LinalgOp op, OpResult result) {
  unsigned number = result.getResultNumber();
  OpOperand *init = op.getDpsInitOperand(number);
  BlockArgument before = op.getMatchingBlockArgument(init);
  Operation *combining = getYielded(op, result).getDefiningOp();
  std::optional<Combiner> combiner = getCombiner(combining);
  if (!combiner || !before.hasOneUse() || *before.user_begin() != combining)
    return fail(op, "its reduction is no sum, product, maximum or minimum of "
                    "its own result");
  Payload payload(*this, op);
  Value term = payload.get(
      combining->getOperand(combining->getOperand(0) == before ? 1 : 0));
  if (!term)
    return {};
  SmallVector<Size> sizes;
  SmallVector<int64_t> reduced, kept;
  ArrayRef<int64_t> shape = getTensorType(term).getShape();
  for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    bool isReduced = kind == utils::IteratorType::reduction;
    (isReduced ? reduced : kept).push_back(loop);
    int64_t place = int64_t(loop) - (op.getNumLoops() - int64_t(shape.size()));
    bool isRepeated = isReduced && (place < 0 || shape[place] == 1);
    // What does not depend on a loop is repeated by it.
    sizes.push_back(isRepeated  ? getLoopSize(op, loop)
                    : place < 0 ? Size(1)
                                : graph.getSize(term, place));
  }
  int64_t missing = op.getNumLoops() - int64_t(shape.size());
  term = graph.unsqueeze(term, llvm::to_vector(llvm::seq<int64_t>(0, missing)));
  Value value =
      graph.reduce(combiner->reduce, graph.expand(term, sizes), reduced);
  value = orderResult(op, number, value, kept);
  if (!value || isNeutral(init->get(), combiner->combine))
    return value;
  return graph.elementwise(combiner->combine, {value, getCompact(init->get())});
}

/// The letters of an operand's dimensions in an equation of `Einsum`.
static std::string getLetters(AffineMap map) {
  std::string letters;
  for (AffineExpr index : map.getResults())
    letters += char('a' + cast<AffineDimExpr>(index).getPosition());
  return letters;
}

/// Whether the maps of two matrices, or of as many as there are batches, are
/// those of `MatMul`.
static bool isMatMul(ArrayRef<AffineMap> maps) {
  unsigned rank = maps[0].getNumResults(), loops = maps[0].getNumDims();
  if (rank < 2 || loops != rank + 1)
    return false;
  SmallVector<unsigned> batches =
      llvm::to_vector(llvm::seq<unsigned>(0, rank - 2));
  unsigned m = rank - 2, n = rank - 1, k = rank;
  auto map = [&](unsigned row, unsigned column) {
    SmallVector<unsigned> dims(batches);
    dims.append({row, column});
    return AffineMap::getMultiDimMapWithTargets(loops, dims,
                                                maps[0].getContext());
  };
  return maps[0] == map(m, k) && maps[1] == map(k, n) && maps[2] == map(m, n);
}

Value Conversion::convertContraction(linalg::LinalgOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (!llvm::all_of(
          maps, [](AffineMap map) { return map.isProjectedPermutation(); }) ||
      op.getNumLoops() > 26)
    return fail(op, "its operands are not indexed by single loops");
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Value a = get(op->getOperand(0)), b = get(op->getOperand(1));
  if (isMatMul(maps))
    return addStart(op, graph.node("MatMul", {a, b}, type));
  std::string equation = getLetters(maps[0]) + "," + getLetters(maps[1]) +
                         "->" + getLetters(maps[2]);
  return addStart(op, graph.node("Einsum", {a, b}, type,
                                 graph.attribute("equation", equation)));
}

Value Conversion::convertStructured(linalg::LinalgOp op, OpResult result) {
  if (!op.hasPureTensorSemantics())
    return fail(op, "it is on buffers");
  if (op.getNumReductionLoops() == 0)
    return convertElementwise(*this, op, result);
  bool hasWindows = succeeded(linalg::inferConvolutionDims(op));
  if (isMultiplyAccumulate(op))
    return hasWindows ? convertConvolution(op) : convertContraction(op);
  return hasWindows ? convertPooling(op) : convertReduction(op, result);
}
