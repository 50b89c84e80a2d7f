// A dynamic batch that gets a size: through a concatenation (a roll), too, so
// that the number of the sample behind it is known for a counter.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 3x3 1,2,3,4,5,6,7,8,9
// RUN: pdq-run %s --input=%t.npy --output=%t.y.npy --batch=3
// RUN: od -A n -t f4 -w12 -j 128 %t.y.npy | FileCheck %s
// RUN: pdq-run %s --input=%t.npy --output=%t.y.npy --batch=1
// RUN: od -A n -t f4 -w12 -j 128 %t.y.npy | FileCheck %s
// Rolled by one, then the elements 2, 0 and 0.
// CHECK: {{^ *}}2 3 3{{$}}
// CHECK: {{^ *}}5 6 6{{$}}
// CHECK: {{^ *}}8 9 9{{$}}

func.func @main(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i64
  %places = arith.constant dense<[2, 0, 0]> : tensor<3xi64>
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %size = arith.index_cast %n : index to i64
  %last = tensor.extract_slice %x[0, 2] [%n, 1] [1, 1] : tensor<?x3xf32> to tensor<?x1xf32>
  %first = tensor.extract_slice %x[0, 0] [%n, 2] [1, 1] : tensor<?x3xf32> to tensor<?x2xf32>
  %rolled = tensor.concat dim(1) %last, %first : (tensor<?x1xf32>, tensor<?x2xf32>) -> tensor<?x3xf32>
  %e = tensor.empty(%n) : tensor<?xi64>
  %samples = linalg.generic {indexing_maps = [affine_map<(n) -> (n)>], iterator_types = ["parallel"]} outs(%e : tensor<?xi64>) {
  ^bb0(%o: i64):
    %i = linalg.index 0 : index
    %s = arith.index_cast %i : index to i64
    linalg.yield %s : i64
  } -> tensor<?xi64>
  %f = tensor.empty(%n) : tensor<?x3xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, i) -> (n)>, affine_map<(n, i) -> (i)>, affine_map<(n, i) -> (n, i)>], iterator_types = ["parallel", "parallel"]} ins(%samples, %places : tensor<?xi64>, tensor<3xi64>) outs(%f : tensor<?x3xf32>) {
  ^bb0(%s: i64, %p: i64, %o: f32):
    %isNegative = arith.cmpi slt, %s, %zero : i64
    %wrapped = arith.addi %s, %size : i64
    %sample = arith.select %isNegative, %wrapped, %s : i64
    %a = arith.index_cast %sample : i64 to index
    %b = arith.index_cast %p : i64 to index
    %v = tensor.extract %rolled[%a, %b] : tensor<?x3xf32>
    linalg.yield %v : f32
  } -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
