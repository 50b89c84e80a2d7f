// Gradients of pooling as elementwise operations. Their numbers are compared with those
// of sums over windows in compare-targets.test.

// RUN: pdq-opt %s --split-input-file --pdq-scatter-to-gather=form=elementwise --cse | FileCheck %s
// RUN: pdq-opt %s --split-input-file --pdq-scatter-to-gather=form=contractions --cse | FileCheck %s --check-prefix=ONLY
// RUN: not pdq-opt %s --pdq-scatter-to-gather=form=loads 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: option 'form' is 'loads', expected 'reductions', 'contractions' or 'elementwise'

// Winners of windows of three elements with stride two, over an image padded by one:
// element j lies in window (j + 1) / 2, and in the one before where (j + 1) % 2 + 2 is
// less than three.
// CHECK-LABEL: func.func @winners(
// CHECK-SAME:    %[[PLACE:[a-z0-9_]+]]: tensor<4xi8>, %[[DY:[a-z0-9_]+]]: tensor<4xf32>)
// CHECK:         %[[ZERO:.+]] = arith.constant 0.0
// CHECK:         linalg.generic {{.*}}iterator_types = ["parallel"]} outs(%{{.+}} : tensor<7xf32>)
// CHECK:           %[[J:.+]] = linalg.index 0
// CHECK:           %[[D:.+]] = arith.addi %[[J]], %c1 :
// CHECK:           %[[P:.+]] = arith.divui %[[D]], %c2 :
// CHECK:           %[[R:.+]] = arith.remui %[[D]], %c2 :
// CHECK:           %[[T:.+]] = arith.addi %[[R]], %c2 :
// CHECK:           %[[T_IN:.+]] = arith.cmpi ult, %[[T]], %c3 :
// CHECK:           %[[T_OK:.+]] = arith.select %[[T_IN]], %[[T]], %c0 :
// CHECK:           %[[P0:.+]] = arith.subi %[[P]], %c1 :
// CHECK:           %[[P0_IN:.+]] = arith.cmpi ult, %[[P0]], %c4 :
// CHECK:           %[[P0_OK:.+]] = arith.select %[[P0_IN]], %[[P0]], %c0 :
// CHECK:           %[[EXISTS:.+]] = arith.andi %[[T_IN]], %[[P0_IN]]
// CHECK:           %[[W:.+]] = tensor.extract %[[PLACE]][%[[P0_OK]]]
// CHECK:           %[[SEED:.+]] = tensor.extract %[[DY]][%[[P0_OK]]]
// CHECK:           %[[HERE:.+]] = arith.index_cast %[[T_OK]]
// CHECK:           %[[WINS:.+]] = arith.cmpi eq, %[[HERE]], %[[W]]
// CHECK:           %[[SHARE:.+]] = arith.select %[[WINS]], %[[SEED]], %[[ZERO]]
// CHECK:           %[[SUM:.+]] = arith.addf %[[ZERO]], %[[SHARE]]
// CHECK:           arith.select %[[EXISTS]], %[[SUM]], %[[ZERO]]
// CHECK:           tensor.extract %[[PLACE]]
func.func @winners(%place: tensor<4xi8>, %dy: tensor<4xf32>) -> tensor<7xf32> {
  %zero = arith.constant 0.0 : f32
  %window = tensor.empty() : tensor<3xf32>
  %e = tensor.empty() : tensor<9xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<9xf32>) -> tensor<9xf32>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (k)>,
                       affine_map<(i, k) -> (i * 2 + k)>],
      iterator_types = ["reduction", "reduction"]}
      ins(%place, %dy, %window : tensor<4xi8>, tensor<4xf32>, tensor<3xf32>) outs(%init : tensor<9xf32>) {
  ^bb0(%p: i8, %b: f32, %a: f32, %o: f32):
    %k = linalg.index 1 : index
    %here = arith.index_cast %k : index to i8
    %wins = arith.cmpi eq, %here, %p : i8
    %share = arith.select %wins, %b, %zero : f32
    %s = arith.addf %o, %share : f32
    linalg.yield %s : f32
  } -> tensor<9xf32>
  %dx = tensor.extract_slice %0[1] [7] [1] : tensor<9xf32> to tensor<7xf32>
  return %dx : tensor<7xf32>
}

// -----

// One window over everything: every element is its own tap, and nothing is asked.
// CHECK-LABEL: func.func @mean(
// CHECK-SAME:    %[[DY:.+]]: tensor<2x1xf32>)
// CHECK:         linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]} outs(%{{.+}} : tensor<2x5xf32>)
// CHECK-NOT:       arith.cmpi
// CHECK:           tensor.extract %[[DY]][%{{.+}}, %c0]
// CHECK-NOT:       arith.select
// CHECK:         return
func.func @mean(%dy: tensor<2x1xf32>) -> tensor<2x5xf32> {
  %zero = arith.constant 0.0 : f32
  %fifth = arith.constant 0.2 : f32
  %window = tensor.empty() : tensor<5xf32>
  %e = tensor.empty() : tensor<2x5xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x5xf32>) -> tensor<2x5xf32>
  %0 = linalg.generic {
      indexing_maps = [affine_map<(n, i, k) -> (n, i)>, affine_map<(n, i, k) -> (k)>,
                       affine_map<(n, i, k) -> (n, i * 5 + k)>],
      iterator_types = ["parallel", "reduction", "reduction"]}
      ins(%dy, %window : tensor<2x1xf32>, tensor<5xf32>) outs(%init : tensor<2x5xf32>) {
  ^bb0(%b: f32, %a: f32, %o: f32):
    %t = arith.mulf %b, %fifth : f32
    %s = arith.addf %o, %t : f32
    linalg.yield %s : f32
  } -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}

// -----

// A contraction; windows with holes; a result that starts from a tensor: reductions
// over taps. With `form=contractions` only the first is rewritten.
// CHECK-LABEL: func.func @declined(
// CHECK-SAME:    %[[DY:[a-z0-9_]+]]: tensor<8xf32>, %[[W:[a-z0-9_]+]]: tensor<3xf32>, %[[START:[a-z0-9_]+]]: tensor<10xf32>)
// CHECK:         %[[PADDED:.+]] = tensor.pad %[[DY]] low[2] high[2]
// CHECK:         %[[A:.+]] = linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]} ins(%[[PADDED]], %[[W]] :
// CHECK:         %[[WIDE:.+]] = tensor.pad %[[DY]] low[4] high[4]
// CHECK:         %[[B:.+]] = linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]} ins(%[[WIDE]], %[[W]] :
// CHECK:         %[[C:.+]] = linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]} ins(%[[PADDED]], %[[W]] : {{.*}}) outs(%[[START]] :
// CHECK-NOT:     tensor.extract
// CHECK:         return %[[A]], %[[B]], %[[C]]

// ONLY-LABEL: func.func @declined(
// ONLY-SAME:    %[[DY:[a-z0-9_]+]]: tensor<8xf32>, %[[W:[a-z0-9_]+]]: tensor<3xf32>, %[[START:[a-z0-9_]+]]: tensor<10xf32>)
// ONLY:         %[[PADDED:.+]] = tensor.pad %[[DY]] low[2] high[2]
// ONLY:         %[[A:.+]] = linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]} ins(%[[PADDED]], %[[W]] :
// ONLY:         %[[B:.+]] = linalg.generic {{.*}}iterator_types = ["reduction", "reduction"]} ins(%[[DY]], %[[W]] :
// ONLY:         %[[C:.+]] = linalg.generic {{.*}}iterator_types = ["reduction", "reduction"]} ins(%[[DY]], %[[W]] : {{.*}}) outs(%[[START]] :
// ONLY:         return %[[A]], %[[B]], %[[C]]
#dy = affine_map<(i, k) -> (i)>
#tap = affine_map<(i, k) -> (k)>
#sum = affine_map<(i, k) -> (i + k)>
#holes = affine_map<(i, k) -> (i + k * 2)>
func.func @declined(%dy: tensor<8xf32>, %w: tensor<3xf32>, %start: tensor<10xf32>) -> (tensor<10xf32>, tensor<12xf32>, tensor<10xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<10xf32>
  %f = tensor.empty() : tensor<12xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<10xf32>) -> tensor<10xf32>
  %more = linalg.fill ins(%zero : f32) outs(%f : tensor<12xf32>) -> tensor<12xf32>
  %0 = linalg.generic {indexing_maps = [#dy, #tap, #sum], iterator_types = ["reduction", "reduction"]}
      ins(%dy, %w : tensor<8xf32>, tensor<3xf32>) outs(%zeros : tensor<10xf32>) {
  ^bb0(%b: f32, %a: f32, %o: f32):
    %t = arith.mulf %b, %a : f32
    %s = arith.addf %o, %t : f32
    linalg.yield %s : f32
  } -> tensor<10xf32>
  %1 = linalg.generic {indexing_maps = [#dy, #tap, #holes], iterator_types = ["reduction", "reduction"]}
      ins(%dy, %w : tensor<8xf32>, tensor<3xf32>) outs(%more : tensor<12xf32>) {
  ^bb0(%b: f32, %a: f32, %o: f32):
    %s = arith.addf %o, %b : f32
    linalg.yield %s : f32
  } -> tensor<12xf32>
  %2 = linalg.generic {indexing_maps = [#dy, #tap, #sum], iterator_types = ["reduction", "reduction"]}
      ins(%dy, %w : tensor<8xf32>, tensor<3xf32>) outs(%start : tensor<10xf32>) {
  ^bb0(%b: f32, %a: f32, %o: f32):
    %s = arith.addf %o, %b : f32
    linalg.yield %s : f32
  } -> tensor<10xf32>
  return %0, %1, %2 : tensor<10xf32>, tensor<12xf32>, tensor<10xf32>
}
