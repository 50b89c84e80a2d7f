// Without a reduction loop an initial value is one more input: a maximum with it
// shares the cotangent where both are equal.

// RUN: pdq-opt %s --pdq-differentiate | FileCheck %s

#i = affine_map<(d0) -> (d0)>

// CHECK-LABEL: func.func private @f__vjp_0_1(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<4xf32>, %[[O:[a-z0-9]*]]: tensor<4xf32>)
func.func private @f(%x: tensor<4xf32>, %o: tensor<4xf32>) -> tensor<f32> {
  // CHECK: linalg.generic {{.*}} ins(%[[X]] : tensor<4xf32>) outs(%[[O]] : tensor<4xf32>)
  // CHECK: %[[LOSS:.*]] = linalg.reduce
  // CHECK: %[[DX:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[O]], %{{.*}} : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  // CHECK: ^bb0(%[[A:[a-z0-9_]+]]: f32, %[[B:[a-z0-9_]+]]: f32, %[[DY:[a-z0-9_]+]]: f32, %{{.*}}: f32):
  // CHECK: %[[TIE:.*]] = arith.cmpf oeq, %[[A]], %[[B]]
  // CHECK: %[[WINS:.*]] = arith.cmpf ogt, %[[A]], %[[B]]
  // CHECK: %[[OWN:.*]] = arith.select %[[WINS]], %[[DY]],
  // CHECK: arith.select %[[TIE]], %{{.*}}, %[[OWN]]
  // CHECK: %[[DO:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[O]], %{{.*}} : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  // CHECK: return %[[LOSS]], %[[DX]], %[[DO]]
  %y = linalg.generic {indexing_maps = [#i, #i], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%o : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %m = arith.maximumf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<4xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %s = linalg.reduce { arith.addf } ins(%y : tensor<4xf32>) outs(%f : tensor<f32>) dimensions = [0]
  return %s : tensor<f32>
}
func.func @main(%x: tensor<4xf32>, %o: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %l, %d:2 = pdq.value_and_grad @f(%x, %o) wrt [0, 1] : (tensor<4xf32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>, tensor<4xf32>)
  return %d#0, %d#1 : tensor<4xf32>, tensor<4xf32>
}
