// A linear layer on four dimensions, as torch-mlir exports it: batch and rows
// merge, for data and for the weight that is repeated for every sample.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 3x4 1,2,3,4,5,6,7,8,-1,-2,-3,-4
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy
// RUN: pdq-run %s --input=%t.npy --batch=1 --compare=%s | FileCheck %s
// CHECK: max difference: 0{{$}}
// Row (a, b) times (1 10, 2 20): a + 2 b, then ten times that.
// RUN: od -A n -t f4 -w48 -j 128 %t.out.npy | FileCheck %s --check-prefix=ROWS
// ROWS: {{^ *}}5 50 11 110 17 170 23 230 -5 -50 -11 -110{{$}}

func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 10.0], [2.0, 20.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2x2x2xf32>
  %all = linalg.broadcast ins(%w : tensor<2x2xf32>) outs(%e : tensor<2x2x2x2xf32>) dimensions = [0, 1]
  %rows = tensor.expand_shape %x [[0], [1, 2, 3]] output_shape [2, 2, 1, 2] : tensor<2x4xf32> into tensor<2x2x1x2xf32>
  %lhs = tensor.collapse_shape %rows [[0, 1], [2], [3]] : tensor<2x2x1x2xf32> into tensor<4x1x2xf32>
  %rhs = tensor.collapse_shape %all [[0, 1], [2], [3]] : tensor<2x2x2x2xf32> into tensor<4x2x2xf32>
  %i = tensor.empty() : tensor<4x1x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%i : tensor<4x1x2xf32>) -> tensor<4x1x2xf32>
  %y = linalg.batch_matmul ins(%lhs, %rhs : tensor<4x1x2xf32>, tensor<4x2x2xf32>) outs(%f : tensor<4x1x2xf32>) -> tensor<4x1x2xf32>
  %back = tensor.expand_shape %y [[0, 1], [2], [3]] output_shape [2, 2, 1, 2] : tensor<4x1x2xf32> into tensor<2x2x1x2xf32>
  %out = tensor.collapse_shape %back [[0], [1, 2, 3]] : tensor<2x2x1x2xf32> into tensor<2x4xf32>
  return %out : tensor<2x4xf32>
}
