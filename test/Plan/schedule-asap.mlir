// Elementwise operations move up to their operands.

// RUN: pdq-opt %s --pdq-schedule-asap | FileCheck %s

#id = affine_map<(n, c) -> (n, c)>

// The negation passes the product, which stays.
// CHECK-LABEL: func.func @elementwise(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4x4xf32>, %[[W:[a-z0-9]+]]: tensor<4x4xf32>)
// CHECK:         %[[N:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<4x4xf32>)
// CHECK:         %[[P:.+]] = linalg.matmul ins(%[[X]], %[[W]] :
// CHECK:         return %[[P]], %[[N]]
func.func @elementwise(%x: tensor<4x4xf32>, %w: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %e = tensor.empty() : tensor<4x4xf32>
  %p = linalg.matmul ins(%x, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%w : tensor<4x4xf32>) -> tensor<4x4xf32>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  } -> tensor<4x4xf32>
  return %p, %n : tensor<4x4xf32>, tensor<4x4xf32>
}

// The second half is there before the first: it is inserted before.
// CHECK-LABEL: func.func @halves(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4x4xf32>, %[[W:[a-z0-9]+]]: tensor<4x4xf32>)
// CHECK:         %[[N:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<4x4xf32>)
// CHECK:         %[[B:.+]] = tensor.insert_slice %[[N]] into %{{.+}}[4, 0] [4, 4] [1, 1]
// CHECK:         %[[P:.+]] = linalg.matmul ins(%[[X]], %[[W]] :
// CHECK:         %[[A:.+]] = tensor.insert_slice %[[P]] into %[[B]][0, 0] [4, 4] [1, 1]
// CHECK:         return %[[A]]
func.func @halves(%x: tensor<4x4xf32>, %w: tensor<4x4xf32>) -> tensor<8x4xf32> {
  %e = tensor.empty() : tensor<4x4xf32>
  %whole = tensor.empty() : tensor<8x4xf32>
  %p = linalg.matmul ins(%x, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%w : tensor<4x4xf32>) -> tensor<4x4xf32>
  %0 = tensor.insert_slice %p into %whole[0, 0] [4, 4] [1, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  } -> tensor<4x4xf32>
  %1 = tensor.insert_slice %n into %0[4, 0] [4, 4] [1, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}
