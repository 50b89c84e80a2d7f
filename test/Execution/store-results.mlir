// RUN: pdq-opt %s --pdq-store-results | FileCheck %s

// CHECK-LABEL: func.func @step(
// CHECK-SAME:    %[[G:[a-z0-9]+]]: tensor<4xf32> {bufferization.writable = false}
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<4xf32> {bufferization.writable = true}
// CHECK-SAME:    %[[OUT:[a-z0-9]+]]: tensor<4xf32> {bufferization.writable = true, pdq.result = 1 : i64}
// The second result is the old weight: it is stored from a copy.
// CHECK:         %[[NEW:[a-z0-9_]+]] = linalg.add
// CHECK:         %[[OLD:[a-z0-9_]+]] = linalg.copy ins(%[[W]]
// CHECK:         bufferization.materialize_in_destination %[[NEW]] in %[[W]]
// CHECK:         bufferization.materialize_in_destination %[[OLD]] in %[[OUT]]
func.func @step(%g: tensor<4xf32>, %w: tensor<4xf32>)
    -> (tensor<4xf32> {pdq.in_place = 1 : i64}, tensor<4xf32>) {
  %empty = tensor.empty() : tensor<4xf32>
  %new = linalg.add ins(%g, %w : tensor<4xf32>, tensor<4xf32>) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  return %new, %w : tensor<4xf32>, tensor<4xf32>
}
