// Images and filters lie channels-last where convolutions want them to.

// RUN: pdq-opt %s --pdq-generalize --pdq-assign-layout | FileCheck %s

// Image, filter and output change; the pad follows its image.
// CHECK-DAG:   #[[$IMAGE:map[0-9]*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d2 + d5, d3 + d6, d4)>
// CHECK-DAG:   #[[$FILTER:map[0-9]*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d5, d6, d4, d1)>
// CHECK-DAG:   #[[$OUTPUT:map[0-9]*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d2, d3, d1)>
// CHECK-LABEL: func.func @padded_convolution(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3x8x8xf32>, %[[W:[a-z0-9]+]]: tensor<16x3x3x3xf32>
// CHECK-DAG:     %[[XT:[a-z0-9_]+]] = linalg.transpose ins(%[[X]] {{.*}} permutation = [0, 2, 3, 1]
// CHECK-DAG:     %[[WT:[a-z0-9_]+]] = linalg.transpose ins(%[[W]] {{.*}} permutation = [2, 3, 1, 0]
// CHECK:         %[[P:[a-z0-9_]+]] = tensor.pad %[[XT]] low[0, 1, 1, 0] high[0, 1, 1, 0]
// CHECK:         %[[Y:[a-z0-9_]+]] = linalg.generic {indexing_maps = [#[[$IMAGE]], #[[$FILTER]], #[[$OUTPUT]]]
// CHECK-SAME:      ins(%[[P]], %[[WT]] :
// CHECK:         %[[R:[a-z0-9_]+]] = linalg.transpose ins(%[[Y]] {{.*}} permutation = [0, 3, 1, 2]
// CHECK:         return %[[R]]
func.func @padded_convolution(%x: tensor<2x3x8x8xf32>, %w: tensor<16x3x3x3xf32>, %init: tensor<2x16x8x8xf32>)
    -> tensor<2x16x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<2x3x8x8xf32> to tensor<2x3x10x10xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%p, %w : tensor<2x3x10x10xf32>, tensor<16x3x3x3xf32>)
      outs(%init : tensor<2x16x8x8xf32>) -> tensor<2x16x8x8xf32>
  return %y : tensor<2x16x8x8xf32>
}

// A reshape that moves no element in the new order is kept: pooled images.
// CHECK-LABEL: func.func @flatten_pooled(
// CHECK:         tensor.collapse_shape %{{.*}} : tensor<2x1x1x16xf32> into tensor<2x16xf32>
func.func @flatten_pooled(%x: tensor<2x3x3x3xf32>, %w: tensor<16x3x3x3xf32>, %init: tensor<2x16x1x1xf32>)
    -> tensor<2x16xf32> {
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x3x3x3xf32>, tensor<16x3x3x3xf32>)
      outs(%init : tensor<2x16x1x1xf32>) -> tensor<2x16x1x1xf32>
  %flat = tensor.collapse_shape %y [[0], [1, 2, 3]] : tensor<2x16x1x1xf32> into tensor<2x16xf32>
  return %flat : tensor<2x16xf32>
}
