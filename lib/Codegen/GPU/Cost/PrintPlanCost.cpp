// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cost of launch plans as a table.

#include "KernelCost.h"
#include "pdq/Codegen/GPU/Matrix/OperandPrecision.h"
#include "pdq/Codegen/Passes.h"
#include "pdq/Plan/Buffer/LaunchPlan.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Support/Options/OptionsLocation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_PRINTPLANCOST
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct PrintPlanCost : mlir::pdq::impl::PrintPlanCostBase<PrintPlanCost> {
  void runOnOperation() override {
    if (failed(chooseRates()))
      return signalPassFailure();
    llvm::StringSet<> initializers;
    for (auto program : getOperation().getOps<plan::ProgramOp>())
      if (std::optional<StringRef> name = program.getInitializer())
        initializers.insert(*name);
    for (auto program : getOperation().getOps<plan::ProgramOp>())
      if (!initializers.contains(program.getName()) && failed(print(program)))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  LogicalResult chooseRates();
  LogicalResult print(plan::ProgramOp program);
  void printLaunch(StringRef kernel, const KernelCost &cost);
  void printTotals(const LaunchPlan &plan);

  const ChipRates *rates = nullptr;
  double contractions = 0;
  KernelCost sum;
  double seconds = 0;
};
} // namespace

LogicalResult PrintPlanCost::chooseRates() {
  plan::TargetAttr target = plan::getTarget(getOperation());
  rates = llvm::find_if(getChipRates(), [&](const ChipRates &known) {
    return known.chip == target.getChip();
  });
  if (rates == getChipRates().end()) {
    InFlightDiagnostic diag = getOperation().emitError("chip of '")
                              << plan::targetName << "' is '"
                              << target.getChip()
                              << "' (-pdq-set-target), expected one of ";
    llvm::interleaveComma(getChipRates(), diag,
                          [&](const ChipRates &known) { diag << known.chip; });
    return diag;
  }
  // A multiply-add in fp32 is three in tf32.
  plan::Math math = target.getMath();
  double peak = math == plan::Math::BF16 ? rates->bf16 : rates->tf32;
  contractions = peak / getPartProducts(math).size();
  return success();
}

void PrintPlanCost::printLaunch(StringRef kernel, const KernelCost &cost) {
  double time = getRooflineSeconds(cost, *rates, contractions);
  sum.bytesRead += cost.bytesRead;
  sum.bytesWritten += cost.bytesWritten;
  sum.flops += cost.flops;
  sum.productBytes += cost.productBytes;
  seconds += time;
  llvm::errs() << llvm::format("%-32s %-12s %12lld %12lld %14lld %9.3f\n",
                               kernel.str().c_str(),
                               plan::stringifyForm(cost.form).str().c_str(),
                               static_cast<long long>(cost.bytesRead),
                               static_cast<long long>(cost.bytesWritten),
                               static_cast<long long>(cost.flops), time * 1e6);
}

void PrintPlanCost::printTotals(const LaunchPlan &plan) {
  llvm::raw_ostream &os = llvm::errs();
  int64_t bytes = sum.bytesRead + sum.bytesWritten;
  os << "launches: " << plan.launches.size() << "\n"
     << "bytes: " << bytes << "\n"
     << "flops: " << sum.flops << "\n"
     << llvm::format("roofline: %.3f us\n", seconds * 1e6);
  if (sum.productBytes > 0)
    os << "product bytes: " << sum.productBytes
       << llvm::format(" (all: %.2fx)\n", double(bytes) / sum.productBytes);
  os << "arena bytes: " << plan.arenaBytes << "\n"
     << "live bytes: " << plan.liveBytes;
  if (plan.liveBytes > 0)
    os << llvm::format(" (arena: %.2fx)",
                       double(plan.arenaBytes) / plan.liveBytes);
  os << "\n";
}

LogicalResult PrintPlanCost::print(plan::ProgramOp program) {
  FailureOr<LaunchPlan> plan = buildLaunchPlan(program);
  if (failed(plan))
    return failure();
  sum = KernelCost();
  seconds = 0;
  llvm::errs() << "plan of @" << plan->name << " on " << rates->chip << " ("
               << rates->product << ", "
               << plan::stringifyMath(plan::getTarget(program).getMath())
               << ")\n"
               << llvm::format("%-32s %-12s %12s %12s %14s %9s\n", "kernel",
                               "form", "bytes read", "bytes written", "flops",
                               "us");
  for (const Launch &launch : plan->launches) {
    plan::KernelOp kernel = launch.kernel;
    FailureOr<KernelCost> cost = computeCost(kernel);
    if (failed(cost))
      return failure();
    printLaunch(kernel.getName(), *cost);
  }
  printTotals(*plan);
  return success();
}
