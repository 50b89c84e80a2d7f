// RUN: pdq-opt %s --pdq-emit-gpu-kernels --split-input-file --verify-diagnostics

// expected-error@+1 {{kernel holds 0 linalg operations, expected 1, or a reduction with what it starts from and what takes its result}}
plan.kernel @k(%x: memref<4xf32>) {
  plan.return
}

// -----

plan.kernel @k(%x: memref<8xf64>, %y: memref<8xf64>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%x : memref<8xf64>) outs(%y : memref<8xf64>) {
  ^bb0(%a: f64, %o: f64):
    // expected-error@+1 {{cannot be executed on a GPU in f64: compute it in f32}}
    %e = math.exp %a : f64
    linalg.yield %e : f64
  }
  plan.return
}

// -----

plan.kernel @k(%x: memref<8xf32>, %w: memref<3xf32>, %y: memref<10xf32>) {
  // expected-remark@+1 {{kernel takes the slow fallback: it adds to overlapping elements of its result}}
  linalg.generic {indexing_maps = [affine_map<(i, k) -> (i)>, affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i + k)>],
                  iterator_types = ["reduction", "reduction"]}
    ins(%x, %w : memref<8xf32>, memref<3xf32>) outs(%y : memref<10xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  plan.return
}

// -----

// expected-error@+1 {{tile is 96x64x32, expected one of 128x128x32, 128x64x32, 64x64x32,}}
plan.kernel @k(%x: memref<37x70xf32>, %w: memref<70x46xf32>, %y: memref<37x46xf32>) tile(<96x64x32>) {
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<37x70xf32>, memref<70x46xf32>) outs(%y : memref<37x46xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  plan.return
}

// -----

// expected-error@+1 {{has groups of 2 operations but holds 1}}
plan.kernel @k(%x: memref<8xf32>, %y: memref<8xf32>) groups([1, 1]) {
  linalg.copy ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  plan.return
}

// -----

// expected-error@+1 {{groups have blocks of different sizes, or different batches}}
plan.kernel @k(%x: memref<37x70xf32>, %w: memref<70x46xf32>, %y: memref<37x46xf32>, %z: memref<37x70xf32>) groups([1, 1]) {
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<37x70xf32>, memref<70x46xf32>) outs(%y : memref<37x46xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.copy ins(%x : memref<37x70xf32>) outs(%z : memref<37x70xf32>)
  plan.return
}
