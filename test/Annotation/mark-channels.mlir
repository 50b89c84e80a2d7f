// The channel is where the layers have it, not dimension 1.

// RUN: pdq-opt %s --split-input-file --pdq-form-regions --pdq-mark-channels | FileCheck %s

// Channels first: the default, which is not written.
// CHECK-LABEL: func @first
// CHECK-NOT: _channels
func.func @first(%x: tensor<2x3x4x4xf32>, %init: tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32> {
  %w = arith.constant dense<1.0> : tensor<5x3x1x1xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x3x4x4xf32>, tensor<5x3x1x1xf32>) outs(%init : tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
  return %y : tensor<2x5x4x4xf32>
}

// -----

#id = affine_map<(a, b, c, d) -> (a, b, c, d)>

// Channels last, through padding, a batch norm, an activation function and a
// pooling; the matrix product has them at 1 again.
// CHECK-LABEL: func @last
// CHECK: pdq.region @layer0
// CHECK-SAME: input_channels = array<i64: 3>
// CHECK-SAME: result_channels = array<i64: 3>
// CHECK: pdq.region @layer1
// CHECK-NOT: _channels
func.func @last(%x: tensor<2x4x4x3xf32>) -> tensor<2x6xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<3x3x3x5xf32>
  %v = arith.constant dense<1.0> : tensor<5x6xf32>
  %padded = tensor.pad %x low[0, 1, 1, 0] high[0, 1, 1, 0] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<2x4x4x3xf32> to tensor<2x6x6x3xf32>
  %e = tensor.empty() : tensor<2x4x4x5xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4x4x5xf32>) -> tensor<2x4x4x5xf32>
  %c = linalg.conv_2d_nhwc_hwcf ins(%padded, %w : tensor<2x6x6x3xf32>, tensor<3x3x3x5xf32>) outs(%init : tensor<2x4x4x5xf32>) -> tensor<2x4x4x5xf32>
  %p5 = arith.constant dense<1.0> : tensor<5xf32>
  %n = pdq.batch_norm %c, %p5, %p5, %p5, %p5 {axis = 3 : i64, epsilon = 1.0e-5 : f64} : tensor<2x4x4x5xf32>, tensor<5xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%n : tensor<2x4x4x5xf32>) outs(%e : tensor<2x4x4x5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  } -> tensor<2x4x4x5xf32>
  %ep = tensor.empty() : tensor<2x5xf32>
  %zp = linalg.fill ins(%zero : f32) outs(%ep : tensor<2x5xf32>) -> tensor<2x5xf32>
  %p = linalg.generic {indexing_maps = [#id, affine_map<(a, b, c, d) -> (a, d)>], iterator_types = ["parallel", "reduction", "reduction", "parallel"]} ins(%r : tensor<2x4x4x5xf32>) outs(%zp : tensor<2x5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<2x5xf32>
  %e2 = tensor.empty() : tensor<2x6xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x6xf32>) -> tensor<2x6xf32>
  %y = linalg.matmul ins(%p, %v : tensor<2x5xf32>, tensor<5x6xf32>) outs(%z2 : tensor<2x6xf32>) -> tensor<2x6xf32>
  return %y : tensor<2x6xf32>
}

// -----

// Tokens: the features are last. Without a batch norm nobody asks for the input's.
// CHECK-LABEL: func @tokens
// CHECK: pdq.region @layer0
// CHECK-SAME: result_channels = array<i64: 2>
func.func @tokens(%x: tensor<2x7x4xf32>, %init: tensor<2x7x6xf32>) -> tensor<2x7x6xf32> {
  %w = arith.constant dense<1.0> : tensor<4x6xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, t, o, k) -> (n, t, k)>, affine_map<(n, t, o, k) -> (k, o)>, affine_map<(n, t, o, k) -> (n, t, o)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%x, %w : tensor<2x7x4xf32>, tensor<4x6xf32>) outs(%init : tensor<2x7x6xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<2x7x6xf32>
  return %y : tensor<2x7x6xf32>
}
