// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Distribution correction: moves the input of a region so that the inputs of
// its batch norms have the running statistics (dc_1, dc_2).

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Autodiff/TensorBuilder.h"
#include "pdq/Calibration/Data/CacheLayout.h"
#include "pdq/Calibration/Parameters/Optimizer.h"
#include "pdq/Calibration/Programs/RegionPrograms.h"
#include "pdq/IR/RegionChannels.h"

using namespace mlir;
using namespace mlir::pdq;

/// Adds the private function (inputs, originals) -> loss (dc_2).
static func::FuncOp addObjective(ModuleOp module,
                                 const RegionContext &context) {
  ImplicitLocOpBuilder b =
      ImplicitLocOpBuilder::atBlockEnd(module.getLoc(), module.getBody());
  RegionOp region = context.getRegion();
  SmallVector<Type> types(region.getInputs().getTypes());
  size_t numInputs = types.size();
  types.append(region.getInputs().getTypes().begin(),
               region.getInputs().getTypes().end());
  auto scalar = RankedTensorType::get({}, b.getF32Type());
  auto function = func::FuncOp::create(b, "correction_objective",
                                       b.getFunctionType(types, scalar));
  function.setPrivate();
  b.setInsertionPointToStart(function.addEntryBlock());
  ValueRange inputs = function.getArguments().take_front(numInputs);
  ValueRange originals = function.getArguments().drop_front(numInputs);
  IRMapping mapping;
  cloneBody(b, region.getFloatBody(), inputs, mapping);

  Value factor = buildScalar(b, b.getF32Type(), 1.0 / context.options.lambdaC);
  SmallVector<Value> moved, targets;
  SmallVector<int64_t> axes;
  for (auto [input, original, axis] :
       llvm::zip_equal(inputs, originals, getInputChannelAxes(region)))
    if (getElementTypeOrSelf(input.getType()).isF32()) {
      moved.push_back(input);
      targets.push_back(original);
      axes.push_back(axis);
    }
  Value distance = moved.empty()
                       ? buildScalar(b, b.getF32Type(), 0.0)
                       : buildReconstructionLoss(b, moved, targets, axes);
  Value loss = buildMul(b, distance, factor);
  for (BatchNormOp norm : function.getBody().front().getOps<BatchNormOp>())
    if (hasSpread(norm))
      loss = buildAdd(
          b, loss,
          BatchNormLossOp::create(b, scalar, norm.getInput(), norm.getMean(),
                                  norm.getVariance(), norm.getAxis()));
  func::ReturnOp::create(b, loss);
  return function;
}

LogicalResult mlir::pdq::addCorrection(ModuleOp module,
                                       const RegionContext &context) {
  func::FuncOp objective = addObjective(module, context);
  ProgramBuilder program(module, program::correct);
  ImplicitLocOpBuilder &b = program.getBuilder();
  auto scalar = RankedTensorType::get({}, b.getF32Type());
  AdamBuilder adam(program);
  PlateauState plateau = addPlateauState(program);

  SmallVector<AdamState> states;
  SmallVector<Value> inputs, originals;
  SmallVector<int64_t> wrt;
  for (Type type : context.getRegion().getInputs().getTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    if (!tensor.getElementType().isF32()) {
      Value original = program.addArgument(getCacheType(tensor));
      inputs.push_back(buildFromCache(b, original, tensor));
      originals.push_back(inputs.back());
      continue;
    }
    wrt.push_back(inputs.size());
    states.push_back(addAdamState(program, getCacheType(tensor)));
    inputs.push_back(buildFromCache(b, states.back().parameter, tensor));
    Value original = program.addArgument(getCacheType(tensor));
    originals.push_back(buildFromCache(b, original, tensor));
  }
  SmallVector<Value> arguments(inputs);
  llvm::append_range(arguments, originals);
  SmallVector<Type> types{scalar};
  for (int64_t place : wrt)
    types.push_back(inputs[place].getType());
  auto derivative =
      ValueAndGradOp::create(b, types, objective.getName(), arguments, wrt);
  for (auto [state, gradient] :
       llvm::zip_equal(states, derivative.getResults().drop_front()))
    adam.update(state, buildToCache(b, gradient), plateau.rate);
  updatePlateau(program, plateau, derivative.getResult(0));
  program.finish();
  return success();
}
