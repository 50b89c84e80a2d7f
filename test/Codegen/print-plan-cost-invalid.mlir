// Plans whose cost is not known: kernels that are code already, constants without data.

// RUN: pdq-opt %s --pdq-set-target=chip=sm_80 --pdq-print-plan-cost --split-input-file --verify-diagnostics

plan.program @main(%x: memref<4xf32>) {
  plan.launch @k(%x) : memref<4xf32>
  plan.return
}
// expected-error @below {{kernel holds no linalg operation, expected the form that pdq-fuse-kernels leaves}}
plan.kernel @k(%x: memref<4xf32>) {
  plan.return
}

// -----

memref.global "private" @data : memref<4xf32>
plan.program @main(%y: memref<4xf32>) {
  // expected-error @below {{cannot be executed: constant has no value}}
  %x = memref.get_global @data : memref<4xf32>
  plan.launch @k(%x, %y) : memref<4xf32>, memref<4xf32>
  plan.return
}
plan.kernel @k(%x: memref<4xf32>, %y: memref<4xf32>) {
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
  plan.return
}
