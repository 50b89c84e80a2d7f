// Kernels that are no code yet cannot be launched.

// RUN: pdq-opt %s --pdq-convert-kernels-to-gpu --split-input-file --verify-diagnostics

// expected-error@+1 {{kernel has no launch: run pdq-emit-gpu-kernels}}
func.func private @k(%x: memref<4xf32>, %begin: index, %end: index) attributes {pdq.kernel} {
  return
}
