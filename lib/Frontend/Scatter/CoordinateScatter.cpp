// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The form of scatters: shapes that fit, a body that replaces or combines, and
// coordinates of which the first is the sample.

#include "CoordinateScatter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "pdq/Support/ConstantElements.h"

using namespace mlir;
using namespace mlir::pdq;

/// Coordinates that are looked at one by one.
static constexpr int64_t maxCoordinates = 1 << 22;

namespace {
/// Reads a scatter from its operation, one aspect a step.
class ScatterMatcher {
public:
  ScatterMatcher(Operation *op, PatternRewriter &rewriter)
      : op(op), rewriter(rewriter) {}

  FailureOr<CoordinateScatter> match();

private:
  LogicalResult fail(StringRef reason) {
    return rewriter.notifyMatchFailure(op, reason);
  }
  LogicalResult matchOperands();
  LogicalResult matchShapes();
  LogicalResult matchDimensions();
  LogicalResult matchBody();
  LogicalResult matchCombiner(Block &body);
  LogicalResult matchUpdates();
  LogicalResult matchCoordinates();
  LogicalResult matchSamples(ArrayRef<int64_t> values);

  Operation *op;
  PatternRewriter &rewriter;
  CoordinateScatter scatter = {};
  RankedTensorType updates, coordinates, type;
};
} // namespace

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Null for a value that is no tensor of static shape.
static RankedTensorType getStaticType(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() ? type : RankedTensorType();
}

LogicalResult ScatterMatcher::matchOperands() {
  if (op->getNumOperands() != 3)
    return fail("has not three operands");
  if (op->getNumResults() != 1)
    return fail("has not one result");
  scatter.op = op;
  scatter.updates = op->getOperand(0);
  scatter.coordinates = op->getOperand(1);
  scatter.original = op->getOperand(2);
  updates = getStaticType(scatter.updates);
  if (!updates)
    return fail("updates have no static shape");
  coordinates = getStaticType(scatter.coordinates);
  if (!coordinates)
    return fail("coordinates have no static shape");
  type = getStaticType(scatter.original);
  if (!type)
    return fail("tensor that is written to has no static shape");
  if (type != op->getResult(0).getType())
    return fail("result has another type than the tensor that is written to");
  return success();
}

LogicalResult ScatterMatcher::matchShapes() {
  if (type.getNumElements() == 0)
    return fail("tensor that is written to is empty");
  if (coordinates.getRank() != 2)
    return fail("coordinates are no matrix");
  if (updates.getRank() < 1)
    return fail("updates are a scalar");
  if (updates.getDimSize(0) != coordinates.getDimSize(0))
    return fail("has not one row of coordinates for each update");
  if (coordinates.getDimSize(1) < 1)
    return fail("has no coordinates");
  if (coordinates.getDimSize(1) > type.getRank())
    return fail("has more coordinates than dimensions");
  return success();
}

static Attribute getAttribute(Operation *op, StringRef name) {
  if (Attribute value = op->getAttr(name))
    return value;
  auto properties =
      dyn_cast_or_null<DictionaryAttr>(op->getPropertiesAsAttribute());
  return properties ? properties.get(name) : Attribute();
}

LogicalResult ScatterMatcher::matchDimensions() {
  auto dims =
      dyn_cast_or_null<DenseI64ArrayAttr>(getAttribute(op, "dimension_map"));
  if (!dims)
    return fail("does not say which dimensions the coordinates are of");
  if (dims.asArrayRef() != ArrayRef(llvm::to_vector(llvm::seq<int64_t>(
                               0, coordinates.getDimSize(1)))))
    return fail("has other coordinates than of the leading dimensions");
  return success();
}

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

LogicalResult ScatterMatcher::matchBody() {
  if (op->getNumRegions() != 1 || !op->getRegion(0).hasOneBlock())
    return fail("has not a body of one block");
  Block &body = op->getRegion(0).front();
  if (body.getNumArguments() != 2)
    return fail("body has not two arguments");
  if (body.empty())
    return fail("body is empty");
  if (body.back().getNumOperands() != 1)
    return fail("body does not give one value");
  bool replaces = body.back().getOperand(0) == body.getArgument(0) &&
                  body.getOperations().size() == 1;
  return replaces ? success() : matchCombiner(body);
}

/// A body of one operation on both of its arguments.
LogicalResult ScatterMatcher::matchCombiner(Block &body) {
  Operation *combiner = body.back().getOperand(0).getDefiningOp();
  if (!combiner || body.getOperations().size() != 2)
    return fail("body is not one operation");
  if (combiner->getNumOperands() != 2 || combiner->getNumResults() != 1)
    return fail("body does not combine two values");
  for (BlockArgument argument : body.getArguments())
    if (!llvm::is_contained(combiner->getOperands(), argument))
      return fail("body combines other values than its arguments");
  if (!arith::getNeutralElement(combiner))
    return fail("body combines by an operation without neutral element");
  scatter.combiner = combiner;
  return success();
}

//===----------------------------------------------------------------------===//
// Updates
//===----------------------------------------------------------------------===//

/// Whether `shape` is that of updates of one row of `sizes` each, but for
/// dimensions of size 1.
static bool hasRows(ArrayRef<int64_t> shape, ArrayRef<int64_t> sizes) {
  auto isUnit = [](int64_t size) { return size == 1; };
  SmallVector<int64_t> found(shape), expected(sizes);
  llvm::erase_if(found, isUnit);
  llvm::erase_if(expected, isUnit);
  return found == expected;
}

LogicalResult ScatterMatcher::matchUpdates() {
  int64_t number = coordinates.getDimSize(1), total = updates.getDimSize(0);
  if (!hasRows(updates.getShape().drop_front(),
               type.getShape().drop_front(number)))
    return fail("updates are not what the coordinates leave of the tensor");
  scatter.batch = type.getDimSize(0);
  if (total == 0)
    return fail("has no updates");
  if (total % scatter.batch != 0)
    return fail("has not the same number of updates for each sample");
  if (total * number > maxCoordinates)
    return fail("has more coordinates than are looked at");
  scatter.count = total / scatter.batch;
  return success();
}

//===----------------------------------------------------------------------===//
// Coordinates
//===----------------------------------------------------------------------===//

/// The coordinates number `column` of all updates; empty where they depend on
/// data, nothing where one of them is outside of the dimension.
static std::optional<SmallVector<int64_t>>
evaluateColumn(Value coordinates, int64_t column, int64_t size,
               ConstantElements &elements) {
  SmallVector<int64_t> values;
  int64_t count = cast<RankedTensorType>(coordinates.getType()).getDimSize(0);
  for (int64_t update = 0; update < count; ++update) {
    auto value = dyn_cast_or_null<IntegerAttr>(
        elements.getElement(coordinates, {update, column}));
    if (!value)
      return SmallVector<int64_t>();
    if (value.getInt() < 0 || value.getInt() >= size)
      return std::nullopt;
    values.push_back(value.getInt());
  }
  return values;
}

/// Whether `values` are the same for each of `batch` samples; keeps those of
/// one.
static bool keepSample(SmallVector<int64_t> &values, int64_t batch) {
  size_t count = values.size() / batch;
  for (auto [i, value] : llvm::enumerate(values))
    if (value != values[i % count])
      return false;
  values.truncate(count);
  return true;
}

/// Update w belongs to sample w / (updates a sample).
LogicalResult ScatterMatcher::matchSamples(ArrayRef<int64_t> values) {
  if (values.empty())
    return fail("computes the sample that it writes to");
  for (auto [update, sample] : llvm::enumerate(values))
    if (sample != static_cast<int64_t>(update) / scatter.count)
      return fail("writes to another sample");
  return success();
}

LogicalResult ScatterMatcher::matchCoordinates() {
  ConstantElements elements;
  for (int64_t column = 0; column < coordinates.getDimSize(1); ++column) {
    auto values = evaluateColumn(scatter.coordinates, column,
                                 type.getDimSize(column), elements);
    if (!values)
      return fail("writes outside of the tensor");
    if (column == 0) {
      if (failed(matchSamples(*values)))
        return failure();
      values->truncate(scatter.count);
    } else if (!values->empty() && !keepSample(*values, scatter.batch)) {
      values->clear();
    }
    scatter.known.push_back(std::move(*values));
  }
  return success();
}

FailureOr<CoordinateScatter> ScatterMatcher::match() {
  if (failed(matchOperands()) || failed(matchShapes()) ||
      failed(matchDimensions()) || failed(matchBody()) ||
      failed(matchUpdates()) || failed(matchCoordinates()))
    return failure();
  return scatter;
}

FailureOr<CoordinateScatter>
mlir::pdq::matchCoordinateScatter(Operation *op, PatternRewriter &rewriter) {
  return ScatterMatcher(op, rewriter).match();
}
