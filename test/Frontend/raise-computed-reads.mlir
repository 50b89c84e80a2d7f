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

// Positions in no regular order: a table of them. Nothing is multiplied, so what
// is not read cannot reach a result.
// CHECK-LABEL: func.func @select
// CHECK-SAME:  (%[[X:.+]]: tensor<2x3xf32>)
// CHECK:       %[[TABLE:.+]] = arith.constant dense<[2, 0]> : tensor<2xi64>
// CHECK:       linalg.generic {indexing_maps = [#[[COLUMN:.+]], #[[ALL:.+]]], iterator_types = ["parallel", "parallel"]} ins(%[[TABLE]] : tensor<2xi64>)
// CHECK:       ^bb0(%[[P:.+]]: i64, %{{.+}}: f32):
// CHECK-DAG:   %[[N:.+]] = linalg.index 0 : index
// CHECK-DAG:   %[[K:.+]] = arith.index_cast %[[P]] : i64 to index
// CHECK:       %[[V:.+]] = tensor.extract %[[X]][%[[N]], %[[K]]] : tensor<2x3xf32>
// CHECK:       linalg.yield %[[V]] : f32
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

// Positions 1, 3 along the rows are a slice; 2, 0 along the columns a table.
// CHECK-LABEL: func.func @slice
// CHECK-SAME:  (%[[X:.+]]: tensor<2x4x3xf32>)
// CHECK:       %[[TABLE:.+]] = arith.constant dense<[2, 0]> : tensor<2xi64>
// CHECK:       %[[ROWS:.+]] = tensor.extract_slice %[[X]][0, 1, 0] [2, 2, 3] [1, 2, 1] : tensor<2x4x3xf32> to tensor<2x2x3xf32>
// CHECK:       linalg.generic {{.*}} ins(%[[TABLE]] : tensor<2xi64>)
// CHECK:       tensor.extract %[[ROWS]]
#all3 = affine_map<(n, i, j) -> (n, i, j)>
func.func @slice(%x: tensor<2x4x3xf32>) -> tensor<2x2x2xf32> {
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %e = tensor.empty() : tensor<2x2x2xf32>
  %y = linalg.generic {indexing_maps = [#all3], iterator_types = ["parallel", "parallel", "parallel"]}
      outs(%e : tensor<2x2x2xf32>) {
  ^bb0(%o: f32):
    %n = linalg.index 0 : index
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %i2 = arith.muli %i, %two : index
    %row = arith.addi %i2, %one : index
    %j2 = arith.muli %j, %two : index
    %column = arith.subi %two, %j2 : index
    %v = tensor.extract %x[%n, %row, %column] : tensor<2x4x3xf32>
    linalg.yield %v : f32
  } -> tensor<2x2x2xf32>
  return %y : tensor<2x2x2xf32>
}

// -----

// Windows, as unfold reads them: a position that depends on two loops. The
// operation computes with what it reads and changes the rank.
// CHECK-LABEL: func.func @windows
// CHECK-SAME:  (%[[X:.+]]: tensor<2x4xf32>)
// CHECK:       %[[TABLE:.+]] = arith.constant dense<{{\[}}[0, 1, 2], [1, 2, 3]]> : tensor<2x3xi64>
// CHECK:       linalg.generic {{.*}} ins(%[[TABLE]] : tensor<2x3xi64>)
// CHECK:       ^bb0(%[[P:.+]]: i64, %{{.+}}: f32):
// CHECK-DAG:   %[[N:.+]] = linalg.index 0 : index
// CHECK-DAG:   %[[K:.+]] = arith.index_cast %[[P]] : i64 to index
// CHECK:       %[[V:.+]] = tensor.extract %[[X]][%[[N]], %[[K]]] : tensor<2x4xf32>
// CHECK:       arith.mulf %[[V]], %[[V]]
func.func @windows(%x: tensor<2x4xf32>) -> tensor<2x2x3xf32> {
  %e = tensor.empty() : tensor<2x2x3xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, i, j) -> (n, i, j)>], iterator_types = ["parallel", "parallel", "parallel"]}
      outs(%e : tensor<2x2x3xf32>) {
  ^bb0(%o: f32):
    %n = linalg.index 0 : index
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %k = arith.addi %i, %j : index
    %v = tensor.extract %x[%n, %k] : tensor<2x4xf32>
    %w = arith.mulf %v, %v : f32
    linalg.yield %w : f32
  } -> tensor<2x2x3xf32>
  return %y : tensor<2x2x3xf32>
}

// -----

// Positions through a conversion that is not exact are rounded as at run time:
// floor(i * 0.333333343) is 0 0 0 1 1 1, each element three times.
// CHECK-LABEL: func.func @inexact
// CHECK-SAME:  (%[[X:.+]]: tensor<2x2xf32>)
// CHECK:       linalg.broadcast ins(%[[X]] : tensor<2x2xf32>) outs({{.*}} : tensor<2x2x3xf32>) dimensions = [2]
// CHECK-NOT:   tensor.extract %
func.func @inexact(%x: tensor<2x2xf32>) -> tensor<2x6xf32> {
  %third = arith.constant 0.33333333333333331 : f64
  %e = tensor.empty() : tensor<2x6xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, i) -> (n, i)>], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<2x6xf32>) {
  ^bb0(%o: f32):
    %n = linalg.index 0 : index
    %i = linalg.index 1 : index
    %i64 = arith.index_cast %i : index to i64
    %f = arith.sitofp %i64 : i64 to f32
    %s = arith.truncf %third : f64 to f32
    %p = arith.mulf %f, %s : f32
    %k64 = arith.fptosi %p : f32 to i64
    %k = arith.index_cast %k64 : i64 to index
    %v = tensor.extract %x[%n, %k] : tensor<2x2xf32>
    linalg.yield %v : f32
  } -> tensor<2x6xf32>
  return %y : tensor<2x6xf32>
}

// -----

// A table that is itself read, of positions that a slice and a concatenation of
// constants give: 3, 1, 0 and 2 at 0, 3 and 1.
// CHECK-LABEL: func.func @table
// CHECK:       arith.constant dense<[3, 2, 1]> : tensor<3xi64>
func.func @table(%x: tensor<2x4xf32>) -> tensor<2x3xf32> {
  %a = arith.constant dense<[9, 3, 1, 0]> : tensor<4xi64>
  %b = arith.constant dense<[2]> : tensor<1xi64>
  %steps = arith.constant dense<[0, 3, 1]> : tensor<3xi64>
  %part = tensor.extract_slice %a[1] [3] [1] : tensor<4xi64> to tensor<3xi64>
  %all = tensor.concat dim(0) %part, %b : (tensor<3xi64>, tensor<1xi64>) -> tensor<4xi64>
  %e = tensor.empty() : tensor<2x3xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, i) -> (i)>, affine_map<(n, i) -> (n, i)>], iterator_types = ["parallel", "parallel"]}
      ins(%steps : tensor<3xi64>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%step: i64, %o: f32):
    %n = linalg.index 0 : index
    %s = arith.index_cast %step : i64 to index
    %p = tensor.extract %all[%s] : tensor<4xi64>
    %k = arith.index_cast %p : i64 to index
    %v = tensor.extract %x[%n, %k] : tensor<2x4xf32>
    linalg.yield %v : f32
  } -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
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
