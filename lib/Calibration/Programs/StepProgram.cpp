// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The step program: one optimizer iteration of one region.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "pdq/Calibration/Data/CacheLayout.h"
#include "pdq/Calibration/Parameters/Optimizer.h"
#include "pdq/Calibration/Programs/OutputTerms.h"
#include "pdq/Calibration/Programs/RegionPrograms.h"
#include "pdq/IR/RegionChannels.h"

using namespace mlir;
using namespace mlir::pdq;

/// Random streams of a region: the mini-batch, the mixing of each input, and
/// the masks of the activation quantizers.
static constexpr int64_t streamsPerRegion = 4096, mixStream = 1,
                         maskStream = 1024;
/// Where learned scales end.
static constexpr double smallestScale = 1e-8;

namespace {
/// Builds the objective and the step program around it.
class StepBuilder {
public:
  StepBuilder(ModuleOp module, const RegionContext &context, func::FuncOp tail)
      : module(module), context(context), options(context.options), tail(tail),
        batch(context.options.batch), stream(context.index * streamsPerRegion),
        scalar(
            RankedTensorType::get({}, Float32Type::get(module.getContext()))) {}

  LogicalResult build(int64_t ringSize);

private:
  /// loss_total as the private function (mixed inputs, plain inputs, targets,
  /// predictions, tailLiveIns, student parameters, step, beta, rounding weight)
  /// -> (total, reconstruction loss, prediction difference, regularizer).
  LogicalResult buildObjective();
  LogicalResult buildTrainedStudent();
  SmallVector<Type> getObjectiveTypes();
  /// The arguments of the objective. `weights` are rounding variables where
  /// rounding is learned, else the weights themselves.
  struct ObjectiveArguments {
    ValueRange mixed, plain, targets, predictions, tailLiveIns, weights,
        weightScales, scales;
    Value step, beta, roundingWeight;
  };
  ObjectiveArguments getObjectiveArguments(ValueRange arguments);
  SmallVector<Value> callStudent(ImplicitLocOpBuilder &b,
                                 const ObjectiveArguments &parts);
  Value buildPredictionDifference(ImplicitLocOpBuilder &b, ValueRange predicted,
                                  const ObjectiveArguments &parts);
  Value buildRegularizer(ImplicitLocOpBuilder &b,
                         const ObjectiveArguments &parts);

  /// A mini-batch of one cache.
  Value buildSamples(ProgramBuilder &program, Value indices,
                     RankedTensorType type);
  void addMiniBatch(ProgramBuilder &program, Value step,
                    SmallVectorImpl<Value> &arguments);
  void addParameters(ProgramBuilder &program,
                     SmallVectorImpl<Value> &arguments);
  void storeLosses(ProgramBuilder &program, Value step, ValueRange losses,
                   int64_t ringSize);

  bool learnsRounding() const { return options.learnedRounding; }
  size_t countWeightScales() const {
    return options.learnsWeightScales() ? context.quantizers.weights.size() : 0;
  }
  bool drops() const { return options.dropAct < 1.0; }
  bool predicts() const {
    return options.predictionDifference && !getTermOutputs(options).empty();
  }

  ModuleOp module;
  const RegionContext &context;
  const CalibrationOptions &options;
  func::FuncOp tail, student, objective;
  int64_t batch, stream;
  RankedTensorType scalar;
  /// Learned parameters: their state, and their place among the arguments of
  /// the objective.
  SmallVector<AdamState> roundings, weightScales, scales;
  SmallVector<int64_t> roundingPlaces, weightScalePlaces, scalePlaces;
};
} // namespace

//===----------------------------------------------------------------------===//
// Objective
//===----------------------------------------------------------------------===//

/// Slices [first, first + count) of dimension 0.
static Value buildSlice(ImplicitLocOpBuilder &b, Value value, int64_t first,
                        int64_t count) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(b.getContext(), type.getShape());
  offsets[0] = b.getIndexAttr(first);
  sizes[0] = b.getIndexAttr(count);
  return tensor::ExtractSliceOp::create(b, value, offsets, sizes, strides);
}

SmallVector<Value> StepBuilder::callStudent(ImplicitLocOpBuilder &b,
                                            const ObjectiveArguments &parts) {
  SmallVector<Value> arguments;
  for (auto [lhs, rhs] : llvm::zip_equal(parts.mixed, parts.plain))
    arguments.push_back(
        predicts()
            ? tensor::ConcatOp::create(b, 0, ValueRange{lhs, rhs}).getResult()
            : lhs);
  llvm::append_range(arguments, parts.weights);
  llvm::append_range(arguments, parts.weightScales);
  llvm::append_range(arguments, parts.scales);
  if (drops())
    arguments.push_back(parts.step);
  return SmallVector<Value>(
      func::CallOp::create(b, student, arguments).getResults());
}

Value StepBuilder::buildRegularizer(ImplicitLocOpBuilder &b,
                                    const ObjectiveArguments &parts) {
  Value sum;
  for (Value rounding : learnsRounding() ? parts.weights : ValueRange()) {
    Value term = RoundingRegularizerOp::create(b, scalar, rounding, parts.beta);
    sum = sum ? buildAdd(b, sum, term) : term;
  }
  if (!sum)
    return buildScalar(b, b.getF32Type(), 0.0);
  return buildMul(b, sum, parts.roundingWeight);
}

SmallVector<Type> StepBuilder::getObjectiveTypes() {
  RegionOp region = context.getRegion();
  SmallVector<Type> types;
  auto append = [&](TypeRange range) {
    types.append(range.begin(), range.end());
  };
  append(region.getInputs().getTypes());
  append(region.getInputs().getTypes());
  append(region.getResultTypes());
  llvm::append_range(types, getTargetTypes(context, tail));
  append(TypeRange(ValueRange(context.getTailLiveIns())));
  size_t numParameters = context.quantizers.weights.size() +
                         countWeightScales() +
                         2 * context.quantizers.activations.size();
  append(TypeRange(student.getArgumentTypes())
             .slice(region.getInputs().size(), numParameters));
  types.push_back(
      RankedTensorType::get({}, IntegerType::get(module.getContext(), 64)));
  types.append({scalar, scalar});
  return types;
}

LogicalResult StepBuilder::buildTrainedStudent() {
  StudentOptions form;
  form.weights = learnsRounding() ? WeightForm::Rounding : WeightForm::Ready;
  form.weightScales = options.learnsWeightScales();
  form.batch = predicts() ? 2 * batch : batch;
  form.keep = options.dropAct;
  form.seed = options.seed;
  form.stream = stream + maskStream;
  FailureOr<func::FuncOp> built = buildStudent(
      module, "trained_student", context.getRegion(), context.quantizers, form);
  if (failed(built))
    return failure();
  student = *built;
  return success();
}

StepBuilder::ObjectiveArguments
StepBuilder::getObjectiveArguments(ValueRange arguments) {
  auto take = [&](size_t count) {
    ValueRange taken = arguments.take_front(count);
    arguments = arguments.drop_front(count);
    return taken;
  };
  RegionOp region = context.getRegion();
  ObjectiveArguments parts;
  parts.mixed = take(region.getInputs().size());
  parts.plain = take(region.getInputs().size());
  parts.targets = take(region.getNumResults());
  parts.predictions = take(getTermOutputs(options).size());
  parts.tailLiveIns = take(context.getTailLiveIns().size());
  parts.weights = take(context.quantizers.weights.size());
  parts.weightScales = take(countWeightScales());
  parts.scales = take(2 * context.quantizers.activations.size());
  parts.step = take(1).front();
  parts.beta = take(1).front();
  parts.roundingWeight = take(1).front();
  return parts;
}

Value StepBuilder::buildPredictionDifference(ImplicitLocOpBuilder &b,
                                             ValueRange predicted,
                                             const ObjectiveArguments &parts) {
  auto call = func::CallOp::create(
      b, tail, getTailArguments(context, predicted, parts.tailLiveIns));
  return buildOutputTerms(b, options, call.getResults(), parts.predictions);
}

LogicalResult StepBuilder::buildObjective() {
  if (failed(buildTrainedStudent()))
    return failure();
  ImplicitLocOpBuilder b =
      ImplicitLocOpBuilder::atBlockEnd(module.getLoc(), module.getBody());
  objective = func::FuncOp::create(
      b, "objective",
      b.getFunctionType(getObjectiveTypes(), {scalar, scalar, scalar, scalar}));
  objective.setPrivate();
  b.setInsertionPointToStart(objective.addEntryBlock());
  ObjectiveArguments parts = getObjectiveArguments(objective.getArguments());
  // With prediction difference the batch holds the mixed inputs, which are
  // reconstructed, and then the plain ones, which are predicted from.
  SmallVector<Value> reconstructed, predicted;
  for (Value result : callStudent(b, parts)) {
    reconstructed.push_back(predicts() ? buildSlice(b, result, 0, batch)
                                       : result);
    if (predicts())
      predicted.push_back(buildSlice(b, result, batch, batch));
  }
  Value reconstruction =
      buildReconstructionLoss(b, reconstructed, parts.targets,
                              getResultChannelAxes(context.getRegion()));
  Value total = reconstruction;
  Value difference = buildScalar(b, b.getF32Type(), 0.0);
  if (predicts()) {
    difference = buildPredictionDifference(b, predicted, parts);
    total = buildAdd(b, total, difference);
  }
  Value regularizer = buildRegularizer(b, parts);
  total = buildAdd(b, total, regularizer);
  func::ReturnOp::create(
      b, ValueRange{total, reconstruction, difference, regularizer});
  return success();
}

//===----------------------------------------------------------------------===//
// Step
//===----------------------------------------------------------------------===//

Value StepBuilder::buildSamples(ProgramBuilder &program, Value indices,
                                RankedTensorType type) {
  RankedTensorType kept = getCacheType(type);
  SmallVector<int64_t> shape(kept.getShape());
  shape[0] = context.samples;
  Value cache = program.addArgument(kept.clone(shape));
  return GatherOp::create(program.getBuilder(), kept, cache, indices);
}

/// drop_in: each element from `plain` with probability `keep`, else from
/// `corrected`.
static Value buildMix(ImplicitLocOpBuilder &b, Value step, Value plain,
                      Value corrected, double keep, uint64_t seed,
                      int64_t stream) {
  auto type = cast<RankedTensorType>(plain.getType());
  Value mask = BernoulliOp::create(b, type.clone(b.getI1Type()), step,
                                   APFloat(keep), seed, stream);
  return buildElementwise(
      b, plain, {mask, plain, corrected},
      [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        return arith::SelectOp::create(body, args[0], args[1], args[2]);
      });
}

void StepBuilder::addMiniBatch(ProgramBuilder &program, Value step,
                               SmallVectorImpl<Value> &arguments) {
  ImplicitLocOpBuilder &b = program.getBuilder();
  Value indices =
      UniformIndexOp::create(b, RankedTensorType::get({batch}, b.getI32Type()),
                             step, context.samples, options.seed, stream);
  SmallVector<Value> mixed, plain;
  for (auto [index, type] :
       llvm::enumerate(context.getRegion().getInputs().getTypes())) {
    auto tensor = cast<RankedTensorType>(type);
    Value sample = buildSamples(program, indices, tensor);
    Value corrected = buildSamples(program, indices, tensor);
    Value mix = buildMix(b, step, sample, corrected, options.dropIn,
                         options.seed, stream + mixStream + index);
    mixed.push_back(buildFromCache(b, mix, tensor));
    plain.push_back(buildFromCache(b, sample, tensor));
  }
  llvm::append_range(arguments, mixed);
  llvm::append_range(arguments, plain);
  SmallVector<Type> others(context.getRegion().getResultTypes());
  llvm::append_range(others, getTargetTypes(context, tail));
  llvm::append_range(others, TypeRange(ValueRange(context.getTailLiveIns())));
  for (Type type : others) {
    auto tensor = cast<RankedTensorType>(type);
    arguments.push_back(
        buildFromCache(b, buildSamples(program, indices, tensor), tensor));
  }
}

void StepBuilder::addParameters(ProgramBuilder &program,
                                SmallVectorImpl<Value> &arguments) {
  ImplicitLocOpBuilder &b = program.getBuilder();
  for (const WeightQuantizer &quantizer : context.quantizers.weights) {
    RankedTensorType type = quantizer.getType();
    if (!learnsRounding()) {
      arguments.push_back(program.addArgument(type));
      continue;
    }
    roundings.push_back(addAdamState(program, getParameterType(type)));
    roundingPlaces.push_back(arguments.size());
    arguments.push_back(
        buildFromParameter(b, roundings.back().parameter, type));
  }
  for (size_t i = 0; i < countWeightScales(); ++i) {
    ArrayRef<int64_t> shape = context.quantizers.weights[i].scale.getShape();
    weightScales.push_back(addAdamState(program, scalar.clone(shape)));
    weightScalePlaces.push_back(arguments.size());
    arguments.push_back(weightScales.back().parameter);
  }
  for (size_t i = 0; i < context.quantizers.activations.size(); ++i) {
    scales.push_back(addAdamState(program, scalar));
    scalePlaces.push_back(arguments.size());
    arguments.push_back(scales.back().parameter);
  }
  for (size_t i = 0; i < context.quantizers.activations.size(); ++i)
    arguments.push_back(
        program.addArgument(RankedTensorType::get({}, b.getI32Type())));
  if (!options.scaleLearning)
    scalePlaces.clear();
}

void StepBuilder::storeLosses(ProgramBuilder &program, Value step,
                              ValueRange losses, int64_t ringSize) {
  ImplicitLocOpBuilder &b = program.getBuilder();
  auto type = RankedTensorType::get({ringSize, 4}, b.getF32Type());
  Value ring = program.addArgument(type);
  SmallVector<Value> operands{ring, step};
  llvm::append_range(operands, losses);
  Value updated = buildElementwise(
      b, ring, operands,
      [&](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
        Value row = linalg::IndexOp::create(body, 0);
        Value column = linalg::IndexOp::create(body, 1);
        Value size =
            arith::ConstantOp::create(body, body.getI64IntegerAttr(ringSize));
        Value current = arith::IndexCastOp::create(
            body, body.getIndexType(),
            arith::RemSIOp::create(body, args[1], size).getResult());
        auto equals = [&](Value lhs, Value rhs) -> Value {
          return arith::CmpIOp::create(body, arith::CmpIPredicate::eq, lhs,
                                       rhs);
        };
        Value loss = args[2];
        for (int i = 1; i < 4; ++i)
          loss = arith::SelectOp::create(
              body, equals(column, arith::ConstantIndexOp::create(body, i)),
              args[2 + i], loss);
        return arith::SelectOp::create(body, equals(row, current), loss,
                                       args[0]);
      });
  program.store(ring, updated);
}

static Value takeNext(ValueRange &values) {
  Value next = values.front();
  values = values.drop_front();
  return next;
}

LogicalResult StepBuilder::build(int64_t ringSize) {
  if (failed(buildObjective()))
    return failure();
  ProgramBuilder program(module, program::step);
  ImplicitLocOpBuilder &b = program.getBuilder();
  auto counterType = RankedTensorType::get({}, b.getI64Type());
  Value step = program.addArgument(counterType);
  AdamBuilder adam(program);
  SmallVector<Value> arguments;
  addMiniBatch(program, step, arguments);
  addParameters(program, arguments);
  Schedule schedule = buildSchedule(b, step, options);
  llvm::append_range(arguments,
                     ValueRange{step, schedule.beta, schedule.roundingWeight});

  SmallVector<int64_t> wrt(roundingPlaces);
  llvm::append_range(wrt, weightScalePlaces);
  llvm::append_range(wrt, scalePlaces);
  SmallVector<Type> types(4, scalar);
  for (int64_t place : wrt)
    types.push_back(arguments[place].getType());
  auto derivative =
      ValueAndGradOp::create(b, types, objective.getName(), arguments, wrt);
  ValueRange gradients = derivative.getResults().drop_front(4);
  Value roundingRate = buildScalar(b, b.getF32Type(), options.roundingRate);
  for (const AdamState &state : roundings)
    adam.update(state, buildToParameter(b, takeNext(gradients)), roundingRate);
  Value weightScaleRate =
      buildScalar(b, b.getF32Type(), options.weightScaleRate);
  for (const AdamState &state : weightScales)
    adam.update(state, takeNext(gradients), weightScaleRate, smallestScale);
  for (size_t i = 0; i < scalePlaces.size(); ++i)
    adam.update(scales[i], takeNext(gradients), schedule.scaleRate,
                smallestScale);
  storeLosses(program, step, derivative.getResults().take_front(4), ringSize);
  program.store(step,
                buildElementwise(
                    b, step, step,
                    [](ImplicitLocOpBuilder &body, ValueRange args) -> Value {
                      Value one = arith::ConstantOp::create(
                          body, body.getI64IntegerAttr(1));
                      return arith::AddIOp::create(body, args[0], one);
                    }));
  program.finish();
  return success();
}

LogicalResult mlir::pdq::addStep(ModuleOp module, const RegionContext &context,
                                 func::FuncOp tail, int64_t ringSize) {
  return StepBuilder(module, context, tail).build(ringSize);
}
