// Sums over everything become sums of rows.

// RUN: pdq-opt %s --pdq-split-reductions=full-reductions=rows | FileCheck %s

// Loops come in the order of memory, n h w c. 4 rows are too few for a GPU, 4 * 32 =
// 128 are enough.
// CHECK-DAG: #[[$WHOLE:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[$ROWS:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
// CHECK-LABEL: func.func @loss(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4x32x16x8xf32>, %[[START:[a-z0-9]+]]: tensor<f32>)
// CHECK:         %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK:         %[[INIT:.+]] = linalg.fill ins(%[[ZERO]] : f32) outs({{.*}} : tensor<4x32xf32>)
// CHECK:         %[[PARTS:.+]] = linalg.generic {indexing_maps = [#[[$WHOLE]], #[[$ROWS]]], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
// CHECK-SAME:      ins(%[[X]] : tensor<4x32x16x8xf32>) outs(%[[INIT]] : tensor<4x32xf32>)
// CHECK:           linalg.index 3
// CHECK:         %[[L:.+]] = linalg.generic {{.*}}iterator_types = ["reduction", "reduction"]} ins(%[[PARTS]] : tensor<4x32xf32>) outs(%[[START]] : tensor<f32>)
// CHECK-NEXT:    ^bb0(%[[A:[a-z0-9_]+]]: f32, %[[O:[a-z0-9_]+]]: f32):
// CHECK-NEXT:      arith.addf %[[O]], %[[A]]
// CHECK:         return %[[L]]
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
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<64x64xf32>, %[[START:[a-z0-9]+]]: tensor<f32>)
// CHECK:         %[[LOWEST:.+]] = arith.constant 0xFF800000 : f32
// CHECK:         %[[INIT:.+]] = linalg.fill ins(%[[LOWEST]] : f32) outs({{.*}} : tensor<64xf32>)
// CHECK:         %[[PARTS:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<64x64xf32>) outs(%[[INIT]] : tensor<64xf32>)
// CHECK:           arith.maximumf
// CHECK:         %[[M:.+]] = linalg.generic {{.*}} ins(%[[PARTS]] : tensor<64xf32>) outs(%[[START]] : tensor<f32>)
// CHECK:           arith.maximumf
// CHECK:         return %[[M]]
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

// What combines many rows is a long reduction, too: eight parts of 1024 rows.
// CHECK-LABEL: func.func @many_rows(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<8192x64xf32>, %[[START:[a-z0-9]+]]: tensor<f32>)
// CHECK:         %[[ROWS:.+]] = linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]} ins(%[[X]] : tensor<8192x64xf32>) outs(%{{.+}} : tensor<8192xf32>)
// CHECK:         %[[PARTS:.+]] = linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]} ins(%[[ROWS]], %{{.+}} : tensor<8192xf32>, tensor<1024xi8>) outs(%{{.+}} : tensor<8xf32>)
// CHECK:         %[[S:.+]] = linalg.generic {{.*}}iterator_types = ["reduction"]} ins(%[[PARTS]] : tensor<8xf32>) outs(%[[START]] : tensor<f32>)
// CHECK:         return %[[S]]
func.func @many_rows(%x: tensor<8192x64xf32>, %init: tensor<f32>) -> tensor<f32> {
  %r = linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> ()>],
                       iterator_types = ["reduction", "reduction"]}
    ins(%x : tensor<8192x64xf32>) outs(%init : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  return %r : tensor<f32>
}

// Few elements, results of several elements, and payloads that are no combination
// stay.
// CHECK-LABEL: func.func @declined(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<8x8xf32>, %[[Y:[a-z0-9]+]]: tensor<64x128xf32>, %[[S:[a-z0-9]+]]: tensor<f32>, %[[V:[a-z0-9]+]]: tensor<64xf32>)
// CHECK-NEXT:    %[[FEW:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<8x8xf32>) outs(%[[S]] : tensor<f32>)
// CHECK:         %[[SEVERAL:.+]] = linalg.generic {{.*}} ins(%[[Y]] : tensor<64x128xf32>) outs(%[[V]] : tensor<64xf32>)
// CHECK:         %[[LAST:.+]] = linalg.generic {{.*}} ins(%[[Y]] : tensor<64x128xf32>) outs(%[[S]] : tensor<f32>)
// CHECK:         return %[[FEW]], %[[SEVERAL]], %[[LAST]]
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
