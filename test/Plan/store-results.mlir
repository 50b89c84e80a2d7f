// Every result of a function gets the argument that it is stored in.

// RUN: pdq-opt %s --pdq-store-results | FileCheck %s

// CHECK-LABEL: func.func @step(
// CHECK-SAME:    %[[G:[a-z0-9]+]]: tensor<4xf32> {bufferization.writable = false}
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<4xf32> {bufferization.writable = true}
// CHECK-SAME:    %[[OUT:[a-z0-9]+]]: tensor<4xf32> {bufferization.writable = true, plan.result = 1 : i64}
// The second result is the old weight: it is stored from a copy.
// CHECK:         %[[NEW:[a-z0-9_]+]] = linalg.add
// CHECK:         %[[OLD:[a-z0-9_]+]] = linalg.copy ins(%[[W]]
// CHECK:         bufferization.materialize_in_destination %[[NEW]] in %[[W]]
// CHECK:         bufferization.materialize_in_destination %[[OLD]] in %[[OUT]]
func.func @step(%g: tensor<4xf32>, %w: tensor<4xf32>)
    -> (tensor<4xf32> {plan.in_place = 1 : i64}, tensor<4xf32>) {
  %empty = tensor.empty() : tensor<4xf32>
  %new = linalg.add ins(%g, %w : tensor<4xf32>, tensor<4xf32>) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  return %new, %w : tensor<4xf32>, tensor<4xf32>
}

// A value that is two results is computed in the place of the first one.
// CHECK-LABEL: func.func @twice(
// CHECK-SAME:    %{{[a-z0-9]+}}: tensor<4xf32> {bufferization.writable = false}
// CHECK-SAME:    %[[FIRST:[a-z0-9]+]]: tensor<4xf32> {bufferization.writable = true, plan.result = 0 : i64}
// CHECK-SAME:    %[[SECOND:[a-z0-9]+]]: tensor<2x2xf32> {bufferization.writable = true, plan.result = 1 : i64}
// CHECK:         %[[SUM:[a-z0-9_]+]] = linalg.add
// CHECK:         %[[VIEW:[a-z0-9_]+]] = tensor.expand_shape %[[SUM]]
// CHECK:         %[[COPY:[a-z0-9_]+]] = linalg.copy ins(%[[VIEW]]
// CHECK:         bufferization.materialize_in_destination %[[SUM]] in %[[FIRST]]
// CHECK:         bufferization.materialize_in_destination %[[COPY]] in %[[SECOND]]
func.func @twice(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<2x2xf32>) {
  %empty = tensor.empty() : tensor<4xf32>
  %sum = linalg.add ins(%x, %x : tensor<4xf32>, tensor<4xf32>) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  %view = tensor.expand_shape %sum [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
  return %sum, %view : tensor<4xf32>, tensor<2x2xf32>
}
