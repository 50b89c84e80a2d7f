// Sums over sliding windows are turned round: each element of the result sums what
// reaches it. That the numbers are the same: test/unit/ScatterToGatherTest.cpp.

// RUN: pdq-opt %s --pdq-scatter-to-gather --canonicalize --split-input-file | FileCheck %s

// The interior is computed directly, from a padded gradient; the element that
// tap t sees lies t in front.
// CHECK-DAG:   #[[$FILTER:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG:   #[[$GRADIENT:.+]] = affine_map<(d0, d1) -> (d0 - d1 + 2)>
// CHECK-DAG:   #[[$RESULT:.+]] = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: func.func @convolution(
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<3xf32>, %[[DY:[a-z0-9]+]]: tensor<8xf32>
// CHECK:         %[[ZEROS:.+]] = linalg.fill {{.*}} -> tensor<8xf32>
// CHECK:         %[[PADDED:.+]] = tensor.pad %[[DY]] low[1] high[1]
// CHECK:         %[[DX:.+]] = linalg.generic {indexing_maps = [#[[$FILTER]], #[[$GRADIENT]], #[[$RESULT]]],
// CHECK-SAME:      iterator_types = ["parallel", "reduction"]}
// CHECK-SAME:      ins(%[[W]], %[[PADDED]] : tensor<3xf32>, tensor<10xf32>) outs(%[[ZEROS]]
// CHECK:         return %[[DX]]
func.func @convolution(%w: tensor<3xf32>, %dy: tensor<8xf32>) -> tensor<8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<10xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<10xf32>) -> tensor<10xf32>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (i + k)>],
      iterator_types = ["reduction", "reduction"]}
      ins(%w, %dy : tensor<3xf32>, tensor<8xf32>) outs(%zeros : tensor<10xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %b, %a : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<10xf32>
  %dx = tensor.extract_slice %0[1] [8] [1] : tensor<10xf32> to tensor<8xf32>
  return %dx : tensor<8xf32>
}

// -----

// Stride 2, three taps: even elements get taps 0 and 2, odd ones tap 1. The
// initial values stay.
// CHECK-DAG:   #[[$GRADIENT:.+]] = affine_map<(d0, d1) -> (d0 - d1 + 1)>
// CHECK-LABEL: func.func @phases(
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<3xf32>, %[[DY:[a-z0-9]+]]: tensor<4xf32>, %[[INIT:[a-z0-9]+]]: tensor<9xf32>
// CHECK:         %[[PADDED:.+]] = tensor.pad %[[DY]] low[1] high[1]
// CHECK:         %[[PART0:.+]] = tensor.extract_slice %[[INIT]][0] [5] [2]
// CHECK:         %[[TAPS0:.+]] = tensor.extract_slice %[[W]][0] [2] [2]
// CHECK:         %[[SUM0:.+]] = linalg.generic {indexing_maps = [#{{.+}}, #[[$GRADIENT]], #{{.+}}],
// CHECK-SAME:      ins(%[[TAPS0]], %[[PADDED]] : tensor<2xf32>, tensor<6xf32>) outs(%[[PART0]] : tensor<5xf32>)
// CHECK:         %[[FIRST:.+]] = tensor.insert_slice %[[SUM0]] into %[[INIT]][0] [5] [2]
// CHECK:         %[[PART1:.+]] = tensor.extract_slice %[[FIRST]][1] [4] [2]
// CHECK:         %[[TAPS1:.+]] = tensor.extract_slice %[[W]][1] [1] [1]
// CHECK:         %[[SUM1:.+]] = linalg.generic
// CHECK-SAME:      ins(%[[TAPS1]], %[[PADDED]] : tensor<1xf32>, tensor<6xf32>) outs(%[[PART1]] : tensor<4xf32>)
// CHECK:         %[[SECOND:.+]] = tensor.insert_slice %[[SUM1]] into %[[FIRST]][1] [4] [2]
// CHECK:         return %[[SECOND]]
func.func @phases(%w: tensor<3xf32>, %dy: tensor<4xf32>, %init: tensor<9xf32>) -> tensor<9xf32> {
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (i * 2 + k)>],
      iterator_types = ["reduction", "reduction"]}
      ins(%w, %dy : tensor<3xf32>, tensor<4xf32>) outs(%init : tensor<9xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %b, %a : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<9xf32>
  return %0 : tensor<9xf32>
}

// -----

// One position, so every tap has its own element (pooling of whole images).
// CHECK-DAG:   #[[$TAP:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @one_position(
// CHECK-SAME:    %[[DY:[a-z0-9]+]]: tensor<1xf32>, %[[INIT:[a-z0-9]+]]: tensor<7xf32>)
// CHECK-NOT:     tensor.pad
// CHECK:         %[[DX:.+]] = linalg.generic {indexing_maps = [#{{.+}}, #[[$TAP]], #[[$TAP]]], iterator_types = ["reduction", "parallel"]} ins(%[[DY]], %{{.+}} : tensor<1xf32>, tensor<7xf32>) outs(%[[INIT]] : tensor<7xf32>)
// CHECK:         return %[[DX]]
func.func @one_position(%dy: tensor<1xf32>, %init: tensor<7xf32>) -> tensor<7xf32> {
  %window = tensor.empty() : tensor<7xf32>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i + k)>],
      iterator_types = ["reduction", "reduction"]}
      ins(%dy, %window : tensor<1xf32>, tensor<7xf32>) outs(%init : tensor<7xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<7xf32>
  return %0 : tensor<7xf32>
}

// -----

// The derivative of max pooling: the number of the tap follows its slice.
// CHECK-LABEL: func.func @winners(
// CHECK-SAME:    %[[PLACE:[a-z0-9]+]]: tensor<4xi64>, %[[DY:[a-z0-9]+]]: tensor<4xf32>, %[[INIT:[a-z0-9]+]]: tensor<9xf32>)
// CHECK-DAG:     %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG:     %[[ONE:.+]] = arith.constant 1 : i64
// CHECK-DAG:     %[[TWO:.+]] = arith.constant 2 : index
// CHECK:         %[[PLACES:.+]] = tensor.pad %[[PLACE]] low[1] high[1]
// CHECK:         %[[PADDED:.+]] = tensor.pad %[[DY]] low[1] high[1]
// CHECK:         %[[EVEN:.+]] = tensor.extract_slice %[[INIT]][0] [5] [2]
// Even elements: taps 0 and 2.
// CHECK:         %[[SUM0:.+]] = linalg.generic {{.*}} ins(%[[PLACES]], %[[PADDED]], %{{.+}} : {{.*}}) outs(%[[EVEN]] : tensor<5xf32>)
// CHECK-NEXT:    ^bb0(%[[P:[a-z0-9_]+]]: i64, %[[D:[a-z0-9_]+]]: f32, %{{.+}}: f32, %[[O:[a-z0-9_]+]]: f32):
// CHECK-NEXT:      %[[T:.+]] = linalg.index 1 : index
// CHECK-NEXT:      %[[SCALED:.+]] = arith.muli %[[T]], %[[TWO]]
// CHECK-NEXT:      %[[TAP:.+]] = arith.index_cast %[[SCALED]]
// CHECK-NEXT:      %[[WINS:.+]] = arith.cmpi eq, %[[TAP]], %[[P]]
// CHECK-NEXT:      %[[SHARE:.+]] = arith.select %[[WINS]], %[[D]], %[[ZERO]]
// CHECK-NEXT:      arith.addf %[[O]], %[[SHARE]]
// CHECK:         %[[FIRST:.+]] = tensor.insert_slice %[[SUM0]] into %[[INIT]][0] [5] [2]
// CHECK:         %[[ODD:.+]] = tensor.extract_slice %[[FIRST]][1] [4] [2]
// Odd ones: tap 1.
// CHECK:         %[[SUM1:.+]] = linalg.generic {{.*}} ins(%[[PLACES]], %[[PADDED]], %{{.+}} : {{.*}}) outs(%[[ODD]] : tensor<4xf32>)
// CHECK-NEXT:    ^bb0(%[[P:[a-z0-9_]+]]: i64, %[[D:[a-z0-9_]+]]: f32, %{{.+}}: f32, %[[O:[a-z0-9_]+]]: f32):
// CHECK-NEXT:      %[[WINS:.+]] = arith.cmpi eq, %[[P]], %[[ONE]]
// CHECK-NEXT:      %[[SHARE:.+]] = arith.select %[[WINS]], %[[D]], %[[ZERO]]
// CHECK-NEXT:      arith.addf %[[O]], %[[SHARE]]
// CHECK:         %[[SECOND:.+]] = tensor.insert_slice %[[SUM1]] into %[[FIRST]][1] [4] [2]
// CHECK:         return %[[SECOND]]
func.func @winners(%place: tensor<4xi64>, %dy: tensor<4xf32>, %init: tensor<9xf32>) -> tensor<9xf32> {
  %zero = arith.constant 0.0 : f32
  %window = tensor.empty() : tensor<3xf32>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (k)>,
                       affine_map<(i, k) -> (i * 2 + k)>],
      iterator_types = ["reduction", "reduction"]}
      ins(%place, %dy, %window : tensor<4xi64>, tensor<4xf32>, tensor<3xf32>) outs(%init : tensor<9xf32>) {
  ^bb0(%p: i64, %b: f32, %a: f32, %o: f32):
    %k = linalg.index 1 : index
    %here = arith.index_cast %k : index to i64
    %wins = arith.cmpi eq, %here, %p : i64
    %share = arith.select %wins, %b, %zero : f32
    %s = arith.addf %o, %share : f32
    linalg.yield %s : f32
  } -> tensor<9xf32>
  return %0 : tensor<9xf32>
}

// -----

// A term that does not vanish where the gradient is padded.
// CHECK-LABEL: func.func @declines_term(
// CHECK-SAME:    %[[DY:[a-z0-9]+]]: tensor<4xf32>, %[[W:[a-z0-9]+]]: tensor<3xf32>, %[[INIT:[a-z0-9]+]]: tensor<6xf32>)
// CHECK-NEXT:    linalg.generic {{.*}} iterator_types = ["reduction", "reduction"]} ins(%[[DY]], %[[W]] : tensor<4xf32>, tensor<3xf32>) outs(%[[INIT]] : tensor<6xf32>)
func.func @declines_term(%dy: tensor<4xf32>, %w: tensor<3xf32>, %init: tensor<6xf32>) -> tensor<6xf32> {
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i + k)>],
      iterator_types = ["reduction", "reduction"]}
      ins(%dy, %w : tensor<4xf32>, tensor<3xf32>) outs(%init : tensor<6xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.addf %a, %b : f32
    %s = arith.addf %o, %t : f32
    linalg.yield %s : f32
  } -> tensor<6xf32>
  return %0 : tensor<6xf32>
}
