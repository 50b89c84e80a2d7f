// A stack in front of the batch, as frontends write one: two whole batches one
// after the other, with the batch in the middle of the stacked tensor.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 3x2 1,2,3,4,5,6
// RUN: pdq-run %s --input=%t.npy --output=%t.y.npy --batch=3
// RUN: od -A n -t f4 -w24 -j 128 %t.y.npy | FileCheck %s
// RUN: pdq-run %s --input=%t.npy --output=%t.y.npy --batch=2
// RUN: od -A n -t f4 -w24 -j 128 %t.y.npy | FileCheck %s
// x + 10 * (-x)
// CHECK: {{^ *}}-9 -18 -27 -36 -45 -54{{$}}

func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[1.0, 10.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %n = linalg.negf ins(%x : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %all = tensor.concat dim(0) %x, %n : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %stack = tensor.expand_shape %all [[0, 1], [2]] output_shape [2, 2, 2] : tensor<4x2xf32> into tensor<2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = linalg.generic {
    indexing_maps = [affine_map<(k, n, i) -> (k, n, i)>, affine_map<(k, n, i) -> (k)>, affine_map<(k, n, i) -> (n, i)>],
    iterator_types = ["reduction", "parallel", "parallel"]
  } ins(%stack, %w : tensor<2x2x2xf32>, tensor<2xf32>) outs(%init : tensor<2x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
