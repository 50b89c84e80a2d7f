// Named operations become generic ones with the same operands, maps and payload.

// RUN: pdq-opt %s --pdq-generalize | FileCheck %s

// CHECK-DAG: #[[$I:.+]] = affine_map<(d0) -> (d0)>
// CHECK-DAG: #[[$LEFT:.+]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[$RIGHT:.+]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[$RESULT:.+]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$TURNED:.+]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-DAG: #[[$PAIR:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$REPEATED:.+]] = affine_map<(d0, d1) -> (d1)>

// CHECK-LABEL: func.func @elementwise(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<4xf32>, %[[B:[a-z0-9]+]]: tensor<4xf32>, %[[E:[a-z0-9]+]]: tensor<4xf32>)
// CHECK:         %[[Y:.+]] = linalg.generic {indexing_maps = [#[[$I]], #[[$I]], #[[$I]]], iterator_types = ["parallel"]} ins(%[[A]], %[[B]] : tensor<4xf32>, tensor<4xf32>) outs(%[[E]] : tensor<4xf32>)
// CHECK-NEXT:    ^bb0(%[[X:[a-z0-9_]+]]: f32, %[[Z:[a-z0-9_]+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:      %[[D:.+]] = arith.subf %[[X]], %[[Z]]
// CHECK-NEXT:      linalg.yield %[[D]]
// CHECK:         return %[[Y]]
func.func @elementwise(%a: tensor<4xf32>, %b: tensor<4xf32>, %e: tensor<4xf32>) -> tensor<4xf32> {
  %y = linalg.sub ins(%a, %b : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// Fusion folds the fill that a product starts from, which it knows by name.
// CHECK-LABEL: func.func @product_of_a_fill(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<4x8xf32>, %[[B:[a-z0-9]+]]: tensor<8x2xf32>, %[[E:[a-z0-9]+]]: tensor<4x2xf32>)
// CHECK:         %[[F:.+]] = linalg.fill ins(%{{.+}} : f32) outs(%[[E]] : tensor<4x2xf32>)
// CHECK-NEXT:    linalg.generic {indexing_maps = [#[[$LEFT]], #[[$RIGHT]], #[[$RESULT]]], iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[A]], %[[B]] : tensor<4x8xf32>, tensor<8x2xf32>) outs(%[[F]] : tensor<4x2xf32>)
// CHECK-NEXT:    ^bb0(%[[X:[a-z0-9_]+]]: f32, %[[W:[a-z0-9_]+]]: f32, %[[O:[a-z0-9_]+]]: f32):
// CHECK-NEXT:      %[[P:.+]] = arith.mulf %[[X]], %[[W]]
// CHECK-NEXT:      %[[S:.+]] = arith.addf %[[O]], %[[P]]
// CHECK-NEXT:      linalg.yield %[[S]]
func.func @product_of_a_fill(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>, %e: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x2xf32>) outs(%f : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// CHECK-LABEL: func.func @other_order(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<4x8xf32>, %[[E:[a-z0-9]+]]: tensor<8x4xf32>)
// CHECK:         linalg.generic {indexing_maps = [#[[$TURNED]], #[[$PAIR]]], iterator_types = ["parallel", "parallel"]} ins(%[[A]] : tensor<4x8xf32>) outs(%[[E]] : tensor<8x4xf32>)
func.func @other_order(%a: tensor<4x8xf32>, %e: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %y = linalg.transpose ins(%a : tensor<4x8xf32>) outs(%e : tensor<8x4xf32>) permutation = [1, 0]
  return %y : tensor<8x4xf32>
}

// CHECK-LABEL: func.func @repeated(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: tensor<4xf32>, %[[E:[a-z0-9]+]]: tensor<8x4xf32>)
// CHECK:         linalg.generic {indexing_maps = [#[[$REPEATED]], #[[$PAIR]]], iterator_types = ["parallel", "parallel"]} ins(%[[A]] : tensor<4xf32>) outs(%[[E]] : tensor<8x4xf32>)
func.func @repeated(%a: tensor<4xf32>, %e: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %y = linalg.broadcast ins(%a : tensor<4xf32>) outs(%e : tensor<8x4xf32>) dimensions = [0]
  return %y : tensor<8x4xf32>
}
