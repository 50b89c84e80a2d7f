// A clamp passes the cotangent between its bounds and on them, else to the bound.

// RUN: pdq-opt %s --pdq-differentiate | FileCheck %s

// CHECK-LABEL: func.func private @f__vjp_0_1(
// CHECK: ^bb0(%[[X:[a-z0-9_]+]]: f32, %[[LOW:[a-z0-9_]+]]: f32, %[[DY:[a-z0-9_]+]]: f32, %{{.*}}: f32):
// CHECK: %[[ZERO:.*]] = arith.constant 0.0
// CHECK: %[[BELOW:.*]] = arith.cmpf olt, %[[X]], %[[LOW]]
// CHECK: %[[ABOVE:.*]] = arith.cmpf olt, %[[HIGH:.*]], %[[X]]
// CHECK: %[[INSIDE:.*]] = arith.select %[[ABOVE]], %[[ZERO]], %[[DY]]
// CHECK: %[[DX:.*]] = arith.select %[[BELOW]], %[[ZERO]], %[[INSIDE]]
// CHECK: linalg.yield %[[DX]]
// CHECK: ^bb0(%[[X:[a-z0-9_]+]]: f32, %[[LOW:[a-z0-9_]+]]: f32, %[[DY:[a-z0-9_]+]]: f32, %{{.*}}: f32):
// CHECK: %[[ZERO:.*]] = arith.constant 0.0
// CHECK: %[[BELOW:.*]] = arith.cmpf olt, %[[X]], %[[LOW]]
// CHECK: %[[DLOW:.*]] = arith.select %[[BELOW]], %[[DY]], %[[ZERO]]
// CHECK: linalg.yield %[[DLOW]]
func.func private @f(%x: tensor<f32>, %low: tensor<f32>) -> tensor<f32> {
  %high = arith.constant 6.0 : f32
  %e = tensor.empty() : tensor<f32>
  %y = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
    ins(%x, %low : tensor<f32>, tensor<f32>) outs(%e : tensor<f32>) {
  ^bb0(%a: f32, %l: f32, %o: f32):
    %c = math.clampf %a to [%l, %high] : f32
    linalg.yield %c : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: tensor<f32>, %low: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %l, %d:2 = pdq.value_and_grad @f(%x, %low) wrt [0, 1] : (tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>)
  return %d#0, %d#1 : tensor<f32>, tensor<f32>
}
