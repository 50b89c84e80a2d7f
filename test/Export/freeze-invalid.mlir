// Networks whose parameters are not all known, or not constant.

// RUN: pdq-opt %s --split-input-file --verify-diagnostics --pdq-freeze
// RUN: not pdq-opt %s --split-input-file --pdq-export 2>&1 | FileCheck %s

// The export stops where freezing does.
// CHECK: error: region @stem is not calibrated

func.func @status_is_missing(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{region @stem is not calibrated; run pdq-calibrate first, or accept initial parameters with allow-initialized}}
  %y = pdq.region @stem ins(%x : tensor<4xf32>) -> (tensor<4xf32>)
  float {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  } quantized {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

func.func @quantizer_is_not_calibrated(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = pdq.region @layer1.0 ins(%x : tensor<4xf32>) -> (tensor<4xf32>)
      status <iterations = 300, reconstruction_loss = 1.0 to 0.5, prediction_difference = 1.0 to 0.5>
  float {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  } quantized {
  ^bb0(%in: tensor<4xf32>):
    // expected-error @below {{quantizer in region @layer1.0 has no scale; calibrate it with pdq-calibrate first}}
    %a = pdq.fake_quant %in to <bits = 4> : tensor<4xf32>
    pdq.yield %a : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

func.func @quantizer_is_masked(%x: tensor<4xf32>, %keep: tensor<4xi1>) -> tensor<4xf32> {
  %s = arith.constant dense<0.5> : tensor<f32>
  %z = arith.constant dense<1> : tensor<i32>
  // expected-error @below {{quantizer in function @quantizer_is_masked depends on a mask of the calibration}}
  %a = pdq.fake_quant %x scale(%s) zero_point(%z) keep(%keep) to <bits = 4> : tensor<4xf32>, tensor<f32>, tensor<i32>, tensor<4xi1>
  return %a : tensor<4xf32>
}

// -----

func.func @rounding_is_soft(%w: tensor<4xf32>) -> tensor<4xf32> {
  %s = arith.constant dense<0.5> : tensor<f32>
  %z = arith.constant dense<1> : tensor<i32>
  // expected-error @below {{weight in function @rounding_is_soft has soft rounding; finish its calibration first}}
  %a = pdq.adaround %w, %w, %s, %z to <bits = 4> : tensor<4xf32>, tensor<f32>, tensor<i32>
  return %a : tensor<4xf32>
}

// -----

func.func @weight_is_an_argument(%w: tensor<4xf32>) -> tensor<4xf32> {
  %s = arith.constant dense<0.5> : tensor<f32>
  %z = arith.constant dense<1> : tensor<i32>
  // expected-error @below {{weight in function @weight_is_an_argument cannot be frozen: weight, rounding, scale and zero point must be constants of f32 or f64}}
  %a = pdq.adaround %w, %w, %s, %z to <bits = 4> hard : tensor<4xf32>, tensor<f32>, tensor<i32>
  return %a : tensor<4xf32>
}

// -----

// 2 * 2e38 is no f32.
func.func @weight_overflows() -> tensor<1xf32> {
  %w = arith.constant dense<2.5e38> : tensor<1xf32>
  %a = arith.constant dense<1.0> : tensor<1xf32>
  %s = arith.constant dense<2.0e38> : tensor<f32>
  %z = arith.constant dense<0> : tensor<i32>
  // expected-error @below {{weight in function @weight_overflows is not finite, or its scale is too small or too large for 'f32'}}
  %wq = pdq.adaround %w, %a, %s, %z to <bits = 2> hard : tensor<1xf32>, tensor<f32>, tensor<i32>
  return %wq : tensor<1xf32>
}

// -----

func.func @weight_is_not_a_number() -> tensor<1xf32> {
  %w = arith.constant dense<0x7FC00000> : tensor<1xf32>
  %a = arith.constant dense<1.0> : tensor<1xf32>
  %s = arith.constant dense<1.0> : tensor<f32>
  %z = arith.constant dense<0> : tensor<i32>
  // expected-error @below {{weight in function @weight_is_not_a_number is not finite, or its scale is too small or too large for 'f32'}}
  %wq = pdq.adaround %w, %a, %s, %z to <bits = 2> hard : tensor<1xf32>, tensor<f32>, tensor<i32>
  return %wq : tensor<1xf32>
}

// -----

// expected-remark @below {{nothing is quantized here; run pdq-annotate and pdq-calibrate first}}
module {
  func.func @plain(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}
