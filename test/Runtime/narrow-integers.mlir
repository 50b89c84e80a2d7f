// Integers of less than a byte that stay in a buffer, as a quantized value does
// that two operations read: one in the order of memory, one across it.

// RUN: %python %S/../Tools/Inputs/write_npy.py %t.npy f4 3x4x17 \
// RUN:   0,7,14,21,28,35,42,3,10,17,24,31,38,45,6,13,20,27,34,41,2,9,16,23,45
// RUN: sed 's/i4/i32/g' %s > %t.wide.mlir
// RUN: pdq-run %s --input=%t.npy --compare=%t.wide.mlir | FileCheck %s
// CHECK: max difference: 0{{$}}

#id = affine_map<(n, i, j) -> (n, i, j)>
#across = affine_map<(n, i, j) -> (n, j, i)>
func.func @main(%x: tensor<3x4x17xf32>) -> tensor<3x17x17xf32> {
  %scale = arith.constant 3.0 : f32
  %zero = arith.constant 0.0 : f32
  %largest = arith.constant 15.0 : f32
  %e = tensor.empty() : tensor<3x4x17xi4>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<3x4x17xf32>) outs(%e : tensor<3x4x17xi4>) {
  ^bb0(%v: f32, %o: i4):
    %d = arith.divf %v, %scale : f32
    %r = math.roundeven %d : f32
    %l = arith.maximumf %r, %zero : f32
    %u = arith.minimumf %l, %largest : f32
    %i = arith.fptoui %u : f32 to i4
    linalg.yield %i : i4
  } -> tensor<3x4x17xi4>
  %f = tensor.empty() : tensor<3x4x17xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%q : tensor<3x4x17xi4>) outs(%f : tensor<3x4x17xf32>) {
  ^bb0(%i: i4, %o: f32):
    %v = arith.uitofp %i : i4 to f32
    linalg.yield %v : f32
  } -> tensor<3x4x17xf32>
  %g = tensor.empty() : tensor<3x17x4xf32>
  %b = linalg.generic {indexing_maps = [#across, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%q : tensor<3x4x17xi4>) outs(%g : tensor<3x17x4xf32>) {
  ^bb0(%i: i4, %o: f32):
    %v = arith.uitofp %i : i4 to f32
    %s = arith.mulf %v, %scale : f32
    linalg.yield %s : f32
  } -> tensor<3x17x4xf32>
  %h = tensor.empty() : tensor<3x17x17xf32>
  %init = linalg.fill ins(%zero : f32) outs(%h : tensor<3x17x17xf32>) -> tensor<3x17x17xf32>
  %y = linalg.batch_matmul ins(%b, %a : tensor<3x17x4xf32>, tensor<3x4x17xf32>) outs(%init : tensor<3x17x17xf32>) -> tensor<3x17x17xf32>
  return %y : tensor<3x17x17xf32>
}
