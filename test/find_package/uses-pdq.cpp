// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What another compiler does with pdq: its dialect in a context of their own,
// one of its passes in their own pipeline.

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "pdq/Export/Passes.h"
#include "pdq/IR/PDQ.h"

static constexpr const char *source = R"(
func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
  %y = pdq.region @r ins(%x : tensor<8xf32>) -> (tensor<8xf32>)
  float {
  ^bb0(%in: tensor<8xf32>):
    pdq.yield %in : tensor<8xf32>
  } quantized {
  ^bb0(%in: tensor<8xf32>):
    %a = pdq.fake_quant %in to <bits = 4> : tensor<8xf32>
    pdq.yield %a : tensor<8xf32>
  }
  return %y : tensor<8xf32>
})";

int main() {
  mlir::MLIRContext context;
  context.loadDialect<mlir::func::FuncDialect, mlir::pdq::PDQDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
  mlir::PassManager passes(&context);
  passes.addPass(mlir::pdq::createInlineRegions());
  if (!module || mlir::failed(passes.run(*module)))
    return 1;
  module->print(llvm::outs());
  return 0;
}
