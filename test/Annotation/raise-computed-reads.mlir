// Reads at positions that do not depend on data get a structured form.

// RUN: pdq-opt %s --split-input-file --pdq-normalize-frontend | FileCheck %s

// Every row twice, as up-sampling reads it: floor(i / 2).
// CHECK-LABEL: func.func @repeat
// CHECK-SAME:  (%[[X:.+]]: tensor<2x2x3xf32>)
// CHECK:       %[[WIDE:.+]] = linalg.broadcast ins(%[[X]] : tensor<2x2x3xf32>) outs({{.*}} : tensor<2x2x2x3xf32>) dimensions = [2]
// CHECK:       tensor.collapse_shape %[[WIDE]] {{\[}}[0], [1, 2], [3]] : tensor<2x2x2x3xf32> into tensor<2x4x3xf32>
// CHECK-NOT:   tensor.extract %
#id = affine_map<(n, i, j) -> (n, i, j)>
func.func @repeat(%x: tensor<2x2x3xf32>) -> tensor<2x4x3xf32> {
  %half = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<2x4x3xf32>
  %y = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel", "parallel"]}
      outs(%e : tensor<2x4x3xf32>) {
  ^bb0(%o: f32):
    %n = linalg.index 0 : index
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %i32 = arith.index_cast %i : index to i32
    %f = arith.sitofp %i32 : i32 to f32
    %h = arith.mulf %f, %half : f32
    %floor = math.floor %h : f32
    %k32 = arith.fptosi %floor : f32 to i32
    %k = arith.index_cast %k32 : i32 to index
    %v = tensor.extract %x[%n, %k, %j] : tensor<2x2x3xf32>
    linalg.yield %v : f32
  } -> tensor<2x4x3xf32>
  return %y : tensor<2x4x3xf32>
}

// -----

// A filter that the frontend flips is another constant.
// CHECK-LABEL: func.func @flip
// CHECK:       arith.constant dense<[3.000000e+00, 2.000000e+00, 1.000000e+00]> : tensor<3xf32>
// CHECK-NOT:   tensor.extract %
#row = affine_map<(i) -> (i)>
#rows = affine_map<(n, i) -> (n, i)>
#filter = affine_map<(n, i) -> (i)>
func.func @flip(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %w = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %last = arith.constant 2 : index
  %e = tensor.empty() : tensor<3xf32>
  %flipped = linalg.generic {indexing_maps = [#row], iterator_types = ["parallel"]}
      outs(%e : tensor<3xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %k = arith.subi %last, %i : index
    %v = tensor.extract %w[%k] : tensor<3xf32>
    linalg.yield %v : f32
  } -> tensor<3xf32>
  %d = tensor.empty() : tensor<2x3xf32>
  %y = linalg.generic {indexing_maps = [#rows, #filter, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %flipped : tensor<2x3xf32>, tensor<3xf32>) outs(%d : tensor<2x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// Positions in no regular order: a product with a matrix that selects.
// CHECK-LABEL: func.func @select
// CHECK-SAME:  (%[[X:.+]]: tensor<2x3xf32>)
// CHECK-DAG:   %[[S:.+]] = arith.constant dense<{{\[}}[0.000000e+00, 0.000000e+00, 1.000000e+00], [1.000000e+00, 0.000000e+00, 0.000000e+00]]> : tensor<2x3xf32>
// CHECK:       linalg.generic {{.*}}"reduction"]} ins(%[[S]], %[[X]]
// CHECK-NOT:   tensor.extract %
#id2 = affine_map<(n, i) -> (n, i)>
func.func @select(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %positions = arith.constant dense<[2, 0]> : tensor<2xi64>
  %e = tensor.empty() : tensor<2x2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, i) -> (i)>, #id2], iterator_types = ["parallel", "parallel"]}
      ins(%positions : tensor<2xi64>) outs(%e : tensor<2x2xf32>) {
  ^bb0(%p: i64, %o: f32):
    %n = linalg.index 0 : index
    %k = arith.index_cast %p : i64 to index
    %v = tensor.extract %x[%n, %k] : tensor<2x3xf32>
    linalg.yield %v : f32
  } -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

// A position outside of the source stays what it is.
// CHECK-LABEL: func.func @outside
// CHECK:       tensor.extract %
#id3 = affine_map<(n, i) -> (n, i)>
func.func @outside(%x: tensor<2x3xf32>) -> tensor<2x2xf32> {
  %far = arith.constant 2 : index
  %e = tensor.empty() : tensor<2x2xf32>
  %y = linalg.generic {indexing_maps = [#id3], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<2x2xf32>) {
  ^bb0(%o: f32):
    %n = linalg.index 0 : index
    %i = linalg.index 1 : index
    %k = arith.addi %i, %far : index
    %v = tensor.extract %x[%n, %k] : tensor<2x3xf32>
    linalg.yield %v : f32
  } -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
