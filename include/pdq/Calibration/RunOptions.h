// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of every pass that runs the network: on what, and where.

#ifndef PDQ_CALIBRATION_RUNOPTIONS_H
#define PDQ_CALIBRATION_RUNOPTIONS_H

#include "pdq/Calibration/Calibrator.h"

namespace mlir::pdq {

/// Reads the options of passes, whose friend it is.
struct CalibrateOptionReader {
  /// Those that every pass has that runs the network.
  template <typename PassT> static CalibrateOptions readRun(const PassT &pass) {
    CalibrateOptions options;
    options.calibration = pass.calibration;
    options.mean = pass.mean;
    options.deviation = pass.deviation;
    options.batch = pass.batch;
    options.threads = pass.threads;
    options.target = pass.target;
    options.chip = pass.chip;
    options.math = pass.math;
    options.memoryBudget = pass.memoryBudget;
    options.cpu = pass.cpu;
    options.init = pass.init;
    options.initSamples = pass.initSamples;
    options.scaleSamples = pass.scaleSamples;
    options.symmetricWeights = pass.symmetricWeights;
    options.powerOfTwoScales = pass.powerOfTwoScales;
    options.seed = pass.seed;
    options.memoryLimit = pass.memoryLimit;
    return options;
  }

  /// All those of `pdq-calibrate`.
  template <typename PassT> static CalibrateOptions read(const PassT &pass) {
    CalibrateOptions options = readRun(pass);
    options.preset = pass.preset;
    options.iterations = pass.iterations;
    options.checkpoint = pass.checkpoint;
    options.checkpointEvery = pass.checkpointEvery;
    options.report = pass.report;
    options.products = pass.products;
    options.progress = pass.progress;
    options.learnedRounding = pass.learnedRounding;
    options.scaleLearning = pass.scaleLearning;
    options.weightScaleLearning = pass.weightScaleLearning;
    options.predictionDifference = pass.predictionDifference;
    options.distributionCorrection = pass.distributionCorrection;
    options.correctionSteps = pass.correctionSteps;
    options.correctionRate = pass.correctionRate;
    options.dropIn = pass.dropIn;
    options.dropAct = pass.dropAct;
    options.roundingWeight = pass.roundingWeight;
    options.warmup = pass.warmup;
    options.temperature = pass.temperature;
    options.lambdaR = pass.lambdaR;
    options.outputLosses = pass.outputLosses;
    options.outputWeights = pass.outputWeights;
    options.lambdaC = pass.lambdaC;
    options.roundingRate = pass.roundingRate;
    options.scaleRate = pass.scaleRate;
    options.weightScaleRate = pass.weightScaleRate;
    return options;
  }
};

/// Emits an error at `loc`, the options' place, where one is out of range or
/// missing.
LogicalResult checkOptions(const CalibrateOptions &options, Location loc);

/// Emits an error where a file that is written cannot be, or is read too.
LogicalResult checkFiles(const CalibrateOptions &options, Location loc);

/// The files of the calibration set, one for each input.
SmallVector<StringRef> getDataPaths(const CalibrateOptions &options);

/// Sets the memory limit and reads the calibration set, a file for each
/// input; emits an error where one cannot be read or is over the limit.
FailureOr<CalibrationData> readData(const CalibrateOptions &options,
                                    MLIRContext *context);

/// Makes the executor; emits an error where there is no such target.
FailureOr<std::unique_ptr<Executor>>
createExecutor(const CalibrateOptions &options, Location loc);

} // namespace mlir::pdq

#endif // PDQ_CALIBRATION_RUNOPTIONS_H
