// Which products run in one launch.

// RUN: pdq-opt %s --pdq-fuse-kernels="elementwise=false rows=false contractions=false" | FileCheck %s
// RUN: pdq-opt %s --pdq-fuse-kernels="elementwise=false rows=false contractions=false" --pdq-emit-gpu-kernels | FileCheck %s --check-prefix=EMIT
// RUN: pdq-opt %s --pdq-fuse-kernels="elementwise=false rows=false contractions=false" --pdq-set-target="chip=sm_90a math=tf32" --pdq-print-plan-cost -o /dev/null 2>&1 | FileCheck %s --check-prefix=COST

#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>

plan.kernel @product(%x: memref<64x16xf32> {llvm.align = 16 : i64}, %w: memref<16x32xf32> {llvm.align = 16 : i64}, %y: memref<64x32xf32, strided<[64, 1]>> {llvm.align = 16 : i64}) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<64x32xf32, strided<[64, 1]>>)
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x16xf32>, memref<16x32xf32>) outs(%y : memref<64x32xf32, strided<[64, 1]>>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %m = arith.mulf %a, %c : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  plan.return
}
plan.kernel @repeating(%x: memref<64x16xf32> {llvm.align = 16 : i64}, %w: memref<16x32xf32> {llvm.align = 16 : i64}, %y: memref<64x32xf32, strided<[64, 0]>> {llvm.align = 16 : i64}) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<64x32xf32, strided<[64, 0]>>)
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x16xf32>, memref<16x32xf32>) outs(%y : memref<64x32xf32, strided<[64, 0]>>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %m = arith.mulf %a, %c : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  plan.return
}

plan.kernel @copy(%x: memref<16x32xf32>, %y: memref<16x32xf32>) {
  linalg.copy ins(%x : memref<16x32xf32>) outs(%y : memref<16x32xf32>)
  plan.return
}

// Both read %x, and write different columns of %y: the second moves to the first,
// across a launch that has nothing to do with it.
// COST-LABEL:  plan of @columns
// COST-NEXT:   kernel
// The image once, both filters, both halves: 4096 + 2 * 2048, 2 * 8192.
// COST-NEXT:   fused_{{[0-9a-f]+}} matrix 8192 16384
// COST:        launches: 2
// COST:        product bytes: 24576
// CHECK-LABEL: plan.program @columns(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[V:[a-z0-9]+]]: memref<16x32xf32>, %[[U:[a-z0-9]+]]: memref<16x32xf32>, %[[Y:[a-z0-9]+]]: memref<64x64xf32>)
// CHECK-DAG:     %[[LOW:.+]] = memref.subview %[[Y]][0, 0] [64, 32] [1, 1]
// CHECK-DAG:     %[[HIGH:.+]] = memref.subview %[[Y]][0, 32] [64, 32] [1, 1]
// CHECK:         plan.launch @fused_[[$PAIR:[0-9a-f]+]](%[[X]], %[[W]], %[[LOW]], %[[V]], %[[HIGH]])
// CHECK-NEXT:    plan.launch @copy(%[[U]], %[[W]])
// CHECK-NEXT:    plan.return
plan.program @columns(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %v: memref<16x32xf32>, %u: memref<16x32xf32>, %y: memref<64x64xf32>) {
  %0 = memref.subview %y[0, 0] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1]>>
  plan.launch @product(%x, %w, %0) : memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>
  plan.launch @copy(%u, %w) : memref<16x32xf32>, memref<16x32xf32>
  %1 = memref.subview %y[0, 32] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1], offset: 32>>
  plan.launch @product(%x, %v, %1) : memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1], offset: 32>>
  plan.return
}

// The launch between writes a factor of the second; columns meet; other operands.
// CHECK-LABEL: plan.program @declined(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[V:[a-z0-9]+]]: memref<16x32xf32>, %[[Z:[a-z0-9]+]]: memref<64x16xf32>, %[[Y:[a-z0-9]+]]: memref<64x64xf32>)
// CHECK:         %[[LOW:.+]] = memref.subview %[[Y]][0, 0]
// CHECK:         plan.launch @product(%[[X]], %[[W]], %[[LOW]])
// CHECK-NEXT:    plan.launch @copy(%[[W]], %[[V]])
// CHECK:         %[[HIGH:.+]] = memref.subview %[[Y]][0, 32]
// CHECK-NEXT:    plan.launch @product(%[[X]], %[[V]], %[[HIGH]])
// CHECK-NEXT:    plan.launch @product(%[[Z]], %[[W]], %[[HIGH]])
// CHECK-NEXT:    plan.return
plan.program @declined(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %v: memref<16x32xf32>, %z: memref<64x16xf32>, %y: memref<64x64xf32>) {
  %0 = memref.subview %y[0, 0] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1]>>
  plan.launch @product(%x, %w, %0) : memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>
  plan.launch @copy(%w, %v) : memref<16x32xf32>, memref<16x32xf32>
  %1 = memref.subview %y[0, 32] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1], offset: 32>>
  plan.launch @product(%x, %v, %1) : memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1], offset: 32>>
  plan.launch @product(%z, %w, %1) : memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1], offset: 32>>
  plan.return
}

// CHECK-LABEL: plan.program @overlapping(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[V:[a-z0-9]+]]: memref<16x32xf32>,
// CHECK:         plan.launch @product(%[[X]], %[[W]], %{{.+}})
// CHECK-NEXT:    plan.launch @product(%[[X]], %[[V]], %{{.+}})
// CHECK-NEXT:    plan.return
plan.program @overlapping(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %v: memref<16x32xf32>, %y: memref<64x64xf32>) {
  %0 = memref.subview %y[0, 0] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1]>>
  %1 = memref.subview %y[0, 28] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1], offset: 28>>
  plan.launch @product(%x, %w, %0) : memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>
  plan.launch @product(%x, %v, %1) : memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1], offset: 28>>
  plan.return
}

// Columns that are one element meet.
// CHECK-LABEL: plan.program @repeated(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[V:[a-z0-9]+]]: memref<16x32xf32>,
// CHECK:         plan.launch @repeating(%[[X]], %[[W]], %{{.+}})
// CHECK-NEXT:    plan.launch @repeating(%[[X]], %[[V]], %{{.+}})
// CHECK-NEXT:    plan.return
plan.program @repeated(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %v: memref<16x32xf32>, %z: memref<64x64xf32>) {
  %2 = memref.subview %z[0, 0] [64, 32] [1, 0] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 0]>>
  %3 = memref.subview %z[0, 0] [64, 32] [1, 0] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 0]>>
  plan.launch @repeating(%x, %w, %2) : memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 0]>>
  plan.launch @repeating(%x, %v, %3) : memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 0]>>
  plan.return
}

// The operations of one product behind those of the other.
// CHECK:       plan.kernel @fused_[[$PAIR]](%[[X:[a-z0-9]+]]: memref<64x16xf32> {{.*}}, %[[W:[a-z0-9]+]]: memref<16x32xf32> {{.*}}, %[[Y:[a-z0-9]+]]: memref<64x32xf32, strided<[64, 1]>> {{.*}}, %[[V:[a-z0-9]+]]: memref<16x32xf32> {{.*}}, %[[Z:[a-z0-9]+]]: memref<64x32xf32, strided<[64, 1]>>
// CHECK-SAME:      groups([2, 2]) tile(<64x16x32>)
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[Y]] :
// CHECK:         linalg.generic {{.*}} ins(%[[X]], %[[W]] : {{.*}}) outs(%[[Y]] :
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[Z]] :
// CHECK:         linalg.generic {{.*}} ins(%[[X]], %[[V]] : {{.*}}) outs(%[[Z]] :

// Every second block does the second product; both use the same shared memory.
// EMIT:        plan.kernel @fused_{{.*}}form(matrix) launch(<grid = [4, 1, 1], block = [128, 1, 1]>)
// EMIT-COUNT-2:  memref.alloc()
// EMIT-NOT:      memref.alloc()
// EMIT:          %[[BLOCK:.+]] = gpu.block_id x
// EMIT:          %[[TURN:.+]] = arith.remui %[[BLOCK]], %c2
// EMIT:          arith.divui %[[BLOCK]], %c2
// EMIT:          scf.index_switch %[[TURN]]
// EMIT-NEXT:     case 1 {
// EMIT:            gpu.barrier
// EMIT:          default {
// EMIT:            gpu.barrier
// EMIT:          plan.return
