// What has no form in the quant dialect.

// RUN: pdq-opt %s --split-input-file --verify-diagnostics --convert-pdq-to-quant

func.func @quantizer_is_not_calibrated(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{quantizer has no scale; calibrate it first}}
  %a = pdq.fake_quant %x to <bits = 4> : tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @quantizer_is_masked(%x: tensor<4xf32>, %keep: tensor<4xi1>) -> tensor<4xf32> {
  %s = arith.constant dense<0.5> : tensor<f32>
  %z = arith.constant dense<1> : tensor<i32>
  // expected-error @below {{quantizer depends on a mask of the calibration}}
  %a = pdq.fake_quant %x scale(%s) zero_point(%z) keep(%keep) to <bits = 4> : tensor<4xf32>, tensor<f32>, tensor<i32>, tensor<4xi1>
  return %a : tensor<4xf32>
}

// -----

func.func @scale_is_an_argument(%x: tensor<4xf32>, %s: tensor<f32>) -> tensor<4xf32> {
  %z = arith.constant dense<1> : tensor<i32>
  // expected-error @below {{needs a constant scale of f32 or f64 and a constant zero point to become a quantized type}}
  %a = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4> : tensor<4xf32>, tensor<f32>, tensor<i32>
  return %a : tensor<4xf32>
}

// -----

func.func @weight_is_not_a_number() -> tensor<1xf32> {
  %w = arith.constant dense<0x7FC00000> : tensor<1xf32>
  %s = arith.constant dense<1.0> : tensor<f32>
  %z = arith.constant dense<0> : tensor<i32>
  // expected-error @below {{quantizes a constant that holds NaN}}
  %a = pdq.fake_quant %w scale(%s) zero_point(%z) to <bits = 2> : tensor<1xf32>, tensor<f32>, tensor<i32>
  return %a : tensor<1xf32>
}

// -----

func.func @region_is_left(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'pdq.batch_norm' has no form in the quant dialect}}
  %a = pdq.batch_norm %x, %x, %x, %x, %x {axis = 0 : i64, epsilon = 1.0e-05 : f64} : tensor<4xf32>, tensor<4xf32>
  return %a : tensor<4xf32>
}
