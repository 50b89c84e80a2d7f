// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The programs that a calibration runs, as IR that can be read and lowered
// without running anything.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Calibration/Data/Inputs.h"
#include "pdq/Calibration/Parameters/Parameters.h"
#include "pdq/Calibration/Passes.h"
#include "pdq/Calibration/Programs/OutputTerms.h"
#include "pdq/Calibration/Programs/RegionPrograms.h"
#include "pdq/Network/Rebatch/Rebatch.h"
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
  FailureOr<int> findSection(func::FuncOp network,
                             const NetworkSections &sections);
  FailureOr<OwningOpRef<ModuleOp>>
  build(func::FuncOp network, const NetworkSections &sections, int section);
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

/// The section of the region that the option names.
FailureOr<int> BuildPrograms::findSection(func::FuncOp network,
                                          const NetworkSections &sections) {
  SmallVector<StringRef> names;
  for (auto [index, section] : llvm::enumerate(sections.getSections())) {
    if (!section.region)
      continue;
    if (RegionOp(section.region).getSymName() == region)
      return static_cast<int>(index);
    names.push_back(RegionOp(section.region).getSymName());
  }
  InFlightDiagnostic diag = network.emitError()
                            << "option 'region' is '" << region
                            << "', expected one of ";
  llvm::interleaveComma(names, diag);
  return diag;
}

FailureOr<OwningOpRef<ModuleOp>>
BuildPrograms::build(func::FuncOp network, const NetworkSections &sections,
                     int section) {
  FailureOr<RegionQuantizers> quantizers =
      collectQuantizers(sections.getSections()[section].region);
  if (failed(quantizers))
    return failure();
  std::unique_ptr<Executor> executor =
      Executor::createCPU(&getContext(), ExecutorOptions());
  // The smallest and the largest weight: cheap, and as good for reading.
  ScaleSearch scales(*executor, {ScaleInit::MinMax});
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
      RegionContext{sections, section, *quantizers, options, samples});
}

LogicalResult BuildPrograms::replaceNetwork() {
  FailureOr<func::FuncOp> network = findNetwork(getOperation());
  if (failed(network) ||
      failed(rebatch(*network, batch, getDataArguments(*network))) ||
      failed(checkBorders(*network, batch)))
    return failure();
  NetworkSections sections(*network);
  FailureOr<int> section = findSection(*network, sections);
  if (failed(section))
    return failure();
  FailureOr<OwningOpRef<ModuleOp>> programs =
      build(*network, sections, *section);
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
  // Sections hold operations of the network, which goes now.
  getOperation().getBody()->clear();
  getOperation().getBody()->getOperations().splice(
      getOperation().getBody()->end(), (*programs)->getBody()->getOperations());
  return success();
}
