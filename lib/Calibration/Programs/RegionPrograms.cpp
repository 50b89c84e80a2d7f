// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The programs that calibrate one region, as one module.

#include "pdq/Calibration/Programs/RegionPrograms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "pdq/Calibration/Data/CacheLayout.h"
#include "pdq/Calibration/Programs/OutputTerms.h"
#include "pdq/IR/RegionChannels.h"

using namespace mlir;
using namespace mlir::pdq;

SmallVector<Value> RegionContext::getTailLiveIns() const {
  SmallVector<Value> tailLiveIns;
  llvm::copy_if(sections.getLiveValues(index), std::back_inserter(tailLiveIns),
                [&](Value value) {
                  return value.getDefiningOp() != getRegion().getOperation();
                });
  return tailLiveIns;
}

bool mlir::pdq::hasSpread(BatchNormOp norm) {
  auto type = cast<RankedTensorType>(norm.getType());
  return type.getNumElements() >=
         2 * type.getDimSize(0) * type.getDimSize(norm.getAxis());
}

bool RegionContext::hasBatchNorms() const {
  bool hasFloatInput =
      llvm::any_of(getRegion().getInputs().getTypes(), [](Type type) {
        return getElementTypeOrSelf(type).isF32();
      });
  return options.distributionCorrection && options.correctionSteps > 0 &&
         hasFloatInput &&
         llvm::any_of(getRegion().getFloatBody().front().getOps<BatchNormOp>(),
                      hasSpread);
}

bool RegionContext::hasTrainables() const {
  return options.iterations > 0 &&
         ((options.learnedRounding && !quantizers.weights.empty()) ||
          (options.scaleLearning && !quantizers.activations.empty()));
}

SmallVector<Value> mlir::pdq::addCacheArguments(ProgramBuilder &program,
                                                TypeRange types) {
  SmallVector<Value> values;
  for (Type type : types) {
    auto tensor = cast<RankedTensorType>(type);
    Value argument = program.addArgument(getCacheType(tensor));
    values.push_back(buildFromCache(program.getBuilder(), argument, tensor));
  }
  return values;
}

SmallVector<Value> mlir::pdq::getTailArguments(const RegionContext &context,
                                               ValueRange results,
                                               ValueRange tailLiveIns) {
  SmallVector<Value> arguments;
  size_t liveIn = 0;
  for (Value live : context.sections.getLiveValues(context.index)) {
    auto result = dyn_cast<OpResult>(live);
    if (result && result.getOwner() == context.getRegion().getOperation())
      arguments.push_back(results[result.getResultNumber()]);
    else
      arguments.push_back(tailLiveIns[liveIn++]);
  }
  return arguments;
}

/// One number a sample has one channel.
static Value addChannel(ImplicitLocOpBuilder &b, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() != 1)
    return value;
  return tensor::ExpandShapeOp::create(
      b, type.clone({type.getDimSize(0), 1}), value,
      SmallVector<ReassociationIndices>{{0, 1}});
}

Value mlir::pdq::buildReconstructionLoss(ImplicitLocOpBuilder &b,
                                         ValueRange results, ValueRange targets,
                                         ArrayRef<int64_t> axes) {
  auto scalar = RankedTensorType::get({}, b.getF32Type());
  Value sum;
  for (auto [result, target, axis] : llvm::zip_equal(results, targets, axes)) {
    Value output = addChannel(b, result), wanted = addChannel(b, target);
    int64_t channel = output == result ? axis : 1;
    Value loss =
        ReconstructionLossOp::create(b, scalar, output, wanted, channel);
    sum = sum ? buildAdd(b, sum, loss) : loss;
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// Forward, teach, evaluate
//===----------------------------------------------------------------------===//

static void addArguments(ProgramBuilder &program, TypeRange types,
                         SmallVectorImpl<Value> &arguments) {
  for (Type type : types)
    arguments.push_back(program.addArgument(cast<RankedTensorType>(type)));
}

/// Adds the student's arguments; activations in their kept form.
static SmallVector<Value> addStudentArguments(ProgramBuilder &program,
                                              const RegionContext &context,
                                              func::FuncOp student) {
  TypeRange types = student.getArgumentTypes();
  size_t numInputs = context.getRegion().getInputs().size();
  SmallVector<Value> arguments =
      addCacheArguments(program, types.take_front(numInputs));
  addArguments(program, types.drop_front(numInputs), arguments);
  return arguments;
}

static SmallVector<Value> buildToCaches(ImplicitLocOpBuilder &b,
                                        ValueRange values) {
  return llvm::map_to_vector(values,
                             [&](Value v) { return buildToCache(b, v); });
}

static LogicalResult addForward(ModuleOp module, const RegionContext &context) {
  StudentOptions options;
  options.batch = context.options.batch;
  options.observe = true;
  FailureOr<func::FuncOp> student =
      buildStudent(module, "observed_student", context.getRegion(),
                   context.quantizers, options);
  if (failed(student))
    return failure();
  ProgramBuilder program(module, program::forward);
  SmallVector<Value> arguments =
      addStudentArguments(program, context, *student);
  SmallVector<Value> results = program.call(*student, arguments);
  // Behind the region's results stand the inputs of its quantizers.
  for (Value &observed :
       MutableArrayRef(results).drop_front(context.getRegion().getNumResults()))
    observed = buildToObserved(program.getBuilder(), observed, options.batch);
  program.finish(buildToCaches(program.getBuilder(), results));
  return success();
}

static void addTeach(ModuleOp module, const RegionContext &context) {
  ProgramBuilder program(module, program::teach);
  RegionOp region = context.getRegion();
  SmallVector<Value> inputs =
      addCacheArguments(program, region.getInputs().getTypes());
  IRMapping mapping;
  SmallVector<Value> results =
      cloneBody(program.getBuilder(), region.getFloatBody(), inputs, mapping);
  program.finish(buildToCaches(program.getBuilder(), results));
}

SmallVector<Type> mlir::pdq::getTargetTypes(const RegionContext &context,
                                            func::FuncOp tail) {
  return llvm::map_to_vector(
      getTermOutputs(context.options),
      [&](unsigned output) { return tail.getResultTypes()[output]; });
}

/// Both losses with nothing dropped; the prediction difference is 0 where no
/// output has a term.
static LogicalResult addEvaluate(ModuleOp module, const RegionContext &context,
                                 func::FuncOp tail) {
  StudentOptions options;
  options.batch = context.options.batch;
  FailureOr<func::FuncOp> student = buildStudent(
      module, "student", context.getRegion(), context.quantizers, options);
  if (failed(student))
    return failure();
  ProgramBuilder program(module, program::evaluate);
  ImplicitLocOpBuilder &b = program.getBuilder();
  SmallVector<Value> arguments =
      addStudentArguments(program, context, *student);
  SmallVector<Value> targets =
      addCacheArguments(program, context.getRegion().getResultTypes());
  SmallVector<Value> predictions =
      addCacheArguments(program, getTargetTypes(context, tail));
  SmallVector<Value> tailLiveIns = addCacheArguments(
      program, TypeRange(ValueRange(context.getTailLiveIns())));
  ValueRange results = program.call(*student, arguments);
  Value reconstruction = buildReconstructionLoss(
      b, results, targets, getResultChannelAxes(context.getRegion()));
  ValueRange predicted =
      program.call(tail, getTailArguments(context, results, tailLiveIns));
  Value difference =
      buildOutputTerms(b, context.options, predicted, predictions);
  program.finish({reconstruction, difference});
  return success();
}

FailureOr<OwningOpRef<ModuleOp>>
mlir::pdq::buildRegionPrograms(const RegionContext &context) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(context.getRegion().getLoc());
  func::FuncOp tail = context.sections.buildTail(*module, "tail", context.index,
                                                 TailBody::Folded);
  addTeach(*module, context);
  if (failed(addForward(*module, context)) ||
      failed(addEvaluate(*module, context, tail)))
    return failure();
  if (context.hasTrainables() && context.hasBatchNorms() &&
      failed(addCorrection(*module, context)))
    return failure();
  if (context.hasTrainables() &&
      failed(addStep(*module, context, tail, lossRingSize)))
    return failure();
  if (failed(lowerPrograms(*module)))
    return failure();
  return module;
}
