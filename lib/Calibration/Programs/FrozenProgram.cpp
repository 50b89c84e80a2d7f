// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A calibrated region as the exported network computes it: by the passes that
// export it.

#include "pdq/Calibration/Programs/FrozenProgram.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/PassManager.h"
#include "pdq/Calibration/Data/CacheLayout.h"
#include "pdq/Calibration/Programs/Program.h"
#include "pdq/Calibration/Programs/RegionPrograms.h"
#include "pdq/Calibration/Sections.h"
#include "pdq/Export/Passes.h"
#include "pdq/Network/Rebatch/Rebatch.h"

using namespace mlir;
using namespace mlir::pdq;

/// The private function that computes the quantized body.
static func::FuncOp buildStudentFunction(ModuleOp module, RegionOp region) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto function = func::FuncOp::create(
      builder, region.getLoc(), "student",
      builder.getFunctionType(region.getInputs().getTypes(),
                              region.getResultTypes()));
  function.setPrivate();
  builder.setInsertionPointToEnd(function.addEntryBlock());
  IRMapping mapping;
  SmallVector<Value> results = cloneBody(builder, region.getQuantizedBody(),
                                         function.getArguments(), mapping);
  func::ReturnOp::create(builder, region.getLoc(), results);
  return function;
}

/// Lowers quantizers as `pdq-export` and `pdq-lower-quant` do. The remarks are
/// about what the order of products does not hold for; what is not quantized
/// at all annotation has told.
static LogicalResult lowerQuantizers(ModuleOp module) {
  PassManager pm(module.getContext());
  // A region of `iterations=0` has no status before its results are there.
  pm.addPass(createFreeze({/*allowInitialized=*/true}));
  pm.addPass(createConvertPDQToQuant());
  LowerQuantOptions quant;
  quant.foldConstants = true;
  quant.remarks = ProductRemarks::Quantized;
  pm.addPass(createLowerQuant(quant));
  return pm.run(module);
}

FailureOr<OwningOpRef<ModuleOp>>
mlir::pdq::buildFrozenProgram(RegionOp region, ProductArithmetic products,
                              int64_t batch) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(region.getLoc());
  (*module)->setAttr(productsName, StringAttr::get(region.getContext(),
                                                   stringifyEnum(products)));
  func::FuncOp student = buildStudentFunction(*module, region);
  auto inputs =
      llvm::to_vector(llvm::seq<unsigned>(0, student.getNumArguments()));
  if (failed(lowerQuantizers(*module)) ||
      failed(rebatch(student, batch, inputs)))
    return failure();
  ProgramBuilder program(*module, program::frozen);
  SmallVector<Value> arguments =
      addCacheArguments(program, student.getArgumentTypes());
  SmallVector<Value> results;
  for (Value result : program.call(student, arguments))
    results.push_back(buildToCache(program.getBuilder(), result));
  program.finish(results);
  if (failed(lowerPrograms(*module)))
    return failure();
  return module;
}
