// A network with a dynamic batch as torch-mlir exports it where sizes are compared
// at run time: a value is broadcast by reading it in a payload, and a token is
// repeated for every sample.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 3x2 1,3,4,8,-1,-3
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy
// RUN: pdq-run %s --input=%t.npy --batch=1 --compare=%s | FileCheck %s --check-prefix=SAME
// SAME: max difference: 0{{$}}
// Each number less the sum of its row, behind the token (7, 8).
// RUN: od -A n -t f4 -w48 -j 128 %t.out.npy | FileCheck %s --check-prefix=ROWS
// ROWS: {{^ *}}7 8 -3 -1 7 8 -8 -4 7 8 3 1{{$}}

// Nothing is read without an operand any more, so it can be differentiated.
// RUN: pdq-opt %s --pdq-normalize-frontend | FileCheck %s --check-prefix=RAISED --implicit-check-not=tensor.extract
// RAISED: pdq.batch = -1
// RAISED: linalg.generic {indexing_maps = [#[[ONE:.+]], #{{.+}}], {{.*}} ins(%{{.+}} : tensor<32x1xf32>)

#id = affine_map<(d0, d1) -> (d0, d1)>
#map = affine_map<()[s0] -> (s0 * 2)>
func.func @main(%x: tensor<?x2xf32>) -> tensor<?x2x2xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %tokens = arith.constant dense<[[7.0, 8.0]]> : tensor<1x2xf32>
  %n = tensor.dim %x, %c0 : tensor<?x2xf32>
  // The size in a round-about way.
  %twice = affine.apply #map()[%n]
  %c2 = arith.constant 2 : index
  %again = arith.divsi %twice, %c2 : index
  %es = tensor.empty(%again) : tensor<?x1xf32>
  %init = linalg.fill ins(%zero : f32) outs(%es : tensor<?x1xf32>) -> tensor<?x1xf32>
  %sum = linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (d0, 0)>], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x2xf32>) outs(%init : tensor<?x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %out, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?x1xf32>
  %e = tensor.empty(%n) : tensor<?x2xf32>
  %isOne = arith.cmpi eq, %n, %c1 : index
  %wide = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<?x2xf32>) {
  ^bb0(%out: f32):
    %i = linalg.index 0 : index
    %row = arith.select %isOne, %c0, %i : index
    %v = tensor.extract %sum[%row, %c0] : tensor<?x1xf32>
    linalg.yield %v : f32
  } -> tensor<?x2xf32>
  %d = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %wide : tensor<?x2xf32>, tensor<?x2xf32>) outs(%e : tensor<?x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x2xf32>
  %rows = tensor.expand_shape %d [[0], [1, 2]] output_shape [%n, 1, 2] : tensor<?x2xf32> into tensor<?x1x2xf32>
  %et = tensor.empty(%n) : tensor<?x1x2xf32>
  %token = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%tokens : tensor<1x2xf32>) outs(%et : tensor<?x1x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<?x1x2xf32>
  %y = tensor.concat dim(1) %token, %rows : (tensor<?x1x2xf32>, tensor<?x1x2xf32>) -> tensor<?x2x2xf32>
  return %y : tensor<?x2x2xf32>
}
