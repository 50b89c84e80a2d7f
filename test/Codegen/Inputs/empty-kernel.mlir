// A kernel without an operation: lower-kernels-to-loops.mlir.
func.func private @empty(%x: memref<4xf32>, %begin: index, %end: index) attributes {pdq.kernel} {
  return
}
