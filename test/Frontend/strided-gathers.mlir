// Gathers of rows at regular distances become slices.

// RUN: pdq-opt %s --pdq-normalize-frontend --split-input-file | FileCheck %s

// x[:, ::2, :] through TOSA: the indices 0, 2 repeat for all four rows.
// CHECK-LABEL: func @every_second_row
// CHECK-SAME:    (%[[X:[a-z0-9]+]]: tensor<4x4x3xf32>)
// CHECK-NEXT:    %[[Y:[a-z0-9_]+]] = tensor.extract_slice %[[X]][0, 0, 0] [4, 2, 3] [1, 2, 1]
// CHECK-NEXT:    return %[[Y]]
func.func @every_second_row(%x: tensor<4x4x3xf32>) -> tensor<4x2x3xf32> {
  %row = "tosa.const"() <{values = dense<[[0, 2]]> : tensor<1x2xi32>}> : () -> tensor<1x2xi32>
  %times = tosa.const_shape {values = dense<[4, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %indices = tosa.tile %row, %times : (tensor<1x2xi32>, !tosa.shape<2>) -> tensor<4x2xi32>
  %y = tosa.gather %x, %indices : (tensor<4x4x3xf32>, tensor<4x2xi32>) -> tensor<4x2x3xf32>
  return %y : tensor<4x2x3xf32>
}

// -----

// Indices that are no progression stay a gather (as linalg).
// CHECK-LABEL: func @no_progression
// CHECK-NOT:     tensor.extract_slice
// CHECK:         tensor.extract
func.func @no_progression(%x: tensor<4x4x3xf32>) -> tensor<4x3x3xf32> {
  %row = "tosa.const"() <{values = dense<[[0, 2, 3]]> : tensor<1x3xi32>}> : () -> tensor<1x3xi32>
  %times = tosa.const_shape {values = dense<[4, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %indices = tosa.tile %row, %times : (tensor<1x3xi32>, !tosa.shape<2>) -> tensor<4x3xi32>
  %y = tosa.gather %x, %indices : (tensor<4x4x3xf32>, tensor<4x3xi32>) -> tensor<4x3x3xf32>
  return %y : tensor<4x3x3xf32>
}
