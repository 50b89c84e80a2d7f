// The operations as text and as bytecode.

// RUN: pdq-opt %s | FileCheck %s
// RUN: pdq-opt %s --emit-bytecode | pdq-opt | FileCheck %s

// CHECK: module attributes {onnx_graph.opset = 25 : i64}
module attributes {onnx_graph.opset = 25 : i64} {
  // CHECK-LABEL: func.func @main
  // CHECK-SAME:    (%[[X:.+]]: tensor<?x3xf32>)
  func.func @main(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
    // CHECK: %[[W:.+]] = onnx_graph.initializer dense<{{\[}}[0, 3], [1, 2], [3, 0]]> : tensor<3x2xui2>
    %w = onnx_graph.initializer dense<[[0, 3], [1, 2], [3, 0]]> : tensor<3x2xui2>
    // CHECK: %[[S:.+]] = onnx_graph.initializer dense<5.000000e-01> : tensor<2xf32>
    %s = onnx_graph.initializer dense<0.5> : tensor<2xf32>
    // CHECK: %[[F:.+]] = onnx_graph.node "DequantizeLinear"(%[[W]], %[[S]]) {axis = 1 : i64} : (tensor<3x2xui2>, tensor<2xf32>) -> tensor<3x2xf32>
    %f = onnx_graph.node "DequantizeLinear"(%w, %s) {axis = 1 : i64} : (tensor<3x2xui2>, tensor<2xf32>) -> tensor<3x2xf32>
    // CHECK: onnx_graph.node "MatMul"(%[[X]], %[[F]]) : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    %y = onnx_graph.node "MatMul"(%x, %f) : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}
