// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations of ONNX graphs.

#ifndef PDQ_EXPORT_ONNX_ONNXGRAPHOPS_TD
#define PDQ_EXPORT_ONNX_ONNXGRAPHOPS_TD

include "pdq/Export/Onnx/OnnxGraphDialect.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class OnnxGraph_Op<string mnemonic, list<Trait> traits = []>
    : Op<OnnxGraph_Dialect, mnemonic, traits>;

def OnnxGraph_InitializerOp : OnnxGraph_Op<"initializer", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "Constant tensor";
  let description = [{
    Elements that are stored in the file. The element type is one that ONNX has
    (initializer_c1), and the elements are `dense` (initializer_c2).

    Example:

    ```mlir
    %w = onnx_graph.initializer dense<[1, 0, 3]> : tensor<3xui2>
    ```
  }];
  let arguments = (ins TypedAttrInterface:$value);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasVerifier = 1;
}

def OnnxGraph_NodeOp : OnnxGraph_Op<"node", [Pure]> {
  let summary = "Operator of ONNX";
  let description = [{
    Applies the operator `op_type` of the ONNX standard. Attributes are integers (i64),
    floating point numbers (f32), strings, or arrays of i64 (node_c1); element types
    are those that ONNX has (node_c2).

    Example:

    ```mlir
    %y = onnx_graph.node "Conv"(%x, %w) {pads = array<i64: 1, 1, 1, 1>}
        : (tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32>
    ```
  }];
  let arguments = (ins StrAttr:$op_type, Variadic<AnyRankedTensor>:$inputs,
                       DefaultValuedAttr<DictionaryAttr, "{}">:$node_attributes);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let assemblyFormat = "$op_type `(` $inputs `)` ($node_attributes^)? attr-dict `:` functional-type($inputs, $outputs)";
  let hasVerifier = 1;
}

#endif // PDQ_EXPORT_ONNX_ONNXGRAPHOPS_TD
