// A value that is used twice gets the sum of both contributions, and one that is
// never used gets zeros.

// RUN: pdq-opt %s --pdq-differentiate | FileCheck %s

func.func private @f(%x: tensor<f32>, %unused: tensor<2xf32>) -> tensor<f32> {
  %e = tensor.empty() : tensor<f32>
  %a = linalg.mul ins(%x, %x : tensor<f32>, tensor<f32>) outs(%e : tensor<f32>) -> tensor<f32>
  %b = linalg.add ins(%a, %x : tensor<f32>, tensor<f32>) outs(%e : tensor<f32>) -> tensor<f32>
  return %b : tensor<f32>
}

// CHECK-LABEL: func.func private @f__vjp_0_1(
// Three contributions to x are added in two places.
// CHECK: linalg.mul
// CHECK: linalg.add
// CHECK-COUNT-2: arith.addf
// CHECK-NOT: arith.addf
// CHECK: %[[ZEROS:.*]] = {{.*}}0.000000e+00
// CHECK: return
func.func @main(%x: tensor<f32>, %u: tensor<2xf32>) -> (tensor<f32>, tensor<f32>, tensor<2xf32>) {
  %l, %d, %n = pdq.value_and_grad @f(%x, %u) wrt [0, 1] : (tensor<f32>, tensor<2xf32>) -> (tensor<f32>, tensor<f32>, tensor<2xf32>)
  return %l, %d, %n : tensor<f32>, tensor<f32>, tensor<2xf32>
}
