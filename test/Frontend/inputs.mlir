// Inputs of a network: several with one batch, integers.

// RUN: pdq-opt %s --pdq-normalize-frontend | FileCheck %s

// CHECK: pdq.batch = -1
// CHECK: func.func @main(%[[X:[a-z0-9_]+]]: tensor<32x2xf32>, %[[T:[a-z0-9_]+]]: tensor<32xi64>) -> tensor<32x2xf32>
// CHECK: %[[TABLE:.+]] = arith.constant dense<{{.+}}> : tensor<3x2xf32>
// CHECK: linalg.generic {{.+}} ins(%[[X]], %[[T]] : tensor<32x2xf32>, tensor<32xi64>)
// Positions from data stay within the table.
// CHECK: arith.maxsi
// CHECK: arith.minsi
// CHECK: tensor.extract %[[TABLE]]
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @main(%x: tensor<?x2xf32>, %t: tensor<?xi64>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %table = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %n = tensor.dim %x, %c0 : tensor<?x2xf32>
  %e = tensor.empty(%n) : tensor<?x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %t : tensor<?x2xf32>, tensor<?xi64>) outs(%e : tensor<?x2xf32>) {
  ^bb0(%a: f32, %i: i64, %out: f32):
    %0 = arith.index_cast %i : i64 to index
    %1 = linalg.index 1 : index
    %2 = tensor.extract %table[%0, %1] : tensor<3x2xf32>
    %3 = arith.addf %a, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
