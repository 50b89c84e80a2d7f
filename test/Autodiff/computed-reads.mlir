// Reads at computed positions: each element of the source looks for what was
// read of it, in a table where positions are constant.

// RUN: pdq-opt %s --pdq-differentiate --split-input-file | FileCheck %s

#row = affine_map<(d0, d1) -> (d1)>
#all = affine_map<(d0, d1) -> (d0, d1)>

// Position 1 is read twice (by 0 and 3), 2 never.
// CHECK-DAG: #[[$ALL:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$TABLE:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func.func private @f__vjp_0(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<2x4xf32>)
func.func private @f(%x: tensor<2x4xf32>) -> tensor<f32> {
  %p = arith.constant dense<[1, 0, 3, 1]> : tensor<4xi64>
  %e = tensor.empty() : tensor<2x4xf32>
  // CHECK: %[[LOSS:.*]] = linalg.reduce
  // CHECK: %[[DY:.*]] = linalg.generic
  // CHECK: %[[STEPS:.*]] = arith.constant dense<{{\[}}[1, -1], [0, 3], [-1, -1], [2, -1]]> : tensor<4x2xi32>
  // CHECK: %[[DX:.*]] = linalg.generic {indexing_maps = [#[[$TABLE]], #[[$ALL]]], iterator_types = ["parallel", "parallel", "reduction"]}
  // CHECK-SAME: ins(%[[STEPS]] : tensor<4x2xi32>)
  // CHECK: ^bb0(%[[STEP:[a-z0-9_]+]]: i32, %[[SUM:[a-z0-9_]+]]: f32):
  // CHECK: %[[ROW:.*]] = linalg.index 0
  // CHECK: %[[EXISTS:.*]] = arith.cmpi sge, %[[STEP]],
  // CHECK: %[[INSIDE:.*]] = arith.maxsi %[[STEP]],
  // CHECK: %[[PLACE:.*]] = arith.index_cast %[[INSIDE]]
  // CHECK: %[[ELEMENT:.*]] = tensor.extract %{{.*}}[%[[ROW]], %[[PLACE]]]
  // CHECK: %[[SHARE:.*]] = arith.select %[[EXISTS]], %[[ELEMENT]],
  // CHECK: arith.addf %[[SUM]], %[[SHARE]]
  // CHECK: return %[[LOSS]], %[[DX]]
  %y = linalg.generic {indexing_maps = [#row, #all], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<4xi64>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%k: i64, %o: f32):
    %i = linalg.index 0 : index
    %q = arith.index_cast %k : i64 to index
    %r = tensor.extract %x[%i, %q] : tensor<2x4xf32>
    linalg.yield %r : f32
  } -> tensor<2x4xf32>
  %z = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%z : f32) outs(%e0 : tensor<f32>) -> tensor<f32>
  %s = linalg.reduce { arith.addf } ins(%y : tensor<2x4xf32>) outs(%f : tensor<f32>) dimensions = [0, 1]
  return %s : tensor<f32>
}
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<2x4xf32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %d : tensor<2x4xf32>
}

// -----

#all = affine_map<(d0, d1) -> (d0, d1)>

// A flip: each element is read once, nothing is summed.
// CHECK-DAG: #[[$ALL:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$TABLE:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func private @f__vjp_0(
func.func private @f(%x: tensor<2x4xf32>) -> tensor<f32> {
  %e = tensor.empty() : tensor<2x4xf32>
  %c3 = arith.constant 3 : index
  // CHECK: %[[LOSS:.*]] = linalg.reduce
  // CHECK: %[[STEPS:.*]] = arith.constant dense<[3, 2, 1, 0]> : tensor<4xi32>
  // CHECK: %[[DX:.*]] = linalg.generic {indexing_maps = [#[[$TABLE]], #[[$ALL]]], iterator_types = ["parallel", "parallel"]} ins(%[[STEPS]] : tensor<4xi32>)
  // CHECK: %[[ELEMENT:.*]] = tensor.extract
  // CHECK-NEXT: linalg.yield %[[ELEMENT]]
  // CHECK: return %[[LOSS]], %[[DX]]
  %y = linalg.generic {indexing_maps = [#all], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<2x4xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %q = arith.subi %c3, %j : index
    %r = tensor.extract %x[%i, %q] : tensor<2x4xf32>
    linalg.yield %r : f32
  } -> tensor<2x4xf32>
  %z = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%z : f32) outs(%e0 : tensor<f32>) -> tensor<f32>
  %s = linalg.reduce { arith.addf } ins(%y : tensor<2x4xf32>) outs(%f : tensor<f32>) dimensions = [0, 1]
  return %s : tensor<f32>
}
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<2x4xf32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %d : tensor<2x4xf32>
}

// -----

#row = affine_map<(d0, d1) -> (d0)>
#all = affine_map<(d0, d1) -> (d0, d1)>

// Rows of a table by data.
// CHECK-DAG: #[[$READ:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$POSITION:.*]] = affine_map<(d0, d1, d2) -> (d0)>
// CHECK-DAG: #[[$SOURCE:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-LABEL: func.func private @f__vjp_0(
func.func private @f(%x: tensor<5x2xf32>, %p: tensor<3xi32>) -> tensor<f32> {
  // CHECK: %[[LOSS:.*]] = linalg.reduce
  // CHECK: %[[POSITIONS:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<3xi32>) outs(%{{.*}} : tensor<3xi64>)
  // CHECK: %[[DX:.*]] = linalg.generic {indexing_maps = [#[[$READ]], #[[$POSITION]], #[[$SOURCE]]], iterator_types = ["reduction", "parallel", "parallel"]}
  // CHECK-SAME: ins(%{{.*}}, %[[POSITIONS]] : tensor<3x2xf32>, tensor<3xi64>)
  // CHECK: ^bb0(%[[ELEMENT:[a-z0-9_]+]]: f32, %[[POSITION:[a-z0-9_]+]]: i64, %[[SUM:[a-z0-9_]+]]: f32):
  // CHECK: %[[ROW:.*]] = linalg.index 2
  // CHECK: %[[OWN:.*]] = arith.index_cast %[[ROW]]
  // CHECK: %[[IS:.*]] = arith.cmpi eq, %[[POSITION]], %[[OWN]]
  // CHECK: %[[SHARE:.*]] = arith.select %[[IS]], %[[ELEMENT]],
  // CHECK: arith.addf %[[SUM]], %[[SHARE]]
  // CHECK: return %[[LOSS]], %[[DX]]
  %e = tensor.empty() : tensor<3x2xf32>
  %y = linalg.generic {indexing_maps = [#row, #all], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<3xi32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%k: i32, %o: f32):
    %j = linalg.index 1 : index
    %q = arith.index_cast %k : i32 to index
    %r = tensor.extract %x[%q, %j] : tensor<5x2xf32>
    linalg.yield %r : f32
  } -> tensor<3x2xf32>
  %z = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%z : f32) outs(%e0 : tensor<f32>) -> tensor<f32>
  %s = linalg.reduce { arith.addf } ins(%y : tensor<3x2xf32>) outs(%f : tensor<f32>) dimensions = [0, 1]
  return %s : tensor<f32>
}
func.func @main(%x: tensor<5x2xf32>, %p: tensor<3xi32>) -> tensor<5x2xf32> {
  %l, %d = pdq.value_and_grad @f(%x, %p) wrt [0] : (tensor<5x2xf32>, tensor<3xi32>) -> (tensor<f32>, tensor<5x2xf32>)
  return %d : tensor<5x2xf32>
}
