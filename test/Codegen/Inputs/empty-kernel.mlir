// A kernel without an operation: emit-cpu-kernels-loops.mlir.
plan.kernel @empty(%x: memref<4xf32>) {
  plan.return
}
