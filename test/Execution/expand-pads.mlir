// RUN: pdq-opt %s --pdq-expand-pads --pdq-store-results --pdq-bufferize --canonicalize | FileCheck %s

// The producer writes the interior of the padded buffer, and only the border is
// filled.
// CHECK-LABEL: func.func @halo(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>
// CHECK:         %[[PADDED:[a-z0-9_]+]] = memref.alloc() {{.*}} : memref<6xf32>
// CHECK:         %[[LOW:[a-z0-9_]+]] = memref.subview %[[PADDED]][0] [1] [1]
// CHECK:         linalg.fill ins(%{{.*}}) outs(%[[LOW]]
// CHECK:         %[[HIGH:[a-z0-9_]+]] = memref.subview %[[PADDED]][5] [1] [1]
// CHECK:         linalg.fill ins(%{{.*}}) outs(%[[HIGH]]
// CHECK:         %[[INSIDE:[a-z0-9_]+]] = memref.subview %[[PADDED]][1] [4] [1]
// CHECK:         linalg.exp ins(%[[X]] {{.*}} outs(%[[INSIDE]]
// CHECK-NOT:     memref.alloc
// CHECK:         linalg.abs ins(%[[PADDED]]
func.func @halo(%x: tensor<4xf32>) -> tensor<6xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %y = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %p = tensor.pad %y low[1] high[1] {
  ^bb0(%i: index):
    tensor.yield %zero : f32
  } : tensor<4xf32> to tensor<6xf32>
  %e6 = tensor.empty() : tensor<6xf32>
  %r = linalg.abs ins(%p : tensor<6xf32>) outs(%e6 : tensor<6xf32>) -> tensor<6xf32>
  return %r : tensor<6xf32>
}
