// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A network at another batch that is wrong on purpose: the check finds it and
// names the operation, and lets rounding pass.

#include "pdq/Runtime/BatchCheck.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Parser/Parser.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Pipelines.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// y = (2 x + 1) * (row sum of x), with the sum named by its location.
constexpr StringLiteral source = R"(
#id = affine_map<(n, c) -> (n, c)>
#row = affine_map<(n, c) -> (n)>
func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %two = arith.constant 2.0 : f32
  %e = tensor.empty() : tensor<1x3xf32>
  %line = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<1x3xf32>) outs(%e : tensor<1x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.mulf %a, %two : f32
    %s = arith.addf %m, %one : f32
    linalg.yield %s : f32
  } -> tensor<1x3xf32> loc("line")
  %e1 = tensor.empty() : tensor<1xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1xf32>) -> tensor<1xf32>
  %sum = linalg.reduce ins(%x : tensor<1x3xf32>) outs(%init : tensor<1xf32>) dimensions = [1]
    (%a: f32, %o: f32) {
      %s = arith.addf %a, %o : f32
      linalg.yield %s : f32
    } loc("sum")
  %y = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%line, %sum : tensor<1x3xf32>, tensor<1xf32>) outs(%e : tensor<1x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<1x3xf32> loc("product")
  return %y : tensor<1x3xf32>
}
)";

class BatchCheckTest : public testing::Test {
protected:
  BatchCheckTest() : samples({4, 3}, ElementType::F32) {
    registerAllDialects(registry);
    Executor::getDependentDialects(registry);
    context.appendDialectRegistry(registry);
    context.printOpOnDiagnostic(false);
    ExecutorOptions options;
    options.threads = 1;
    executor = Executor::createCPU(&context, options);
    for (auto [i, value] : llvm::enumerate(samples.values<float>()))
      value = 0.5f * i - 1.0f;
    module = parseSourceString<ModuleOp>(source, &context);
  }

  func::FuncOp getNetwork() { return *module->getOps<func::FuncOp>().begin(); }

  BatchCheck createCheck(int64_t batch) {
    auto check = BatchCheck::create(getNetwork(), batch, {0});
    EXPECT_TRUE(succeeded(check) && *check);
    return std::move(**check);
  }

  /// Runs the check; returns the error, or nothing.
  std::string run(BatchCheck &check) {
    std::string message;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      llvm::raw_string_ostream(message)
          << diagnostic.getLocation() << ": " << diagnostic;
    });
    const HostTensor *data = &samples;
    EXPECT_EQ(failed(check.run(data, *executor)), !message.empty());
    return message;
  }

  DialectRegistry registry;
  MLIRContext context;
  HostTensor samples;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<Executor> executor;
};

TEST_F(BatchCheckTest, EqualAtEveryBatch) {
  for (int64_t batch : {2, 3, 4, 9}) {
    BatchCheck check = createCheck(batch);
    EXPECT_EQ(run(check), "") << batch;
  }
}

TEST_F(BatchCheckTest, NothingToCheckAtTheOwnBatch) {
  auto check = BatchCheck::create(getNetwork(), 1, {0});
  ASSERT_TRUE(succeeded(check));
  EXPECT_FALSE(check->has_value());
}

TEST_F(BatchCheckTest, NothingToCheckOfADynamicNetwork) {
  module->getOperation()->setAttr(batchName,
                                  Builder(&context).getI64IntegerAttr(-1));
  auto check = BatchCheck::create(getNetwork(), 3, {0});
  ASSERT_TRUE(succeeded(check));
  EXPECT_FALSE(check->has_value());
}

// What captured reads did: every sample takes the sum of sample 0.
TEST_F(BatchCheckTest, FindsSamplesThatReadTheFirstOne) {
  BatchCheck check = createCheck(3);
  check.getRebatched().walk([](linalg::GenericOp op) {
    if (op.getNumDpsInputs() != 2)
      return;
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    maps[1] = AffineMap::get(2, 0, getAffineConstantExpr(0, op.getContext()),
                             op.getContext());
    op.setIndexingMapsAttr(
        Builder(op.getContext()).getAffineMapArrayAttr(maps));
  });
  std::string message = run(check);
  // Sample 2 is 2, 2.5, 3: its last element is 7 times -1.5, not 7 times 7.5.
  EXPECT_EQ(
      message,
      "loc(\"product\"): 'linalg.generic' op gives -10.5 at batch 3 where "
      "it gives 52.5 at batch 1; keep the batch of 1 that the network was "
      "exported for, or export it with a dynamic batch");
}

// The first operation that differs is named, not what it spoils.
TEST_F(BatchCheckTest, NamesTheFirstOperation) {
  BatchCheck check = createCheck(2);
  check.getRebatched().walk([](arith::AddFOp op) {
    if (isa<linalg::GenericOp>(op->getParentOp()))
      op->setOperand(1, op->getOperand(0));
  });
  EXPECT_EQ(run(check).find("loc(\"line\"): 'linalg.generic' op gives "), 0u);
}

// A difference of a few units in the last place is that of another order.
TEST_F(BatchCheckTest, LetsRoundingPass) {
  BatchCheck check = createCheck(2);
  check.getRebatched().walk([](arith::ConstantOp op) {
    auto value = dyn_cast<FloatAttr>(op.getValue());
    if (value && value.getValueAsDouble() == 2.0)
      op.setValueAttr(FloatAttr::get(op.getType(), 2.000001));
  });
  EXPECT_EQ(run(check), "");
}

// A larger one is not.
TEST_F(BatchCheckTest, FindsASmallDifference) {
  BatchCheck check = createCheck(2);
  check.getRebatched().walk([](arith::ConstantOp op) {
    auto value = dyn_cast<FloatAttr>(op.getValue());
    if (value && value.getValueAsDouble() == 2.0)
      op.setValueAttr(FloatAttr::get(op.getType(), 2.01));
  });
  EXPECT_EQ(run(check).find("loc(\"line\")"), 0u);
}

// One sample that is NaN at one batch only.
TEST_F(BatchCheckTest, FindsNaN) {
  BatchCheck check = createCheck(2);
  check.getRebatched().walk([](arith::ConstantOp op) {
    auto value = dyn_cast<FloatAttr>(op.getValue());
    if (value && value.getValueAsDouble() == 1.0)
      op.setValueAttr(FloatAttr::get(op.getType(), std::nan("")));
  });
  EXPECT_EQ(run(check).find("loc(\"line\")"), 0u);
}

} // namespace
