// A group norm's view of a dynamic batch: the shape is computed from the number of
// all elements, but only a sample's own dimensions change.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 3x4 1,2,3,4,5,6,7,8,-1,-2,-3,-5
// RUN: pdq-run %s --input=%t.npy --batch=2 --output=%t.out.npy
// The halves of each row are summed and repeated: 3 3 7 7, 11 11 15 15, -3 -3 -8 -8.
// RUN: od -A n -t f4 -w48 -j 128 %t.out.npy | FileCheck %s --check-prefix=ROWS
// ROWS: {{^ *}}3 3 7 7 11 11 15 15 -3 -3 -8 -8{{$}}

// RUN: pdq-opt %s --pdq-normalize-frontend | FileCheck %s --implicit-check-not=tensor.reshape
// CHECK: tensor.expand_shape %{{.+}} {{\[}}[0], [1, 2]] output_shape [32, 2, 2] : tensor<32x4xf32> into tensor<32x2x2xf32>
// CHECK: tensor.collapse_shape %{{.+}} {{\[}}[0], [1, 2]] : tensor<32x2x2xf32> into tensor<32x4xf32>

// Where samples are mixed the batch is not known any more.
// RUN: sed 's/tensor<?x2x2xf32>/tensor<?x2x1xf32>/g' %s | not pdq-opt --pdq-normalize-frontend 2>&1 | FileCheck %s --check-prefix=MIXED
// MIXED: error: 'tensor.reshape' op on the data path cannot be given another batch size

func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : i64
  %c4 = arith.constant 4 : i64
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %n64 = arith.index_cast %n : index to i64
  %all = arith.muli %n64, %c4 : i64
  %two = arith.muli %n64, %c2 : i64
  %size = arith.divsi %all, %two : i64
  %split = tensor.from_elements %n64, %c2, %size : tensor<3xi64>
  %groups = tensor.reshape %x(%split) : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<?x2x2xf32>
  %e = tensor.empty(%n) : tensor<?x2x1xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<?x2x1xf32>) -> tensor<?x2x1xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(n, g, i) -> (n, g, i)>, affine_map<(n, g, i) -> (n, g, 0)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%groups : tensor<?x2x2xf32>) outs(%init : tensor<?x2x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %out, %in : f32
    linalg.yield %s : f32
  } -> tensor<?x2x1xf32>
  %full = tensor.empty(%n) : tensor<?x2x2xf32>
  %repeated = linalg.generic {indexing_maps = [affine_map<(n, g, i) -> (n, g, 0)>, affine_map<(n, g, i) -> (n, g, i)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%sum : tensor<?x2x1xf32>) outs(%full : tensor<?x2x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<?x2x2xf32>
  %join = tensor.from_elements %n64, %c4 : tensor<2xi64>
  %y = tensor.reshape %repeated(%join) : (tensor<?x2x2xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
