// Canonicalization keeps what quantization needs, and drops what computes nothing.

// RUN: pdq-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func @place_of_a_quantizer_stays
// CHECK:         %[[A:.+]] = pdq.fake_quant %{{.*}} to <bits = 4>
// CHECK:         return %[[A]]
func.func @place_of_a_quantizer_stays(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = pdq.fake_quant %x to <bits = 4> : tensor<4xf32>
  return %a : tensor<4xf32>
}

// The integers of a weight would be lost.
// CHECK-LABEL: func @quantizer_of_a_constant_stays
// CHECK:         pdq.fake_quant
func.func @quantizer_of_a_constant_stays() -> tensor<4xf32> {
  %x = arith.constant dense<1.0> : tensor<4xf32>
  %s = arith.constant dense<0.5> : tensor<f32>
  %z = arith.constant dense<1> : tensor<i32>
  %a = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4> : tensor<4xf32>, tensor<f32>, tensor<i32>
  return %a : tensor<4xf32>
}

// With probability 1 everything is quantized, so no mask is drawn.
// CHECK-LABEL: func @everything_is_kept
// CHECK-SAME:    (%[[X:[a-z0-9]+]]: tensor<4xf32>, %[[S:[a-z0-9]+]]: tensor<f32>, %[[Z:[a-z0-9]+]]: tensor<i32>,
// CHECK-NEXT:    %[[A:.+]] = pdq.fake_quant %[[X]] scale(%[[S]]) zero_point(%[[Z]]) to <bits = 4> : tensor<4xf32>, tensor<f32>, tensor<i32>
// CHECK-NEXT:    return %[[A]]
func.func @everything_is_kept(%x: tensor<4xf32>, %s: tensor<f32>, %z: tensor<i32>, %step: tensor<i64>) -> tensor<4xf32> {
  %keep = pdq.bernoulli %step {probability = 1.0 : f64, seed = 1 : i64, stream = 3 : i64} : tensor<4xi1>
  %a = pdq.fake_quant %x scale(%s) zero_point(%z) keep(%keep) to <bits = 4> : tensor<4xf32>, tensor<f32>, tensor<i32>, tensor<4xi1>
  return %a : tensor<4xf32>
}

// With probability 0 nothing is.
// CHECK-LABEL: func @everything_is_dropped
// CHECK-SAME:    (%[[X:[a-z0-9]+]]: tensor<4xf32>,
// CHECK-NEXT:    return %[[X]]
func.func @everything_is_dropped(%x: tensor<4xf32>, %s: tensor<f32>, %z: tensor<i32>, %step: tensor<i64>) -> tensor<4xf32> {
  %keep = pdq.bernoulli %step {probability = 0.0 : f64, seed = 1 : i64, stream = 3 : i64} : tensor<4xi1>
  %a = pdq.fake_quant %x scale(%s) zero_point(%z) keep(%keep) to <bits = 4> : tensor<4xf32>, tensor<f32>, tensor<i32>, tensor<4xi1>
  return %a : tensor<4xf32>
}

// CHECK-LABEL: func @one_sample_is_always_drawn
// CHECK-NEXT:    %[[I:.+]] = arith.constant dense<0> : tensor<3xi32>
// CHECK-NEXT:    return %[[I]]
func.func @one_sample_is_always_drawn(%step: tensor<i64>) -> tensor<3xi32> {
  %i = pdq.uniform_index %step {bound = 1 : i64, seed = 1 : i64, stream = 0 : i64} : tensor<3xi32>
  return %i : tensor<3xi32>
}
