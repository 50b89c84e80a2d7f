// RUN: pdq-opt %s --pdq-convert-kernels-to-gpu --split-input-file --verify-diagnostics

// expected-error@+1 {{has no launch: run pdq-emit-gpu-kernels}}
plan.kernel @k(%x: memref<4xf32>) {
  plan.return
}
