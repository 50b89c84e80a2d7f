// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether the network that is calibrated is the one that was given.

#include "pdq/Calibration/Checks/NetworkCheck.h"
#include "mlir/IR/IRMapping.h"
#include "pdq/Calibration/Data/Inputs.h"
#include "pdq/Calibration/Programs/Program.h"
#include "pdq/Calibration/Sections.h"
#include "pdq/Runtime/BatchCheck.h"
#include "pdq/Support/DataArguments.h"
#include "pdq/Support/GuardScalars.h"

using namespace mlir;
using namespace mlir::pdq;

void mlir::pdq::inlineBodies(func::FuncOp network, TailBody body) {
  for (auto region : llvm::make_early_inc_range(
           network.getBody().front().getOps<RegionOp>())) {
    OpBuilder builder(region);
    IRMapping mapping;
    Region &taken = body == TailBody::Float ? region.getFloatBody()
                                            : region.getQuantizedBody();
    region->replaceAllUsesWith(
        cloneBody(builder, taken, region.getInputs(), mapping));
    region.erase();
  }
}

LogicalResult mlir::pdq::checkOtherBatch(ModuleOp module, int64_t batch,
                                         const CalibrationData &data,
                                         Executor &executor) {
  OwningOpRef<ModuleOp> copy = module.clone();
  FailureOr<func::FuncOp> network = findNetwork(*copy);
  if (failed(network))
    return failure();
  auto input = cast<RankedTensorType>(network->getArgumentTypes()[0]);
  if (input.getDimSize(0) == batch)
    return success();
  inlineBodies(*network, TailBody::Float);
  removeQuantizers(*network);
  guardScalars(*network);
  std::string name = network->getName().str();
  if (failed(lowerPrograms(*copy)))
    return failure();
  auto lowered = copy->lookupSymbol<func::FuncOp>(name);
  auto check = BatchCheck::create(lowered, batch, getDataArguments(lowered));
  if (failed(check))
    return failure();
  if (!*check)
    return success();
  SmallVector<const HostTensor *> samples;
  for (const InputData &input : data.inputs)
    samples.push_back(&input.samples);
  return (*check)->run(samples, executor);
}
