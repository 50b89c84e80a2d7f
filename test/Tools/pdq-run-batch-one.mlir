// A network that was exported for one sample runs on three at once: what that
// sample shared with nothing (a bias, a token in front) is the same for all.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 3x2 1,2,3,4,-1,-2
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy
// RUN: pdq-run %s --input=%t.npy --batch=1 --compare=%s | FileCheck %s --check-prefix=SAME
// SAME: max difference: 0{{$}}
// Row (a, b) times (1 10, 2 20) plus (100, 200), behind the token (7, 8).
// RUN: od -A n -t f4 -w48 -j 128 %t.out.npy | FileCheck %s --check-prefix=ROWS
// ROWS: {{^ *}}7 8 105 250 7 8 111 310 7 8 95 150{{$}}

// The product is no longer one of a batch of matrices.
// RUN: pdq-opt %s --pdq-annotate | FileCheck %s --check-prefix=PRODUCT --implicit-check-not=batch_matmul
// PRODUCT: pdq.fake_quant %{{.+}} to <bits = 8, axis = {{[12]}}>
// PRODUCT: linalg.matmul

func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2x2xf32> {
  %zero = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %w = "tosa.const"() <{values = dense<[[[1.0, 10.0], [2.0, 20.0]]]> : tensor<1x2x2xf32>}> : () -> tensor<1x2x2xf32>
  %bias = "tosa.const"() <{values = dense<[100.0, 200.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %token = "tosa.const"() <{values = dense<[[[7.0, 8.0]]]> : tensor<1x1x2xf32>}> : () -> tensor<1x1x2xf32>
  %three = tosa.const_shape {values = dense<[1, 1, 2]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %two = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %rows = tosa.reshape %x, %three : (tensor<1x2xf32>, !tosa.shape<3>) -> tensor<1x1x2xf32>
  %product = tosa.matmul %rows, %w, %zero, %zero : (tensor<1x1x2xf32>, tensor<1x2x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x2xf32>
  %flat = tosa.reshape %product, %two : (tensor<1x1x2xf32>, !tosa.shape<2>) -> tensor<1x2xf32>
  %b = tosa.reshape %bias, %two : (tensor<2xf32>, !tosa.shape<2>) -> tensor<1x2xf32>
  %sum = tosa.add %flat, %b : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %row = tosa.reshape %sum, %three : (tensor<1x2xf32>, !tosa.shape<3>) -> tensor<1x1x2xf32>
  %y = tosa.concat %token, %row {axis = 1 : i32} : (tensor<1x1x2xf32>, tensor<1x1x2xf32>) -> tensor<1x2x2xf32>
  return %y : tensor<1x2x2xf32>
}
