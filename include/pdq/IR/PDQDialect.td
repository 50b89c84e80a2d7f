// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect itself: what it is for and how its operations fit together.

#ifndef PDQ_IR_PDQDIALECT_TD
#define PDQ_IR_PDQDIALECT_TD

include "mlir/IR/OpBase.td"

def PDQ_Dialect : Dialect {
  let name = "pdq";
  let cppNamespace = "::mlir::pdq";
  let summary = "Post-training quantization by prediction difference";
  let description = [{
    The `pdq` dialect holds a neural network while it is quantized after
    training. It names what the calibration works on:

    - `pdq.region` pairs a part of the network in floating point (the teacher)
      with its quantized version (the student);
    - `pdq.batch_norm` keeps the statistics that distribution correction needs;
    - `pdq.fake_quant` and `pdq.adaround` are quantizers whose parameters are
      operands, so that they can be learned;
    - `pdq.reconstruction_loss`, `pdq.prediction_difference`,
      `pdq.rounding_regularizer` and `pdq.batch_norm_loss` are the terms of the
      objective, and `pdq.value_and_grad` asks for its derivative;
    - `pdq.bernoulli`, `pdq.uniform_index` and `pdq.gather` draw mini-batches
      and masks with the same bits on every target.

    The state of a calibration is IR: scales, rounding and the status of each
    region stand in the module, so it can be stored, compared and resumed.
    The result leaves in the `quant` dialect.

    Attributes of other operations:

    | attribute | where | meaning |
    |---|---|---|
    | `pdq.in_region = "name"` | operation of a network | set by a user: the region that it belongs to |
    | `pdq.batch = n` | module | size of the first dimension in the network as it came; -1: dynamic |
    | `pdq.input_types = [types]` | module | types of the inputs of the network as it came, where sizes behind the batch were dynamic and are so again in the exported network |
    | `pdq.products = "factored"` | module | order of products of quantized tensors that the calibration assumed: `float`, terms of dequantized numbers, or `factored`, scales behind the sum (integer_1). It stays in the exported module, as text that any tool reads |
    | `pdq.options = {...}` | module | options of the passes that annotated it, for reports |
    | `pdq.checkpoint = {...}` | module | state of an unfinished calibration |
    | `pdq.vjp_of = @f`, `pdq.wrt = [i, ...]` | function | the derivative of `@f` with respect to these arguments |
    | `pdq.number = n` | operation | while two batches of a network are compared, which sets and removes it: operations of both with one number compute the same |
  }];
  let dependentDialects = [
    "arith::ArithDialect", "linalg::LinalgDialect", "tensor::TensorDialect"
  ];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let discardableAttrs = (ins
    "::mlir::StringAttr":$in_region,
    "::mlir::IntegerAttr":$batch,
    "::mlir::ArrayAttr":$input_types,
    "::mlir::StringAttr":$products,
    "::mlir::DictionaryAttr":$options,
    "::mlir::DictionaryAttr":$checkpoint,
    "::mlir::FlatSymbolRefAttr":$vjp_of,
    "::mlir::DenseI64ArrayAttr":$wrt,
    "::mlir::IntegerAttr":$number
  );
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
}

#endif // PDQ_IR_PDQDIALECT_TD
