// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether a network computes the same at another batch: it is run at both.

#include "pdq/Runtime/BatchCheck.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/IR/PDQ.h"
#include "llvm/Support/Format.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::pdq;

/// Largest difference, as a part of the largest result, that rounding makes of
/// sums in another order.
static constexpr double roundingTolerance = 1e-3;
/// The same where the network rounds to integers, of all results: a sum beside
/// a border may be on its other side.
static constexpr double integerTolerance = 1e-2;
/// The same of sums in the same order.
static constexpr double orderedTolerance = 1e-5;
/// Values that are kept at once while looking for the first that differs.
static constexpr size_t maxBytes = size_t(1) << 30;

static func::FuncOp getFunction(ModuleOp module) {
  return *module.getOps<func::FuncOp>().begin();
}

func::FuncOp BatchCheck::getRebatched() const {
  return getFunction(otherModule.get());
}

/// A module that holds a copy of `network` only.
static OwningOpRef<ModuleOp> cloneNetwork(func::FuncOp network) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(network.getLoc());
  func::FuncOp copy = network.clone();
  copy.setPublic();
  module->push_back(copy);
  return module;
}

FailureOr<std::optional<BatchCheck>>
BatchCheck::create(func::FuncOp network, int64_t batch,
                   ArrayRef<unsigned> dataArguments) {
  auto type = dataArguments.empty()
                  ? RankedTensorType()
                  : dyn_cast<RankedTensorType>(
                        network.getArgumentTypes()[dataArguments.front()]);
  auto users = network->getParentOp()->getAttrOfType<IntegerAttr>(batchName);
  if (!type || type.getRank() == 0 || type.isDynamicDim(0) ||
      type.getDimSize(0) == batch || (users && users.getInt() == -1))
    return std::optional<BatchCheck>();
  BatchCheck check;
  check.dataArguments.assign(dataArguments.begin(), dataArguments.end());
  check.ownBatch = type.getDimSize(0);
  check.otherBatch = batch;
  check.ownModule = cloneNetwork(network);
  func::FuncOp own = getFunction(*check.ownModule);
  // Casts that forget static sizes go, as they do at the other batch.
  if (failed(rebatch(own, check.ownBatch, dataArguments)))
    return failure();
  Builder builder(network.getContext());
  for (auto [number, op] :
       llvm::enumerate(own.getBody().front().without_terminator()))
    op.setDiscardableAttr(numberName, builder.getI64IntegerAttr(number));
  check.otherModule = cloneNetwork(own);
  if (failed(rebatch(check.getRebatched(), batch, dataArguments, &check.dims)))
    return failure();
  return std::optional<BatchCheck>(std::move(check));
}

//===----------------------------------------------------------------------===//
// Values to compare
//===----------------------------------------------------------------------===//

SmallVector<BatchCheck::Pair> BatchCheck::findResults() const {
  SmallVector<Pair> pairs;
  for (auto [own, other] : llvm::zip_equal(
           getFunction(ownModule.get())
               .getBody()
               .front()
               .getTerminator()
               ->getOperands(),
           getRebatched().getBody().front().getTerminator()->getOperands()))
    if (auto place = dims.find(other); place != dims.end())
      pairs.push_back({own, other, place->second});
  return pairs;
}

SmallVector<BatchCheck::Pair> BatchCheck::findIntermediates() const {
  DenseMap<int64_t, Operation *> numbered;
  for (Operation &op : getFunction(ownModule.get()).getBody().front())
    if (auto number = op.getAttrOfType<IntegerAttr>(numberName))
      numbered[number.getInt()] = &op;
  SmallVector<Pair> pairs;
  for (Operation &op : getRebatched().getBody().front()) {
    auto number = op.getAttrOfType<IntegerAttr>(numberName);
    Operation *own = number ? numbered.lookup(number.getInt()) : nullptr;
    if (!own || isa<tensor::EmptyOp>(own) ||
        own->getNumResults() != op.getNumResults())
      continue;
    for (auto [ownResult, result] :
         llvm::zip_equal(own->getResults(), op.getResults())) {
      auto type = dyn_cast<RankedTensorType>(ownResult.getType());
      auto place = dims.find(result);
      if (type && place != dims.end() &&
          succeeded(pdq::getElementType(type.getElementType())))
        pairs.push_back({ownResult, result, place->second});
    }
  }
  return pairs;
}

/// A module with a function that returns `values` of the function in `module`.
static OwningOpRef<ModuleOp> buildModule(ModuleOp module,
                                         ArrayRef<Value> values) {
  IRMapping mapping;
  auto copy = cast<ModuleOp>(module->clone(mapping));
  func::FuncOp function = getFunction(copy);
  Block &block = function.getBody().front();
  block.getTerminator()->setOperands(llvm::map_to_vector(
      values, [&](Value value) { return mapping.lookup(value); }));
  function.setType(FunctionType::get(copy.getContext(),
                                     block.getArgumentTypes(),
                                     block.getTerminator()->getOperandTypes()));
  for (unsigned result = 0; result < values.size(); ++result)
    function.setResultAttrs(result, ArrayRef<NamedAttribute>());
  // Kernels are kept by their content.
  for (Operation &op : block)
    op.removeDiscardableAttr(numberName);
  return copy;
}

namespace {
/// A function that was compiled, with buffers.
class Side {
public:
  static FailureOr<Side> create(ModuleOp module, ArrayRef<Value> values,
                                Executor &executor);
  /// Runs on rows of the samples; arguments that are no data stay whole.
  SmallVector<HostTensor> run(ArrayRef<const HostTensor *> samples,
                              ArrayRef<unsigned> dataArguments,
                              ArrayRef<int64_t> rows);

private:
  std::string name;
  std::unique_ptr<Executable> executable;
  SmallVector<BufferRef> inputs, results;
};
} // namespace

FailureOr<Side> Side::create(ModuleOp module, ArrayRef<Value> values,
                             Executor &executor) {
  OwningOpRef<ModuleOp> copy = buildModule(module, values);
  func::FuncOp function = getFunction(*copy);
  auto executable = executor.compile(*copy);
  if (failed(executable))
    return failure();
  Side side;
  side.name = function.getName().str();
  side.executable = std::move(*executable);
  auto allocate = [&](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    return executor.allocate(tensor.getShape(),
                             *pdq::getElementType(tensor.getElementType()));
  };
  side.inputs = llvm::map_to_vector(function.getArgumentTypes(), allocate);
  side.results = llvm::map_to_vector(function.getResultTypes(), allocate);
  return side;
}

SmallVector<HostTensor> Side::run(ArrayRef<const HostTensor *> samples,
                                  ArrayRef<unsigned> dataArguments,
                                  ArrayRef<int64_t> rows) {
  for (auto [number, input] : llvm::enumerate(inputs)) {
    const HostTensor *sample = samples[number];
    if (!llvm::is_contained(dataArguments, number)) {
      input->write(*sample);
      continue;
    }
    HostTensor tensor(input->getShape(), input->getElementType());
    size_t bytes = tensor.getNumBytes() / rows.size();
    int64_t count = sample->getShape().front();
    for (auto [place, row] : llvm::enumerate(rows))
      std::memcpy(static_cast<char *>(tensor.data()) + place * bytes,
                  static_cast<const char *>(sample->data()) +
                      row % count * bytes,
                  bytes);
    input->write(tensor);
  }
  executable->call(name, inputs, results);
  return llvm::map_to_vector(results,
                             [](const BufferRef &b) { return b->read(); });
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

static double getValue(const HostTensor &tensor, int64_t index) {
  switch (tensor.getElementType()) {
  case ElementType::F32:
    return tensor.values<float>()[index];
  case ElementType::F64:
    return tensor.values<double>()[index];
  case ElementType::I64:
    return tensor.values<int64_t>()[index];
  case ElementType::I32:
    return tensor.values<int32_t>()[index];
  case ElementType::I8:
    return tensor.values<int8_t>()[index];
  case ElementType::I1:
  case ElementType::U8:
    return tensor.values<uint8_t>()[index];
  }
  llvm_unreachable("unknown element type");
}

void BatchCheck::Distance::add(double ownValue, double otherValue) {
  bool isSame = ownValue == otherValue ||
                (std::isnan(ownValue) && std::isnan(otherValue));
  double difference = isSame ? 0 : std::abs(ownValue - otherValue);
  if (std::isnan(difference))
    difference = std::numeric_limits<double>::infinity();
  if (std::isfinite(ownValue)) {
    scale = std::max(scale, std::abs(ownValue));
    reference += ownValue * ownValue;
  }
  squares += difference * difference;
  if (difference > largest) {
    largest = difference;
    own = ownValue;
    other = otherValue;
  }
}

/// Adds the elements of one sample. A value is [before, batch, behind] with the
/// sizes of all that stands before and behind the batch.
void BatchCheck::addDistance(const Pair &pair, const HostTensor &own,
                             int64_t ownSample, const HostTensor &other,
                             int64_t otherSample, Distance &distance) const {
  int64_t before = 1, behind = 1;
  if (!pair.place.isAdded) {
    ArrayRef<int64_t> shape = own.getShape();
    before = ShapedType::getNumElements(shape.take_front(pair.place.dim)) *
             pair.place.outer;
    behind = ShapedType::getNumElements(shape.drop_front(pair.place.dim + 1)) *
             (pair.place.factor / pair.place.outer);
  }
  if (own.getNumElements() != before * ownBatch * behind ||
      other.getNumElements() != before * otherBatch * behind)
    return;
  for (int64_t i = 0; i < before; ++i)
    for (int64_t j = 0; j < behind; ++j)
      distance.add(
          getValue(own, (i * ownBatch + ownSample) * behind + j),
          getValue(other, (i * otherBatch + otherSample) * behind + j));
}

/// The first, the second and the last sample of the other batch.
SmallVector<int64_t> BatchCheck::getCheckedSamples() const {
  SmallVector<int64_t> rows = {0};
  for (int64_t row : {int64_t(1), otherBatch - 1})
    if (row < otherBatch && row > rows.back())
      rows.push_back(row);
  return rows;
}

FailureOr<SmallVector<BatchCheck::Distance>>
BatchCheck::compare(ArrayRef<Pair> pairs, ArrayRef<const HostTensor *> samples,
                    Executor &executor) const {
  auto owns = llvm::map_to_vector(pairs, [](const Pair &p) { return p.own; });
  auto others =
      llvm::map_to_vector(pairs, [](const Pair &p) { return p.other; });
  FailureOr<Side> own = Side::create(ownModule.get(), owns, executor);
  FailureOr<Side> other = Side::create(otherModule.get(), others, executor);
  if (failed(own) || failed(other))
    return failure();
  SmallVector<HostTensor> results =
      other->run(samples, dataArguments,
                 llvm::to_vector(llvm::seq<int64_t>(0, otherBatch)));
  SmallVector<int64_t> rows = getCheckedSamples();
  SmallVector<Distance> distances(pairs.size());
  for (size_t first = 0; first < rows.size(); first += ownBatch) {
    SmallVector<int64_t> taken;
    for (int64_t i = 0; i < ownBatch; ++i)
      taken.push_back(rows[std::min(first + i, rows.size() - 1)]);
    SmallVector<HostTensor> expected = own->run(samples, dataArguments, taken);
    for (int64_t i = 0; i < ownBatch && first + i < rows.size(); ++i)
      for (auto [number, pair] : llvm::enumerate(pairs))
        addDistance(pair, expected[number], i, results[number], rows[first + i],
                    distances[number]);
  }
  return distances;
}

/// Whether integers are made of what the network computes.
static bool roundsToIntegers(func::FuncOp network) {
  return network
      .walk([](Operation *op) {
        return isa<math::RoundEvenOp, math::RoundOp, math::FloorOp,
                   math::CeilOp, arith::FPToSIOp, arith::FPToUIOp>(op)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

static std::string print(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.6g", value);
  return text;
}

/// Runs both in the order of their own loops and finds the first operation that
/// differs.
LogicalResult BatchCheck::locate(ArrayRef<const HostTensor *> samples) const {
  ExecutorOptions options;
  options.inOrder = true;
  std::unique_ptr<Executor> executor =
      Executor::createCPU(ownModule.get()->getContext(), options);
  SmallVector<Pair> pairs = findIntermediates();
  for (size_t first = 0; first < pairs.size();) {
    size_t count = 0, bytes = 0;
    for (; first + count < pairs.size(); ++count) {
      auto type = cast<RankedTensorType>(pairs[first + count].other.getType());
      bytes += type.getNumElements() * sizeof(double);
      if (count > 0 && bytes > maxBytes)
        break;
    }
    auto group = ArrayRef(pairs).slice(first, count);
    FailureOr<SmallVector<Distance>> distances =
        compare(group, samples, *executor);
    if (failed(distances))
      return failure();
    for (auto [pair, distance] : llvm::zip_equal(group, *distances))
      if (distance.largest > orderedTolerance * distance.scale)
        return emitError(pair.own.getLoc())
               << "'" << pair.own.getDefiningOp()->getName() << "' op gives "
               << print(distance.other) << " at batch " << otherBatch
               << " where it gives " << print(distance.own) << " at batch "
               << ownBatch << "; keep the batch of " << ownBatch
               << " that the network was exported for, or export it with a "
                  "dynamic batch";
    first += count;
  }
  return success();
}

LogicalResult BatchCheck::run(ArrayRef<const HostTensor *> samples,
                              Executor &executor) {
  SmallVector<Pair> results = findResults();
  FailureOr<SmallVector<Distance>> distances =
      compare(results, samples, executor);
  if (failed(distances))
    return failure();
  bool hasIntegers = roundsToIntegers(getFunction(*ownModule));
  bool isNear = llvm::all_of(*distances, [&](const Distance &distance) {
    return hasIntegers
               ? distance.squares <=
                     integerTolerance * integerTolerance * distance.reference
               : distance.largest <= roundingTolerance * distance.scale;
  });
  return isNear ? success() : locate(samples);
}
