// The universal rule on a convolution: the gradient of the filter is a generic
// with the same loops and the maps exchanged, that of the input a scatter.

// RUN: pdq-opt %s --pdq-differentiate | FileCheck %s

// CHECK-DAG: #[[$X:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d4, d2 * 2 + d5, d3 * 2 + d6)>
// CHECK-DAG: #[[$W:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d1, d4, d5, d6)>
// CHECK-DAG: #[[$Y:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>

func.func private @f(%x: tensor<2x3x9x9xf32>, %w: tensor<5x3x3x3xf32>) -> tensor<f32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x5x4x4xf32>
  %i = linalg.fill ins(%z : f32) outs(%e : tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
  %y = linalg.conv_2d_nchw_fchw {strides = dense<2> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%x, %w : tensor<2x3x9x9xf32>, tensor<5x3x3x3xf32>) outs(%i : tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
  %l = pdq.reconstruction_loss %y, %i : tensor<2x5x4x4xf32> -> tensor<f32>
  return %l : tensor<f32>
}

// CHECK-LABEL: func.func private @f__vjp_0_1(
// CHECK-SAME: %[[IN:[a-z0-9]*]]: tensor<2x3x9x9xf32>, %[[FILTER:[a-z0-9]*]]: tensor<5x3x3x3xf32>)
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: linalg.generic {indexing_maps = [#[[$W]], #[[$Y]], #[[$X]]]
// CHECK-SAME: ins(%[[FILTER]], %{{.*}} : tensor<5x3x3x3xf32>, tensor<2x5x4x4xf32>) outs(%{{.*}} : tensor<2x3x9x9xf32>)
// CHECK: linalg.generic {indexing_maps = [#[[$X]], #[[$Y]], #[[$W]]]
// CHECK-SAME: ins(%[[IN]], %{{.*}} : tensor<2x3x9x9xf32>, tensor<2x5x4x4xf32>) outs(%{{.*}} : tensor<5x3x3x3xf32>)
// CHECK: return
func.func @main(%x: tensor<2x3x9x9xf32>, %w: tensor<5x3x3x3xf32>) -> (tensor<f32>, tensor<2x3x9x9xf32>, tensor<5x3x3x3xf32>) {
  %l, %dx, %dw = pdq.value_and_grad @f(%x, %w) wrt [0, 1]
    : (tensor<2x3x9x9xf32>, tensor<5x3x3x3xf32>) -> (tensor<f32>, tensor<2x3x9x9xf32>, tensor<5x3x3x3xf32>)
  return %l, %dx, %dw : tensor<f32>, tensor<2x3x9x9xf32>, tensor<5x3x3x3xf32>
}
