// The cotangent of a reshape goes through one dimension.

// RUN: pdq-opt %s --pdq-differentiate | FileCheck %s

// CHECK-LABEL: func.func private @f__vjp_0(
func.func private @f(%x: tensor<3x4xf32>) -> tensor<f32> {
  %shape = arith.constant dense<[2, 6]> : tensor<2xi64>
  %v = tensor.reshape %x(%shape) : (tensor<3x4xf32>, tensor<2xi64>) -> tensor<2x6xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<f32>) -> tensor<f32>
  // CHECK: %[[LOSS:.*]] = linalg.reduce
  // CHECK: %[[DV:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<2x6xf32>)
  // CHECK: %[[FLAT:.*]] = tensor.collapse_shape %[[DV]] {{\[\[}}0, 1]] : tensor<2x6xf32> into tensor<12xf32>
  // CHECK: %[[DX:.*]] = tensor.expand_shape %[[FLAT]] {{\[\[}}0, 1]] output_shape [3, 4] : tensor<12xf32> into tensor<3x4xf32>
  // CHECK: return %[[LOSS]], %[[DX]]
  %s = linalg.reduce { arith.addf } ins(%v : tensor<2x6xf32>) outs(%f : tensor<f32>) dimensions = [0, 1]
  return %s : tensor<f32>
}
func.func @main(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<3x4xf32>) -> (tensor<f32>, tensor<3x4xf32>)
  return %d : tensor<3x4xf32>
}
