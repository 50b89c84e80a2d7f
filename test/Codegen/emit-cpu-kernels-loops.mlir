// Scalar loops.

// RUN: pdq-opt %s --pdq-emit-cpu-kernels=vector-width=0 --canonicalize | FileCheck %s
// RUN: not pdq-opt %S/Inputs/empty-kernel.mlir --pdq-emit-cpu-kernels=vector-width=0 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: error: 'plan.kernel' op kernel holds 0 linalg operations, expected 1

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#col = affine_map<(i, j) -> (j)>

// The caller says which of the 8 rows; the outer loop has no other bounds.
// CHECK-LABEL: plan.kernel @rows_of_a_range(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8x4xf32>, %[[Y:[a-z0-9]+]]: memref<8xf32>)
// CHECK-SAME:    form(scalar) range(8)
// CHECK-DAG:     %[[C0:.+]] = arith.constant 0 : index
// CHECK-DAG:     %[[C4:.+]] = arith.constant 4 : index
// CHECK:         %[[BEGIN:.+]], %[[END:.+]] = plan.range
// CHECK:         scf.for %[[I:.+]] = %[[BEGIN]] to %[[END]] step
// CHECK-NEXT:      scf.for %[[J:.+]] = %[[C0]] to %[[C4]] step
// CHECK-NEXT:        %[[A:.+]] = memref.load %[[X]][%[[I]], %[[J]]]
// CHECK-NEXT:        %[[O:.+]] = memref.load %[[Y]][%[[I]]]
// CHECK-NEXT:        %[[S:.+]] = arith.mulf %[[O]], %[[A]]
// CHECK-NEXT:        memref.store %[[S]], %[[Y]][%[[I]]]
// CHECK-NOT:     linalg
plan.kernel @rows_of_a_range(%x: memref<8x4xf32>, %y: memref<8xf32>) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<8x4xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.mulf %o, %a : f32
    linalg.yield %s : f32
  }
  plan.return
}

// Two ranges would multiply into the same four elements: there is one.
// CHECK-LABEL: plan.kernel @outer_loop_of_a_reduction(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8x4xf32>, %[[Y:[a-z0-9]+]]: memref<4xf32>)
// CHECK-SAME:    form(scalar) range(1)
// CHECK-DAG:     %[[C0:.+]] = arith.constant 0 : index
// CHECK-DAG:     %[[C8:.+]] = arith.constant 8 : index
// CHECK:         scf.for %[[I:.+]] = %[[C0]] to %[[C8]] step
// CHECK-NOT:     plan.range
// CHECK:         plan.return
plan.kernel @outer_loop_of_a_reduction(%x: memref<8x4xf32>, %y: memref<4xf32>) {
  linalg.generic {indexing_maps = [#id, #col], iterator_types = ["reduction", "parallel"]}
    ins(%x : memref<8x4xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.mulf %o, %a : f32
    linalg.yield %s : f32
  }
  plan.return
}

// Why the emitter declined stays.
// CHECK-LABEL: plan.kernel @with_a_reason(
// CHECK-SAME:    form(scalar) declined("it multiplies") range(4)
plan.kernel @with_a_reason(%x: memref<4xf32>, %y: memref<4xf32>) declined("it multiplies") {
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
  plan.return
}

// A kernel with a range is code already, and what is no kernel is none of ours.
// CHECK-LABEL: plan.kernel @emitted(
// CHECK-NEXT:    linalg.copy
plan.kernel @emitted(%x: memref<4xf32>, %y: memref<4xf32>) form(vector) range(2) {
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
  plan.return
}
// CHECK-LABEL: func.func @no_kernel(
// CHECK-NEXT:    linalg.copy
func.func @no_kernel(%x: memref<4xf32>, %y: memref<4xf32>) {
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
  return
}
