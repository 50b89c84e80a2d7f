// The plan dialect survives printing and parsing, as text and as bytecode.

// RUN: pdq-opt %s | pdq-opt | FileCheck %s
// RUN: pdq-opt %s --emit-bytecode | pdq-opt | FileCheck %s
// RUN: pdq-opt %s --mlir-print-op-generic | pdq-opt | FileCheck %s

// CHECK: module attributes {plan.target = #plan.target<chip = "sm_90a", math = tf32>}
module attributes {plan.target = #plan.target<chip = "sm_90a", math = tf32>} {
  // A view is passed as what it is; its offset is the launch's.
  // CHECK-LABEL: plan.program @step(
  // CHECK-SAME:    %[[X:[a-z0-9_]+]]: memref<8xf32>, %[[K:[a-z0-9_]+]]: memref<8xf32> {plan.persistent = 0 : i64}, %[[Y:[a-z0-9_]+]]: memref<4xf32> {plan.result = 0 : i64}) initializer(@step.constants) {
  // CHECK-NEXT:    %[[V:.+]] = memref.subview %[[X]][4] [4] [1]
  // CHECK-NEXT:    plan.launch @copy(%[[V]], %[[Y]]) : memref<4xf32, strided<[1], offset: 4>>, memref<4xf32>
  // CHECK-NEXT:    plan.return
  plan.program @step(%x: memref<8xf32>, %k: memref<8xf32> {plan.persistent = 0 : i64}, %y: memref<4xf32> {plan.result = 0 : i64}) initializer(@step.constants) {
    %v = memref.subview %x[4] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: 4>>
    plan.launch @copy(%v, %y) : memref<4xf32, strided<[1], offset: 4>>, memref<4xf32>
    plan.return
  }
  plan.program @step.constants(%k: memref<8xf32> {plan.result = 0 : i64}) {
    plan.return
  }

  // CHECK-LABEL: plan.kernel @copy(%{{.+}}: memref<4xf32, strided<[1]>> {llvm.align = 16 : i64}, %{{.+}}: memref<4xf32>) {
  plan.kernel @copy(%x: memref<4xf32, strided<[1]>> {llvm.align = 16 : i64}, %y: memref<4xf32>) {
    linalg.copy ins(%x : memref<4xf32, strided<[1]>>) outs(%y : memref<4xf32>)
    plan.return
  }

  // CHECK-LABEL: plan.kernel @rows(%{{.+}}: memref<4x8xf32> {plan.register_only}) rows(1) {
  plan.kernel @rows(%x: memref<4x8xf32> {plan.register_only}) rows(1) {
    plan.return
  }

  // CHECK-LABEL: plan.kernel @grouped(
  // CHECK-SAME:    groups([1, 1]) tile(<64x32x16>) {
  plan.kernel @grouped(%x: memref<4xf32>, %y: memref<4xf32>, %z: memref<4xf32>) groups([1, 1]) tile(<64x32x16>) {
    linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
    linalg.copy ins(%x : memref<4xf32>) outs(%z : memref<4xf32>)
    plan.return
  }

  // Clauses stand in any order and are printed in one.
  // CHECK-LABEL: plan.kernel @emitted()
  // CHECK-SAME:    tile(<64x32x16>) form(matrix) launch(<grid = [2, 1, 1], block = [128, 1, 1], shared_bytes = 98304, min_blocks = 2>) attributes {my.note = 1 : i64} {
  plan.kernel @emitted() launch(<grid = [2, 1, 1], block = [128, 1, 1], shared_bytes = 98304, min_blocks = 2>) form(matrix) tile(<64x32x16>) attributes {my.note = 1 : i64} {
    plan.return
  }

  // CHECK-LABEL: plan.kernel @loops(
  // CHECK-SAME:    form(scalar) declined("it multiplies") range(8) {
  // CHECK-NEXT:    %{{.+}}, %{{.+}} = plan.range
  plan.kernel @loops(%x: memref<8xf32>) form(scalar) declined("it multiplies") range(8) {
    %begin, %end = plan.range
    plan.return
  }
}

// CHECK-LABEL: func.func @tensors(
// CHECK-SAME:    %{{.+}}: tensor<4xf32> {plan.persistent = 0 : i64}) -> (tensor<4xf32> {plan.in_place = 0 : i64}) attributes {plan.initializer = @f}
func.func @tensors(%x: tensor<4xf32> {plan.persistent = 0 : i64}) -> (tensor<4xf32> {plan.in_place = 0 : i64}) attributes {plan.initializer = @f} {
  return %x : tensor<4xf32>
}
