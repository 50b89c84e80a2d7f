// Kernels with a launch become gpu.func, calls of them gpu.launch_func (the
// message for those without one: gpu-kernels-invalid.mlir).

// RUN: pdq-opt %s --pdq-convert-kernels-to-gpu --canonicalize --split-input-file | FileCheck %s

// Both launches keep their buffers in order; the program is a function.
// CHECK:       module attributes {gpu.container_module}
// CHECK-LABEL: func.func @twice(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: memref<8xf32>, %[[B:[a-z0-9]+]]: memref<8xf32>)
// CHECK-DAG:     %[[GX:.+]] = arith.constant 2 : index
// CHECK-DAG:     %[[GY:.+]] = arith.constant 3 : index
// CHECK-DAG:     %[[GZ:.+]] = arith.constant 5 : index
// CHECK-DAG:     %[[BX:.+]] = arith.constant 64 : index
// CHECK:         gpu.launch_func @kernels::@copy blocks in (%[[GX]], %[[GY]], %[[GZ]]) threads in (%[[BX]], %{{.+}}, %{{.+}}) args(%[[A]] : memref<8xf32>, %[[B]] : memref<8xf32>)
// CHECK:         gpu.launch_func @kernels::@copy {{.*}} args(%[[B]] : memref<8xf32>, %[[A]] : memref<8xf32>)
// CHECK-NEXT:    return
// CHECK:       gpu.module @kernels {
// CHECK-NEXT:    gpu.func @copy(%[[X:[a-z0-9_]+]]: memref<8xf32> {llvm.align = 16 : i64}, %[[Y:[a-z0-9_]+]]: memref<8xf32>) kernel
// CHECK-SAME:      known_block_size = array<i32: 64, 1, 1>
// CHECK-SAME:      nvvm.minctasm = 2 : i32
// CHECK:           %[[ZERO:.+]] = arith.constant 0 : index
// CHECK:           %[[V:.+]] = memref.load %[[X]][%[[ZERO]]]
// CHECK-NEXT:      memref.store %[[V]], %[[Y]][%[[ZERO]]]
// CHECK-NEXT:      gpu.return
// CHECK-NOT:   plan.kernel
plan.program @twice(%a: memref<8xf32>, %b: memref<8xf32>) {
  plan.launch @copy(%a, %b) : memref<8xf32>, memref<8xf32>
  plan.launch @copy(%b, %a) : memref<8xf32>, memref<8xf32>
  plan.return
}
plan.kernel @copy(%x: memref<8xf32> {llvm.align = 16 : i64}, %y: memref<8xf32>) form(elementwise) launch(<grid = [2, 3, 5], block = [64, 1, 1], min_blocks = 2>) {
  %c0 = arith.constant 0 : index
  %v = memref.load %x[%c0] : memref<8xf32>
  memref.store %v, %y[%c0] : memref<8xf32>
  plan.return
}

// -----

// A buffer in shared memory of a fixed size belongs to the function.
// CHECK-LABEL: gpu.func @static_shared_memory(
// CHECK-SAME:    workgroup(%[[S:.+]] : memref<32xf32, #gpu.address_space<workgroup>>)
// CHECK-NOT:     memref.alloc
// CHECK:         memref.load %[[S]]
plan.kernel @static_shared_memory(%y: memref<8xf32>) form(elementwise) launch(<grid = [1, 1, 1], block = [32, 1, 1]>) {
  %c0 = arith.constant 0 : index
  %s = memref.alloc() : memref<32xf32, #gpu.address_space<workgroup>>
  %v = memref.load %s[%c0] : memref<32xf32, #gpu.address_space<workgroup>>
  memref.store %v, %y[%c0] : memref<8xf32>
  plan.return
}

// -----

// 24 bytes, then what is aligned to 1024: it begins at byte 1024 of what the launch
// gives. The launch says how much that is.
// CHECK-LABEL: func.func @launches(
// CHECK:         %[[BYTES:.+]] = arith.constant 1152 : i32
// CHECK:         gpu.launch_func @kernels::@shared_memory_of_the_launch {{.*}} dynamic_shared_memory_size %[[BYTES]] args
// CHECK:         memref.global @pdq_dynamic_shared : memref<0xi8, #gpu.address_space<workgroup>> {alignment = 1024 : i64}
// CHECK:         gpu.func @shared_memory_of_the_launch(
// CHECK-DAG:       %[[FIRST:.+]] = arith.constant 0 : index
// CHECK-DAG:       %[[SECOND:.+]] = arith.constant 1024 : index
// CHECK:           %[[BASE:.+]] = memref.get_global @pdq_dynamic_shared
// CHECK-DAG:       %[[S:.+]] = memref.view %[[BASE]][%[[FIRST]]][] : {{.*}} to memref<6xf32,
// CHECK-DAG:       %[[T:.+]] = memref.view %[[BASE]][%[[SECOND]]][] : {{.*}} to memref<32xf32,
// CHECK:           %[[V:.+]] = memref.load %[[S]]
// CHECK:           memref.store %[[V]], %[[T]]
plan.program @launches(%a: memref<8xf32>) {
  plan.launch @shared_memory_of_the_launch(%a) : memref<8xf32>
  plan.return
}
plan.kernel @shared_memory_of_the_launch(%y: memref<8xf32>) form(elementwise) launch(<grid = [1, 1, 1], block = [32, 1, 1], shared_bytes = 1152>) {
  %c0 = arith.constant 0 : index
  %s = memref.alloc() : memref<6xf32, #gpu.address_space<workgroup>>
  %t = memref.alloc() {alignment = 1024 : i64} : memref<32xf32, #gpu.address_space<workgroup>>
  %v = memref.load %s[%c0] : memref<6xf32, #gpu.address_space<workgroup>>
  memref.store %v, %t[%c0] : memref<32xf32, #gpu.address_space<workgroup>>
  plan.return
}

// -----

// A module without kernels stays as it is.
// CHECK-LABEL: func.func @no_kernels(
// CHECK-NOT:   gpu.module
func.func @no_kernels(%a: memref<8xf32>) {
  return
}
