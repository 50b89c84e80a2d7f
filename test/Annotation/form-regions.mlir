// Which operations make one region.

// RUN: pdq-opt %s --split-input-file --pdq-form-regions | FileCheck %s
// RUN: pdq-opt %s --split-input-file --pdq-form-regions=granularity=layer | FileCheck %s --check-prefix=LAYER
// RUN: pdq-opt %s --split-input-file --pdq-form-regions=granularity=network | FileCheck %s --check-prefix=NETWORK

// A residual block between two layers; bodies hold their constants.
// CHECK-LABEL: func.func @residual
// CHECK-SAME: (%[[X:.+]]: tensor
// CHECK: %[[STEM:.+]] = pdq.region @layer0 ins(%[[X]]
// CHECK: float
// CHECK: ^bb0(%[[IN:.+]]: tensor
// CHECK: arith.constant
// CHECK: linalg.conv_2d_nchw_fchw ins(%[[IN]]
// CHECK: arith.maximumf
// CHECK: pdq.yield
// CHECK: quantized
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: %[[BLOCK:.+]] = pdq.region @block0 ins(%[[STEM]]
// CHECK: %[[LAST:.+]] = pdq.region @layer1 ins(%[[BLOCK]]
// CHECK: return %[[LAST]]
// LAYER-LABEL: func.func @residual
// LAYER: %[[STEM:.+]] = pdq.region @layer0
// LAYER: %[[A:.+]] = pdq.region @layer1 ins(%[[STEM]]
// LAYER: %[[B:.+]] = pdq.region @layer2 ins(%[[A]]
// LAYER: %[[SUM:.+]] = pdq.region @layer3 ins(%[[B]], %[[STEM]]
// LAYER: pdq.region @layer4 ins(%[[SUM]]
// NETWORK-LABEL: func.func @residual
// NETWORK: pdq.region @{{layer|block}}0
// NETWORK-NOT: pdq.region
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @residual(%x: tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %d = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c1 = linalg.conv_2d_nchw_fchw ins(%r0, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c1 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c2 = linalg.conv_2d_nchw_fchw ins(%r1, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c2, %r0 : tensor<2x2x2x2xf32>, tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %a1: f32, %out: f32):
    %0 = arith.addf %a0, %a1 : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %r2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c3 = linalg.conv_2d_nchw_fchw ins(%r2, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  return %c3 : tensor<2x2x2x2xf32>
}

// -----

// Expand, depthwise and project make one region also without a skip.
// CHECK-LABEL: func.func @inverted
// CHECK-SAME: (%[[X:.+]]: tensor
// CHECK: %[[STEM:.+]] = pdq.region @layer0 ins(%[[X]] :
// CHECK: %[[BLOCK:.+]] = pdq.region @block0 ins(%[[STEM]] :
// CHECK: ^bb0(%[[IN:.+]]: tensor
// CHECK: linalg.conv_2d_nchw_fchw ins(%[[IN]],
// CHECK: linalg.depthwise_conv_2d_nchw_chw
// CHECK: %[[PROJECTED:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: pdq.yield %[[PROJECTED]]
// CHECK: %[[LAST:.+]] = pdq.region @layer1 ins(%[[BLOCK]] :
// CHECK-NOT: pdq.region
// CHECK: return %[[LAST]]
// LAYER-LABEL: func.func @inverted
// LAYER: pdq.region @layer4
// NETWORK-LABEL: func.func @inverted
// NETWORK: pdq.region @{{layer|block}}0
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @inverted(%x: tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %d = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c1 = linalg.conv_2d_nchw_fchw ins(%r0, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c1 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c2 = linalg.depthwise_conv_2d_nchw_chw ins(%r1, %d : tensor<2x2x2x2xf32>, tensor<2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c2 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c3 = linalg.conv_2d_nchw_fchw ins(%r2, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c4 = linalg.conv_2d_nchw_fchw ins(%c3, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  return %c4 : tensor<2x2x2x2xf32>
}

// -----

// MobileNetV2's first block has no expansion; ReLU6 tells it apart.
// CHECK-LABEL: func.func @first_block
// CHECK-SAME: (%[[X:.+]]: tensor
// CHECK: %[[STEM:.+]] = pdq.region @layer0 ins(%[[X]] :
// CHECK-NOT: linalg.depthwise_conv
// CHECK: %[[BLOCK:.+]] = pdq.region @block0 ins(%[[STEM]] :
// CHECK: ^bb0(%[[IN:.+]]: tensor
// CHECK: linalg.depthwise_conv_2d_nchw_chw ins(%[[IN]],
// CHECK: %[[PROJECTED:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: pdq.yield %[[PROJECTED]]
// CHECK-NOT: pdq.region
// CHECK: return %[[BLOCK]]
// LAYER-LABEL: func.func @first_block
// LAYER: pdq.region @layer2
// NETWORK-LABEL: func.func @first_block
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @first_block(%x: tensor<2x2x3x3xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %s = arith.constant dense<1.0> : tensor<2x2x2x2xf32>
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %d = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c0 = linalg.conv_2d_nchw_fchw ins(%x, %s : tensor<2x2x3x3xf32>, tensor<2x2x2x2xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    %1 = arith.minimumf %0, %six : f32
    linalg.yield %1 : f32
  } -> tensor<2x2x2x2xf32>
  %c1 = linalg.depthwise_conv_2d_nchw_chw ins(%r0, %d : tensor<2x2x2x2xf32>, tensor<2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c1 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    %1 = arith.minimumf %0, %six : f32
    linalg.yield %1 : f32
  } -> tensor<2x2x2x2xf32>
  %c2 = linalg.conv_2d_nchw_fchw ins(%r1, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  return %c2 : tensor<2x2x2x2xf32>
}

// -----

// The separable stem of MNasNet: the same layers with ReLU, a region each.
// CHECK-LABEL: func.func @separable_stem
// CHECK-SAME: (%[[X:.+]]: tensor
// CHECK: %[[A:.+]] = pdq.region @layer0 ins(%[[X]] :
// CHECK: %[[B:.+]] = pdq.region @layer1 ins(%[[A]] :
// CHECK: linalg.depthwise_conv_2d_nchw_chw
// CHECK-NOT: linalg.conv_2d_nchw_fchw
// CHECK: %[[C:.+]] = pdq.region @layer2 ins(%[[B]] :
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK-NOT: pdq.region
// CHECK: return %[[C]]
// LAYER-LABEL: func.func @separable_stem
// LAYER: pdq.region @layer2
// NETWORK-LABEL: func.func @separable_stem
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @separable_stem(%x: tensor<2x2x3x3xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %s = arith.constant dense<1.0> : tensor<2x2x2x2xf32>
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %d = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c0 = linalg.conv_2d_nchw_fchw ins(%x, %s : tensor<2x2x3x3xf32>, tensor<2x2x2x2xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c1 = linalg.depthwise_conv_2d_nchw_chw ins(%r0, %d : tensor<2x2x2x2xf32>, tensor<2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c1 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c2 = linalg.conv_2d_nchw_fchw ins(%r1, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  return %c2 : tensor<2x2x2x2xf32>
}

// -----

// Branches that are no residual block are one region up to where they meet.
// CHECK-LABEL: func.func @branches
// CHECK-SAME: (%[[X:.+]]: tensor
// CHECK: %[[STEM:.+]] = pdq.region @layer0 ins(%[[X]] :
// CHECK: %[[BRANCHES:.+]] = pdq.region @block0 ins(%[[STEM]] :
// CHECK: ^bb0(%[[IN:.+]]: tensor
// CHECK: %[[A:.+]] = linalg.conv_2d_nchw_fchw ins(%[[IN]],
// CHECK: %[[B:.+]] = linalg.conv_2d_nchw_fchw ins(%[[IN]],
// CHECK: %[[BOTH:.+]] = tensor.concat dim(1) %[[A]], %[[B]]
// CHECK: pdq.yield %[[BOTH]]
// CHECK: %[[FIRST:.+]] = tensor.extract_slice %[[BRANCHES]]
// CHECK: %[[LAST:.+]] = pdq.region @layer1 ins(%[[FIRST]] :
// CHECK-NOT: pdq.region
// CHECK: return %[[LAST]]
// LAYER-LABEL: func.func @branches
// LAYER: pdq.region @layer2
// NETWORK-LABEL: func.func @branches
// NETWORK: pdq.region @{{layer|block}}0
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @branches(%x: tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %d = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c1 = linalg.conv_2d_nchw_fchw ins(%r0, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c2 = linalg.conv_2d_nchw_fchw ins(%r0, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %cat = tensor.concat dim(1) %c1, %c2 : (tensor<2x2x2x2xf32>, tensor<2x2x2x2xf32>) -> tensor<2x4x2x2xf32>
  %sl = tensor.extract_slice %cat[0, 1, 0, 0] [2, 2, 2, 2] [1, 1, 1, 1] : tensor<2x4x2x2xf32> to tensor<2x2x2x2xf32>
  %c3 = linalg.conv_2d_nchw_fchw ins(%sl, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  return %c3 : tensor<2x2x2x2xf32>
}

// -----

// x * sigmoid(x) combines two values, but belongs to its layer.
// CHECK-LABEL: func.func @swish
// CHECK-SAME: (%[[X:.+]]: tensor
// CHECK: %[[A:.+]] = pdq.region @layer0 ins(%[[X]] :
// CHECK: arith.mulf
// CHECK: %[[B:.+]] = pdq.region @layer1 ins(%[[A]] :
// CHECK-NOT: pdq.region
// CHECK: return %[[B]]
// LAYER-LABEL: func.func @swish
// LAYER: pdq.region @layer0
// LAYER: arith.mulf
// LAYER: pdq.region @layer1
// LAYER-NOT: pdq.region
// NETWORK-LABEL: func.func @swish
// NETWORK: pdq.region @{{layer|block}}0
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @swish(%x: tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %d = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %g = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.negf %a0 : f32
    %1 = math.exp %0 : f32
    %2 = arith.addf %1, %one : f32
    %3 = arith.divf %one, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<2x2x2x2xf32>
  %m = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0, %g : tensor<2x2x2x2xf32>, tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %a1: f32, %out: f32):
    %0 = arith.mulf %a0, %a1 : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c1 = linalg.conv_2d_nchw_fchw ins(%m, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  return %c1 : tensor<2x2x2x2xf32>
}

// -----

// Regions that the user has marked.
// CHECK-LABEL: func.func @marked
// CHECK-SAME: (%[[X:.+]]: tensor
// CHECK: %[[MINE:.+]] = pdq.region @mine ins(%[[X]] :
// CHECK-NOT: pdq.region
// CHECK: return %[[MINE]]
// LAYER-LABEL: func.func @marked
// LAYER: pdq.region @mine
// NETWORK-LABEL: func.func @marked
// NETWORK: pdq.region @mine
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @marked(%x: tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %d = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c0 = linalg.conv_2d_nchw_fchw {pdq.in_region = "mine"} ins(%x, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) attrs = {pdq.in_region = "mine"} {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c1 = linalg.conv_2d_nchw_fchw {pdq.in_region = "mine"} ins(%r0, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  return %c1 : tensor<2x2x2x2xf32>
}

// -----

// A pooling of a quantized value stands between regions, also where a sum reads it
// beside a layer: it computes nothing that is to be quantized.
// CHECK-LABEL: func.func @pooled_skip
// CHECK: %[[STEM:.+]] = pdq.region @layer0
// CHECK: %[[POOLED:.+]] = linalg.pooling_nchw_max {{.*}}ins(%[[STEM]],
// CHECK: %[[BLOCK:.+]] = pdq.region @block0 ins(%[[POOLED]]
// CHECK: pdq.region @layer1 ins(%[[BLOCK]]
// LAYER-LABEL: func.func @pooled_skip
// LAYER: %[[STEM:.+]] = pdq.region @layer0
// LAYER: %[[POOLED:.+]] = linalg.pooling_nchw_max {{.*}}ins(%[[STEM]],
// LAYER: pdq.region @layer1 ins(%[[POOLED]]
// NETWORK-LABEL: func.func @pooled_skip
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @pooled_skip(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %w = arith.constant dense<2.0> : tensor<1x1x1x1xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  %e4 = tensor.empty() : tensor<1x1x4x4xf32>
  %e2 = tensor.empty() : tensor<1x1x2x2xf32>
  %init4 = linalg.fill ins(%zero : f32) outs(%e4 : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %init2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %lowest = linalg.fill ins(%low : f32) outs(%e2 : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) outs(%init4 : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %p = linalg.pooling_nchw_max {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>} ins(%c, %window : tensor<1x1x4x4xf32>, tensor<2x2xf32>) outs(%lowest : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %a = linalg.conv_2d_nchw_fchw ins(%p, %w : tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) outs(%init2 : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %b = linalg.conv_2d_nchw_fchw ins(%a, %w : tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) outs(%init2 : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%b, %p : tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) outs(%e2 : tensor<1x1x2x2xf32>) {
  ^bb0(%u: f32, %v: f32, %out: f32):
    %0 = arith.addf %u, %v : f32
    linalg.yield %0 : f32
  } -> tensor<1x1x2x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%s, %w : tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) outs(%init2 : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// -----

// A linear layer on tokens: the view that merges them with the batch begins its
// region, since a border has the batch as dimension 0.
// CHECK-LABEL: func.func @tokens
// LAYER-LABEL: func.func @tokens
// LAYER: %[[H:.+]] = pdq.region @layer0 ins(%{{.+}} : tensor<2x6xf32>) -> (tensor<2x3x2xf32>)
// LAYER: pdq.region @layer1 ins(%[[H]] : tensor<2x3x2xf32>) -> (tensor<2x3x2xf32>)
// NETWORK-LABEL: func.func @tokens
func.func @tokens(%x: tensor<2x6xf32>) -> tensor<2x3x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.5> : tensor<6x6xf32>
  %v = arith.constant dense<2.0> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x6xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x6xf32>) -> tensor<2x6xf32>
  %et = tensor.empty() : tensor<6x2xf32>
  %initt = linalg.fill ins(%zero : f32) outs(%et : tensor<6x2xf32>) -> tensor<6x2xf32>
  %h = linalg.matmul ins(%x, %w : tensor<2x6xf32>, tensor<6x6xf32>) outs(%init : tensor<2x6xf32>) -> tensor<2x6xf32>
  %t = tensor.expand_shape %h [[0], [1, 2]] output_shape [2, 3, 2] : tensor<2x6xf32> into tensor<2x3x2xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a, b, c)>, affine_map<(a, b, c) -> (a, b, c)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%t : tensor<2x3x2xf32>) outs(%t : tensor<2x3x2xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.maximumf %a, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x3x2xf32>
  %rows = tensor.collapse_shape %r [[0, 1], [2]] : tensor<2x3x2xf32> into tensor<6x2xf32>
  %y = linalg.matmul ins(%rows, %v : tensor<6x2xf32>, tensor<2x2xf32>) outs(%initt : tensor<6x2xf32>) -> tensor<6x2xf32>
  %z = tensor.expand_shape %y [[0, 1], [2]] output_shape [2, 3, 2] : tensor<6x2xf32> into tensor<2x3x2xf32>
  return %z : tensor<2x3x2xf32>
}
