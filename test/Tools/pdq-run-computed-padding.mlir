// A padding that is computed from a wider constant, as torch-mlir pads a maximum of
// ONNX: the lowest number of f64 is -inf in f32.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 2x2 1,2,3,4
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w12 -j 128 %t.out.npy | FileCheck %s
// CHECK: {{^ *}}1 2 -inf{{$}}
// CHECK: {{^ *}}3 4 -inf{{$}}

func.func @main(%x: tensor<2x2xf32>) -> tensor<2x3xf32> {
  %lowest = arith.constant -1.7976931348623157E+308 : f64
  %v = arith.truncf %lowest : f64 to f32
  %y = tensor.pad %x low[0, 0] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %v : f32
  } : tensor<2x2xf32> to tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
