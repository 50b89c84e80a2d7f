// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stage 6, Calibration: data + gradients -> calibrated parameters. The passes in the order of the flow.

#ifndef PDQ_CALIBRATION_PASSES_TD
#define PDQ_CALIBRATION_PASSES_TD

include "pdq/Calibration/Options.td"

def CheckAnnotation : PDQPass<"pdq-check-annotation", "::mlir::ModuleOp"> {
  let summary = "Run an annotated network and compare both bodies of its regions";
  let description = [{
    Runs the network on a few samples. Without quantizers both bodies of a region
    compute the same up to rounding, and so does, as a step of `pdq-annotate`, the
    annotated network and the network as the frontend wrote it. The difference is
    the norm of the difference over the norm of what is right.

    ```
    pdq-opt annotated.mlir --pdq-check-annotation="samples=4"
    ```

    Changes nothing. An error names the region whose bodies differ. Declines, with
    a remark, networks whose inputs have no numbers that pdq can make.
  }];
  let options = [
    Option<"samples", "samples", "int64_t", /*default=*/"4", "Samples; 0 checks nothing">,
    Option<"calibration", "calibration", "std::string", /*default=*/"",
           ".npy file whose first samples are taken; normal numbers where it has none">,
    Option<"tolerance", "tolerance", "double", /*default=*/"1e-3",
           "Largest difference, as a part of the norm">
  ];
  let statistics = [
    Statistic<"numChecked", "num-checked", "Networks checked">
  ];
  let dependentDialects = ["PDQDialect", "func::FuncDialect", "linalg::LinalgDialect",
                           "math::MathDialect", "tensor::TensorDialect", "arith::ArithDialect"];
}

def CheckSizes : PDQPass<"pdq-check-sizes", "::mlir::ModuleOp"> {
  let summary = "Run a network whose sizes were dynamic at other sizes";
  let description = [{
    A network that came with dynamic sizes behind the batch was given those of
    the data, and its types are in the attribute `pdq.input_types`. Other sizes
    may be in what it computes: in the divisor of a pooling, in the positions of
    an interpolation. This pass makes the sizes of the quantized bodies, without
    quantizers, dynamic again as `pdq-restore-sizes` does, gives them other
    sizes, and compares with the network as it came at these sizes: one and a half
    times and twice as many, one more and one less, as far as that network takes
    them. Each run is one of two samples of normal numbers.

    Where all agree a remark says which sizes were tried. Else the attribute is
    removed, so that the exported network has the sizes of the data, and a remark
    names the operation that cannot have dynamic sizes, or what differs.

    ```mlir
    module attributes {pdq.batch = -1 : i64,
                       pdq.input_types = [tensor<?x3x?x?xf32>]} {
      func.func @main(%x: tensor<32x3x32x32xf32>) -> tensor<32x10xf32>
    // becomes, for a network with a linear layer on all pixels
    module attributes {pdq.batch = -1 : i64} {
      func.func @main(%x: tensor<32x3x32x32xf32>) -> tensor<32x10xf32>
    ```

    Only `pdq-annotate` with `check` knows the network as it came; alone the pass
    declines and the sizes stay those of the data.
  }];
  let options = [
    Option<"entry", "entry", "std::string", /*default=*/"",
           "Function that is the network, where the original module has several">,
    Option<"tolerance", "tolerance", "double", /*default=*/"1e-3",
           "Largest difference, as a part of the norm">
  ];
  let statistics = [
    Statistic<"numRuns", "num-runs", "Other sizes at which a network was run">
  ];
  let dependentDialects = ["PDQDialect", "affine::AffineDialect", "func::FuncDialect",
                           "linalg::LinalgDialect", "math::MathDialect",
                           "tensor::TensorDialect", "arith::ArithDialect"];
}

def InitializeScales : PDQPass<"pdq-initialize-scales", "::mlir::ModuleOp"> {
  let summary = "Choose first scales and zero points, and learn nothing";
  let description = [{
    Goes through the regions in execution order and gives every quantizer the
    scale and zero point with which `pdq-calibrate` would start: a weight those
    of its numbers, an activation those of the first samples, pushed through the
    quantized network in front of it (init_minmax, init_mse). Weights stay as
    they are; their quantizers round to nearest.

    ```mlir
    %w = pdq.fake_quant %weight to <bits = 4, axis = 0> : tensor<8x4xf32>
    %a = pdq.fake_quant %x to <bits = 4> : tensor<32x4xf32>
    // becomes
    %w = pdq.fake_quant %weight scale(%ws) zero_point(%wz) to <bits = 4, axis = 0>
       : tensor<8x4xf32>, tensor<8xf32>, tensor<8xi32>
    %a = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4>
       : tensor<32x4xf32>, tensor<f32>, tensor<i32>
    ```

    The regions get no status: `pdq-freeze` takes them with `allow-initialized`,
    and `pdq-calibrate` calibrates them as if they were not initialized. A region
    that is calibrated already stays as it is. Declines what `pdq-calibrate`
    declines.
  }];
  let options = runOptions;
  let statistics = [
    Statistic<"numInitialized", "num-initialized", "Quantizers initialized">
  ];
  let dependentDialects = ["PDQDialect", "func::FuncDialect", "linalg::LinalgDialect",
                           "math::MathDialect", "tensor::TensorDialect", "arith::ArithDialect"];
}

def BuildPrograms : PDQPass<"pdq-build-programs", "::mlir::ModuleOp"> {
  let summary = "Replace an annotated network by the programs that calibrate one region";
  let description = [{
    What `pdq-calibrate` compiles and runs for the region, as functions on tensors:
    `@step` is one whole optimizer iteration (mini-batch, student and tail in both
    directions, losses, Adam), `@forward` and `@teach` the region, `@evaluate` the
    losses, `@correct` one step of distribution correction. Results with
    `plan.in_place = i` are stored in argument i. Nothing is run: weights get the
    scales of their range, activations take theirs as arguments.

    For reading, for `pdq-print-plan-cost`, and as input for lowerings:

    ```
    pdq-opt net.mlirbc --pdq-annotate --pdq-build-programs=region=block0
        --pdq-lower-to-gpu-plan=chip=sm_90a --pdq-print-plan-cost
    ```

    ```mlir
    func.func @main(%x: tensor<4x8xf32>) -> tensor<4x2xf32> {
      %y = pdq.region @layer0 ins(%x : tensor<4x8xf32>) -> (tensor<4x8xf32>) ...
    // becomes
    func.func @step(%counter: tensor<i64>, ...) -> (tensor<i64> {plan.in_place = 0 : i64}, ...)
    ```

    Declines a region that the network does not have, and programs that it does not
    need (`step` of a region without quantizers).
  }];
  let options = [
    Option<"region", "region", "std::string", /*default=*/"", "Name of the region">,
    EnumOption<"program", "program", "::mlir::pdq::ProgramChoice", /*default=*/"Step", "Program that stays", [
      OptionValue<"Forward", "forward", "the region, quantized">,
      OptionValue<"Teach", "teach", "the region as it was">,
      OptionValue<"Evaluate", "evaluate", "the losses">,
      OptionValue<"Correct", "correct", "one step of distribution correction">,
      OptionValue<"Step", "step", "one iteration of the optimizer">,
      OptionValue<"All", "all", "every one that the region needs">]>,
    batchOption,
    Option<"samples", "samples", "int64_t", /*default=*/"1024",
           "Samples of the calibration set, which mini-batches are drawn from">,
    learnedRoundingOption, predictionDifferenceOption, dropActOption
  ];
  let dependentDialects = ["PDQDialect", "func::FuncDialect", "linalg::LinalgDialect",
                           "math::MathDialect", "tensor::TensorDialect", "arith::ArithDialect"];
}

def Calibrate : PDQPass<"pdq-calibrate", "::mlir::ModuleOp"> {
  let summary = "Calibrate an annotated network, region after region";
  let description = [{
    Learns the rounding of weights and the scales of activations of every
    `pdq.region` with PD-Quant: differentiates, compiles and runs the network
    on the calibration set. Afterwards all quantizers have constant scales and
    zero points, weights are rounded, and each region carries what its
    calibration achieved. Every switch of the algorithm is an option; with
    `iterations=0` weights are rounded to nearest and only scales are chosen.

    ```mlir
    %y = pdq.region @layer0 ins(%x : tensor<32x4xf32>) -> (tensor<32x4xf32>) float {...}
    quantized {
    ^bb0(%in: tensor<32x4xf32>):
      %a = pdq.fake_quant %in to <bits = 4> : tensor<32x4xf32>
      pdq.yield %a : tensor<32x4xf32>
    }
    // becomes
    %y = pdq.region @layer0 ins(%x : tensor<32x4xf32>) -> (tensor<32x4xf32>)
      status <iterations = 300, reconstruction_loss = 1.3e-01 to 2.1e-02,
              prediction_difference = 4.0e-01 to 9.0e-02> float {...}
    quantized {
    ^bb0(%in: tensor<32x4xf32>):
      %a = pdq.fake_quant %in scale(%s) zero_point(%z) to <bits = 4>
         : tensor<32x4xf32>, tensor<f32>, tensor<i32>
      pdq.yield %a : tensor<32x4xf32>
    }
    ```

    A network may have several inputs and outputs, all with the batch as
    dimension 0. The prediction difference is the sum over the outputs, each with
    its weight from `output-weights`: for logits `[N, K]` the divergence of the
    predictions, for maps and sequences the mean of it over all positions, for an
    output of one number a sample (or one channel) the mean squared error; outputs
    that are no tensors of f32 have no term. The dimension of the classes is that
    of the last layer's output channels; where no layer shows it, it is dimension 1
    of maps and the last dimension of sequences `[N, T, C]`. `output-losses` says
    it otherwise. What is chosen beside logits `[N, K]` is said in a remark.

    Without `preset` the settings are those of the family that the network's
    structure is closest to; a remark names it. Remarks say too where all samples
    are equal, where a mini-batch is constant, and where samples come sorted by the
    classes that the float network predicts.

    With `products=factored` the results of a calibrated region, which the next ones
    read, are computed as integer hardware does: (q - z) summed, then rescaled
    (integer_1), the same bits in any order of the sum. The module says so in
    `pdq.products`, so `pdq-run` and `pdq-lower-quant` compute the same before and after
    the export. A product whose sums may not be exact (integer_2) stays as it is, which
    a remark says.

    SIGINT and SIGTERM end a calibration between two iterations, with the state in
    the checkpoint. A checkpoint belongs to one process at a time.

    Declines networks without regions, data of another shape than the network's
    input, and what needs more memory than `memory-limit`. A region that is
    calibrated already stays as it is.
  }];
  let options = calibrateOptions;
  let statistics = [
    Statistic<"numCalibrated", "num-calibrated", "Regions calibrated">
  ];
  let dependentDialects = ["PDQDialect", "func::FuncDialect", "linalg::LinalgDialect",
                           "math::MathDialect", "tensor::TensorDialect", "arith::ArithDialect"];
}

#endif // PDQ_CALIBRATION_PASSES_TD
