// Soft roundings are decided; scales and zero points stay.

// RUN: pdq-opt %s --split-input-file --pdq-freeze | FileCheck %s
// RUN: pdq-opt %s --split-input-file --pdq-freeze=allow-initialized -o /dev/null

// floor(w / 0.5) + [a >= 0] + 1, clamped to 0..3, gives the integers 2, 1, 3, 0;
// the frozen weight is (q - 1) / 2.
// CHECK-LABEL: func @rounding_is_decided
// CHECK:         quantized {
// CHECK:           %[[S:[a-z0-9_]+]] = arith.constant dense<5.000000e-01> : tensor<f32>
// CHECK:           %[[Z:[a-z0-9_]+]] = arith.constant dense<1> : tensor<i32>
// CHECK:           %[[W:[a-z0-9_]+]] = arith.constant dense<[5.000000e-01, 0.000000e+00, 1.000000e+00, -5.000000e-01]>
// CHECK:           pdq.fake_quant %[[W]] scale(%[[S]]) zero_point(%[[Z]]) to <bits = 2>
// CHECK-NOT:     pdq.adaround
func.func @rounding_is_decided(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = pdq.region @layer ins(%x : tensor<4xf32>) -> (tensor<4xf32>)
      status <iterations = 300, reconstruction_loss = 1.0 to 0.5, prediction_difference = 1.0 to 0.5>
  float {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  } quantized {
  ^bb0(%in: tensor<4xf32>):
    %w = arith.constant dense<[0.3, 0.3, 9.0, -9.0]> : tensor<4xf32>
    %a = arith.constant dense<[0.0, -0.1, -5.0, 5.0]> : tensor<4xf32>
    %s = arith.constant dense<0.5> : tensor<f32>
    %z = arith.constant dense<1> : tensor<i32>
    %wq = pdq.adaround %w, %a, %s, %z to <bits = 2> hard : tensor<4xf32>, tensor<f32>, tensor<i32>
    %b = arith.mulf %in, %wq : tensor<4xf32>
    pdq.yield %b : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

// Scales 0.5 and 2 along axis 1: 1.2 rounds up to 1.5 and to 2.
// CHECK-LABEL: func @scale_goes_with_its_axis
// CHECK:         arith.constant dense<{{\[}}[1.500000e+00, 2.000000e+00], [-1.500000e+00, 0.000000e+00]]> : tensor<2x2xf64>
// CHECK:         pdq.fake_quant {{.*}} to <bits = 3, axis = 1>
func.func @scale_goes_with_its_axis() -> tensor<2x2xf64> {
  %w = arith.constant dense<[[1.2, 1.2], [-1.7, -0.7]]> : tensor<2x2xf64>
  %a = arith.constant dense<[[1.0, 1.0], [1.0, 1.0]]> : tensor<2x2xf64>
  %s = arith.constant dense<[0.5, 2.0]> : tensor<2xf64>
  %z = arith.constant dense<[4, 0]> : tensor<2xi32>
  %wq = pdq.adaround %w, %a, %s, %z to <bits = 3, axis = 1> hard : tensor<2x2xf64>, tensor<2xf64>, tensor<2xi32>
  return %wq : tensor<2x2xf64>
}

// -----

// Nothing to decide.
// CHECK-LABEL: func @parameters_of_fake_quant_stay
// CHECK:         pdq.fake_quant %{{.*}} scale(%{{.*}}) zero_point(%{{.*}}) to <bits = 4>
func.func @parameters_of_fake_quant_stay(%x: tensor<4xf32>) -> tensor<4xf32> {
  %s = arith.constant dense<0.5> : tensor<f32>
  %z = arith.constant dense<1> : tensor<i32>
  %a = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4> : tensor<4xf32>, tensor<f32>, tensor<i32>
  return %a : tensor<4xf32>
}
