// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect of ONNX graphs: what stands in an ONNX file, before it is written.

#ifndef PDQ_EXPORT_ONNX_ONNXGRAPHDIALECT_TD
#define PDQ_EXPORT_ONNX_ONNXGRAPHDIALECT_TD

include "mlir/IR/OpBase.td"

def OnnxGraph_Dialect : Dialect {
  let name = "onnx_graph";
  let cppNamespace = "::mlir::pdq::onnx_graph";
  let summary = "ONNX graphs: nodes and initializers, as files hold them";
  let description = [{
    A network as an ONNX file holds it. The graph is a `func.func` with one block:
    its arguments are the inputs, what it returns are the outputs, and between them
    stand `onnx_graph.node` and `onnx_graph.initializer`. `convert-quant-to-onnx`
    makes it, `pdq-translate --mlir-to-onnx` writes it.

    A node has the name of its operator as a string: the operators, their attributes
    and their types are those of the [ONNX standard](https://onnx.ai/onnx/operators/),
    which ONNX's own checker knows and this dialect does not repeat.

    ```mlir
    module attributes {onnx_graph.opset = 21 : i64} {
      func.func @main(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
        %w = onnx_graph.initializer dense<[[1, 0], [0, 15], [3, 0], [0, 7]]> : tensor<4x2xui4>
        %s = onnx_graph.initializer dense<5.000000e-01> : tensor<f32>
        %f = onnx_graph.node "DequantizeLinear"(%w, %s) : (tensor<4x2xui4>, tensor<f32>) -> tensor<4x2xf32>
        %y = onnx_graph.node "MatMul"(%x, %f) : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
        return %y : tensor<?x2xf32>
      }
    }
    ```

    Tensors have MLIR's types: `f32` and `f64`, `i1` for BOOL, signless integers for
    INT8 to INT64, and `ui2`, `ui4`, `ui8` (UINT2, UINT4, UINT8), `si2`, `si4`. The
    attribute `onnx_graph.opset` of the module is the version of the standard.
  }];
  let discardableAttrs = (ins "::mlir::IntegerAttr":$opset);
}

#endif // PDQ_EXPORT_ONNX_ONNXGRAPHDIALECT_TD
