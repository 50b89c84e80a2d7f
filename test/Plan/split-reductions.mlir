// Parts of long reductions.

// RUN: pdq-opt %s --pdq-split-reductions | FileCheck %s --check-prefixes=CHECK,EIGHT
// RUN: pdq-opt %s --pdq-split-reductions=multiprocessors=132 | FileCheck %s --check-prefixes=CHECK,SHAPE
// RUN: not pdq-opt %s --pdq-split-reductions=multiprocessors=-3 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// NEGATIVE: pdq-opt: error: option 'multiprocessors' is -3, expected 0 or more

#lhs = affine_map<(m, n, k, h) -> (k, h, m)>
#rhs = affine_map<(m, n, k, h) -> (k, h, n)>
#res = affine_map<(m, n, k, h) -> (m, n)>

// SHAPE-DAG: #[[$X:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0 * 4 + d3, d4, d1)>
// SHAPE-DAG: #[[$DY:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0 * 4 + d3, d4, d2)>
// SHAPE-DAG: #[[$TERM:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d3)>
// SHAPE-DAG: #[[$PART:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>

// 64 images of 196 pixels: two blocks of 64 x 64 results. 132 multiprocessors want 66
// parts; 24 of 512 terms are the most that there are terms for, 16 of them divide.
// CHECK-LABEL: func.func @filter(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<64x196x128xf32>, %[[DY:[a-z0-9]+]]: tensor<64x196x64xf32>, %[[Z:[a-z0-9]+]]: tensor<128x64xf32>)
// CHECK:         %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// EIGHT:         %[[ZEROS:.+]] = linalg.fill ins(%[[ZERO]] : f32) outs({{.*}} : tensor<8x128x64xf32>)
// EIGHT:         %[[PARTS:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[DY]], %{{.+}} : {{.*}}tensor<8xi8>) outs(%[[ZEROS]] : tensor<8x128x64xf32>)
// EIGHT:         %[[DW:.+]] = linalg.generic {{.*}}iterator_types = ["reduction", "parallel", "parallel"]} ins(%[[PARTS]] : tensor<8x128x64xf32>) outs(%[[Z]] : tensor<128x64xf32>)
// SHAPE:         %[[ZEROS:.+]] = linalg.fill ins(%[[ZERO]] : f32) outs({{.*}} : tensor<16x128x64xf32>)
// SHAPE:         %[[PARTS:.+]] = linalg.generic {indexing_maps = [#[[$X]], #[[$DY]], #[[$TERM]], #[[$PART]]], {{.*}} ins(%[[X]], %[[DY]], %{{.+}} : {{.*}}tensor<4xi8>) outs(%[[ZEROS]] : tensor<16x128x64xf32>)
// SHAPE:         %[[DW:.+]] = linalg.generic {{.*}}iterator_types = ["reduction", "parallel", "parallel"]} ins(%[[PARTS]] : tensor<16x128x64xf32>) outs(%[[Z]] : tensor<128x64xf32>)
// CHECK:         return %[[DW]]
func.func @filter(%x: tensor<64x196x128xf32>, %dy: tensor<64x196x64xf32>, %z: tensor<128x64xf32>) -> tensor<128x64xf32> {
  %dw = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
    ins(%x, %dy : tensor<64x196x128xf32>, tensor<64x196x64xf32>) outs(%z : tensor<128x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<128x64xf32>
  return %dw : tensor<128x64xf32>
}

// Blocks enough, and too many results for parts of any reduction; no results at all.
// CHECK-LABEL: func.func @whole(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<64x196x1024xf32>, %[[Z:[a-z0-9]+]]: tensor<1024x1024xf32>)
// CHECK-NEXT:    %[[DW:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[X]] : {{.*}}) outs(%[[Z]] : tensor<1024x1024xf32>)
// CHECK:         return %[[DW]]
func.func @whole(%x: tensor<64x196x1024xf32>, %z: tensor<1024x1024xf32>) -> tensor<1024x1024xf32> {
  %dw = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
    ins(%x, %x : tensor<64x196x1024xf32>, tensor<64x196x1024xf32>) outs(%z : tensor<1024x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<1024x1024xf32>
  return %dw : tensor<1024x1024xf32>
}

// CHECK-LABEL: func.func @none(
// CHECK:         linalg.generic {{.*}} outs(%{{.+}} : tensor<{{.*}}0x64xf32>)
// CHECK:         return
func.func @none(%x: tensor<64x196x0xf32>, %dy: tensor<64x196x64xf32>, %z: tensor<0x64xf32>) -> tensor<0x64xf32> {
  %dw = linalg.generic {indexing_maps = [#lhs, #rhs, #res], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
    ins(%x, %dy : tensor<64x196x0xf32>, tensor<64x196x64xf32>) outs(%z : tensor<0x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<0x64xf32>
  return %dw : tensor<0x64xf32>
}

// No product: eight parts for any chip.
// CHECK-LABEL: func.func @sum(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<64x1024xf32>, %[[Z:[a-z0-9]+]]: tensor<f32>)
// CHECK:         %[[ZEROS:.+]] = linalg.fill {{.*}} -> tensor<8xf32>
// CHECK:         %[[PARTS:.+]] = linalg.generic {{.*}} ins(%[[X]], %{{.+}} : tensor<64x1024xf32>, tensor<8xi8>) outs(%[[ZEROS]] : tensor<8xf32>)
// CHECK:         %[[S:.+]] = linalg.generic {{.*}} ins(%[[PARTS]] : tensor<8xf32>) outs(%[[Z]] : tensor<f32>)
// CHECK-NEXT:    ^bb0(%[[A:[a-z0-9_]+]]: f32, %[[O:[a-z0-9_]+]]: f32):
// CHECK-NEXT:      arith.addf %[[O]], %[[A]]
// CHECK:         return %[[S]]
func.func @sum(%x: tensor<64x1024xf32>, %z: tensor<f32>) -> tensor<f32> {
  %s = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>], iterator_types = ["reduction", "reduction"]}
    ins(%x : tensor<64x1024xf32>) outs(%z : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %t = arith.addf %o, %a : f32
    linalg.yield %t : f32
  } -> tensor<f32>
  return %s : tensor<f32>
}
