// Sums over everything become sums of rows.

// RUN: pdq-opt %s --pdq-split-into-rows | FileCheck %s

// Loops come in the order of memory, n h w c. 4 rows are too few for a GPU, 4 * 32 =
// 128 are enough.
// CHECK-DAG: #[[$WHOLE:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[$ROWS:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
// CHECK-LABEL: func.func @loss(
// CHECK:         %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK:         %[[INIT:.+]] = linalg.fill ins(%[[ZERO]] : f32) outs({{.*}} : tensor<4x32xf32>)
// CHECK:         %[[PARTS:.+]] = linalg.generic {indexing_maps = [#[[$WHOLE]], #[[$ROWS]]], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
// CHECK-SAME:      outs(%[[INIT]] : tensor<4x32xf32>)
// CHECK:         linalg.index 3
// CHECK:         linalg.generic {{.*}}iterator_types = ["reduction", "reduction"]} ins(%[[PARTS]] : tensor<4x32xf32>)
func.func @loss(%x: tensor<4x32x16x8xf32>, %init: tensor<f32>) -> tensor<f32> {
  %r = linalg.generic {indexing_maps = [affine_map<(n, c, h, w) -> (n, h, w, c)>, affine_map<(n, c, h, w) -> ()>],
                       iterator_types = ["reduction", "reduction", "reduction", "reduction"]}
    ins(%x : tensor<4x32x16x8xf32>) outs(%init : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %i = linalg.index 1 : index
    %c = arith.index_cast %i : index to i32
    %f = arith.sitofp %c : i32 to f32
    %m = arith.mulf %a, %f : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  return %r : tensor<f32>
}

// A maximum starts from minus infinity.
// CHECK-LABEL: func.func @maximum(
// CHECK:         arith.constant 0xFF800000 : f32
// CHECK:         outs({{.*}} : tensor<64xf32>)
func.func @maximum(%x: tensor<64x64xf32>, %init: tensor<f32>) -> tensor<f32> {
  %r = linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> ()>],
                       iterator_types = ["reduction", "reduction"]}
    ins(%x : tensor<64x64xf32>) outs(%init : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.maximumf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  return %r : tensor<f32>
}

// Few elements, results of several elements, and payloads that are no combination
// stay.
// CHECK-LABEL: func.func @declined(
// CHECK-COUNT-3: linalg.generic
// CHECK-NOT:     linalg.generic
func.func @declined(%x: tensor<8x8xf32>, %y: tensor<64x128xf32>, %s: tensor<f32>, %v: tensor<64xf32>) -> (tensor<f32>, tensor<64xf32>, tensor<f32>) {
  %few = linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> ()>],
                         iterator_types = ["reduction", "reduction"]}
    ins(%x : tensor<8x8xf32>) outs(%s : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %rows = linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n)>],
                          iterator_types = ["parallel", "reduction"]}
    ins(%y : tensor<64x128xf32>) outs(%v : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<64xf32>
  %last = linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> ()>],
                          iterator_types = ["reduction", "reduction"]}
    ins(%y : tensor<64x128xf32>) outs(%s : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %t = arith.mulf %o, %a : f32
    linalg.yield %t : f32
  } -> tensor<f32>
  return %few, %rows, %last : tensor<f32>, tensor<64xf32>, tensor<f32>
}
