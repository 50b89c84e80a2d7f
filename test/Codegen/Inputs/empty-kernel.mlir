// A kernel without an operation: lower-kernels-to-loops.mlir.
plan.kernel @empty(%x: memref<4xf32>) {
  plan.return
}
