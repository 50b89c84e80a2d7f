// Kernels of several operations are a GPU's.

// RUN: pdq-opt %s --pdq-emit-cpu-kernels --split-input-file --verify-diagnostics

plan.kernel @fused(%x: memref<4x4xf32>, %t: memref<4xf32>, %y: memref<4xf32>) {
  // expected-error @below {{has no form of code: none here takes several operations}}
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<4x4xf32>) outs(%t : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  linalg.copy ins(%t : memref<4xf32>) outs(%y : memref<4xf32>)
  plan.return
}

// -----

plan.kernel @filled(%x: memref<4x4xf32>, %t: memref<4xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%t : memref<4xf32>)
  // expected-error @below {{has no form of code}}
  // expected-note @below {{not 'vector': it holds the fill that it starts from}}
  // expected-note @below {{not 'scalar': it holds the fill that it starts from}}
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<4x4xf32>) outs(%t : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  plan.return
}
