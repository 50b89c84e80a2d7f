// Buffers and operations that no kernel can have.

// RUN: pdq-opt %s --pdq-outline-kernels --split-input-file --verify-diagnostics

func.func @scalar(%x: memref<4xf32>, %y: memref<4xf32>, %a: f32) {
  // expected-error @below {{cannot be executed: it reads a scalar that is computed outside of a linalg operation}}
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%x : memref<4xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%e: f32, %o: f32):
    %p = arith.mulf %e, %a : f32
    linalg.yield %p : f32
  }
  return
}

// -----

func.func @layout(%x: memref<4xf32, strided<[1], offset: ?>>, %y: memref<4xf32>) {
  // expected-error @below {{cannot be executed: buffer of type 'memref<4xf32, strided<[1], offset: ?>>' has no static layout}}
  linalg.copy ins(%x : memref<4xf32, strided<[1], offset: ?>>) outs(%y : memref<4xf32>)
  return
}

// -----

func.func @no_kernel(%x: memref<4xf32>, %y: memref<4xf32>) {
  // expected-error @below {{cannot be executed: it has no form as a kernel}}
  memref.copy %x, %y : memref<4xf32> to memref<4xf32>
  return
}
