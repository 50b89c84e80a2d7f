// A network that was exported for two samples runs on three at once: the batch
// is followed through reshapes of data and of values made without data.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 3x4 1,2,3,4,5,6,7,8,-1,-2,-3,-4
// RUN: pdq-run %s --input=%t.npy --output=%t.sums.npy
// RUN: pdq-run %s --input=%t.npy --batch=1 --compare=%s | FileCheck %s
// CHECK: max difference: 0{{$}}
// The last 24 bytes of the file are 1+3, 2+4, 5+7, 6+8, -1-3, -2-4 in f32.
// RUN: od -A n -t f4 -w24 -j 128 %t.sums.npy | FileCheck %s --check-prefix=SUMS
// SUMS: {{^ *}}4 6 12 14 -4 -6{{$}}

func.func @main(%x: tensor<2x4xf32>) -> tensor<2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  // Batch of two in front of two sums, from values made without data.
  %init = tensor.expand_shape %fill [[0, 1, 2]] output_shape [1, 2, 2] : tensor<4xf32> into tensor<1x2x2xf32>
  %pairs = tensor.expand_shape %x [[0, 1], [2, 3]] output_shape [1, 2, 2, 2] : tensor<2x4xf32> into tensor<1x2x2x2xf32>
  %sums = linalg.reduce ins(%pairs : tensor<1x2x2x2xf32>) outs(%init : tensor<1x2x2xf32>) dimensions = [2]
    (%in: f32, %out: f32) {
      %sum = arith.addf %in, %out : f32
      linalg.yield %sum : f32
    }
  %y = tensor.collapse_shape %sums [[0, 1], [2]] : tensor<1x2x2xf32> into tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
