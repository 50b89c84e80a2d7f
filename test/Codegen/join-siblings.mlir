// Which products run in one launch.

// RUN: pdq-opt %s --pdq-join-siblings | FileCheck %s
// RUN: pdq-opt %s --pdq-join-siblings --pdq-emit-gpu-kernels | FileCheck %s --check-prefix=EMIT
// RUN: pdq-opt %s --pdq-join-siblings --pdq-print-plan-cost="chip=sm_90a math=tf32" -o /dev/null 2>&1 | FileCheck %s --check-prefix=COST

#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>

func.func private @product(%x: memref<64x16xf32> {llvm.align = 16 : i64}, %w: memref<16x32xf32> {llvm.align = 16 : i64}, %y: memref<64x32xf32, strided<[64, 1]>> {llvm.align = 16 : i64}, %b: index, %e: index) attributes {pdq.kernel} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<64x32xf32, strided<[64, 1]>>)
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x16xf32>, memref<16x32xf32>) outs(%y : memref<64x32xf32, strided<[64, 1]>>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %m = arith.mulf %a, %c : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  return
}

func.func private @copy(%x: memref<16x32xf32>, %y: memref<16x32xf32>, %b: index, %e: index) attributes {pdq.kernel} {
  linalg.copy ins(%x : memref<16x32xf32>) outs(%y : memref<16x32xf32>)
  return
}

// Both read %x, and write different columns of %y: the second moves to the first,
// across a launch that has nothing to do with it.
// COST-LABEL:  plan of @columns
// COST-NEXT:   kernel
// The image once, both filters, both halves: 4096 + 2 * 2048, 2 * 8192.
// COST-NEXT:   joined_{{[0-9a-f]+}} matrix 8192 16384
// COST:        launches: 2
// COST:        product bytes: 24576
// CHECK-LABEL: func.func @columns(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[V:[a-z0-9]+]]: memref<16x32xf32>, %[[U:[a-z0-9]+]]: memref<16x32xf32>, %[[Y:[a-z0-9]+]]: memref<64x64xf32>)
// CHECK-DAG:     %[[LOW:.+]] = memref.subview %[[Y]][0, 0] [64, 32] [1, 1]
// CHECK-DAG:     %[[HIGH:.+]] = memref.subview %[[Y]][0, 32] [64, 32] [1, 1]
// CHECK-DAG:     %[[H:.+]] = builtin.unrealized_conversion_cast %[[HIGH]]
// CHECK:         call @joined_[[$PAIR:[0-9a-f]+]](%[[X]], %[[W]], %[[LOW]], %[[V]], %[[H]],
// CHECK-NEXT:    call @copy(%[[U]], %[[W]],
// CHECK-NEXT:    return
func.func @columns(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %v: memref<16x32xf32>, %u: memref<16x32xf32>, %y: memref<64x64xf32>) {
  %c0 = arith.constant 0 : index
  %0 = memref.subview %y[0, 0] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1]>>
  call @product(%x, %w, %0, %c0, %c0) : (memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>, index, index) -> ()
  call @copy(%u, %w, %c0, %c0) : (memref<16x32xf32>, memref<16x32xf32>, index, index) -> ()
  %1 = memref.subview %y[0, 32] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1], offset: 32>>
  %high = builtin.unrealized_conversion_cast %1 : memref<64x32xf32, strided<[64, 1], offset: 32>> to memref<64x32xf32, strided<[64, 1]>>
  call @product(%x, %v, %high, %c0, %c0) : (memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>, index, index) -> ()
  return
}

// The launch between writes a factor of the second; columns meet; other operands.
// CHECK-LABEL: func.func @declined(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[V:[a-z0-9]+]]: memref<16x32xf32>, %[[Z:[a-z0-9]+]]: memref<64x16xf32>, %[[Y:[a-z0-9]+]]: memref<64x64xf32>)
// CHECK:         %[[LOW:.+]] = memref.subview %[[Y]][0, 0]
// CHECK:         call @product(%[[X]], %[[W]], %[[LOW]],
// CHECK-NEXT:    call @copy(%[[W]], %[[V]],
// CHECK:         %[[HIGH:.+]] = builtin.unrealized_conversion_cast
// CHECK-NEXT:    call @product(%[[X]], %[[V]], %[[HIGH]],
// CHECK-NEXT:    call @product(%[[Z]], %[[W]], %[[HIGH]],
// CHECK-NEXT:    return
func.func @declined(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %v: memref<16x32xf32>, %z: memref<64x16xf32>, %y: memref<64x64xf32>) {
  %c0 = arith.constant 0 : index
  %0 = memref.subview %y[0, 0] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1]>>
  call @product(%x, %w, %0, %c0, %c0) : (memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>, index, index) -> ()
  call @copy(%w, %v, %c0, %c0) : (memref<16x32xf32>, memref<16x32xf32>, index, index) -> ()
  %1 = memref.subview %y[0, 32] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1], offset: 32>>
  %high = builtin.unrealized_conversion_cast %1 : memref<64x32xf32, strided<[64, 1], offset: 32>> to memref<64x32xf32, strided<[64, 1]>>
  call @product(%x, %v, %high, %c0, %c0) : (memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>, index, index) -> ()
  call @product(%z, %w, %high, %c0, %c0) : (memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>, index, index) -> ()
  return
}

// CHECK-LABEL: func.func @overlapping(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[V:[a-z0-9]+]]: memref<16x32xf32>,
// CHECK:         call @product(%[[X]], %[[W]],
// CHECK-NEXT:    call @product(%[[X]], %[[V]],
// CHECK-NEXT:    return
func.func @overlapping(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %v: memref<16x32xf32>, %y: memref<64x64xf32>) {
  %c0 = arith.constant 0 : index
  %0 = memref.subview %y[0, 0] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1]>>
  %1 = memref.subview %y[0, 28] [64, 32] [1, 1] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 1], offset: 28>>
  %high = builtin.unrealized_conversion_cast %1 : memref<64x32xf32, strided<[64, 1], offset: 28>> to memref<64x32xf32, strided<[64, 1]>>
  call @product(%x, %w, %0, %c0, %c0) : (memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>, index, index) -> ()
  call @product(%x, %v, %high, %c0, %c0) : (memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>, index, index) -> ()
  return
}

// Rows that are counted backwards meet the others; of columns that are one element
// nothing is known.
// CHECK-LABEL: func.func @backwards(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[V:[a-z0-9]+]]: memref<16x32xf32>,
// CHECK:         call @product(%[[X]], %[[W]],
// CHECK-NEXT:    call @product(%[[X]], %[[V]],
// CHECK-NEXT:    return
// CHECK-LABEL: func.func @repeated(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x16xf32>, %[[W:[a-z0-9]+]]: memref<16x32xf32>, %[[V:[a-z0-9]+]]: memref<16x32xf32>,
// CHECK:         call @product(%[[X]], %[[W]],
// CHECK-NEXT:    call @product(%[[X]], %[[V]],
// CHECK-NEXT:    return
func.func @backwards(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %v: memref<16x32xf32>, %y: memref<128x64xf32>) {
  %c0 = arith.constant 0 : index
  %0 = memref.subview %y[126, 0] [64, 32] [-1, 1] : memref<128x64xf32> to memref<64x32xf32, strided<[-64, 1], offset: 8064>>
  %back = builtin.unrealized_conversion_cast %0 : memref<64x32xf32, strided<[-64, 1], offset: 8064>> to memref<64x32xf32, strided<[64, 1]>>
  %1 = memref.subview %y[64, 0] [64, 32] [1, 1] : memref<128x64xf32> to memref<64x32xf32, strided<[64, 1], offset: 4096>>
  %on = builtin.unrealized_conversion_cast %1 : memref<64x32xf32, strided<[64, 1], offset: 4096>> to memref<64x32xf32, strided<[64, 1]>>
  call @product(%x, %w, %back, %c0, %c0) : (memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>, index, index) -> ()
  call @product(%x, %v, %on, %c0, %c0) : (memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>, index, index) -> ()
  return
}
func.func @repeated(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %v: memref<16x32xf32>, %z: memref<64x64xf32>) {
  %c0 = arith.constant 0 : index
  %2 = memref.subview %z[0, 0] [64, 32] [1, 0] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 0]>>
  %one = builtin.unrealized_conversion_cast %2 : memref<64x32xf32, strided<[64, 0]>> to memref<64x32xf32, strided<[64, 1]>>
  %3 = memref.subview %z[0, 0] [64, 32] [1, 0] : memref<64x64xf32> to memref<64x32xf32, strided<[64, 0]>>
  %same = builtin.unrealized_conversion_cast %3 : memref<64x32xf32, strided<[64, 0]>> to memref<64x32xf32, strided<[64, 1]>>
  call @product(%x, %w, %one, %c0, %c0) : (memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>, index, index) -> ()
  call @product(%x, %v, %same, %c0, %c0) : (memref<64x16xf32>, memref<16x32xf32>, memref<64x32xf32, strided<[64, 1]>>, index, index) -> ()
  return
}

// The operations of one product behind those of the other.
// CHECK:       func.func private @joined_[[$PAIR]](%[[X:[a-z0-9]+]]: memref<64x16xf32> {{.*}}, %[[W:[a-z0-9]+]]: memref<16x32xf32> {{.*}}, %[[Y:[a-z0-9]+]]: memref<64x32xf32, strided<[64, 1]>> {{.*}}, %[[V:[a-z0-9]+]]: memref<16x32xf32> {{.*}}, %[[Z:[a-z0-9]+]]: memref<64x32xf32, strided<[64, 1]>>
// CHECK-SAME:      attributes {pdq.kernel, pdq.siblings = array<i64: 2, 2>, pdq.tile = array<i64: 64, 16, 32>}
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[Y]] :
// CHECK:         linalg.generic {{.*}} ins(%[[X]], %[[W]] : {{.*}}) outs(%[[Y]] :
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[Z]] :
// CHECK:         linalg.generic {{.*}} ins(%[[X]], %[[V]] : {{.*}}) outs(%[[Z]] :

// Every second block does the second product; both use the same shared memory.
// EMIT:        func.func private @joined_{{.*}}pdq.block = array<i64: 128, 1, 1>, pdq.form = "matrix", pdq.grid = array<i64: 4, 1, 1>
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
// EMIT:          return
