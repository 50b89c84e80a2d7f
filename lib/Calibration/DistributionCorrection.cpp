// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Distribution correction: moves the input of a region so that the inputs of
// its batch norms have the running statistics (dc_1, dc_2).

#include "KeptForms.h"
#include "Optimizer.h"
#include "RegionPrograms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Autodiff/TensorBuilder.h"

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
  Value distance = buildReconstructionLoss(b, inputs, originals);
  Value loss = buildMul(b, distance, factor);
  for (BatchNormOp norm : function.getBody().front().getOps<BatchNormOp>())
    loss = buildAdd(b, loss,
                    BatchNormLossOp::create(b, scalar, norm.getInput(),
                                            norm.getMean(), norm.getVariance(),
                                            norm.getAxis()));
  func::ReturnOp::create(b, loss);
  return function;
}

/// Learning rate divided by 10 after 100 steps without improvement (relative
/// threshold 1e-4), not under 1e-5: [rate, best, since, loss] -> [rate, best,
/// since].
static SmallVector<Value> buildPlateau(ImplicitLocOpBuilder &b,
                                       ValueRange args) {
  Type type = args[0].getType();
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(b, FloatAttr::get(type, value));
  };
  Value threshold = arith::MulFOp::create(b, args[1], constant(1.0 - 1e-4));
  Value improved =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, args[3], threshold);
  Value best = arith::SelectOp::create(b, improved, args[3], args[1]);
  Value since =
      arith::SelectOp::create(b, improved, constant(0.0),
                              arith::AddFOp::create(b, args[2], constant(1.0)));
  Value exhausted = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, since,
                                          constant(100.0));
  Value reduced = arith::MaximumFOp::create(
      b, arith::MulFOp::create(b, args[0], constant(0.1)), constant(1e-5));
  return {arith::SelectOp::create(b, exhausted, reduced, args[0]), best,
          arith::SelectOp::create(b, exhausted, constant(0.0), since)};
}

LogicalResult mlir::pdq::addCorrection(ModuleOp module,
                                       const RegionContext &context) {
  func::FuncOp objective = addObjective(module, context);
  ProgramBuilder program(module, program::correct);
  ImplicitLocOpBuilder &b = program.getBuilder();
  auto scalar = RankedTensorType::get({}, b.getF32Type());
  AdamBuilder adam(program);
  Value rate = program.addArgument(scalar);
  Value best = program.addArgument(scalar);
  Value since = program.addArgument(scalar);

  SmallVector<AdamState> states;
  SmallVector<Value> inputs, originals;
  SmallVector<int64_t> wrt;
  for (Type type : context.getRegion().getInputs().getTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    wrt.push_back(states.size());
    states.push_back(addAdamState(program, getCacheType(tensor)));
    inputs.push_back(buildFromCache(b, states.back().parameter, tensor));
    Value original = program.addArgument(getCacheType(tensor));
    originals.push_back(buildFromCache(b, original, tensor));
  }
  SmallVector<Value> arguments(inputs);
  llvm::append_range(arguments, originals);
  SmallVector<Type> types{scalar};
  llvm::append_range(types, TypeRange(ValueRange(inputs)));
  auto derivative =
      ValueAndGradOp::create(b, types, objective.getName(), arguments, wrt);
  for (auto [state, gradient] :
       llvm::zip_equal(states, derivative.getResults().drop_front()))
    adam.update(state, buildToCache(b, gradient), rate);
  Type f32 = b.getF32Type();
  SmallVector<Value> plateau = buildElementwise(
      b, rate, {f32, f32, f32}, {rate, best, since, derivative.getResult(0)},
      buildPlateau);
  program.store(rate, plateau[0]);
  program.store(best, plateau[1]);
  program.store(since, plateau[2]);
  program.finish();
  return success();
}
