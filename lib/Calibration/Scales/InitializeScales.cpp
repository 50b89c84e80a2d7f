// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass around the first scales: options in, parameters out.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "pdq/Calibration/Calibrator.h"
#include "pdq/Calibration/Passes.h"
#include "pdq/Calibration/RunOptions.h"
#include "pdq/IR/PDQ.h"
#include "pdq/Support/Options/OptionsLocation.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_INITIALIZESCALES
#include "pdq/Calibration/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct InitializeScales : pdq::impl::InitializeScalesBase<InitializeScales> {
  using Base::Base;
  friend struct mlir::pdq::CalibrateOptionReader;

  void runOnOperation() override {
    if (failed(initializeNetwork()))
      signalPassFailure();
  }

private:
  LogicalResult initializeNetwork();
};
} // namespace

LogicalResult InitializeScales::initializeNetwork() {
  Location loc = getOptionsLocation(&getContext());
  CalibrationOptions options(CalibrateOptionReader::readRun(*this));
  options.predictionDifference = false;
  options.products = ProductArithmetic::Float;
  if (failed(checkOptions(options, loc)))
    return failure();
  FailureOr<CalibrationData> data = readData(options, &getContext());
  if (failed(data))
    return failure();
  FailureOr<std::unique_ptr<Executor>> executor = createExecutor(options, loc);
  if (failed(executor))
    return failure();
  int64_t count = 0;
  LogicalResult result =
      initializeScales(getOperation(), *data, options, **executor, count);
  numInitialized = count;
  return result;
}
