// A recurrent layer starts from a state that was made without data: a whole step
// of products, sums, slices and concatenations of constants has the batch in its
// shapes and is the same for each sample.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 3x2 1,2,3,4,5,6
// RUN: pdq-run %s --input=%t.npy --output=%t.y.npy --batch=3
// RUN: od -A n -t f4 -w24 -j 128 %t.y.npy | FileCheck %s
// RUN: pdq-run %s --input=%t.npy --output=%t.y.npy --batch=1
// RUN: od -A n -t f4 -w24 -j 128 %t.y.npy | FileCheck %s
// The state is (1, 1) * [[1, 2, 3], [4, 5, 6]] = (5, 7, 9), of which (7, 9) is
// taken, joined with a 1 in front of which is cut off again: x + (1, 7).
// CHECK: {{^ *}}2 9 4 11 6 13{{$}}

// Rows that differ are no such state.
// RUN: sed 's/dense<1.0> : tensor<2x2xf32>/dense<[[1.0, 1.0], [1.0, 2.0]]> : tensor<2x2xf32>/' %s > %t.differ.mlir
// RUN: not pdq-run %t.differ.mlir --input=%t.npy --batch=3 2>&1 | FileCheck %s --check-prefix=DIFFER
// DIFFER: error: value of type tensor<2x2xf32> has the batch size in its shape but does not come from data; keep the batch of 2

func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %h = arith.constant dense<1.0> : tensor<2x2xf32>
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %one = arith.constant dense<[[[1.0], [1.0]]]> : tensor<1x2x1xf32>
  %e = tensor.empty() : tensor<2x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3xf32>) -> tensor<2x3xf32>
  %g = linalg.matmul ins(%h, %w : tensor<2x2xf32>, tensor<2x3xf32>) outs(%init : tensor<2x3xf32>) -> tensor<2x3xf32>
  %wide = tensor.expand_shape %g [[0, 1], [2]] output_shape [1, 2, 3] : tensor<2x3xf32> into tensor<1x2x3xf32>
  %last = tensor.extract_slice %wide[0, 0, 1] [1, 2, 2] [1, 1, 1] : tensor<1x2x3xf32> to tensor<1x2x2xf32>
  %all = tensor.concat dim(2) %one, %last : (tensor<1x2x1xf32>, tensor<1x2x2xf32>) -> tensor<1x2x3xf32>
  %s = tensor.extract_slice %all[0, 0, 0] [1, 2, 2] [1, 1, 1] : tensor<1x2x3xf32> to tensor<2x2xf32>
  %f = tensor.empty() : tensor<2x2xf32>
  %y = linalg.add ins(%x, %s : tensor<2x2xf32>, tensor<2x2xf32>) outs(%f : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
