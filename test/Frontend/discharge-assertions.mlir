// Assertions on constants are decided here, in any type and however the constant
// is computed.

// RUN: pdq-opt %s --split-input-file --verify-diagnostics --pdq-normalize-frontend | FileCheck %s

#id = affine_map<(d0) -> (d0)>

// Half precision counts as single precision.
// CHECK-LABEL: func @half_precision
// CHECK-NOT: cf.assert
// expected-remark @below {{network holds 'f16'}}
func.func @half_precision(%x: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<2xf16>) {
  %zero = arith.constant 0.0 : f16
  %d = arith.constant dense<[2.0, 3.0]> : tensor<2xf16>
  %e = tensor.empty() : tensor<2xf16>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%d : tensor<2xf16>) outs(%e : tensor<2xf16>) {
  ^bb0(%in: f16, %out: f16):
    %c = arith.cmpf one, %in, %zero : f16
    cf.assert %c, "zero element"
    linalg.yield %in : f16
  } -> tensor<2xf16>
  return %x, %r : tensor<4x2xf32>, tensor<2xf16>
}

// -----

#id = affine_map<(d0) -> (d0)>

// 1.0e-30 * 1.0e-30 is 0 in single precision.
func.func @vanishes(%x: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<2xf32>) {
  %zero = arith.constant 0.0 : f32
  %d = arith.constant dense<[1.0, 1.0e-30]> : tensor<2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%d : tensor<2xf32>) outs(%e : tensor<2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %p = arith.mulf %in, %in : f32
    linalg.yield %p : f32
  } -> tensor<2xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%s : tensor<2xf32>) outs(%e : tensor<2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %c = arith.cmpf one, %in, %zero : f32
    // expected-error @below {{assertion is false: zero element}}
    cf.assert %c, "zero element"
    linalg.yield %in : f32
  } -> tensor<2xf32>
  return %x, %r : tensor<4x2xf32>, tensor<2xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// The sums of rows are 3 and 7.
// CHECK-LABEL: func @sums
// CHECK-NOT: cf.assert
func.func @sums(%x: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<2xf32>) {
  %zero = arith.constant 0.0 : f32
  %three = arith.constant 3.0 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %s = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%w : tensor<2x2xf32>) outs(%z : tensor<2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %t = arith.addf %a, %o : f32
    linalg.yield %t : f32
  } -> tensor<2xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%s : tensor<2xf32>) outs(%e : tensor<2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %c = arith.cmpf oge, %in, %three : f32
    cf.assert %c, "too small"
    linalg.yield %in : f32
  } -> tensor<2xf32>
  return %x, %r : tensor<4x2xf32>, tensor<2xf32>
}
