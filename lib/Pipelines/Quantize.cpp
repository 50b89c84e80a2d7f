// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole story as one pass: annotation, calibration and export.

#include "pdq/Calibration/RunOptions.h"
#include "pdq/Pipelines.h"
#include "pdq/Support/Files/Npy.h"
#include "pdq/Support/Files/Samples.h"
#include "pdq/Support/Options/OptionsLocation.h"
#include "llvm/ADT/StringExtras.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_QUANTIZE
#include "pdq/Pipelines/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
struct Quantize : pdq::impl::QuantizeBase<Quantize> {
  using Base::Base;
  friend struct mlir::pdq::CalibrateOptionReader;

  void getDependentDialects(DialectRegistry &registry) const override {
    build(sampleShape, checkData).getDependentDialects(registry);
  }
  void runOnOperation() override;

private:
  OpPassManager build(const std::string &shape, const std::string &data) const;
};
} // namespace

/// The sizes behind the batch of the calibration set, as the option
/// `sample-shape` takes them. What is wrong with a file its reader says.
static std::string readSampleShapes(const CalibrateOptions &options) {
  SmallVector<std::string> shapes;
  for (StringRef path : getDataPaths(options)) {
    llvm::Expected<NpyFile> file = NpyFile::open(path);
    if (!file || file->getShape().empty()) {
      llvm::consumeError(file.takeError());
      return "";
    }
    shapes.push_back(getSampleSizes(*file));
  }
  return llvm::join(shapes, ",");
}

OpPassManager Quantize::build(const std::string &shape,
                              const std::string &data) const {
  OpPassManager pm(ModuleOp::getOperationName());
  buildAnnotatePipeline(pm, {weightBits, activationBits, firstLast, inputBits,
                             placement, strict, granularity, entry, shape,
                             check, data});
  pm.addPass(createCalibrate(CalibrateOptionReader::read(*this)));
  buildExportPipeline(pm, {allowInitialized, packConstants});
  return pm;
}

/// What is wrong with the options of the calibration, or with the device that
/// they ask for: annotation may take long, and does not look at them.
static LogicalResult checkCalibration(const CalibrateOptions &options,
                                      MLIRContext *context) {
  Location loc = getOptionsLocation(context);
  if (failed(checkOptions(options, loc)) || failed(checkFiles(options, loc)))
    return failure();
  return success(options.target != Target::CUDA ||
                 succeeded(createExecutor(options, loc)));
}

void Quantize::runOnOperation() {
  if (failed(
          checkCalibration(CalibrateOptionReader::read(*this), &getContext())))
    return signalPassFailure();
  std::string shape = sampleShape, data = checkData;
  if (shape.empty())
    shape = readSampleShapes(CalibrateOptionReader::read(*this));
  if (data.empty())
    data = calibration;
  OpPassManager pm = build(shape, data);
  if (failed(runPipeline(pm, getOperation())))
    signalPassFailure();
}
