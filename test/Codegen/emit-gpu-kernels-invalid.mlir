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

// -----

// An epilogue that reads the elements of other threads.
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
plan.kernel @k(%x: memref<64x64xf32>, %w: memref<64x64xf32>, %t: memref<64x64xf32>, %y: memref<64x64xf32>) {
  // expected-error @below {{has no form of code}}
  // expected-note @below {{not 'matrix': an operation behind it touches elements of other threads}}
  // expected-note @below {{not 'direct': it is no product of two f32 operands with common channels}}
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x64xf32>, memref<64x64xf32>) outs(%t : memref<64x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, 0)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
    ins(%t : memref<64x64xf32>) outs(%y : memref<64x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  plan.return
}

// -----

// Sums of blocks of 64 rows beside a tile of 32.
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
plan.kernel @k(%x: memref<128x64xf32>, %w: memref<64x32xf32>, %t: memref<128x32xf32>, %sums: memref<2xf32>) tile(<128x32x32>) {
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<128x64xf32>, memref<64x32xf32>) outs(%t : memref<128x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  }
  linalg.fill ins(%zero : f32) outs(%sums : memref<2xf32>)
  // expected-error @below {{sums over other elements than those of a block with a tile of [128, 32]}}
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i floordiv 64)>], iterator_types = ["reduction", "reduction"]}
    ins(%t : memref<128x32xf32>) outs(%sums : memref<2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  plan.return
}
