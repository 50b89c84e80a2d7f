// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations, in the order in which a network meets them: structure,
// quantizers, random draws, losses, derivative.

#ifndef PDQ_IR_PDQOPS_TD
#define PDQ_IR_PDQOPS_TD

include "pdq/IR/PDQAttrs.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class PDQ_Op<string mnemonic, list<Trait> traits = []>
    : Op<PDQ_Dialect, mnemonic, traits>;

/// Rank 0 tensor of a floating point type: a loss.
def PDQ_ScalarTensor : 0DTensorOf<[AnyFloat]>;
def PDQ_FloatTensor : RankedTensorOf<[AnyFloat]>;
def PDQ_ZeroPoint : RankedTensorOf<[I32]>;
def PDQ_Step : TypeAlias<0DTensorOf<[I64]>, "step counter">,
    BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getI64Type())">;

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

def PDQ_RegionOp : PDQ_Op<"region", [IsolatedFromAbove, Pure, SingleBlock]> {
  let summary = "Reconstruction region: a teacher and its quantized student";
  let description = [{
    A part of the network that is calibrated as one. It has two bodies with the
    same inputs and results: `float` computes what the network computes (batch
    norms kept) and teaches; `quantized` computes the same with batch norms
    folded and quantizers inserted, and learns. Constants are inside, nothing
    is captured from above.

    As part of a network the operation stands for either body; `pdq-run
    --mode=float|quantized` chooses. The optional `status` says that the region
    has been calibrated and what that achieved.

    Losses sum over channels and average over everything else: `input_channels` and
    `result_channels` are the channel dimensions of all inputs and of all results,
    where one of them is not 1. Each has one entry a value (region_c4), a dimension of
    it, or of a scalar 0 (region_c5); without the attribute all are dimension 1, or the
    last one of a value that has fewer.

    The name is a label for messages, programs and checkpoints, no symbol; regions of
    a network have different ones.

    Both bodies have one block, whose arguments have the types of `inputs`
    (region_c1); it ends with `pdq.yield` (region_c3), whose operands have the types
    of the results (region_c2).

    Example:

    ```mlir
    %y = pdq.region @layer1.0 ins(%x : tensor<8x4xf32>) -> (tensor<8x4xf32>)
    float {
    ^bb0(%in: tensor<8x4xf32>):
      pdq.yield %in : tensor<8x4xf32>
    } quantized {
    ^bb0(%in: tensor<8x4xf32>):
      %a = pdq.fake_quant %in to <bits = 4> : tensor<8x4xf32>
      pdq.yield %a : tensor<8x4xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Variadic<AnyRankedTensor>:$inputs,
                       OptionalAttr<PDQ_CalibratedAttr>:$status,
                       OptionalAttr<DenseI64ArrayAttr>:$input_channels,
                       OptionalAttr<DenseI64ArrayAttr>:$result_channels);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$floatBody, SizedRegion<1>:$quantizedBody);
  let assemblyFormat = [{
    $sym_name (`ins` `(` $inputs^ `:` type($inputs) `)`)? `->` `(` type($results) `)`
    (`status` $status^)? attr-dict-with-keyword `float` $floatBody `quantized` $quantizedBody
  }];
  let hasVerifier = 1;
}

def PDQ_YieldOp : PDQ_Op<"yield", [Pure, Terminator, ReturnLike, HasParent<"RegionOp">]> {
  let summary = "Results of a body of a region";
  let description = [{
    Ends a body of `pdq.region` and gives its results.

    Example:

    ```mlir
    pdq.yield %y : tensor<8x4xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = "($results^ `:` type($results))? attr-dict";
}

def PDQ_BatchNormOp : PDQ_Op<"batch_norm", [Pure,
    AllTypesMatch<["input", "result"]>, AllTypesMatch<["mean", "variance", "gamma", "beta"]>,
    AllElementTypesMatch<["input", "mean"]>]> {
  let summary = "Batch norm in evaluation mode";
  let description = [{
    Normalizes with the running statistics of training, per index c of `axis`:

        result = (input - mean[c]) / sqrt(variance[c] + epsilon) * gamma[c] + beta[c]

    The four parameters have shape `[C]`, where C is the size of `axis`
    (batch_norm_c1), `axis` is a dimension of the input (batch_norm_c2) and
    `epsilon` is positive and finite (batch_norm_c3).

    Example:

    ```mlir
    %y = pdq.batch_norm %x, %mean, %variance, %gamma, %beta {axis = 1 : i64, epsilon = 1.0e-05 : f64}
       : tensor<8x4x2x2xf32>, tensor<4xf32>
    ```
  }];
  let arguments = (ins PDQ_FloatTensor:$input, PDQ_FloatTensor:$mean, PDQ_FloatTensor:$variance,
                       PDQ_FloatTensor:$gamma, PDQ_FloatTensor:$beta,
                       I64Attr:$axis, F64Attr:$epsilon);
  let results = (outs PDQ_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $mean `,` $variance `,` $gamma `,` $beta attr-dict `:` type($input) `,` type($mean)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Quantizers
//===----------------------------------------------------------------------===//

def PDQ_FakeQuantOp : PDQ_Op<"fake_quant", [Pure, AttrSizedOperandSegments,
    AllTypesMatch<["input", "result"]>]> {
  let summary = "Quantize and dequantize in floating point";
  let description = [{
    Maps every element to the value it takes after a round trip through the
    integers of the quantizer (quantize_1, quantize_2):

        q      = clamp(round(input / scale) + zero_point, 0, 2^bits - 1)
        result = (q - zero_point) * scale

    Rounding is to nearest, ties to even, and happens before the zero point is
    added. `scale` and `zero_point` have shape `[]` where the quantizer has no axis
    (fake_quant_c1), else `[C]`, where C is the size of the axis (fake_quant_c2), which
    is a dimension of the input (fake_quant_c5). `scale` has the element type of the
    input (fake_quant_c7). Constant scales are positive and finite (fake_quant_c3),
    constant zero points lie in 0 to 2^bits - 1 (fake_quant_c4).

    Where `keep` is given, an element whose mask is false passes unquantized
    (`drop_act`); `keep` needs a `scale` (fake_quant_c8) and has the shape of the input
    (fake_quant_c9). `scale` and `zero_point` are given together or not at all
    (fake_quant_c6). Without them the quantizer is not yet
    calibrated and the operation is the identity; it is not folded away, since
    it marks the place of a quantizer. NaN stays NaN. A constant mask is folded
    if it has one value everywhere; a constant input is not, since its integers
    would be lost.

    The derivative is the straight-through estimator (quantize_3).

    Example:

    ```mlir
    %a = pdq.fake_quant %x to <bits = 4> : tensor<8x4xf32>
    %b = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 2, axis = 1>
       : tensor<8x4xf32>, tensor<4xf32>, tensor<4xi32>
    ```
  }];
  let arguments = (ins PDQ_FloatTensor:$input, Optional<PDQ_FloatTensor>:$scale,
                       Optional<PDQ_ZeroPoint>:$zero_point, Optional<RankedTensorOf<[I1]>>:$keep,
                       PDQ_QuantizerAttr:$quantizer);
  let results = (outs PDQ_FloatTensor:$result);
  let hasFolder = 1;
  let assemblyFormat = [{
    $input (`scale` `(` $scale^ `)`)? (`zero_point` `(` $zero_point^ `)`)? (`keep` `(` $keep^ `)`)?
    `to` $quantizer attr-dict `:` type($input) (`,` type($scale)^)? (`,` type($zero_point)^)? (`,` type($keep)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether the quantizer has parameters; without them the op is the identity.
    bool isCalibrated() { return static_cast<bool>(getScale()); }
  }];
}

def PDQ_AdaRoundOp : PDQ_Op<"adaround", [Pure,
    AllTypesMatch<["weight", "rounding", "result"]>]> {
  let summary = "Weight with learned rounding";
  let description = [{
    Quantizes a weight whose rounding direction is learned (round_1, round_2,
    AdaRound). With `h(a) = clamp(1.2 * sigmoid(a) - 0.1, 0, 1)`:

        q      = clamp(floor(weight / scale) + h(rounding) + zero_point, 0, 2^bits - 1)
        result = (q - zero_point) * scale

    With the unit attribute `hard` the rounding is decided (round_4): h is 1
    where `rounding` is at least 0, else 0, and q is an integer.

    `scale` and `zero_point` are as in `pdq.fake_quant`: of shape `[]` without an axis
    (adaround_c1), of shape `[C]` with one (adaround_c2), which is a dimension of the
    weight (adaround_c5); `scale` has the element type of the weight (adaround_c6);
    constant scales are positive and finite (adaround_c3), constant zero points lie in
    0 to 2^bits - 1 (adaround_c4).

    Only `rounding` has a derivative: weight, scale and zero point are fixed.

    Example:

    ```mlir
    %w = pdq.adaround %weight, %rounding, %s, %z to <bits = 2, axis = 0>
       : tensor<4x3xf32>, tensor<4xf32>, tensor<4xi32>
    ```
  }];
  let arguments = (ins PDQ_FloatTensor:$weight, PDQ_FloatTensor:$rounding, PDQ_FloatTensor:$scale,
                       PDQ_ZeroPoint:$zero_point, PDQ_QuantizerAttr:$quantizer, UnitAttr:$hard);
  let results = (outs PDQ_FloatTensor:$result);
  let assemblyFormat = [{
    $weight `,` $rounding `,` $scale `,` $zero_point `to` $quantizer (`hard` $hard^)? attr-dict
    `:` type($weight) `,` type($scale) `,` type($zero_point)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Random draws
//===----------------------------------------------------------------------===//

def PDQ_BernoulliOp : PDQ_Op<"bernoulli", [Pure]> {
  let summary = "Mask from a counter-based generator";
  let description = [{
    Each element is true with `probability`. The element of linear index i
    (row major, of the result type) is true where

        hash(seed, stream, step, i) < probability * 2^32

    so it depends on nothing else: not on the target, the number of threads or
    the order of evaluation. `hash` is random_1 in Math.md. `step` counts optimizer iterations;
    `stream` keeps the masks of one iteration apart.
    `probability` lies in 0 to 1 (bernoulli_c1); the shape is static
    (bernoulli_c2). With probability 0 or 1 the mask folds to a constant.

    Example:

    ```mlir
    %keep = pdq.bernoulli %step {probability = 0.5 : f64, seed = 1 : i64, stream = 3 : i64} : tensor<8x4xi1>
    ```
  }];
  let arguments = (ins PDQ_Step:$step, F64Attr:$probability, I64Attr:$seed, I64Attr:$stream);
  let results = (outs RankedTensorOf<[I1]>:$result);
  let hasFolder = 1;
  let assemblyFormat = "$step attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def PDQ_UniformIndexOp : PDQ_Op<"uniform_index", [Pure]> {
  let summary = "Indices drawn uniformly, with replacement";
  let description = [{
    Element i of the result is

        floor(hash(seed, stream, step, i) * bound / 2^32)

    an index in 0 to `bound - 1`, with `hash` as in `pdq.bernoulli`. `bound` is
    1 to 2^31 - 1 (uniform_index_c1), and the shape is static
    (uniform_index_c2). With bound 1 all indices fold to 0.

    Example:

    ```mlir
    %batch = pdq.uniform_index %step {bound = 1024 : i64, seed = 1 : i64, stream = 0 : i64} : tensor<32xi32>
    ```
  }];
  let arguments = (ins PDQ_Step:$step, I64Attr:$bound, I64Attr:$seed, I64Attr:$stream);
  let results = (outs RankedTensorOf<[I32]>:$result);
  let hasFolder = 1;
  let assemblyFormat = "$step attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def PDQ_GatherOp : PDQ_Op<"gather", [Pure]> {
  let summary = "Samples of a cache, by index";
  let description = [{
    Takes slices along dimension 0: `result[i, ...] = source[indices[i], ...]`.
    `source` has rank 1 or more (gather_c2). The result has the shape of `source` with
    dimension 0 replaced by the number of indices (gather_c1). An index outside of
    `source` is undefined.

    Example:

    ```mlir
    %x = pdq.gather %cache[%batch] : tensor<1024x4xf32>, tensor<32xi32> -> tensor<32x4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$source, 1DTensorOf<[I32]>:$indices);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$source `[` $indices `]` attr-dict `:` type($source) `,` type($indices) `->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

def PDQ_ReconstructionLossOp : PDQ_Op<"reconstruction_loss", [Pure,
    AllTypesMatch<["output", "target"]>, AllElementTypesMatch<["output", "result"]>]> {
  let summary = "Squared error, summed over channels";
  let description = [{
    loss_rec: the mean over batch and space of the sum over channels
    (dimension `axis`) of `(output - target)^2`, that is

        result = sum((output - target)^2) * size(axis) / number_of_elements

    `axis` is a dimension of `output` (reconstruction_loss_c1); shapes are
    static (reconstruction_loss_c2). `target` is fixed and has no derivative.

    Example:

    ```mlir
    %l = pdq.reconstruction_loss %y, %t {axis = 1 : i64} : tensor<8x4x2x2xf32> -> tensor<f32>
    ```
  }];
  let arguments = (ins PDQ_FloatTensor:$output, PDQ_FloatTensor:$target, DefaultValuedAttr<I64Attr, "1">:$axis);
  let results = (outs PDQ_ScalarTensor:$result);
  let assemblyFormat = "$output `,` $target attr-dict `:` type($output) `->` type($result)";
  let hasVerifier = 1;
}

def PDQ_PredictionDifferenceOp : PDQ_Op<"prediction_difference", [Pure,
    AllTypesMatch<["quantizedLogits", "floatLogits"]>, AllElementTypesMatch<["quantizedLogits", "result"]>]> {
  let summary = "Divergence of the predictions";
  let description = [{
    loss_pd: the Kullback-Leibler divergence in nats of the softened
    predictions, summed over classes, averaged over the batch:

        p = softmax(float_logits / temperature), q = softmax(quantized_logits / temperature)
        result = sum(p * (log p - log q)) / (N * lambda)

    Logits are `[N, K]` (prediction_difference_c1); `temperature` and `lambda`
    are positive (prediction_difference_c2). `float_logits` has no derivative.

    Example:

    ```mlir
    %l = pdq.prediction_difference %q, %fp {temperature = 4.0 : f64, lambda = 0.1 : f64}
       : tensor<32x10xf32> -> tensor<f32>
    ```
  }];
  let arguments = (ins PDQ_FloatTensor:$quantizedLogits, PDQ_FloatTensor:$floatLogits,
                       F64Attr:$temperature, F64Attr:$lambda);
  let results = (outs PDQ_ScalarTensor:$result);
  let assemblyFormat = "$quantizedLogits `,` $floatLogits attr-dict `:` type($quantizedLogits) `->` type($result)";
  let hasVerifier = 1;
}

def PDQ_RoundingRegularizerOp : PDQ_Op<"rounding_regularizer", [Pure,
    AllTypesMatch<["beta", "result"]>, AllElementTypesMatch<["rounding", "result"]>]> {
  let summary = "Pull of the learned rounding towards 0 or 1";
  let description = [{
    round_5 without its factor, with h of `pdq.adaround`:

        result = sum(1 - |2 h(rounding) - 1|^beta)

    `beta` > 1 is an operand, since it falls during the iterations; it has no derivative. That of |2h - 1| at h = 1/2 is 0.

    Example:

    ```mlir
    %r = pdq.rounding_regularizer %rounding, %beta : tensor<4x3xf32>, tensor<f32>
    ```
  }];
  let arguments = (ins PDQ_FloatTensor:$rounding, PDQ_ScalarTensor:$beta);
  let results = (outs PDQ_ScalarTensor:$result);
  let assemblyFormat = "$rounding `,` $beta attr-dict `:` type($rounding) `,` type($result)";
}

def PDQ_BatchNormLossOp : PDQ_Op<"batch_norm_loss", [Pure,
    AllTypesMatch<["mean", "variance"]>, AllElementTypesMatch<["input", "mean", "result"]>]> {
  let summary = "Distance of activations from batch-norm statistics";
  let description = [{
    dc_1: with m[n,c] and s[n,c] the mean and the standard deviation of one
    sample's channel over the remaining dimensions (s from the unbiased
    variance plus 1e-6), N samples, and d[c] = sqrt(variance[c] + 1e-6):

        result = sum((mean[c] - m[n,c])^2) / N + sum((d[c] - s[n,c])^2) / N

    Samples are dimension 0, channels dimension `axis`, which is a dimension of the
    input (batch_norm_loss_c3) and not dimension 0, and the input has a static shape
    (batch_norm_loss_c4); a channel of a sample has at least two elements
    (batch_norm_loss_c1), `mean` and `variance` have shape `[C]`
    (batch_norm_loss_c2). Only `input` has a derivative.

    Example:

    ```mlir
    %l = pdq.batch_norm_loss %u, %mean, %variance {axis = 1 : i64}
       : tensor<8x4x2x2xf32>, tensor<4xf32> -> tensor<f32>
    ```
  }];
  let arguments = (ins PDQ_FloatTensor:$input, PDQ_FloatTensor:$mean, PDQ_FloatTensor:$variance,
                       DefaultValuedAttr<I64Attr, "1">:$axis);
  let results = (outs PDQ_ScalarTensor:$result);
  let assemblyFormat = "$input `,` $mean `,` $variance attr-dict `:` type($input) `,` type($mean) `->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Derivative
//===----------------------------------------------------------------------===//

def PDQ_ValueAndGradOp : PDQ_Op<"value_and_grad", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Results and gradients of a function";
  let description = [{
    Calls the function `callee` (value_and_grad_c4), whose first result is a loss, and
    gives all its results, followed by the gradient of the first result with respect to each argument
    listed in `wrt`, in that order. `-pdq-differentiate` resolves it into a call
    of a generated function.

    `wrt` names distinct floating point arguments (value_and_grad_c1); operand
    and result types are those of the callee and of the listed arguments
    (value_and_grad_c2); the first result is a rank 0 tensor of floats
    (value_and_grad_c3).

    Example:

    ```mlir
    %loss, %dw = pdq.value_and_grad @objective(%x, %w) wrt [1]
       : (tensor<8x4xf32>, tensor<4x4xf32>) -> (tensor<f32>, tensor<4x4xf32>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyType>:$arguments, DenseI64ArrayAttr:$wrt);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = "$callee `(` $arguments `)` `wrt` $wrt attr-dict `:` functional-type($arguments, $results)";
}

#endif // PDQ_IR_PDQOPS_TD
