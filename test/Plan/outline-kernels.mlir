// RUN: pdq-opt %s --pdq-outline-kernels | FileCheck %s

// Two copies of one shape share a kernel; the offset of the second destination
// stays with the caller.
// CHECK-LABEL: func.func @copies(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: memref<8xf32>, %[[B:[a-z0-9]+]]: memref<16xf32>
// CHECK:         %[[LOW:[a-z0-9_]+]] = memref.subview %[[B]][0] [8] [1]
// CHECK:         call @[[COPY:copy_[0-9a-f]+]](%[[A]], %{{.*}},
// CHECK:         %[[HIGH:[a-z0-9_]+]] = memref.subview %[[B]][8] [8] [1]
// CHECK:         %[[CAST:[a-z0-9_]+]] = builtin.unrealized_conversion_cast %[[HIGH]]
// CHECK-SAME:      to memref<8xf32, strided<[1]>>
// CHECK:         call @[[COPY]](%[[A]], %[[CAST]],
// CHECK:       func.func private @[[COPY]](
// CHECK-SAME:    %{{[a-z0-9]+}}: memref<8xf32>, %{{[a-z0-9]+}}: memref<8xf32, strided<[1]>>, %{{[a-z0-9]+}}: index, %{{[a-z0-9]+}}: index)
// CHECK-SAME:    attributes {pdq.kernel}
// CHECK-NOT:   func.func private
func.func @copies(%a: memref<8xf32>, %b: memref<16xf32>) {
  %low = memref.subview %b[0] [8] [1] : memref<16xf32> to memref<8xf32, strided<[1]>>
  linalg.copy ins(%a : memref<8xf32>) outs(%low : memref<8xf32, strided<[1]>>)
  %high = memref.subview %b[8] [8] [1] : memref<16xf32> to memref<8xf32, strided<[1], offset: 8>>
  linalg.copy ins(%a : memref<8xf32>) outs(%high : memref<8xf32, strided<[1], offset: 8>>)
  return
}
