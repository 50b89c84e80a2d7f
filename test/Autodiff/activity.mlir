// Forward and backward part are one function; arguments that are not listed cost
// nothing, and values of the forward part are used, not computed again.

// RUN: pdq-opt %s --pdq-differentiate | FileCheck %s

func.func private @f(%x: tensor<4xf32>, %w: tensor<4xf32>, %frozen: tensor<4xf32>) -> tensor<f32> {
  %e = tensor.empty() : tensor<4xf32>
  %a = linalg.mul ins(%x, %w : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %g = linalg.exp ins(%frozen : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %b = linalg.mul ins(%a, %g : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %z = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%z : f32) outs(%e0 : tensor<f32>) -> tensor<f32>
  %s = linalg.reduce { arith.addf } ins(%b : tensor<4xf32>) outs(%f : tensor<f32>) dimensions = [0]
  return %s : tensor<f32>
}

// CHECK-LABEL: func.func @main
// CHECK: %[[R:.*]]:2 = call @f__vjp_1(
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @main(%x: tensor<4xf32>, %w: tensor<4xf32>, %frozen: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %l, %d = pdq.value_and_grad @f(%x, %w, %frozen) wrt [1] : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return %l, %d : tensor<f32>, tensor<4xf32>
}

// CHECK-LABEL: func.func private @f__vjp_1(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<4xf32>, %[[W:[a-z0-9]*]]: tensor<4xf32>, %[[FROZEN:[a-z0-9]*]]: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
// CHECK-SAME: pdq.vjp_of = @f, pdq.wrt = array<i64: 1>
// The one exponential of the forward part.
// CHECK: %[[EXP:.*]] = linalg.exp ins(%[[FROZEN]]
// CHECK: %[[LOSS:.*]] = linalg.reduce
// CHECK-NOT: exp
// CHECK: linalg.generic {{.*}} ins(%[[EXP]],
// CHECK: %[[DW:.*]] = linalg.generic {{.*}} ins(%[[X]],
// CHECK-NOT: linalg.generic
// CHECK: return %[[LOSS]], %[[DW]]
