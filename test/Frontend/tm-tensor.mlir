// What torch-mlir leaves in its own dialect, in the form that it prints.

// RUN: split-file %s %t
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/x.npy f4 2x4 3,1,2,2,-1,4,0,-5

// Running sums, of shifts by 1 and by 2; the other result is their last one.
// RUN: pdq-opt %t/scan.mlir --pdq-normalize-frontend | FileCheck %s --check-prefix=LOWERED
// LOWERED-NOT: tm_tensor
// LOWERED:     #[[LAST:.+]] = affine_map<(d0) -> (d0, 3)>
// LOWERED-NOT: tm_tensor
// LOWERED:     func @main(%[[X:[a-z0-9_]+]]: tensor<32x4xf32>)
// LOWERED:       %[[BY_1:.+]] = tensor.pad %{{.+}} low[0, 1] high[0, 0]
// LOWERED:       %[[PAIRS:.+]] = linalg.generic {{.*}} ins(%[[BY_1]], %[[X]] :
// LOWERED:       %[[BY_2:.+]] = tensor.pad %{{.+}} low[0, 2] high[0, 0]
// LOWERED:       %[[SUMS:.+]] = linalg.generic {{.*}} ins(%[[BY_2]], %[[PAIRS]] :
// LOWERED:       linalg.generic {indexing_maps = [#[[LAST]], {{.*}} ins(%[[SUMS]] :
// LOWERED-NOT: tm_tensor
// RUN: pdq-run %t/scan.mlir --input=%t/x.npy --output=%t/y.npy
// RUN: od -A n -t f4 -w32 -j 128 %t/y.npy | FileCheck %s --check-prefix=SCAN
// SCAN: {{^ *}}11 12 14 16 -3 1 1 -4{{$}}

// In descending order, times (1 + where it was): 3 (0), 2 (2), 2 (3), 1 (1).
// RUN: pdq-run %t/sort.mlir --input=%t/x.npy --output=%t/y.npy
// RUN: pdq-run %t/sort.mlir --input=%t/x.npy --batch=1 --compare=%t/sort.mlir | FileCheck %s --check-prefix=SAME
// RUN: od -A n -t f4 -w32 -j 128 %t/y.npy | FileCheck %s --check-prefix=SORT
// SAME: max difference: 0{{$}}
// SORT: {{^ *}}3 6 8 2 8 0 -1 -20{{$}}

// Query 0 meets the keys 0 and 2 ln 3: shares 1/4 and 3/4 of the values 0 and 4.
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/q.npy f4 1x1x4 1,0
// RUN: pdq-run %t/attention.mlir --input=%t/q.npy --output=%t/y.npy
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s --check-prefix=ATTENTION
// ATTENTION: 3{{(.000000[0-9])?}} 3{{(.000000[0-9])?}} 3{{(.000000[0-9])?}} 3

// RUN: not pdq-opt %t/scatter.mlir --pdq-normalize-frontend -o /dev/null 2>&1 | FileCheck %s --check-prefix=SCATTER
// SCATTER: error: operation 'tm_tensor.scatter' is not supported; one is that writes the same number of updates to each sample of the batch, inside of the tensor: choose elements with torch.where instead

//--- scan.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>
#line = affine_map<(d0, d1) -> (d0)>
func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %el = tensor.empty(%n) : tensor<?xf32>
  %fl = linalg.fill ins(%zero : f32) outs(%el : tensor<?xf32>) -> tensor<?xf32>
  %s:2 = tm_tensor.scan dimension(1) inclusive(true) ins(%x : tensor<?x4xf32>) outs(%f, %fl : tensor<?x4xf32>, tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %a, %b : f32
    tm_tensor.yield %0 : f32
  } -> tensor<?x4xf32>, tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#id, #line, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s#0, %s#1 : tensor<?x4xf32>, tensor<?xf32>) outs(%e : tensor<?x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

//--- sort.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %ei = tensor.empty() : tensor<2x4xi64>
  %i = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%ei : tensor<2x4xi64>) {
  ^bb0(%out: i64):
    %0 = linalg.index 1 : index
    %1 = arith.index_cast %0 : index to i64
    linalg.yield %1 : i64
  } -> tensor<2x4xi64>
  %s:2 = tm_tensor.sort dimension(1) outs(%x, %i : tensor<2x4xf32>, tensor<2x4xi64>) {
  ^bb0(%a: f32, %b: f32, %p: i64, %q: i64):
    %0 = arith.cmpf oge, %a, %b : f32
    tm_tensor.yield %0 : i1
  } -> tensor<2x4xf32>, tensor<2x4xi64>
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<2x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s#0, %s#1 : tensor<2x4xf32>, tensor<2x4xi64>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: i64, %out: f32):
    %0 = arith.sitofp %b : i64 to f32
    %1 = arith.addf %0, %one : f32
    %2 = arith.mulf %a, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

//--- attention.mlir
func.func @main(%q: tensor<1x1x4xf32>) -> tensor<1x1x4xf32> {
  %k = arith.constant dense<[[[0.0, 0.0, 0.0, 0.0], [2.1972246, 0.0, 0.0, 0.0]]]> : tensor<1x2x4xf32>
  %v = arith.constant dense<[[[0.0, 0.0, 0.0, 0.0], [4.0, 4.0, 4.0, 4.0]]]> : tensor<1x2x4xf32>
  %e = tensor.empty() : tensor<1x1x4xf32>
  %y = tm_tensor.attention ins(%q, %k, %v : tensor<1x1x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) outs(%e : tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  return %y : tensor<1x1x4xf32>
}

//--- scatter.mlir
func.func @main(%x: tensor<2x2xf32>) -> tensor<3x2xf32> {
  %i = arith.constant dense<[[0], [2]]> : tensor<2x1xi32>
  %e = arith.constant dense<0.0> : tensor<3x2xf32>
  %y = tm_tensor.scatter {dimension_map = array<i64: 0>} unique_indices(false) ins(%x, %i : tensor<2x2xf32>, tensor<2x1xi32>) outs(%e : tensor<3x2xf32>) {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %b, %a : f32
    tm_tensor.yield %0 : f32
  } -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}
