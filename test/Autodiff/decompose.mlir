// Every pdq operation but regions and derivatives becomes tensor IR.

// RUN: pdq-opt %s --pdq-decompose | FileCheck %s

// CHECK-NOT: pdq.
// CHECK-LABEL: func.func @quantizers
// An uncalibrated quantizer is the identity.
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<8x4xf32>
// CHECK: linalg.generic
// CHECK: arith.divf
// CHECK: math.roundeven
// CHECK: return %[[X]],
func.func @quantizers(%x: tensor<8x4xf32>, %s: tensor<f32>, %z: tensor<i32>, %w: tensor<4x4xf32>, %ws: tensor<4xf32>, %wz: tensor<4xi32>)
    -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<4x4xf32>) {
  %a = pdq.fake_quant %x to <bits = 2> : tensor<8x4xf32>
  %b = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 8> : tensor<8x4xf32>, tensor<f32>, tensor<i32>
  %c = pdq.adaround %w, %w, %ws, %wz to <bits = 2, axis = 0> : tensor<4x4xf32>, tensor<4xf32>, tensor<4xi32>
  return %a, %b, %c : tensor<8x4xf32>, tensor<8x4xf32>, tensor<4x4xf32>
}

// CHECK-LABEL: func.func @batch_norm
// CHECK: linalg.generic
// CHECK: return
func.func @batch_norm(%x: tensor<2x4x2x2xf32>, %c: tensor<4xf32>) -> tensor<2x4x2x2xf32> {
  %y = pdq.batch_norm %x, %c, %c, %c, %c {axis = 1 : i64, epsilon = 1.0e-05 : f64} : tensor<2x4x2x2xf32>, tensor<4xf32>
  return %y : tensor<2x4x2x2xf32>
}

// CHECK-LABEL: func.func @draws
// CHECK-SAME: %[[STEP:[a-z0-9]*]]: tensor<i64>
// Wrapping 32-bit arithmetic on the index of the element.
// CHECK: linalg.generic {{.*}} ins(%[[STEP]]
// CHECK: linalg.index
// CHECK: arith.muli {{.*}} : i32
// CHECK: return
func.func @draws(%step: tensor<i64>, %cache: tensor<64x4xf32>) -> (tensor<8x4xi1>, tensor<8x4xf32>) {
  %keep = pdq.bernoulli %step {probability = 0.5 : f64, seed = 1 : i64, stream = 3 : i64} : tensor<8x4xi1>
  %batch = pdq.uniform_index %step {bound = 64 : i64, seed = 1 : i64, stream = 0 : i64} : tensor<8xi32>
  %x = pdq.gather %cache[%batch] : tensor<64x4xf32>, tensor<8xi32> -> tensor<8x4xf32>
  return %keep, %x : tensor<8x4xi1>, tensor<8x4xf32>
}

// CHECK-LABEL: func.func @losses
// CHECK: return
// CHECK-NOT: pdq.
func.func @losses(%y: tensor<8x4x2x2xf32>, %q: tensor<8x10xf32>, %beta: tensor<f32>, %c: tensor<4xf32>)
    -> (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) {
  %a = pdq.reconstruction_loss %y, %y {axis = 3 : i64} : tensor<8x4x2x2xf32> -> tensor<f32>
  %d = pdq.prediction_difference %q, %q {temperature = 4.0 : f64, lambda = 0.1 : f64} : tensor<8x10xf32> -> tensor<f32>
  %e = pdq.rounding_regularizer %q, %beta : tensor<8x10xf32>, tensor<f32>
  %f = pdq.batch_norm_loss %y, %c, %c : tensor<8x4x2x2xf32>, tensor<4xf32> -> tensor<f32>
  return %a, %d, %e, %f : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
}
