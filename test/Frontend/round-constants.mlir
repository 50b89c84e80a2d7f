// Constants that are rounded in a network are rounded once, to nearest, ties to even, also
// where that loses something.

// RUN: pdq-opt %s --pdq-normalize-frontend | FileCheck %s

// 1 + 2^-24 is halfway between 1 and the next number of f32, 1 + 2^-23.
// CHECK-LABEL: func.func @main
// CHECK-NOT:     arith.truncf
// CHECK-DAG:     %[[LOWEST:.+]] = arith.constant 0xFF800000 : f32
// CHECK-DAG:     %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
// CHECK:         tensor.yield %[[LOWEST]]
// CHECK:         tensor.yield %[[ONE]]
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x4xf32> {
  %lowest = arith.constant -1.7976931348623157E+308 : f64
  %half = arith.constant 1.000000059604644775390625 : f64
  %a = arith.truncf %lowest : f64 to f32
  %b = arith.truncf %half : f64 to f32
  %y = tensor.pad %x low[0, 0] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %a : f32
  } : tensor<2x2xf32> to tensor<2x3xf32>
  %z = tensor.pad %y low[0, 1] high[0, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %b : f32
  } : tensor<2x3xf32> to tensor<2x4xf32>
  return %z : tensor<2x4xf32>
}
