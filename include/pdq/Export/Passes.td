// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stage 7, Export: calibrated IR -> quant dialect. The passes in the order of the flow.

#ifndef PDQ_EXPORT_PASSES_TD
#define PDQ_EXPORT_PASSES_TD

include "pdq/Export/Options.td"

def Freeze : PDQPass<"pdq-freeze"> {
  let summary = "Decide the rounding of weights and check that nothing is left to learn";
  let description = [{
    Replaces every hard `pdq.adaround` of constants by `pdq.fake_quant` of the
    weight it computes (round_4). The fake quantization then reproduces that
    weight exactly, so after this pass one op describes all quantizers:

    ```mlir
    %w = pdq.adaround %weight, %rounding, %s, %z to <bits = 2, axis = 0> hard : ...
    // becomes; %hard holds (q - z) * s
    %w = pdq.fake_quant %hard scale(%s) zero_point(%z) to <bits = 2, axis = 0> : ...
    ```

    It is an error, which names the region, if in a quantized body a quantizer
    has no parameters, depends on a training mask, or has soft rounding, or if
    a region has no status. `allow-initialized` accepts regions without status,
    whose quantizers keep their initial parameters (rounding to nearest). A remark
    says so where nothing is quantized at all.
  }];
  let options = freezeOptions;
  let statistics = [
    Statistic<"numFrozen", "num-frozen", "Weights whose rounding was decided">
  ];
  let dependentDialects = ["arith::ArithDialect"];
}

def InlineRegions : PDQPass<"pdq-inline-regions"> {
  let summary = "Replace regions by one of their bodies";
  let description = [{
    Every `pdq.region` is replaced by a copy of its `float` body (the network
    as it was) or its `quantized` body (what was calibrated); the other body is
    dropped.

    ```mlir
    %y = pdq.region @r ins(%x : tensor<8xf32>) -> (tensor<8xf32>)
    float { ^bb0(%in: tensor<8xf32>): pdq.yield %in : tensor<8xf32> }
    quantized {
    ^bb0(%in: tensor<8xf32>):
      %a = pdq.fake_quant %in to <bits = 4> : tensor<8xf32>
      pdq.yield %a : tensor<8xf32>
    }
    // becomes, body=quantized
    %y = pdq.fake_quant %x to <bits = 4> : tensor<8xf32>
    ```
  }];
  let options = [
    EnumOption<"body", "body", "::mlir::pdq::RegionBody", /*default=*/"Quantized",
               "Body that replaces the region", [
      OptionValue<"Float", "float", "what the network computes">,
      OptionValue<"Quantized", "quantized", "what was calibrated">]>
  ];
  let statistics = [
    Statistic<"numInlined", "num-inlined", "Regions inlined">
  ];
}

def RestoreSizes : PDQPass<"pdq-restore-sizes", "::mlir::ModuleOp"> {
  let summary = "Make the sizes dynamic that were so in the user's network";
  let description = [{
    `pdq-normalize-frontend` gives dynamic sizes those of the data and remembers
    the user's types in the attribute `pdq.input_types` of the module, which
    `pdq-check-sizes` removes where the network does not compute the same at
    other sizes. This pass gives the inputs their types back, computes all sizes
    that follow, and removes the attribute. What divides by the number of
    elements of a sum, as a global average pooling does, divides by the number
    that there is.

    ```mlir
    module attributes {pdq.batch = -1 : i64,
                       pdq.input_types = [tensor<?x3x?x?xf32>]} {
      func.func @main(%x: tensor<32x3x32x32xf32>) -> tensor<32x4x32x32xf32>
    // becomes
    module attributes {pdq.batch = -1 : i64} {
      func.func @main(%x: tensor<?x3x?x?xf32>) -> tensor<?x4x?x?xf32>
    ```

    Where an operation cannot have dynamic sizes all stay as they are, and a
    remark says which one it is. A module without the attribute is left alone.
  }];
  let statistics = [
    Statistic<"numDynamic", "num-dynamic", "Networks with dynamic sizes">
  ];
  let dependentDialects = ["affine::AffineDialect", "arith::ArithDialect",
                           "linalg::LinalgDialect", "tensor::TensorDialect"];
}

def RestoreBatch : PDQPass<"pdq-restore-batch", "::mlir::ModuleOp"> {
  let summary = "Give the network the batch size that the user's had";
  let description = [{
    `pdq-normalize-frontend` gives a dynamic batch a size and remembers the
    user's in the attribute `pdq.batch` of the module (-1: dynamic). This pass
    infers all types again for that size and removes the attribute. A module
    without it is left alone.

    ```mlir
    module attributes {pdq.batch = -1 : i64} {
      func.func @main(%x: tensor<32x3x32x32xf32>) -> tensor<32x10xf32>
    // becomes
    module {
      func.func @main(%x: tensor<?x3x32x32xf32>) -> tensor<?x10xf32>
    ```
  }];
  let dependentDialects = ["affine::AffineDialect", "arith::ArithDialect", "tensor::TensorDialect"];
}

def ConvertPDQToQuant : PDQPass<"convert-pdq-to-quant", "::mlir::ModuleOp"> {
  let summary = "Turn fake quantization into integers of quantized types";
  let description = [{
    A quantized constant becomes an integer constant of the storage width. Any
    other fake quantization computes the integer, so that no cast stands beside
    its inverse (a `dcast` of a `qcast` folds away) and no tool has to choose a
    rounding:

    ```mlir
    %w = pdq.fake_quant %weight scale(%ws) zero_point(%wz) to <bits = 2, axis = 0> : ...
    %a = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 2> : ...
    // becomes
    %wi = arith.constant dense<...> : tensor<4x3xi2>
    %wq = quant.scast %wi : tensor<4x3xi2> to tensor<4x3x!quant.uniform<u2:f32:0, {...}>>
    %w = quant.dcast %wq : tensor<4x3x!quant.uniform<u2:f32:0, {...}>> to tensor<4x3xf32>
    %ai = linalg.generic ins(%x) outs(%empty : tensor<8x4xi2>) {
      divf scale, roundeven, addf zero point, maxnumf 0, minnumf 3, fptoui }
    %aq = quant.scast %ai : tensor<8x4xi2> to tensor<8x4x!quant.uniform<u2:f32, s:z>>
    %a = quant.dcast %aq : tensor<8x4x!quant.uniform<u2:f32, s:z>> to tensor<8x4xf32>
    ```

    For every input except NaN the result has the bits of `pdq.fake_quant`
    (quantize_1, quantize_2); NaN becomes the integer 0 here and stays NaN there.

    Scales and zero points must be constants, since they become part of types.
    No pdq operation may be left (regions are inlined first by
    `pdq-inline-regions`), and discardable attributes of the pdq dialect are
    removed, so that the result needs only upstream's dialects.
  }];
  let statistics = [
    Statistic<"numWeights", "num-weights", "Constants turned into integers">,
    Statistic<"numActivations", "num-activations", "Other quantizers converted">
  ];
  let dependentDialects = [
    "arith::ArithDialect", "linalg::LinalgDialect", "math::MathDialect",
    "quant::QuantDialect", "tensor::TensorDialect"
  ];
}

def InlineResources : PDQPass<"pdq-inline-resources"> {
  let summary = "Store constants as dense elements";
  let description = [{
    What pdq computes is `dense`; what it did not touch may be a
    `dense_resource`, as frontends write it. Of both forms `dense` is the one that
    MLIR's folders and matchers see through, that text tools find where it is
    used, and that says how integers narrower than a byte are stored.

    ```mlir
    %b = arith.constant dense_resource<bias> : tensor<2xf32>
    {-# dialect_resources: { builtin: { bias: "0x040000000000803F00000040" } } #-}
    // becomes
    %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
    ```

    A resource whose data is missing, or has another size than its type says, is
    left, and a remark says which.
  }];
  let statistics = [
    Statistic<"numInlined", "num-inlined", "Resources made dense elements">
  ];
}

def PackConstants : PDQPass<"pdq-pack-constants"> {
  let summary = "Store integers narrower than a byte in their bits";
  let description = [{
    MLIR stores an integer of 2 to 7 bits in a byte. This pass stores a constant
    of them as a stream of bits, and takes the integers out of it by operations of
    arith, linalg and tensor, which every tool can compile or evaluate:
    element i (in row-major order) of width b has the bits [i * b, (i + 1) * b) of
    the stream, and bit k of the stream is bit k % 8 of byte k / 8, both counted
    from the lowest. A group is the fewest elements that fill whole bytes:

    | bits | elements of a group | bytes of a group |
    |---|---|---|
    | 2 | 4 | 1 |
    | 4 | 2 | 1 |
    | 6 | 4 | 3 |
    | 3, 5, 7 | 8 | 3, 5, 7 |

    The last group is filled up with zero bits. The constant has the shape
    [groups], or [groups, bytes] where a group is several bytes; these are joined
    to a word (i32 for 3 bytes, else i64) first.

    ```mlir
    %w = arith.constant dense<[[0, 1, -1], [-2, 1, 1]]> : tensor<2x3xi2>
    // becomes
    %bytes = arith.constant dense<[-76, 5]> : tensor<2xi8>
    %shifts = arith.constant dense<[0, 2, 4, 6]> : tensor<4xi8>
    %groups = linalg.generic {(g, i) -> (g), (g, i) -> (i), (g, i) -> (g, i)}
        ins(%bytes, %shifts) outs(%empty : tensor<2x4xi2>) { shrui, trunci }
    %all = tensor.collapse_shape %groups [[0, 1]] : tensor<2x4xi2> into tensor<8xi2>
    %six = tensor.extract_slice %all[0] [6] [1] : tensor<8xi2> to tensor<6xi2>
    %w = tensor.expand_shape %six [[0, 1]] output_shape [2, 3] : ...
    ```

    Constants of one repeated value are left alone, they have one element;
    those with fewer than `min-elements` too, since the operations take
    more than is saved. `pdq-unpack-constants` is the inverse.
  }];
  let options = [
    Option<"minElements", "min-elements", "unsigned", "256",
           "Elements from which on a constant is packed">
  ];
  let statistics = [
    Statistic<"numPacked", "num-packed", "Constants packed">
  ];
  let dependentDialects = ["arith::ArithDialect", "linalg::LinalgDialect", "tensor::TensorDialect"];
}

def UnpackConstants : PDQPass<"pdq-unpack-constants"> {
  let summary = "Make packed constants plain ones";
  let description = [{
    A tensor of integers of 2 to 7 bits that depends on constants only becomes a
    constant: what `pdq-pack-constants` made, also where other tools have
    canonicalized it. `pdq-run` starts with this pass, so a packed module runs as
    the one that was packed, with nothing unpacked in a call.

    ```mlir
    // before: %bytes are two constant bytes
    %w = tensor.expand_shape ... (linalg.generic ins(%bytes, %shifts)) : tensor<2x3xi2>
    // becomes
    %w = arith.constant dense<[[0, 1, -1], [-2, 1, 1]]> : tensor<2x3xi2>
    ```

    Tensors that depend on data, or on operations without a known meaning, are
    left alone: what computes them is compiled like everything else.
  }];
  let statistics = [
    Statistic<"numUnpacked", "num-unpacked", "Constants unpacked">
  ];
  let dependentDialects = ["arith::ArithDialect"];
}

def LowerQuant : PDQPass<"pdq-lower-quant"> {
  let summary = "Lower quant casts with correct rounding and saturation";
  let description = [{
    Lowers `quant.qcast` and `quant.dcast` on ranked tensors and scalars, of
    per-tensor and per-axis types, to arithmetic on the storage integers:

        qcast:  q = clamp(roundeven(x / scale) + zero_point, storage_min, storage_max)
        dcast:  x = (q - zero_point) * scale

    The clamp comes before the conversion to integers, so values far outside
    saturate; rounding comes before the zero point (quantize_1). NaN becomes the
    smallest integer. Upstream's `lower-quant-ops` truncates and wraps.

    ```mlir
    %q = quant.qcast %x : tensor<4xf32> to tensor<4x!quant.uniform<u2:f32, 0.5:1>>
    // becomes
    %i = linalg.generic ins(%x) outs(%empty : tensor<4xi2>) {
      divf 0.5, roundeven, addf 1, maxnumf 0, minnumf 3, fptoui }
    %q = quant.scast %i : tensor<4xi2> to tensor<4x!quant.uniform<u2:f32, 0.5:1>>
    ```

    With `fold-constants` the `dcast` of a constant, packed or not, becomes a
    floating point constant. Sub-channel types and unranked tensors are errors.

    Products of a dequantized activation with a dequantized constant, which
    convolutions and matrix products are, can be summed before they are rescaled
    (integer_1):

        y[c] = sum (q_x - z_x) (q_w - z_w[c]) * (s_x s_w[c]) + b[c]

    `products=factored` does so on numbers of f32, `products=integer` on i8 that
    are summed in i32; both give the same bits, in any order of the sum. Without the
    option a module that was calibrated so (`pdq.products`) is lowered to `factored`. For the latter padding is by the
    zero point, which one constant a channel corrects. Weights are q_w - z_w
    where that fits i8, as it does below 8 bits; else the sum of the data that
    each element reads is computed as well, and z_w[c] times it subtracted.

    ```mlir
    // %xq of !quant.uniform<u4:f32, 0.5:3>, %wq of !quant.uniform<u4:f32, 0.25:8>
    %x = quant.dcast %xq : ... to tensor<4x8xf32>
    %w = quant.dcast %wq : ... to tensor<8x2xf32>
    %y = linalg.matmul ins(%x, %w) outs(%zero) -> tensor<4x2xf32>
    // becomes, with products=integer; %w8 holds q_w - 8, %correction -3 times its sums
    %sum = linalg.matmul ins(%x8, %w8 : tensor<4x8xi8>, tensor<8x2xi8>) outs(%zero32) -> tensor<4x2xi32>
    %y = linalg.generic ins(%sum, %correction, %scale) {
      addi correction, sitofp, mulf 0.125 }
    ```

    Sums of quantized data over windows, as averages have, are rescaled behind the sum as
    well (integer_3), in f32.

    What lies between a product and its quantizer may be reshapes, slices,
    transposes and zeros (padding, transposed convolutions). Any other product
    stays in floating point, as does one whose sums may exceed what is exact
    (integer_2); a remark says which and why.

    With `storage=i8` integers of fewer than 8 bits become i8, for back ends
    that have no i2 and i4. A remark says where quantized values that are
    arguments, results or operands of others keep them.
  }];
  let options = [
    Option<"foldConstants", "fold-constants", "bool", "false",
           "Evaluate dequantized constants">,
    EnumOption<"products", "products", "::mlir::pdq::LoweredProducts", /*default=*/"AsCalibrated",
               "What products of quantized tensors are computed on", [
      OptionValue<"AsCalibrated", "as-calibrated", "what `pdq.products` of the module says">,
      OptionValue<"Float", "float", "dequantized numbers">,
      OptionValue<"Factored", "factored", "f32 without scales, which come behind the sum">,
      OptionValue<"Integer", "integer", "i8, summed in i32">]>,
    productRemarksOption,
    EnumOption<"storage", "storage", "::mlir::pdq::IntegerStorage", /*default=*/"Native", "Types of integers", [
      OptionValue<"Native", "native", "as wide as the quantized type says">,
      OptionValue<"I8", "i8", "at least 8 bits">]>
  ];
  let statistics = [
    Statistic<"numLowered", "num-lowered", "Casts lowered">,
    Statistic<"numProducts", "num-products", "Products computed on integers">
  ];
  let dependentDialects = [
    "arith::ArithDialect", "linalg::LinalgDialect", "math::MathDialect",
    "quant::QuantDialect", "tensor::TensorDialect"
  ];
}

def ExportGraph : PDQPass<"pdq-export-graph", "::mlir::ModuleOp"> {
  let summary = "Write a network as a graph for Model Explorer";
  let description = [{
    Writes the network, of any stage, in the JSON format of Google's Model Explorer
    (`model-explorer FILE`): operations as nodes, both bodies of a region as layers
    inside of it; constants are left out. `node-data` writes a second file, which
    colours each calibrated region by the prediction difference that is left.

    ```
    pdq-opt calibrated.mlir --pdq-export-graph="file=net.json node-data=loss.json"
    ```

    Changes nothing. What follows a region is drawn behind its quantized body.
  }];
  let options = [
    Option<"file", "file", "std::string", /*default=*/"", "File for the graph">,
    Option<"nodeData", "node-data", "std::string", /*default=*/"",
           "File for the prediction difference at each node">
  ];
  let statistics = [
    Statistic<"numNodes", "num-nodes", "Nodes written">
  ];
}

def FactorScales : PDQPass<"pdq-factor-scales"> {
  let summary = "Move the scales of quantized products behind their sums";
  let description = [{
    Computes what `pdq-lower-quant="products=factored"` computes (integer_1), and keeps
    the quant dialect: both operands of a product get the scale 1, so that it sums the
    numbers (q_x - z_x) (q_w - z_w[c]), and the scales and the bias come behind.

        y[c] = sum (q_x - z_x) (q_w - z_w[c]) * (s_x s_w[c]) + b[c]

    ```mlir
    // %xi, %wi are integers, their types !quant.uniform<u4:f32, 0.5:3> and <u4:f32, 0.25:8>
    %y = linalg.matmul ins(%x, %w) outs(%zero) -> tensor<4x2xf32>
    // becomes
    %xq = quant.scast %xi : tensor<4x8xi4> to tensor<4x8x!quant.uniform<u4:f32, 1.0:3>>
    %x1 = quant.dcast %xq : ...
    %wq = quant.scast %wi : tensor<8x2xi4> to tensor<8x2x!quant.uniform<u4:f32, 1.0:8>>
    %w1 = quant.dcast %wq : ...
    %sum = linalg.matmul ins(%x1, %w1) outs(%zero) -> tensor<4x2xf32>
    %y = linalg.generic ins(%sum, %scale) { mulf 0.125 }
    ```

    Every sum is exact, so a runtime that adds in another order has the same bits. The
    weight is a constant in the shape that the product reads. Products whose sums may
    exceed 2^24 (integer_2) and those that are not of a quantized activation and a
    quantized constant are left alone; a remark says which and why. A `quant.qcast`
    becomes the arithmetic that `pdq-lower-quant` makes of it.
  }];
  let options = [productRemarksOption];
  let statistics = [
    Statistic<"numFactored", "num-factored", "Products whose scales were moved">
  ];
  let dependentDialects = [
    "arith::ArithDialect", "linalg::LinalgDialect", "math::MathDialect",
    "quant::QuantDialect", "tensor::TensorDialect"
  ];
}

def MakeBatchDynamic : PDQPass<"pdq-make-batch-dynamic", "::mlir::ModuleOp"> {
  let summary = "Let the network take a batch of any size";
  let description = [{
    Makes dimension 0 of all inputs dynamic, and infers the types that follow, as
    `pdq-restore-batch` does for a network that came with a dynamic batch.

    ```mlir
    func.func @main(%x: tensor<32x3x32x32xf32>) -> tensor<32x10xf32>
    // becomes
    func.func @main(%x: tensor<?x3x32x32xf32>) -> tensor<?x10xf32>
    ```

    Each sample is computed as before. Where the batch cannot be followed through an
    operation it stays as it is, and a remark says where.
  }];
  let dependentDialects = ["affine::AffineDialect", "arith::ArithDialect", "tensor::TensorDialect"];
}

def ConvertQuantToOnnx : PDQPass<"convert-quant-to-onnx", "::mlir::ModuleOp"> {
  let summary = "Turn an exported network into an ONNX graph";
  let description = [{
    quant dialect, as `pdq-export` leaves it -> `onnx_graph`, which
    `pdq-translate --mlir-to-onnx` writes as a file:

    ```
    pdq-opt quantized.mlirbc --convert-quant-to-onnx | pdq-translate --mlir-to-onnx -o network.onnx
    ```

    Runs `pdq-unpack-constants`, `pdq-inline-resources`, `pdq-make-batch-dynamic` and
    `pdq-factor-scales` first. Then a `quant.dcast` of integers becomes
    `DequantizeLinear`, the arithmetic that computes them `QuantizeLinear`, and every
    other operation nodes of ONNX: convolutions of any layout, matrix products,
    poolings, reductions, elementwise payloads operator by operator, reshapes, slices.
    A bias is an `Add` of its own, since runtimes round the bias of a quantized `Conv`.

    ```mlir
    %i = linalg.generic ins(%x) { divf 0.5, roundeven, addf 3, maxnumf 0, minnumf 15, fptoui }
    %q = quant.scast %i : tensor<4x8xi4> to tensor<4x8x!quant.uniform<u4:f32, 0.5:3>>
    %a = quant.dcast %q : ...
    // becomes
    %s = onnx_graph.initializer dense<5.000000e-01> : tensor<f32>
    %z = onnx_graph.initializer dense<3> : tensor<ui4>
    %i = onnx_graph.node "QuantizeLinear"(%x, %s, %z) : ... -> tensor<?x8xui4>
    %a = onnx_graph.node "DequantizeLinear"(%i, %s, %z) : ... -> tensor<?x8xf32>
    ```

    With `form=qdq` integers have the types of the quantized network, as far as ONNX
    has them: of 2 bits in opset 25, of 4 and 8 bits in opset 21; others take the next
    larger one, and what is quantized is clipped first. With `form=int8` they are i8
    with the zero point 0 wherever the values allow it (q - z of weights below 8 bits,
    activations below 8 bits, clipped first), which gives the same numbers and is what
    runtimes have integer kernels for.

    It is an error, which names the operation, where one has no form in ONNX.
  }];
  let options = [
    EnumOption<"form", "form", "::mlir::pdq::OnnxForm", /*default=*/"QDQ",
               "Types of the integers", [
      OptionValue<"QDQ", "qdq", "those of the quantized network, or the next larger ones">,
      OptionValue<"Int8", "int8", "i8 with the zero point 0, where that is possible">]>
  ];
  let dependentDialects = [
    "affine::AffineDialect", "arith::ArithDialect", "linalg::LinalgDialect",
    "math::MathDialect", "onnx_graph::OnnxGraphDialect", "quant::QuantDialect",
    "tensor::TensorDialect"
  ];
}

#endif // PDQ_EXPORT_PASSES_TD
