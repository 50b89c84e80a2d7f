// Functions that a GPU has an instruction for become LLVM's intrinsics, with the
// operands in their order; all others stay for other passes.

// RUN: pdq-opt %s --pdq-lower-device-math | FileCheck %s

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @one_operand(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: vector<4xf32>
  // CHECK:         %[[ABS:.+]] = llvm.call_intrinsic "llvm.fabs"(%[[X]]) : (vector<4xf32>) -> vector<4xf32>
  // CHECK-NEXT:    %[[CEIL:.+]] = llvm.call_intrinsic "llvm.ceil"(%[[ABS]])
  // CHECK-NEXT:    %[[FLOOR:.+]] = llvm.call_intrinsic "llvm.floor"(%[[CEIL]])
  // CHECK-NEXT:    %[[EVEN:.+]] = llvm.call_intrinsic "llvm.roundeven"(%[[FLOOR]])
  // CHECK-NEXT:    %[[ROOT:.+]] = llvm.call_intrinsic "llvm.sqrt"(%[[EVEN]])
  // CHECK-NEXT:    %[[TRUNC:.+]] = llvm.call_intrinsic "llvm.trunc"(%[[ROOT]])
  // CHECK-NEXT:    vector.store %[[TRUNC]],
  gpu.func @one_operand(%x: vector<4xf32>, %y: memref<4xf32>) kernel {
    %i = arith.constant 0 : index
    %0 = math.absf %x : vector<4xf32>
    %1 = math.ceil %0 : vector<4xf32>
    %2 = math.floor %1 : vector<4xf32>
    %3 = math.roundeven %2 : vector<4xf32>
    %4 = math.sqrt %3 : vector<4xf32>
    %5 = math.trunc %4 : vector<4xf32>
    vector.store %5, %y[%i] : memref<4xf32>, vector<4xf32>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @several_operands(
  // CHECK-SAME:    %[[A:[a-z0-9]+]]: f32, %[[B:[a-z0-9]+]]: f32, %[[C:[a-z0-9]+]]: f32
  // CHECK:         %[[SIGN:.+]] = llvm.call_intrinsic "llvm.copysign"(%[[A]], %[[B]]) : (f32, f32) -> f32
  // CHECK-NEXT:    %[[SUM:.+]] = llvm.call_intrinsic "llvm.fma"(%[[SIGN]], %[[B]], %[[C]]) : (f32, f32, f32) -> f32
  // CHECK-NEXT:    memref.store %[[SUM]],
  gpu.func @several_operands(%a: f32, %b: f32, %c: f32, %y: memref<1xf32>) kernel {
    %i = arith.constant 0 : index
    %0 = math.copysign %a, %b : f32
    %1 = math.fma %0, %b, %c : f32
    memref.store %1, %y[%i] : memref<1xf32>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @no_instruction(
  // CHECK:         math.exp
  // CHECK-NOT:     llvm.call_intrinsic
  // CHECK:         gpu.return
  gpu.func @no_instruction(%a: f32, %y: memref<1xf32>) kernel {
    %i = arith.constant 0 : index
    %0 = math.exp %a : f32
    memref.store %0, %y[%i] : memref<1xf32>
    gpu.return
  }
}

// On the CPU the math dialect is lowered by upstream.
// CHECK-LABEL: func.func @outside_of_device_code(
// CHECK:         math.sqrt
func.func @outside_of_device_code(%a: f32) -> f32 {
  %0 = math.sqrt %a : f32
  return %0 : f32
}
