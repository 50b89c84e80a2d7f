// Kernels with a range become functions for upstream's lowering to LLVM.

// RUN: pdq-opt %s --pdq-convert-kernels-to-func --split-input-file --verify-diagnostics | FileCheck %s

// The range is the last two arguments; what a result's place is does not matter to
// the code any more.
// CHECK-LABEL: func.func @loops(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8xf32> {llvm.align = 16 : i64}, %[[Y:[a-z0-9]+]]: memref<8xf32>, %[[BEGIN:[a-z0-9]+]]: index, %[[END:[a-z0-9]+]]: index) {
// CHECK:         scf.for %[[I:.+]] = %[[BEGIN]] to %[[END]]
// CHECK-NEXT:      %[[V:.+]] = memref.load %[[X]][%[[I]]]
// CHECK-NEXT:      memref.store %[[V]], %[[Y]][%[[I]]]
// CHECK:         return
plan.kernel @loops(%x: memref<8xf32> {llvm.align = 16 : i64}, %y: memref<8xf32> {plan.register_only}) form(scalar) range(8) {
  %begin, %end = plan.range
  %c1 = arith.constant 1 : index
  scf.for %i = %begin to %end step %c1 {
    %v = memref.load %x[%i] : memref<8xf32>
    memref.store %v, %y[%i] : memref<8xf32>
  }
  plan.return
}

// -----

// expected-error@+1 {{'plan.kernel' op has no code for a CPU: run pdq-emit-cpu-kernels}}
plan.kernel @k(%x: memref<4xf32>) {
  plan.return
}
