// Reads at computed positions move elements and compute nothing: an infinity that
// is not read reaches no result, on any target.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 2x4 0,1,2,inf,4,5,6,nan
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w32 -j 128 %t.out.npy | FileCheck %s
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy --batch=1
// RUN: od -A n -t f4 -w32 -j 128 %t.out.npy | FileCheck %s
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy --in-order
// RUN: od -A n -t f4 -w32 -j 128 %t.out.npy | FileCheck %s
// RUN: env PDQ_CUDA_LIBRARY=%simulated_gpu pdq-run %s --input=%t.npy --output=%t.out.npy --target=cuda
// RUN: od -A n -t f4 -w32 -j 128 %t.out.npy | FileCheck %s
// CHECK: {{^ *}}0 2 1 0 4 6 5 4{{$}}

func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %p = arith.constant dense<[0, 2, 1, 0]> : tensor<4xi64>
  %e = tensor.empty() : tensor<2x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(a, b) -> (b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<4xi64>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%q: i64, %o: f32):
    %i = linalg.index 0 : index
    %k = arith.index_cast %q : i64 to index
    %v = tensor.extract %x[%i, %k] : tensor<2x4xf32>
    linalg.yield %v : f32
  } -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
