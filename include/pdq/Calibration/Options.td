// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of passes that run the network, and of pipelines that hold one: the only
// place of their names, defaults and meanings.

#ifndef PDQ_CALIBRATION_OPTIONS_TD
#define PDQ_CALIBRATION_OPTIONS_TD

include "pdq/IR/PassBase.td"

/// Options that `pdq-build-programs` has, too (the last: drop_act).
defvar batchOption = Option<"batch", "batch", "int64_t", /*default=*/"32", "Samples per mini-batch">;
defvar learnedRoundingOption = Option<"learnedRounding", "learned-rounding", "bool", /*default=*/"true",
  "Learn the rounding of weights (AdaRound)">;
defvar predictionDifferenceOption = Option<"predictionDifference", "prediction-difference", "bool", /*default=*/"true",
  "Add the prediction difference to the loss">;
defvar dropActOption = Option<"dropAct", "drop-act", "double", /*default=*/"0.5",
  "Probability of keeping the quantized element of an activation">;

/// Options of every pass that runs the network on the calibration set.
defvar runOptions = [
  Option<"calibration", "calibration", "std::string", /*default=*/"",
         "Calibration set: .npy file, [N, ...] as the network's input, or bytes [N, H, W, C] or [N, C, H, W], which are images; one for each input, separated by commas">,
  Option<"mean", "mean", "std::string", /*default=*/"",
         "Images as bytes become (byte / 255 - mean) / std: one number a channel (0.485,0.456,0.406 for 3 channels, else 0)">,
  Option<"deviation", "std", "std::string", /*default=*/"",
         "See mean (0.229,0.224,0.225 for 3 channels, else 1)">,
  batchOption,
  Option<"threads", "threads", "unsigned", /*default=*/"0",
         "Worker threads; 0 takes one per core. The result does not depend on it">,
  EnumOption<"target", "target", "::mlir::pdq::Target", /*default=*/"CPU", "Where programs run", [
    OptionValue<"CPU", "cpu", "threads of the host">,
    OptionValue<"CUDA", "cuda", "a GPU">,
    OptionValue<"Auto", "auto", "cuda where there is a device">]>,
  Option<"chip", "chip", "std::string", /*default=*/"",
         "GPU that code is generated for, such as sm_80; empty takes the device's own">,
  EnumOption<"math", "math", "::mlir::pdq::plan::Math", /*default=*/"FP32",
             "Precision of products on a GPU's tensor cores", [
    OptionValue<"FP32", "fp32", "three products of tf32 parts">,
    OptionValue<"TF32", "tf32", "one product">,
    OptionValue<"BF16", "bf16", "one product, of fewer bits">]>,
  Option<"memoryBudget", "memory-budget", "std::string", /*default=*/"",
         "Bytes of a GPU's memory for programs and samples (1500000, 64M, 2G); samples beyond it stay on the host. Empty takes what is free">,
  EnumOption<"cpu", "cpu", "::mlir::pdq::CPUTarget", /*default=*/"Host", "Instruction set", [
    OptionValue<"Host", "host", "the best one of this machine">,
    OptionValue<"Generic", "generic", "that of every machine">,
    OptionValue<"AVX2", "avx2", "with vectors of 8 numbers">,
    OptionValue<"AVX512", "avx512", "with vectors of 16 numbers">]>,
  EnumOption<"init", "init", "::mlir::pdq::ScaleInit", /*default=*/"MSE", "First scales", [
    OptionValue<"MSE", "mse", "smallest error">,
    OptionValue<"MinMax", "minmax", "whole range">]>,
  Option<"initSamples", "init-samples", "int64_t", /*default=*/"256",
         "Samples that initialize the activation quantizers">,
  EnumOption<"scaleSamples", "scale-samples", "::mlir::pdq::ScaleSamples", /*default=*/"Spread",
             "Which samples initialize the activation quantizers", [
    OptionValue<"Spread", "spread", "over the whole set, drawn by the seed">,
    OptionValue<"First", "first", "those at its start (the paper's)">]>,
  Option<"symmetricWeights", "symmetric-weights", "bool", /*default=*/"false",
         "Zero points of weights are the middle of their integers, so that q - z fits a signed integer of the same bits">,
  Option<"powerOfTwoScales", "power-of-two-scales", "bool", /*default=*/"false",
         "All scales are powers of two; those of activations are not learned then">,
  Option<"seed", "seed", "uint64_t", /*default=*/"1005", "Seed of all random draws">,
  Option<"memoryLimit", "memory-limit", "std::string", /*default=*/"",
         "Bytes of the host's memory for programs and samples (1500000, 64M, 2G); empty takes 80 % of the machine's">
];

/// Options of pdq-calibrate.
defvar calibrateOptions = !listconcat(runOptions, [
  EnumOption<"preset", "preset", "::mlir::pdq::Preset", /*default=*/"Auto",
             "Settings of a network family", [
    OptionValue<"Auto", "auto", "that of the network's structure">,
    OptionValue<"ResNet", "resnet", "convolutions over all channels">,
    OptionValue<"RegNetX", "regnetx", "grouped convolutions">,
    OptionValue<"MobileNetV2", "mobilenetv2", "depthwise convolutions, smooth or clamped activations">,
    OptionValue<"MNasNet", "mnasnet", "depthwise convolutions, rectifiers">]>,
  Option<"iterations", "iterations", "int64_t", /*default=*/"20000",
         "Optimizer iterations per region; 0 rounds to nearest">,
  Option<"checkpoint", "checkpoint", "std::string", /*default=*/"",
         "File that keeps the state, to go on after an interruption">,
  Option<"checkpointEvery", "checkpoint-every", "int64_t", /*default=*/"2000",
         "Iterations between two checkpoints inside a region; 0 keeps one per region">,
  EnumOption<"products", "products", "::mlir::pdq::ProductArithmetic", /*default=*/"Factored",
             "Order of products of quantized tensors that the results of a region are computed in", [
    OptionValue<"Float", "float", "terms of dequantized numbers">,
    OptionValue<"Factored", "factored", "scales behind the sum, where that is exact">]>,
  Option<"report", "report", "std::string", /*default=*/"", "File for the report, as JSON">,
  EnumOption<"progress", "progress", "::mlir::pdq::ProgressForm", /*default=*/"Text", "Form of the progress on stderr", [
    OptionValue<"Text", "text", "a line that changes on a terminal, else a line a region">,
    OptionValue<"JSON", "json", "an object a line, for programs">]>,
  learnedRoundingOption,
  Option<"scaleLearning", "scale-learning", "bool", /*default=*/"true",
         "Learn the scales of activations">,
  // round_6.
  Option<"weightScaleLearning", "weight-scale-learning", "bool", /*default=*/"false",
         "Learn the scales of weights beside their rounding, which stays relative to the first ones">,
  predictionDifferenceOption,
  Option<"distributionCorrection", "distribution-correction", "bool", /*default=*/"true",
         "Correct the region's input to the batch-norm statistics">,
  // dc_2.
  Option<"correctionSteps", "distribution-correction-steps", "int64_t", /*default=*/"500",
         "Steps of distribution correction per batch">,
  Option<"correctionRate", "distribution-correction-rate", "double", /*default=*/"1e-3",
         "Learning rate of distribution correction">,
  // drop_in.
  Option<"dropIn", "drop-in", "double", /*default=*/"0.5",
         "Probability of keeping the quantized element of the region's input">,
  dropActOption,
  // round_5.
  Option<"roundingWeight", "rounding-weight", "double", /*default=*/"-1.0",
         "Factor of the rounding regularizer; negative takes the preset's">,
  Option<"warmup", "warmup", "double", /*default=*/"0.2",
         "Part of the iterations without rounding regularizer">,
  // loss_pd.
  Option<"temperature", "temperature", "double", /*default=*/"-1.0",
         "Softening of the logits in the prediction difference; negative takes the preset's">,
  Option<"lambdaR", "lambda-r", "double", /*default=*/"0.1",
         "Divisor of the prediction difference">,
  Option<"outputLosses", "output-losses", "std::string", /*default=*/"",
         "What the prediction difference takes of each output, separated by commas: kl (or kl:AXIS, the dimension of the classes), mse, none or auto">,
  Option<"outputWeights", "output-weights", "std::string", /*default=*/"",
         "Factor of each output in the prediction difference, separated by commas">,
  Option<"lambdaC", "lambda-c", "double", /*default=*/"-1.0",
         "Divisor of the distance in distribution correction; negative takes the preset's">,
  Option<"roundingRate", "rounding-rate", "double", /*default=*/"3e-3",
         "Learning rate of the rounding">,
  Option<"scaleRate", "scale-rate", "double", /*default=*/"4e-5",
         "Learning rate of the scales">,
  Option<"weightScaleRate", "weight-scale-rate", "double", /*default=*/"1e-4",
         "Learning rate of the scales of weights">
]);

#endif // PDQ_CALIBRATION_OPTIONS_TD
