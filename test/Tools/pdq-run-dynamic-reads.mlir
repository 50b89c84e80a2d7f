// Elements that are chosen by tables in a network with a dynamic batch: the sample is
// read through a table too, 0, 1, 2, ... of the batch, as torch-mlir writes it. The
// table depends on the batch alone, so it is the sample's own number.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 5x3 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy
// RUN: pdq-run %s --input=%t.npy --batch=2 --compare=%s | FileCheck %s
// CHECK: max difference: 0{{$}}
// Elements 2 and 0 of each sample.
// RUN: od -A n -t f4 -w40 -j 128 %t.out.npy | FileCheck %s --check-prefix=CHOSEN
// CHOSEN: {{^ *}}3 1 6 4 9 7 12 10 15 13{{$}}

#line = affine_map<(d0) -> (d0)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#sample = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>
func.func @main(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %c0_i64 = arith.constant 0 : i64
  %columns = arith.constant dense<[2, 0]> : tensor<2xi64>
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %en = tensor.empty(%n) : tensor<?xi64>
  %samples = linalg.generic {indexing_maps = [#line], iterator_types = ["parallel"]} outs(%en : tensor<?xi64>) {
  ^bb0(%out: i64):
    %0 = linalg.index 0 : index
    %1 = arith.index_cast %0 : index to i64
    linalg.yield %1 : i64
  } -> tensor<?xi64>
  %e = tensor.empty(%n) : tensor<?x2xf32>
  %y = linalg.generic {indexing_maps = [#sample, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%samples, %columns : tensor<?xi64>, tensor<2xi64>) outs(%e : tensor<?x2xf32>) {
  ^bb0(%s: i64, %c: i64, %out: f32):
    %negative = arith.cmpi slt, %s, %c0_i64 : i64
    %size = arith.index_cast %n : index to i64
    %wrapped = arith.addi %s, %size : i64
    %chosen = arith.select %negative, %wrapped, %s : i64
    %i = arith.index_cast %chosen : i64 to index
    %j = arith.index_cast %c : i64 to index
    %v = tensor.extract %x[%i, %j] : tensor<?x3xf32>
    linalg.yield %v : f32
  } -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
