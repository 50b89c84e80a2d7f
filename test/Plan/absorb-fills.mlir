// A reduction takes the fill of its result along into its kernel, and starts
// from the value.

// RUN: pdq-opt %s --pdq-outline-kernels=absorb-fills | FileCheck %s
// RUN: pdq-opt %s --pdq-outline-kernels=absorb-fills --pdq-emit-gpu-kernels 2>&1 | FileCheck %s --check-prefix=EMIT

#id = affine_map<(n, c) -> (n, c)>
#row = affine_map<(n, c) -> (n)>

// The recurrence is no sum: it takes the slow fallback, which stores the value.
// CHECK-LABEL: plan.program @recurrence
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<8x4xf32>, %[[Y:[a-z0-9]+]]: memref<8xf32>)
// CHECK-NOT: @fill
// CHECK: plan.launch @generic_{{.*}}(%[[X]], %[[Y]])
// CHECK-NEXT: plan.return
func.func @recurrence(%x: memref<8x4xf32>, %y: memref<8xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%y : memref<8xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<8x4xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %d = arith.mulf %o, %o : f32
    %s = arith.addf %d, %a : f32
    linalg.yield %s : f32
  }
  return
}

// The result is read in between: the fill stays.
// CHECK-LABEL: plan.program @read_between
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<8x4xf32>, %[[Y:[a-z0-9]+]]: memref<8xf32>, %[[Z:[a-z0-9]+]]: memref<8xf32>)
// CHECK: plan.launch @fill_{{[0-9a-f]+}}(%[[Y]])
// CHECK: plan.launch @copy_{{[0-9a-f]+}}(%[[Y]], %[[Z]])
// CHECK: plan.launch @generic_{{[0-9a-f]+}}(%[[X]], %[[Y]])
// CHECK: plan.return
func.func @read_between(%x: memref<8x4xf32>, %y: memref<8xf32>, %z: memref<8xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%y : memref<8xf32>)
  linalg.copy ins(%y : memref<8xf32>) outs(%z : memref<8xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<8x4xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  return
}

// CHECK: plan.kernel @generic_{{[0-9a-f]+}}(%[[X:[a-z0-9]+]]: memref<8x4xf32>, %[[Y:[a-z0-9]+]]: memref<8xf32>
// CHECK: %[[ONE:.+]] = arith.constant 1.000000e+00
// CHECK-NEXT: linalg.fill ins(%[[ONE]] : f32) outs(%[[Y]] : memref<8xf32>)
// CHECK-NEXT: linalg.generic {{.*}} ins(%[[X]] : memref<8x4xf32>) outs(%[[Y]] : memref<8xf32>)
// EMIT: remark: kernel takes the slow fallback
// EMIT: form(scalar)
// EMIT: scf.if
// EMIT: memref.store %{{.*}}, %arg1[%{{.*}}]
// EMIT: scf.for
