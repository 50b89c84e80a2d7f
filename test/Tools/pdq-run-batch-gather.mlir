// A gather by index tensors of the result's shape, as PyTorch writes some views:
// each holds one coordinate, so the batch is a loop like in other reads.
// y[n, c] = x[n, 2 - c] for any batch, exported for two.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 3x3 1,2,3,4,5,6,7,8,9
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w12 -j 128 %t.out.npy | FileCheck %s
// CHECK: {{^ *}}3 2 1{{$}}
// CHECK: {{^ *}}6 5 4{{$}}
// CHECK: {{^ *}}9 8 7{{$}}
#id = affine_map<(n, c) -> (n, c)>
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %zero = arith.constant 0 : i64
  %two = arith.constant 2 : i64
  %n = arith.constant dense<[[0, 0, 0], [1, 1, 1]]> : tensor<2x3xi64>
  %c = arith.constant dense<[[2, 1, 0], [2, 1, 0]]> : tensor<2x3xi64>
  %e = tensor.empty() : tensor<2x3xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%n, %c : tensor<2x3xi64>, tensor<2x3xi64>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: i64, %b: i64, %out: f32):
    %isNegative = arith.cmpi slt, %a, %zero : i64
    %wrapped = arith.addi %a, %two : i64
    %i = arith.select %isNegative, %wrapped, %a : i64
    %in = arith.index_cast %i : i64 to index
    %ic = arith.index_cast %b : i64 to index
    %v = tensor.extract %x[%in, %ic] : tensor<2x3xf32>
    linalg.yield %v : f32
  } -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
