// A derivative becomes a call of a function that computes the value and the gradients
// in the order that was asked for. Numbers: test/unit/VJPTest.cpp.

// RUN: pdq-opt %s --pdq-differentiate | FileCheck %s

#i = affine_map<(i) -> (i)>
#s = affine_map<(i) -> ()>

// The sum of x / w stays what it is.
// CHECK-LABEL: func.func private @quotients(
// CHECK-NOT:     pdq.vjp_of
func.func private @quotients(%x: tensor<4xf32>, %w: tensor<4xf32>) -> tensor<f32> {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %y = linalg.generic {indexing_maps = [#i, #i, #s], iterator_types = ["reduction"]} ins(%x, %w : tensor<4xf32>, tensor<4xf32>) outs(%zero : tensor<f32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %q = arith.divf %a, %b : f32
    %r = arith.addf %o, %q : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}

// The gradient of %w was asked for first. Calls with the same arguments listed share
// one function.
// CHECK-LABEL: func.func @both_gradients(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4xf32>, %[[W:[a-z0-9]+]]: tensor<4xf32>, %[[U:[a-z0-9]+]]: tensor<4xf32>)
// CHECK-NEXT:    %[[A:.+]]:3 = call @quotients__vjp_1_0(%[[X]], %[[W]]) : (tensor<4xf32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>, tensor<4xf32>)
// CHECK-NEXT:    %[[B:.+]]:3 = call @quotients__vjp_1_0(%[[U]], %[[W]])
// CHECK-NEXT:    return %[[A]]#0, %[[A]]#1, %[[A]]#2, %[[B]]#1
func.func @both_gradients(%x: tensor<4xf32>, %w: tensor<4xf32>, %u: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %y, %dw, %dx = pdq.value_and_grad @quotients(%x, %w) wrt [1, 0] : (tensor<4xf32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>, tensor<4xf32>)
  %z, %dv, %du = pdq.value_and_grad @quotients(%u, %w) wrt [1, 0] : (tensor<4xf32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>, tensor<4xf32>)
  return %y, %dw, %dx, %dv : tensor<f32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @one_gradient(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4xf32>, %[[W:[a-z0-9]+]]: tensor<4xf32>)
// CHECK-NEXT:    %[[A:.+]]:2 = call @quotients__vjp_0(%[[X]], %[[W]]) : (tensor<4xf32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
// CHECK-NEXT:    return %[[A]]#0, %[[A]]#1
func.func @one_gradient(%x: tensor<4xf32>, %w: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %y, %dx = pdq.value_and_grad @quotients(%x, %w) wrt [0] : (tensor<4xf32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return %y, %dx : tensor<f32>, tensor<4xf32>
}

// With the seed 1: dx = 1 / w and dw = -(1 / w) (x / w).
// CHECK-LABEL: func.func private @quotients__vjp_1_0(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4xf32>, %[[W:[a-z0-9]+]]: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>, tensor<4xf32>) attributes {pdq.vjp_of = @quotients, pdq.wrt = array<i64: 1, 0>}
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[W]] :
// CHECK:         %[[SEED:.+]] = arith.constant dense<1.000000e+00> : tensor<f32>
// CHECK:         %[[DX:.+]] = linalg.generic {{.*}} ins(%[[W]], %[[SEED]] :
// CHECK-NEXT:    ^bb0(%[[B:[a-z0-9_]+]]: f32, %[[DY:[a-z0-9_]+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:      %[[R:.+]] = arith.divf %[[DY]], %[[B]]
// CHECK-NEXT:      linalg.yield %[[R]]
// CHECK:         %[[DW:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[W]], %[[SEED]] :
// CHECK-NEXT:    ^bb0(%[[A:[a-z0-9_]+]]: f32, %[[B:[a-z0-9_]+]]: f32, %[[DY:[a-z0-9_]+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:      %[[Q:.+]] = arith.divf %[[A]], %[[B]]
// CHECK-NEXT:      %[[R:.+]] = arith.divf %[[DY]], %[[B]]
// CHECK-NEXT:      %[[P:.+]] = arith.mulf %[[R]], %[[Q]]
// CHECK-NEXT:      %[[N:.+]] = arith.negf %[[P]]
// CHECK-NEXT:      linalg.yield %[[N]]
// CHECK:         return %[[Y]], %[[DW]], %[[DX]]

// CHECK-LABEL: func.func private @quotients__vjp_0(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4xf32>, %[[W:[a-z0-9]+]]: tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>) attributes {pdq.vjp_of = @quotients, pdq.wrt = array<i64: 0>}
// CHECK-NOT:     arith.negf
// CHECK:         return
