// Operations on buffers become calls of kernels.

// RUN: pdq-opt %s --pdq-outline-kernels --split-input-file | FileCheck %s
// RUN: pdq-opt %s --pdq-outline-kernels=alignment=16 --split-input-file | FileCheck %s --check-prefix=ALIGNED

// Two copies of one shape share a kernel; the offset of the second destination
// stays with the caller.
// CHECK-LABEL: plan.program @copies(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: memref<8xf32>, %[[B:[a-z0-9]+]]: memref<16xf32>
// CHECK:         %[[LOW:[a-z0-9_]+]] = memref.subview %[[B]][0] [8] [1]
// CHECK:         plan.launch @[[COPY:copy_[0-9a-f]+]](%[[A]], %[[LOW]])
// CHECK:         %[[HIGH:[a-z0-9_]+]] = memref.subview %[[B]][8] [8] [1]
// CHECK:         plan.launch @[[COPY]](%[[A]], %[[HIGH]]) : memref<8xf32>, memref<8xf32, strided<[1], offset: 8>>
// CHECK:       plan.kernel @[[COPY]](
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8xf32>, %[[Y:[a-z0-9]+]]: memref<8xf32, strided<[1]>>)
// CHECK-NEXT:    linalg.copy ins(%[[X]] : memref<8xf32>) outs(%[[Y]] : memref<8xf32, strided<[1]>>)
// CHECK-NEXT:    plan.return
// CHECK-NOT:   plan.kernel
func.func @copies(%a: memref<8xf32>, %b: memref<16xf32>) {
  %low = memref.subview %b[0] [8] [1] : memref<16xf32> to memref<8xf32, strided<[1]>>
  linalg.copy ins(%a : memref<8xf32>) outs(%low : memref<8xf32, strided<[1]>>)
  %high = memref.subview %b[8] [8] [1] : memref<16xf32> to memref<8xf32, strided<[1], offset: 8>>
  linalg.copy ins(%a : memref<8xf32>) outs(%high : memref<8xf32, strided<[1], offset: 8>>)
  return
}

// -----

// A constant that the payload reads goes along; the caller says the places of the
// buffers only. With an alignment, slices have what is left of it: 32 bytes in, 16;
// 4 bytes in, 4.
// CHECK-LABEL: plan.program @constant_of_the_payload(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<16xf32>, %[[Y:[a-z0-9]+]]: memref<16xf32>)
// CHECK:         %[[EVEN:.+]] = memref.subview
// CHECK:         %[[ODD:.+]] = memref.subview
// CHECK:         plan.launch @[[SCALE:generic_[0-9a-f]+]](%[[EVEN]], %[[ODD]])
// CHECK:       plan.kernel @[[SCALE]](%[[A:[a-z0-9]+]]: memref<4xf32, strided<[1]>>, %[[B:[a-z0-9]+]]: memref<4xf32, strided<[1]>>)
// CHECK-NEXT:    %[[TWO:.+]] = arith.constant 2.000000e+00 : f32
// CHECK-NEXT:    linalg.generic {{.*}} ins(%[[A]] : {{.*}}) outs(%[[B]] :
// CHECK:           arith.mulf %{{.+}}, %[[TWO]]
// ALIGNED-LABEL: plan.program @constant_of_the_payload(
// ALIGNED:       plan.kernel @generic_{{[0-9a-f]+}}(%{{.+}}: memref<4xf32, strided<[1]>> {llvm.align = 16 : i64}, %{{.+}}: memref<4xf32, strided<[1]>> {llvm.align = 4 : i64})
func.func @constant_of_the_payload(%x: memref<16xf32>, %y: memref<16xf32>) {
  %two = arith.constant 2.0 : f32
  %a = memref.subview %x[8] [4] [1] : memref<16xf32> to memref<4xf32, strided<[1], offset: 8>>
  %b = memref.subview %y[1] [4] [1] : memref<16xf32> to memref<4xf32, strided<[1], offset: 1>>
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%a : memref<4xf32, strided<[1], offset: 8>>) outs(%b : memref<4xf32, strided<[1], offset: 1>>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.mulf %v, %two : f32
    linalg.yield %r : f32
  }
  return
}
