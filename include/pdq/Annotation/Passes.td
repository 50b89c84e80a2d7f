// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stage 2, Annotation: networks on static tensors -> annotated IR. The passes in the order of the flow.

#ifndef PDQ_ANNOTATION_PASSES_TD
#define PDQ_ANNOTATION_PASSES_TD

include "pdq/Annotation/Options.td"

def CaptureBatchNorm : PDQPass<"pdq-capture-batch-norm"> {
  let summary = "Find batch norms and keep their statistics";
  let description = [{
    Recognizes evaluation-mode batch norm by what a chain of elementwise
    operations computes, however it is written, and replaces it. Its parameters
    are what does not depend on the network's input and is read along one
    dimension, any but the batch. A scale and an offset, `x s + (beta - mean s)`,
    are one where the deviation is seen in both.

    ```mlir
    %0 = linalg.generic ... { subf %x, %mean }
    %1 = linalg.generic ... { mulf %0, %inverse_deviation }
    %2 = linalg.generic ... { mulf %1, %gamma }
    %3 = linalg.generic ... { addf %2, %beta }
    // becomes
    %3 = pdq.batch_norm %x, %mean, %variance, %gamma, %beta
      {axis = 1 : i64, epsilon = 1.0e-05 : f64} : tensor<8x4x2x2xf32>, tensor<4xf32>
    ```

    Where a network has none (they were folded before it was exported) a remark
    says so: distribution correction is off then.
  }];
  let statistics = [
    Statistic<"numCaptured", "num-captured", "Batch norms captured">
  ];
  let dependentDialects = ["PDQDialect", "arith::ArithDialect", "tensor::TensorDialect"];
}

def EvaluateConstants : PDQPass<"pdq-evaluate-constants"> {
  let summary = "Evaluate computed weights, and bring layers into one form";
  let description = [{
    What the data path reads and what depends on constants only becomes a
    constant, whatever computes it: standardized and normalized weights, sums of
    branches, merged adapters, slices, weights stored in half precision. The
    arithmetic is that of the operations, in the order of their loops and with
    the rounding of their types.

    ```mlir
    %scaled = linalg.generic ... ins(%w : tensor<3x3xf32>) { mulf %a, %half }
    %h = linalg.matmul ins(%x, %scaled : ...)
    // becomes
    %scaled = arith.constant dense<...> : tensor<3x3xf32>
    %h = linalg.matmul ins(%x, %scaled : ...)
    ```

    Views of constants stay as they are, and so does what only repeats them, such
    as a bias for all samples: the batch may be in its shape. Where an evaluated
    tensor repeats slices along a dimension that could hold the batch, a broadcast
    repeats a smaller constant.

    A product of a weight and data becomes one of data and the weight; one whose
    weight is repeated for every sample reads the weight itself. So every layer is
    a product of data with a constant behind views, which the passes behind know.

    Declines, with a remark at the layer, weights that an operation computes which
    is not known; the layer stays in floating point. Runs behind
    `-pdq-capture-batch-norm`, which wants to see statistics.
  }];
  let statistics = [
    Statistic<"numEvaluated", "num-evaluated", "Computed values made constants">
  ];
  let dependentDialects = ["arith::ArithDialect", "linalg::LinalgDialect", "tensor::TensorDialect"];
}

def FormRegions : PDQPass<"pdq-form-regions", "::mlir::ModuleOp"> {
  let summary = "Group operations into reconstruction regions";
  let description = [{
    Cuts the data path wherever one value is live and joins the pieces:
    a residual block (or an inverted residual) is a region, and every layer
    outside of a block, each with its normalization and activation function.
    What else computes the input of a product belongs to the region in front or, behind
    a pooling, to the next one, so that it can be quantized; other poolings and
    flattening stay between regions. Both bodies of a
    region are the same at first; constants are cloned into them.

    ```mlir
    %c = linalg.conv_2d_nchw_fchw ins(%padded, %w : ...) outs(%zero : ...)
    %r = linalg.generic ... { relu }
    // becomes
    %r = pdq.region @layer0 ins(%x : ...) -> (...) float {...} quantized {...}
    ```

    A depthwise layer with a pointwise one behind it is one region (the first block
    of MobileNetV2; the stem of MNasNet looks the same). Operations with an attribute
    `pdq.in_region = "name"` make the regions of these names instead, and no others. A block with very many layers is reconstructed layer by
    layer, which a remark says.

    Declines, with an error, networks that have regions already. The option is kept
    in the module's attribute `pdq.options`, for the report.

    Regions are calibrated on mini-batches of what crosses their borders. Where a value
    there does not have the batch as dimension 0 (windows of an image, heads of an
    attention), a region grows over its neighbours until only values that do cross; a
    remark says so.
  }];
  let options = formRegionsOptions;
  let statistics = [
    Statistic<"numRegions", "num-regions", "Regions formed">
  ];
  let dependentDialects = ["PDQDialect"];
}

def MarkChannels : PDQPass<"pdq-mark-channels", "::mlir::ModuleOp"> {
  let summary = "Say which dimension of a region's inputs and results is the channel";
  let description = [{
    Losses sum over channels and average over samples and positions. Which
    dimension the channel is, the layer knows that computes a value: its output
    channels are followed forwards through elementwise operations, views, poolings
    and concatenations. What no layer computes has the input channels of the first
    layer that reads it.

    ```mlir
    %r = pdq.region @layer0 ins(%x : tensor<4x8x8x3xf32>) -> (tensor<4x8x8x32xf32>) float {...}
    ```

    After, for a network with channels last:

    ```mlir
    %r = pdq.region @layer0 ins(%x : tensor<4x8x8x3xf32>) -> (tensor<4x8x8x32xf32>)
      attributes {input_channels = array<i64: 3>, result_channels = array<i64: 3>} float {...}
    ```

    Dimension 1 is the default: a region whose channels are all there has no
    attribute, and a value that is not followed counts as one of those. Inputs are
    marked where the region has batch norms, since only distribution correction
    measures them.
  }];
}

def FoldBatchNorm : PDQPass<"pdq-fold-batch-norm"> {
  let summary = "Fold batch norms of quantized bodies into weight and bias";
  let description = [{
    In the quantized body of every region, per output channel:

        g  = gamma / sqrt(variance + epsilon)
        w' = w * g
        b' = (b - mean) * g + beta

    ```mlir
    %c = linalg.conv_2d_nchw_fchw ins(%x, %w : ...) outs(%zero : ...)
    %n = pdq.batch_norm %c, %mean, %variance, %gamma, %beta {...}
    // becomes
    %b = linalg.broadcast ins(%bias : ...) outs(%empty : ...) dimensions = [0, 2, 3]
    %n = linalg.conv_2d_nchw_fchw ins(%x, %folded : ...) outs(%b : ...)
    ```

    A bias that is added to or subtracted from the layer's result goes along. The
    norm's axis is followed through every view in between: it must select among the
    layer's output channels (a linear layer of `C * H * W` features, viewed as
    `[N, C, H, W]`, has `H * W` of them for each channel of the norm), and every bias
    must be constant on each of these.

    A batch norm that does not follow a layer alone (in front of a layer, behind a
    sum), or that goes over other dimensions, is written out as
    `x * g + (beta - g * mean)`; a remark says why where a layer is in front. One
    whose parameters are no constants of f32 is written out by its formula. The float
    body keeps its batch norms, because distribution correction needs them.
  }];
  let statistics = [
    Statistic<"numFolded", "num-folded", "Batch norms folded">,
    Statistic<"numLowered", "num-lowered", "Batch norms written out per channel">
  ];
  let dependentDialects = ["arith::ArithDialect", "linalg::LinalgDialect", "math::MathDialect",
                           "tensor::TensorDialect"];
}

def InsertQuantizers : PDQPass<"pdq-insert-quantizers", "::mlir::ModuleOp"> {
  let summary = "Quantize weights and activations of quantized bodies";
  let description = [{
    Puts a quantizer without parameters on the weight of every layer (per output
    channel) and on every value that a product reads: on the output of a layer behind
    its activation function, on the result of a sum, a normalization or a softmax. What
    a product reads through operations that move, select or average elements (views,
    padding, slices, concatenations, poolings) is quantized in front of them. Products
    are layers and products of two data tensors (attention). What no product reads, the
    network's output and operands of sums among it, is not quantized, nor is the
    network's input.

    A remark tells how many weights and inputs of products are quantized, its note each
    product, its widths, and why something stays in floating point: the network's
    input, outside of the user's regions, a weight that is not constant, or a value
    that is computed outside of regions. With `strict` the last two are errors.

    ```mlir
    %c = linalg.conv_2d_nchw_fchw ins(%x, %w : ...) outs(%b : ...)
    %r = linalg.generic ... { relu }
    // becomes
    %q = pdq.fake_quant %w to <bits = 2, axis = 0> : tensor<16x16x3x3xf32>
    %c = linalg.conv_2d_nchw_fchw ins(%x, %q : ...) outs(%b : ...)
    %r = linalg.generic ... { relu }
    %a = pdq.fake_quant %r to <bits = 2> : tensor<32x16x32x32xf32>
    ```

    `first-last` keeps 8 bits at the ends: with `qdrop` the weights of the first
    and the last layer and the last layer's input, with `brecq` the first
    layer's output too, with `none` nothing.

    Integer hardware asks for more than the paper's placement has: `input-bits` puts a
    quantizer on what products read of the network's inputs, behind their normalization,
    and `placement=full` one on each operand of a sum of two activations, in front of
    averages, and behind every average that a product reads.

    Declines, with an error, networks that have quantizers already. The options are
    kept in the module's attribute `pdq.options`, for the report.
  }];
  let options = insertQuantizersOptions;
  let statistics = [
    Statistic<"numWeights", "num-weights", "Weight quantizers inserted">,
    Statistic<"numActivations", "num-activations", "Activation quantizers inserted">
  ];
  let dependentDialects = ["PDQDialect"];
}

#endif // PDQ_ANNOTATION_PASSES_TD
