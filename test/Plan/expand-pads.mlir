// The producer of a padded tensor writes into the padded buffer.

// RUN: pdq-opt %s --pdq-expand-pads --pdq-store-results --pdq-bufferize --canonicalize | FileCheck %s
// RUN: pdq-opt %s --pdq-expand-pads=read-padded | FileCheck %s --check-prefix=READ

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

// Halves of a batch are written to the interior of one padded buffer, from which
// those behind it read the first half and the whole, too.
// READ-LABEL: func.func @halves(
// READ:         %[[A:.+]] = linalg.exp
// READ:         %[[BEFORE:.+]] = linalg.square ins(%[[A]] : tensor<1x4xf32>)
// READ:         %[[PADDED:.+]] = tensor.insert_slice {{.*}}[0, 1] [2, 4] [1, 1] : tensor<2x4xf32> into tensor<2x6xf32>
// READ-DAG:     %[[HALF:.+]] = tensor.extract_slice %[[PADDED]][0, 1] [1, 4] [1, 1]
// READ-DAG:     %[[WHOLE:.+]] = tensor.extract_slice %[[PADDED]][0, 1] [2, 4] [1, 1]
// READ-DAG:     linalg.negf ins(%[[HALF]] : tensor<1x4xf32>)
// READ-DAG:     linalg.negf ins(%[[WHOLE]] : tensor<2x4xf32>)
func.func @halves(%x: tensor<1x4xf32>) -> (tensor<1x4xf32>, tensor<2x6xf32>, tensor<1x4xf32>, tensor<2x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x4xf32>
  %whole = tensor.empty() : tensor<2x4xf32>
  %a = linalg.exp ins(%x : tensor<1x4xf32>) outs(%e : tensor<1x4xf32>) -> tensor<1x4xf32>
  %0 = tensor.insert_slice %a into %whole[0, 0] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<2x4xf32>
  %b = linalg.abs ins(%x : tensor<1x4xf32>) outs(%e : tensor<1x4xf32>) -> tensor<1x4xf32>
  %1 = tensor.insert_slice %b into %0[1, 0] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<2x4xf32>
  %s = linalg.square ins(%a : tensor<1x4xf32>) outs(%e : tensor<1x4xf32>) -> tensor<1x4xf32>
  %p = tensor.pad %1 low[0, 1] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<2x4xf32> to tensor<2x6xf32>
  %e6 = tensor.empty() : tensor<2x6xf32>
  %r = linalg.abs ins(%p : tensor<2x6xf32>) outs(%e6 : tensor<2x6xf32>) -> tensor<2x6xf32>
  %n = linalg.negf ins(%a : tensor<1x4xf32>) outs(%e : tensor<1x4xf32>) -> tensor<1x4xf32>
  %m = linalg.negf ins(%1 : tensor<2x4xf32>) outs(%whole : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %s, %r, %n, %m : tensor<1x4xf32>, tensor<2x6xf32>, tensor<1x4xf32>, tensor<2x4xf32>
}
