// Weights whose output channels are not one dimension of their constant.

// RUN: pdq-opt %s --split-input-file --pdq-form-regions --pdq-insert-quantizers=first-last=none 2> %t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.err
// REMARK: remark: weight of type 'tensor<2x2xf32>' has no output channels: it is quantized per tensor

// A matrix [k, o] for each of two heads: channels are head and column, so the rows
// of the new constant are w[0, :, 0], w[0, :, 1], w[1, :, 0], w[1, :, 1].
// CHECK-LABEL: func @heads
// CHECK: quantized
// CHECK: %[[W:.+]] = arith.constant dense<{{\[\[}}1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00], [5.000000e+00, 7.000000e+00], [6.000000e+00, 8.000000e+00]]> : tensor<4x2xf32>
// CHECK: %[[Q:.+]] = pdq.fake_quant %[[W]] to <bits = 4, axis = 0> : tensor<4x2xf32>
// CHECK: %[[E:.+]] = tensor.expand_shape %[[Q]] {{\[\[}}0, 1], [2]] output_shape [2, 2, 2]
// CHECK: %[[T:.+]] = linalg.transpose ins(%[[E]] : {{.*}} permutation = [0, 2, 1]
// CHECK: linalg.generic {{.*}} ins(%{{.+}}, %[[T]] :
func.func @heads(%x: tensor<3x2x5x2xf32>) -> tensor<3x2x5x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]> : tensor<2x2x2xf32>
  %e = tensor.empty() : tensor<3x2x5x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<3x2x5x2xf32>) -> tensor<3x2x5x2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, h, t, o, k) -> (n, h, t, k)>, affine_map<(n, h, t, o, k) -> (h, k, o)>, affine_map<(n, h, t, o, k) -> (n, h, t, o)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
    ins(%x, %w : tensor<3x2x5x2xf32>, tensor<2x2x2xf32>) outs(%init : tensor<3x2x5x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<3x2x5x2xf32>
  return %y : tensor<3x2x5x2xf32>
}

// -----

// One filter for all channels has none of its own: one scale.
// CHECK-LABEL: func @blur
// CHECK: quantized
// CHECK: %[[W:.+]] = arith.constant {{.*}} : tensor<1x2x2xf32>
// CHECK: %[[Q:.+]] = pdq.fake_quant %[[W]] to <bits = 4, axis = 0> : tensor<1x2x2xf32>
// CHECK: %[[C:.+]] = tensor.collapse_shape %[[Q]] {{\[\[}}0, 1], [2]]
// CHECK: linalg.generic {{.*}} ins(%{{.+}}, %[[C]] :
func.func @blur(%x: tensor<3x4x5x5xf32>) -> tensor<3x4x4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<3x4x4x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<3x4x4x4xf32>) -> tensor<3x4x4x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, c, h, w, i, j) -> (n, c, h + i, w + j)>, affine_map<(n, c, h, w, i, j) -> (i, j)>, affine_map<(n, c, h, w, i, j) -> (n, c, h, w)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
    ins(%x, %w : tensor<3x4x5x5xf32>, tensor<2x2xf32>) outs(%init : tensor<3x4x4x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<3x4x4x4xf32>
  return %y : tensor<3x4x4x4xf32>
}
