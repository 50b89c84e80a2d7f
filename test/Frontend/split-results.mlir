// A pooling of uneven windows gives their sizes beside their sums, as torch-mlir
// writes one: the sizes get an operation of their own, which has no loop over the
// batch, and no two threads of a device write one of them.

// RUN: pdq-opt %s --pdq-normalize-frontend | FileCheck %s --check-prefix=FORM
// FORM-NOT:  linalg.generic
// FORM:      %[[SIZES:[a-z0-9_]+]] = linalg.generic {{.*}}iterator_types = ["parallel"]} outs(%{{[a-z0-9_]+}} : tensor<2xf32>)
// FORM-NOT:  linalg.generic
// FORM:      %[[SUMS:[a-z0-9_]+]] = linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]}
// FORM-SAME:   outs(%{{[a-z0-9_]+}} : tensor<2x2xf32>)
// FORM-NOT:  linalg.generic
// FORM:      linalg.generic {{.*}} ins(%[[SIZES]] : tensor<2xf32>) outs(%[[SUMS]] : tensor<2x2xf32>)
// FORM-NOT:  linalg.generic

// Windows of 5 elements: {0, 1, 2} and {2, 3, 4}, of which the second sample has
// the means 2 and 5.
// RUN: %python %S/../Tools/Inputs/write_npy.py %t.npy f4 3x5 0,1,2,3,4,1,2,3,5,7,3,3,3,0,0
// RUN: pdq-run %s --input=%t.npy --output=%t.y.npy --batch=3
// RUN: od -A n -t f4 -w24 -j 128 %t.y.npy | FileCheck %s
// RUN: pdq-run %s --input=%t.npy --output=%t.y.npy --batch=1
// RUN: od -A n -t f4 -w24 -j 128 %t.y.npy | FileCheck %s
// RUN: env PDQ_CUDA_LIBRARY=%simulated_gpu pdq-run %s --input=%t.npy --output=%t.y.npy --batch=2 --target=cuda
// RUN: od -A n -t f4 -w24 -j 128 %t.y.npy | FileCheck %s
// CHECK: {{^ *}}1 3 2 5 3 1{{$}}

func.func @main(%x: tensor<2x5xf32>) -> tensor<2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %window = tensor.empty() : tensor<3xi1>
  %sizes = tensor.empty() : tensor<2xf32>
  %empty = tensor.empty() : tensor<2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2xf32>) -> tensor<2x2xf32>
  %y:2 = linalg.generic {
    indexing_maps = [affine_map<(n, i, k) -> (k)>, affine_map<(n, i, k) -> (n, i)>, affine_map<(n, i, k) -> (i)>],
    iterator_types = ["parallel", "parallel", "reduction"]
  } ins(%window : tensor<3xi1>) outs(%init, %sizes : tensor<2x2xf32>, tensor<2xf32>) {
  ^bb0(%w: i1, %sum: f32, %size: f32):
    %n = linalg.index 0 : index
    %i = linalg.index 1 : index
    %k = linalg.index 2 : index
    %start = arith.muli %i, %c5 : index
    %first = arith.floordivsi %start, %c2 : index
    %next = arith.addi %i, %c1 : index
    %stop = arith.muli %next, %c5 : index
    %before = arith.subi %stop, %c1 : index
    %last = arith.floordivsi %before, %c2 : index
    %end = arith.addi %last, %c1 : index
    %p = arith.addi %first, %k : index
    %v = tensor.extract %x[%n, %p] : tensor<2x5xf32>
    %inside = arith.cmpi ult, %p, %end : index
    %u = arith.select %inside, %v, %zero : f32
    %s = arith.addf %u, %sum : f32
    %count = arith.subi %end, %first : index
    %number = arith.index_cast %count : index to i64
    %float = arith.sitofp %number : i64 to f32
    linalg.yield %s, %float : f32, f32
  } -> (tensor<2x2xf32>, tensor<2xf32>)
  %mean = linalg.generic {
    indexing_maps = [affine_map<(n, i) -> (i)>, affine_map<(n, i) -> (n, i)>],
    iterator_types = ["parallel", "parallel"]
  } ins(%y#1 : tensor<2xf32>) outs(%y#0 : tensor<2x2xf32>) {
  ^bb0(%size: f32, %sum: f32):
    %q = arith.divf %sum, %size : f32
    linalg.yield %q : f32
  } -> tensor<2x2xf32>
  return %mean : tensor<2x2xf32>
}
