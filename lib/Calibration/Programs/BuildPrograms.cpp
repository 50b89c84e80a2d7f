// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The programs that a calibration runs, as IR that can be read and lowered
// without running anything.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Annotation/Rebatch/Rebatch.h"
#include "pdq/Calibration/Data/Inputs.h"
#include "pdq/Calibration/Parameters/Parameters.h"
#include "pdq/Calibration/Passes.h"
#include "pdq/Calibration/Programs/OutputTerms.h"
#include "pdq/Calibration/Programs/RegionPrograms.h"
#include "pdq/Support/DataArguments.h"
#include "pdq/Support/Options/OptionErrors.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_BUILDPROGRAMS
#include "pdq/Calibration/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct BuildPrograms : pdq::impl::BuildProgramsBase<BuildPrograms> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(checkOptions()) || failed(replaceNetwork()))
      signalPassFailure();
  }

private:
  LogicalResult checkOptions();
  LogicalResult replaceNetwork();
  FailureOr<int> findStage(func::FuncOp network, const NetworkStages &stages);
  FailureOr<OwningOpRef<ModuleOp>>
  build(func::FuncOp network, const NetworkStages &stages, int stage);
};
} // namespace

LogicalResult BuildPrograms::checkOptions() {
  Location loc = getOperation().getLoc();
  if (batch < 1 || samples < batch)
    return emitError(loc) << "options 'batch' and 'samples' are "
                          << batch.getValue() << " and " << samples.getValue()
                          << ", expected 1 <= batch <= samples";
  return success();
}

/// The stage of the region that the option names.
FailureOr<int> BuildPrograms::findStage(func::FuncOp network,
                                        const NetworkStages &stages) {
  SmallVector<StringRef> names;
  for (auto [index, stage] : llvm::enumerate(stages.getStages())) {
    if (!stage.region)
      continue;
    if (RegionOp(stage.region).getSymName() == region)
      return static_cast<int>(index);
    names.push_back(RegionOp(stage.region).getSymName());
  }
  InFlightDiagnostic diag = network.emitError()
                            << "option 'region' is '" << region
                            << "', expected one of ";
  llvm::interleaveComma(names, diag);
  return diag;
}

FailureOr<OwningOpRef<ModuleOp>>
BuildPrograms::build(func::FuncOp network, const NetworkStages &stages,
                     int stage) {
  FailureOr<RegionQuantizers> quantizers =
      collectQuantizers(stages.getStages()[stage].region);
  if (failed(quantizers))
    return failure();
  std::unique_ptr<Executor> executor =
      Executor::createCPU(&getContext(), ExecutorOptions());
  // The smallest and the largest weight: cheap, and as good for reading.
  ScaleSearch scales(*executor, ScaleInit::MinMax);
  if (failed(initializeWeights(*quantizers, scales, *executor)))
    return failure();
  CalibrationOptions options;
  options.batch = batch;
  options.predictionDifference = predictionDifference;
  options.learnedRounding = learnedRounding;
  options.dropAct = dropAct;
  if (failed(chooseOutputTerms(network, options, network.getLoc())))
    return failure();
  return buildRegionPrograms(
      RegionContext{stages, stage, *quantizers, options, samples});
}

LogicalResult BuildPrograms::replaceNetwork() {
  FailureOr<func::FuncOp> network = findNetwork(getOperation());
  if (failed(network) ||
      failed(rebatch(*network, batch, getDataArguments(*network))) ||
      failed(checkBorders(*network, batch)))
    return failure();
  NetworkStages stages(*network);
  FailureOr<int> stage = findStage(*network, stages);
  if (failed(stage))
    return failure();
  FailureOr<OwningOpRef<ModuleOp>> programs = build(*network, stages, *stage);
  if (failed(programs))
    return failure();
  bool isAll = program == ProgramChoice::All;
  StringRef name = getValueName(program, program.getValue());
  if (!isAll && !(*programs)->lookupSymbol(name))
    return network->emitError() << "region @" << region << " has no program '"
                                << name << "': it has nothing to learn";
  for (auto function : (*programs)->getOps<func::FuncOp>())
    if (!isAll && function.getName() != name)
      function.setPrivate();
  // Stages hold operations of the network, which goes now.
  getOperation().getBody()->clear();
  getOperation().getBody()->getOperations().splice(
      getOperation().getBody()->end(), (*programs)->getBody()->getOperations());
  return success();
}
