// Only values whose dimension 0 is the batch cross the borders of regions: they are
// calibrated on mini-batches of them.

// RUN: pdq-opt %s --pdq-form-regions=granularity=layer --split-input-file --verify-diagnostics | FileCheck %s

// Two layers on the rows of all samples (windows of an image) are one region, with
// the reshapes around them.
// CHECK-LABEL: func.func @windows(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x4x8xf32>)
// CHECK:         %[[Y:.+]] = pdq.region @block0 ins(%[[X]] : tensor<2x4x8xf32>) -> (tensor<2x4x8xf32>)
// CHECK:         tensor.collapse_shape
// CHECK:         linalg.matmul
// CHECK:         linalg.matmul
// CHECK:         tensor.expand_shape
// CHECK:         return %[[Y]]
// CHECK-NOT:     pdq.region
func.func @windows(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
  %w = arith.constant dense<0.5> : tensor<8x8xf32>
  %z = arith.constant dense<0.0> : tensor<8x8xf32>
  // expected-remark@+1 {{region grows: a value of type 'tensor<8x8xf32>' at its border does not have the batch 2 as dimension 0}}
  %rows = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x4x8xf32> into tensor<8x8xf32>
  %a = linalg.matmul ins(%rows, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%z : tensor<8x8xf32>) -> tensor<8x8xf32>
  %b = linalg.matmul ins(%a, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%z : tensor<8x8xf32>) -> tensor<8x8xf32>
  %y = tensor.expand_shape %b [[0, 1], [2]] output_shape [2, 4, 8] : tensor<8x8xf32> into tensor<2x4x8xf32>
  return %y : tensor<2x4x8xf32>
}

// -----

// Where every border has the batch, layers stay on their own.
// CHECK-LABEL: func.func @samples(
// CHECK:         pdq.region @layer0
// CHECK:         pdq.region @layer1
func.func @samples(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %w = arith.constant dense<0.5> : tensor<8x8xf32>
  %z = arith.constant dense<0.0> : tensor<2x8xf32>
  %a = linalg.matmul ins(%x, %w : tensor<2x8xf32>, tensor<8x8xf32>) outs(%z : tensor<2x8xf32>) -> tensor<2x8xf32>
  %b = linalg.matmul ins(%a, %w : tensor<2x8xf32>, tensor<8x8xf32>) outs(%z : tensor<2x8xf32>) -> tensor<2x8xf32>
  return %b : tensor<2x8xf32>
}
