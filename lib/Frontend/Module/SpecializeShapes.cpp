// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Internal IR is static. The batch can be given back to the user; other sizes
// are in what the network computes (the divisor of a pooling, the positions of
// an interpolation), so they stay those of the data.

#include "pdq/Frontend/Module/SpecializeShapes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::pdq;

/// A tensor with a batch: samples have a shape, or are integers (categories).
static bool isInput(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor &&
         (tensor.getRank() > 1 ||
          (tensor.getRank() == 1 && tensor.getElementType().isIntOrIndex()));
}

/// Vectors of floats and counters beside an input are those of batch norms.
static bool isStatistic(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() < 2;
}

LogicalResult mlir::pdq::checkInputs(func::FuncOp network) {
  ArrayRef<Type> types = network.getArgumentTypes();
  if (types.empty())
    return network.emitError("network has no arguments, expected its input");
  const Type *odd = llvm::find_if_not(types, isInput);
  if (odd != types.end()) {
    if (types.size() == 1)
      return network.emitError() << "network takes " << *odd
                                 << ", expected a tensor [N, ...] with the "
                                    "batch as dimension 0 and "
                                    "at least one more";
    InFlightDiagnostic diag = network.emitError()
                              << "network has " << types.size()
                              << " arguments, of which argument "
                              << odd - types.begin() << ", " << *odd
                              << ", is no tensor [N, ...] with a batch";
    if (isStatistic(*odd))
      diag.attachNote()
          << "running statistics of batch norms may have become arguments; "
             "register buffers as parameters without gradient before "
             "exporting, as pdq.torch.export does";
    return diag;
  }
  int64_t batch = cast<RankedTensorType>(types[0]).getDimSize(0);
  for (auto [number, type] : llvm::enumerate(types))
    if (cast<RankedTensorType>(type).getDimSize(0) != batch)
      return network.emitError()
             << "arguments 0 and " << number << " are " << types[0] << " and "
             << type
             << ", expected the same batch as dimension 0 of all inputs";
  return success();
}

/// The sizes in "3x32x32"; nothing for other text.
static std::optional<SmallVector<int64_t>> parseShape(StringRef text) {
  SmallVector<int64_t> sizes;
  for (StringRef part : llvm::split(text, 'x')) {
    int64_t size;
    if (part.getAsInteger(10, size) || size < 1)
      return std::nullopt;
    sizes.push_back(size);
  }
  return sizes;
}

/// Whether `sample` has the static sizes of `type` behind the batch.
static bool agrees(RankedTensorType type, ArrayRef<int64_t> sample) {
  return llvm::all_of_zip(type.getShape().drop_front(), sample,
                          [](int64_t size, int64_t given) {
                            return ShapedType::isDynamic(size) || size == given;
                          });
}

/// Brings the sizes of an image, [C, H, W] or [H, W, C], into the order that
/// `type` has; leaves other sizes as they are.
static void orderImage(RankedTensorType type,
                       SmallVectorImpl<int64_t> &sample) {
  if (sample.size() != 3 || type.getRank() != 4 || agrees(type, sample))
    return;
  // A network with channels last says how many they are.
  if (type.isDynamicDim(3))
    std::rotate(sample.begin(), sample.end() - 1, sample.end());
  else
    std::rotate(sample.begin(), sample.begin() + 1, sample.end());
}

/// `type` with the sizes of a sample, which for images may be in another order.
static FailureOr<RankedTensorType>
fixSample(func::FuncOp network, RankedTensorType type, StringRef text) {
  if (!llvm::is_contained(type.getShape().drop_front(), ShapedType::kDynamic))
    return type;
  if (text.empty())
    return network.emitError()
           << "network takes " << type
           << ", with dynamic sizes behind the batch (dimension 0); give those "
              "of a sample with sample-shape=AxBx..., or the data that they "
              "are "
              "taken from";
  std::optional<SmallVector<int64_t>> sample = parseShape(text);
  if (sample)
    orderImage(type, *sample);
  if (!sample || static_cast<int64_t>(sample->size()) != type.getRank() - 1 ||
      !agrees(type, *sample))
    return network.emitError() << "network takes " << type
                               << ", whose samples cannot have the shape "
                               << text << " of sample-shape or the data";
  SmallVector<int64_t> shape = {type.getDimSize(0)};
  llvm::append_range(shape, *sample);
  RankedTensorType fixed = type.clone(shape);
  network.emitRemark() << "network takes " << type << ", taken as " << fixed
                       << ": results computed from it have these sizes too";
  return fixed;
}

/// Gives an input a static type; canonicalization folds all sizes that are
/// computed from it, also where the data they belong to is read in a payload.
static void fixInput(BlockArgument input, RankedTensorType type) {
  Type dynamic = input.getType();
  if (type == dynamic)
    return;
  input.setType(type);
  OpBuilder builder = OpBuilder::atBlockBegin(input.getOwner());
  auto cast = tensor::CastOp::create(builder, input.getLoc(), dynamic, input);
  input.replaceAllUsesExcept(cast, cast);
}

LogicalResult mlir::pdq::specializeInputs(func::FuncOp network, int64_t batch,
                                          StringRef sampleShapes) {
  SmallVector<StringRef> samples;
  sampleShapes.split(samples, ',');
  Block &block = network.getBody().front();
  samples.resize(std::max<size_t>(samples.size(), block.getNumArguments()));
  for (auto [input, sample] : llvm::zip(block.getArguments(), samples)) {
    auto type = fixSample(network, cast<RankedTensorType>(input.getType()),
                          sample.trim());
    if (failed(type))
      return failure();
    SmallVector<int64_t> shape(type->getShape());
    if (ShapedType::isDynamic(shape.front()))
      shape.front() = batch;
    fixInput(input, type->clone(shape));
  }
  network.setType(FunctionType::get(network.getContext(),
                                    block.getArgumentTypes(),
                                    network.getResultTypes()));
  return success();
}

/// A concatenation of what was static in front of a cast; upstream's
/// canonicalizer has no pattern for it.
static LogicalResult refineConcat(tensor::ConcatOp op,
                                  PatternRewriter &rewriter) {
  SmallVector<Value> inputs;
  for (Value input : op.getInputs()) {
    auto cast = input.getDefiningOp<tensor::CastOp>();
    bool refines = cast && tensor::canFoldIntoConsumerOp(cast);
    inputs.push_back(refines ? cast.getSource() : input);
  }
  if (ValueRange(inputs) == op.getInputs())
    return rewriter.notifyMatchFailure(op, "has no operand to refine");
  Value joined =
      tensor::ConcatOp::create(rewriter, op.getLoc(), op.getDim(), inputs);
  rewriter.replaceOpWithNewOp<tensor::CastOp>(op, op.getType(), joined);
  return success();
}

void mlir::pdq::populateRefineShapesPatterns(RewritePatternSet &patterns) {
  patterns.add(refineConcat);
}

static bool isStatic(Value value) {
  auto type = dyn_cast<ShapedType>(value.getType());
  return !type || type.hasStaticShape();
}

bool mlir::pdq::propagateResults(func::FuncOp network) {
  Operation *terminator = network.getBody().front().getTerminator();
  for (OpOperand &result : terminator->getOpOperands()) {
    auto cast = result.get().getDefiningOp<tensor::CastOp>();
    if (!cast || !isStatic(cast.getSource()))
      continue;
    result.set(cast.getSource());
    if (cast.use_empty())
      cast.erase();
  }
  network.setType(FunctionType::get(network.getContext(),
                                    network.getArgumentTypes(),
                                    terminator->getOperandTypes()));
  return !network
              .walk([](Operation *op) {
                return llvm::all_of(op->getResults(), isStatic)
                           ? WalkResult::advance()
                           : WalkResult::interrupt();
              })
              .wasInterrupted();
}
