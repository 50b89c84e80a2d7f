// Batch norms that networks write by hand as a scale and an offset.

// RUN: split-file %s %t
// RUN: pdq-opt %t/norm.mlir --pdq-normalize-frontend --pdq-capture-batch-norm --canonicalize | FileCheck %s
// CHECK: pdq.batch_norm %arg0, {{.*}} {axis = 1 : i64, epsilon = 0.00100000
// CHECK-NOT: arith.mulf

// (x - 1) * 2 / sqrt(0.249 + 0.001) + 3 = 4 x - 1, and 8 x + 9 in channel 1.
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/x.npy f4 2x2x2 0,1,0,1,2,3,2,3
// RUN: pdq-opt %t/norm.mlir --pdq-normalize-frontend --pdq-capture-batch-norm --pdq-fold-batch-norm -o %t/folded.mlir
// RUN: pdq-run %t/folded.mlir --input=%t/x.npy --compare=%t/norm.mlir | FileCheck %s --check-prefix=SAME
// SAME: max difference: {{(0|[0-9.]+e-0[67])$}}

// Another scale in the offset, or none with a deviation: no norm.
// RUN: pdq-opt %t/other.mlir --pdq-normalize-frontend --pdq-capture-batch-norm 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: pdq-opt %t/plain.mlir --pdq-normalize-frontend --pdq-capture-batch-norm 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: network has no batch norm with statistics
// OTHER-NOT: pdq.batch_norm

//--- norm.mlir
#all = affine_map<(n, c, w) -> (n, c, w)>
#channel = affine_map<(n, c, w) -> (c)>
#c = affine_map<(c) -> (c)>
func.func @main(%x: tensor<2x2x2xf32>) -> tensor<2x2x2xf32> {
  %eps = arith.constant 1.0e-3 : f32
  %mean = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %variance = arith.constant dense<[0.249, 0.0615]> : tensor<2xf32>
  %gamma = arith.constant dense<[2.0, 2.0]> : tensor<2xf32>
  %beta = arith.constant dense<[3.0, 1.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %s = linalg.generic {indexing_maps = [#c, #c, #c], iterator_types = ["parallel"]} ins(%gamma, %variance : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) {
  ^bb0(%g: f32, %v: f32, %o: f32):
    %w = arith.addf %v, %eps : f32
    %d = math.sqrt %w : f32
    %q = arith.divf %g, %d : f32
    linalg.yield %q : f32
  } -> tensor<2xf32>
  %t = linalg.generic {indexing_maps = [#c, #c, #c, #c], iterator_types = ["parallel"]} ins(%beta, %mean, %s : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) {
  ^bb0(%b: f32, %m: f32, %a: f32, %o: f32):
    %p = arith.mulf %m, %a : f32
    %d = arith.subf %b, %p : f32
    linalg.yield %d : f32
  } -> tensor<2xf32>
  %f = tensor.empty() : tensor<2x2x2xf32>
  %y = linalg.generic {indexing_maps = [#all, #channel, #channel, #all], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %s, %t : tensor<2x2x2xf32>, tensor<2xf32>, tensor<2xf32>) outs(%f : tensor<2x2x2xf32>) {
  ^bb0(%a: f32, %b: f32, %d: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %r = arith.addf %p, %d : f32
    linalg.yield %r : f32
  } -> tensor<2x2x2xf32>
  return %y : tensor<2x2x2xf32>
}

//--- other.mlir
#all = affine_map<(n, c, w) -> (n, c, w)>
#channel = affine_map<(n, c, w) -> (c)>
func.func @main(%x: tensor<2x2x2xf32>) -> tensor<2x2x2xf32> {
  %eps = arith.constant 1.0e-3 : f32
  %mean = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %variance = arith.constant dense<[0.249, 0.0615]> : tensor<2xf32>
  %another = arith.constant dense<[0.249, 0.0616]> : tensor<2xf32>
  %beta = arith.constant dense<[3.0, 1.0]> : tensor<2xf32>
  %f = tensor.empty() : tensor<2x2x2xf32>
  %y = linalg.generic {indexing_maps = [#all, #channel, #channel, #channel, #channel, #all], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %mean, %variance, %another, %beta : tensor<2x2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) outs(%f : tensor<2x2x2xf32>) {
  ^bb0(%a: f32, %m: f32, %v: f32, %u: f32, %b: f32, %o: f32):
    %v0 = arith.addf %v, %eps : f32
    %s0 = math.rsqrt %v0 : f32
    %v1 = arith.addf %u, %eps : f32
    %s1 = math.rsqrt %v1 : f32
    %p = arith.mulf %a, %s0 : f32
    %q = arith.mulf %m, %s1 : f32
    %d = arith.subf %b, %q : f32
    %r = arith.addf %p, %d : f32
    linalg.yield %r : f32
  } -> tensor<2x2x2xf32>
  return %y : tensor<2x2x2xf32>
}

//--- plain.mlir
#all = affine_map<(n, c, w) -> (n, c, w)>
#channel = affine_map<(n, c, w) -> (c)>
func.func @main(%x: tensor<2x2x2xf32>) -> tensor<2x2x2xf32> {
  %mean = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %s = arith.constant dense<[4.0, 8.0]> : tensor<2xf32>
  %beta = arith.constant dense<[3.0, 1.0]> : tensor<2xf32>
  %f = tensor.empty() : tensor<2x2x2xf32>
  %y = linalg.generic {indexing_maps = [#all, #channel, #channel, #channel, #all], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %mean, %s, %beta : tensor<2x2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) outs(%f : tensor<2x2x2xf32>) {
  ^bb0(%a: f32, %m: f32, %v: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %v : f32
    %q = arith.mulf %m, %v : f32
    %d = arith.subf %b, %q : f32
    %r = arith.addf %p, %d : f32
    linalg.yield %r : f32
  } -> tensor<2x2x2xf32>
  return %y : tensor<2x2x2xf32>
}
