// Kernels that have no form, or only the slow one, and options that do not exist.

// RUN: pdq-opt %s --pdq-emit-gpu-kernels --split-input-file --verify-diagnostics
// RUN: not pdq-opt %s --pdq-emit-gpu-kernels=math=fp64 --split-input-file 2>&1 | FileCheck %s
// CHECK: error: option 'math' is 'fp64', expected 'fp32', 'tf32' or 'bf16'

// expected-error@+1 {{kernel holds 0 linalg operations, expected 1, or a reduction with what it starts from and what takes its result}}
func.func private @k(%x: memref<4xf32>, %begin: index, %end: index) attributes {pdq.kernel} {
  return
}

// -----

func.func private @k(%x: memref<8xf64>, %y: memref<8xf64>, %begin: index, %end: index) attributes {pdq.kernel} {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%x : memref<8xf64>) outs(%y : memref<8xf64>) {
  ^bb0(%a: f64, %o: f64):
    // expected-error@+1 {{cannot be executed on a GPU in f64: compute it in f32}}
    %e = math.exp %a : f64
    linalg.yield %e : f64
  }
  return
}

// -----

func.func private @k(%x: memref<8xf32>, %w: memref<3xf32>, %y: memref<10xf32>, %begin: index, %end: index) attributes {pdq.kernel} {
  // expected-remark@+1 {{kernel takes the slow fallback: it adds to overlapping elements of its result}}
  linalg.generic {indexing_maps = [affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i + k)>],
                  iterator_types = ["reduction", "reduction"]}
    ins(%x, %w : memref<8xf32>, memref<3xf32>) outs(%y : memref<10xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// expected-error@+1 {{'pdq.tile' is [96, 64, 32], expected one of [128, 128, 32], [128, 64, 32], [64, 64, 32],}}
func.func private @k(%x: memref<37x70xf32>, %w: memref<70x46xf32>, %y: memref<37x46xf32>, %begin: index, %end: index)
    attributes {pdq.kernel, pdq.tile = array<i64: 96, 64, 32>} {
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<37x70xf32>, memref<70x46xf32>) outs(%y : memref<37x46xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// expected-error@+1 {{'pdq.siblings' is array<i64: 1, 1>, expected an array of i64 above 0 whose sum is 1, the number of operations}}
func.func private @k(%x: memref<8xf32>, %y: memref<8xf32>, %begin: index, %end: index) attributes {pdq.kernel, pdq.siblings = array<i64: 1, 1>} {
  linalg.copy ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  return
}

// -----

// expected-error@+1 {{'pdq.siblings' is 1 : i64, expected an array of i64 above 0 whose sum is 1, the number of operations}}
func.func private @k(%x: memref<8xf32>, %y: memref<8xf32>, %begin: index, %end: index) attributes {pdq.kernel, pdq.siblings = 1} {
  linalg.copy ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  return
}

// -----

// expected-error@+1 {{siblings have blocks of different sizes, or different batches}}
func.func private @k(%x: memref<37x70xf32>, %w: memref<70x46xf32>, %y: memref<37x46xf32>, %z: memref<37x70xf32>, %begin: index, %end: index)
    attributes {pdq.kernel, pdq.siblings = array<i64: 1, 1>} {
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<37x70xf32>, memref<70x46xf32>) outs(%y : memref<37x46xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.copy ins(%x : memref<37x70xf32>) outs(%z : memref<37x70xf32>)
  return
}
