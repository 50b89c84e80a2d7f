// What folding computes, on numbers that are exact: with epsilon = 0 (or small
// enough to vanish) g = gamma / sqrt(variance).

// RUN: pdq-opt %s --split-input-file --pdq-form-regions --pdq-fold-batch-norm | FileCheck %s

// Convolution with a bias: variance [4, 16], gamma [2, 8] give g = [1, 2];
// w' = [1, 2, 3*2, 4*2]; b' = beta + g (b - mean) = [10 + (5 - 1), 20 + 2 (6 - 2)].
// CHECK-LABEL: func.func @convolution
// CHECK: float
// CHECK: pdq.batch_norm
// CHECK: quantized
// CHECK-DAG: %[[B:.+]] = arith.constant dense<[1.400000e+01, 2.800000e+01]> : tensor<2xf32>
// CHECK-DAG: %[[W:.+]] = arith.constant dense<{{.*}}1.000000e+00{{.*}}2.000000e+00{{.*}}6.000000e+00{{.*}}8.000000e+00{{.*}}> : tensor<2x2x1x1xf32>
// CHECK: %[[INIT:.+]] = linalg.broadcast ins(%[[B]] : tensor<2xf32>) outs(%{{.+}} : tensor<2x2x2x2xf32>) dimensions = [0, 2, 3]
// CHECK: %[[C:.+]] = linalg.conv_2d_nchw_fchw ins(%{{.+}}, %[[W]] : {{.*}}) outs(%[[INIT]]
// CHECK: pdq.yield %[[C]]
func.func @convolution(%x: tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %b = arith.constant dense<[5.0, 6.0]> : tensor<2xf32>
  %mean = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %variance = arith.constant dense<[4.0, 16.0]> : tensor<2xf32>
  %gamma = arith.constant dense<[2.0, 8.0]> : tensor<2xf32>
  %beta = arith.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.broadcast ins(%b : tensor<2xf32>) outs(%empty : tensor<2x2x2x2xf32>) dimensions = [0, 2, 3]
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %n = pdq.batch_norm %c, %mean, %variance, %gamma, %beta {axis = 1 : i64, epsilon = 1.0e-12 : f64} : tensor<2x2x2x2xf32>, tensor<2xf32>
  return %n : tensor<2x2x2x2xf32>
}

// -----

// Two groups: the weight [4, 1, 1, 1] is folded in front of its reshape.
// CHECK-LABEL: func.func @grouped
// CHECK: quantized
// CHECK-DAG: %[[W:.+]] = arith.constant dense<{{.*}}1.000000e+00{{.*}}4.000000e+00{{.*}}9.000000e+00{{.*}}1.600000e+01{{.*}}> : tensor<4x1x1x1xf32>
// CHECK: tensor.expand_shape %[[W]]
// CHECK: linalg.broadcast {{.*}} dimensions = [0, 3, 4]
// CHECK: linalg.conv_2d_ngchw_gfchw
// CHECK-NOT: pdq.batch_norm
// CHECK: return
func.func @grouped(%x: tensor<1x2x3x3xf32>) -> tensor<1x4x3x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[[1.0]]], [[[2.0]]], [[[3.0]]], [[[4.0]]]]> : tensor<4x1x1x1xf32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %one = arith.constant dense<1.0> : tensor<4xf32>
  %none = arith.constant dense<0.0> : tensor<4xf32>
  %xe = tensor.expand_shape %x [[0], [1, 2], [3], [4]] output_shape [1, 2, 1, 3, 3] : tensor<1x2x3x3xf32> into tensor<1x2x1x3x3xf32>
  %we = tensor.expand_shape %w [[0, 1], [2], [3], [4]] output_shape [2, 2, 1, 1, 1] : tensor<4x1x1x1xf32> into tensor<2x2x1x1x1xf32>
  %empty = tensor.empty() : tensor<1x2x2x3x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2x2x3x3xf32>) -> tensor<1x2x2x3x3xf32>
  %c = linalg.conv_2d_ngchw_gfchw ins(%xe, %we : tensor<1x2x1x3x3xf32>, tensor<2x2x1x1x1xf32>) outs(%init : tensor<1x2x2x3x3xf32>) -> tensor<1x2x2x3x3xf32>
  %cc = tensor.collapse_shape %c [[0], [1, 2], [3], [4]] : tensor<1x2x2x3x3xf32> into tensor<1x4x3x3xf32>
  %n = pdq.batch_norm %cc, %none, %one, %gamma, %none {axis = 1 : i64, epsilon = 1.0e-12 : f64} : tensor<1x4x3x3xf32>, tensor<4xf32>
  return %n : tensor<1x4x3x3xf32>
}

// -----

// Two groups with a bias, which is split in two after its broadcast:
// b' = g b = [5, 12, 21, 32].
// CHECK-LABEL: func.func @grouped_bias
// CHECK: quantized
// CHECK: %[[B:.+]] = arith.constant dense<{{.*}}5.000000e+00, 1.200000e+01{{.*}}2.100000e+01, 3.200000e+01{{.*}}> : tensor<2x2xf32>
// CHECK: %[[INIT:.+]] = linalg.broadcast ins(%[[B]] : tensor<2x2xf32>)
// CHECK: linalg.conv_2d_ngchw_gfchw {{.*}} outs(%[[INIT]]
// CHECK-NOT: pdq.batch_norm
// CHECK: return
func.func @grouped_bias(%x: tensor<1x2x3x3xf32>) -> tensor<1x4x3x3xf32> {
  %w = arith.constant dense<1.0> : tensor<4x1x1x1xf32>
  %b = arith.constant dense<[5.0, 6.0, 7.0, 8.0]> : tensor<4xf32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %one = arith.constant dense<1.0> : tensor<4xf32>
  %none = arith.constant dense<0.0> : tensor<4xf32>
  %xe = tensor.expand_shape %x [[0], [1, 2], [3], [4]] output_shape [1, 2, 1, 3, 3] : tensor<1x2x3x3xf32> into tensor<1x2x1x3x3xf32>
  %we = tensor.expand_shape %w [[0, 1], [2], [3], [4]] output_shape [2, 2, 1, 1, 1] : tensor<4x1x1x1xf32> into tensor<2x2x1x1x1xf32>
  %empty = tensor.empty() : tensor<1x4x3x3xf32>
  %bias = linalg.broadcast ins(%b : tensor<4xf32>) outs(%empty : tensor<1x4x3x3xf32>) dimensions = [0, 2, 3]
  %init = tensor.expand_shape %bias [[0], [1, 2], [3], [4]] output_shape [1, 2, 2, 3, 3] : tensor<1x4x3x3xf32> into tensor<1x2x2x3x3xf32>
  %c = linalg.conv_2d_ngchw_gfchw ins(%xe, %we : tensor<1x2x1x3x3xf32>, tensor<2x2x1x1x1xf32>) outs(%init : tensor<1x2x2x3x3xf32>) -> tensor<1x2x2x3x3xf32>
  %cc = tensor.collapse_shape %c [[0], [1, 2], [3], [4]] : tensor<1x2x2x3x3xf32> into tensor<1x4x3x3xf32>
  %n = pdq.batch_norm %cc, %none, %one, %gamma, %none {axis = 1 : i64, epsilon = 1.0e-12 : f64} : tensor<1x4x3x3xf32>, tensor<4xf32>
  return %n : tensor<1x4x3x3xf32>
}

// -----

// Linear layer: the weight [out, in] is folded in front of its transpose, the
// bias that is added behind it goes along: b' = 1 + 2 (7 - 3), 1 + 4 (8 - 3).
// CHECK-LABEL: func.func @linear
// CHECK: quantized
// CHECK-DAG: %[[W:.+]] = arith.constant dense<{{\[\[}}2.000000e+00, 4.000000e+00, 6.000000e+00], [1.600000e+01, 2.000000e+01, 2.400000e+01]]> : tensor<2x3xf32>
// CHECK-DAG: %[[B:.+]] = arith.constant dense<[9.000000e+00, 2.100000e+01]> : tensor<2xf32>
// CHECK: linalg.broadcast ins(%[[B]] : tensor<2xf32>) {{.*}} dimensions = [0]
// CHECK: %[[C:.+]] = linalg.matmul
// CHECK: pdq.yield %[[C]]
func.func @linear(%x: tensor<5x3xf32>) -> tensor<5x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = arith.constant dense<[7.0, 8.0]> : tensor<2xf32>
  %mean = arith.constant dense<3.0> : tensor<2xf32>
  %variance = arith.constant dense<1.0> : tensor<2xf32>
  %gamma = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %beta = arith.constant dense<1.0> : tensor<2xf32>
  %te = tensor.empty() : tensor<3x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x3xf32>) outs(%te : tensor<3x2xf32>) permutation = [1, 0]
  %empty = tensor.empty() : tensor<5x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x2xf32>) -> tensor<5x2xf32>
  %c = linalg.matmul ins(%x, %t : tensor<5x3xf32>, tensor<3x2xf32>) outs(%init : tensor<5x2xf32>) -> tensor<5x2xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%c, %b : tensor<5x2xf32>, tensor<2xf32>) outs(%empty : tensor<5x2xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.addf %in, %bias : f32
    linalg.yield %0 : f32
  } -> tensor<5x2xf32>
  %n = pdq.batch_norm %s, %mean, %variance, %gamma, %beta {axis = 1 : i64, epsilon = 1.0e-12 : f64} : tensor<5x2xf32>, tensor<2xf32>
  return %n : tensor<5x2xf32>
}

// -----

// In front of the first layer there is nothing to fold into: x g + (beta - g mean).
// CHECK-LABEL: func.func @no_layer
// CHECK-DAG: %[[B:.+]] = arith.constant dense<[-5.000000e+00, -1.100000e+01]> : tensor<2xf32>
// CHECK: linalg.generic {{.*}}ins(%{{.+}}, %{{.+}}, %[[B]]
// CHECK: arith.mulf
// CHECK-NEXT: arith.addf
// CHECK-NOT: pdq.batch_norm
// CHECK: return
func.func @no_layer(%x: tensor<5x2xf32>) -> tensor<5x2xf32> {
  %mean = arith.constant dense<3.0> : tensor<2xf32>
  %variance = arith.constant dense<1.0> : tensor<2xf32>
  %gamma = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %beta = arith.constant dense<1.0> : tensor<2xf32>
  %n = pdq.batch_norm %x, %mean, %variance, %gamma, %beta {axis = 1 : i64, epsilon = 1.0e-12 : f64} : tensor<5x2xf32>, tensor<2xf32>
  return %n : tensor<5x2xf32>
}

// -----

// A linear layer of 2 * 2 features that are viewed as two channels: each factor
// goes to two features. g = [2, 4], mean 3, beta 1: b' = 1 + g (b - 3).
// CHECK-LABEL: func.func @channels_of_features
// CHECK: quantized
// CHECK-DAG: %[[W:.+]] = arith.constant dense<{{\[\[}}2.000000e+00, 2.000000e+00, 4.000000e+00, 4.000000e+00]]> : tensor<1x4xf32>
// CHECK-DAG: %[[B:.+]] = arith.constant dense<[3.000000e+00, 5.000000e+00, 1.300000e+01, 1.700000e+01]> : tensor<4xf32>
// CHECK: %[[I:.+]] = linalg.broadcast ins(%[[B]] : tensor<4xf32>) {{.*}} dimensions = [0]
// CHECK: %[[C:.+]] = linalg.matmul ins(%{{.+}}, %[[W]] : {{.*}} outs(%[[I]]
// CHECK: %[[V:.+]] = tensor.expand_shape
// CHECK: pdq.yield %[[V]]
func.func @channels_of_features(%x: tensor<5x1xf32>) -> tensor<5x2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<1x4xf32>
  %b = arith.constant dense<[4.0, 5.0, 6.0, 7.0]> : tensor<4xf32>
  %mean = arith.constant dense<3.0> : tensor<2xf32>
  %variance = arith.constant dense<1.0> : tensor<2xf32>
  %gamma = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %beta = arith.constant dense<1.0> : tensor<2xf32>
  %empty = tensor.empty() : tensor<5x4xf32>
  %init = linalg.broadcast ins(%b : tensor<4xf32>) outs(%empty : tensor<5x4xf32>) dimensions = [0]
  %c = linalg.matmul ins(%x, %w : tensor<5x1xf32>, tensor<1x4xf32>) outs(%init : tensor<5x4xf32>) -> tensor<5x4xf32>
  %v = tensor.expand_shape %c [[0], [1, 2]] output_shape [5, 2, 2] : tensor<5x4xf32> into tensor<5x2x2xf32>
  %n = pdq.batch_norm %v, %mean, %variance, %gamma, %beta {axis = 1 : i64, epsilon = 1.0e-12 : f64} : tensor<5x2x2xf32>, tensor<2xf32>
  return %n : tensor<5x2x2xf32>
}

// -----

// The same over the other dimension: factors alternate.
// CHECK-LABEL: func.func @features_of_channels
// CHECK: quantized
// CHECK: arith.constant dense<{{\[\[}}2.000000e+00, 4.000000e+00, 2.000000e+00, 4.000000e+00]]> : tensor<1x4xf32>
func.func @features_of_channels(%x: tensor<5x1xf32>) -> tensor<5x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<1x4xf32>
  %mean = arith.constant dense<3.0> : tensor<2xf32>
  %variance = arith.constant dense<1.0> : tensor<2xf32>
  %gamma = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %beta = arith.constant dense<1.0> : tensor<2xf32>
  %empty = tensor.empty() : tensor<5x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x4xf32>) -> tensor<5x4xf32>
  %c = linalg.matmul ins(%x, %w : tensor<5x1xf32>, tensor<1x4xf32>) outs(%init : tensor<5x4xf32>) -> tensor<5x4xf32>
  %v = tensor.expand_shape %c [[0], [1, 2]] output_shape [5, 2, 2] : tensor<5x4xf32> into tensor<5x2x2xf32>
  %n = pdq.batch_norm %v, %mean, %variance, %gamma, %beta {axis = 2 : i64, epsilon = 1.0e-12 : f64} : tensor<5x2x2xf32>, tensor<2xf32>
  return %n : tensor<5x2x2xf32>
}

// -----

// Over the rows of an image behind a transpose: the norm stays, with the layer
// as it is.
// CHECK-LABEL: func.func @behind_transpose
// CHECK: quantized
// CHECK: %[[C:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: %[[T:.+]] = linalg.transpose ins(%[[C]]
// CHECK: %[[N:.+]] = linalg.generic {{.*}}ins(%[[T]],
// CHECK: pdq.yield %[[N]]
func.func @behind_transpose(%x: tensor<2x1x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %mean = arith.constant dense<3.0> : tensor<2xf32>
  %variance = arith.constant dense<1.0> : tensor<2xf32>
  %gamma = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %beta = arith.constant dense<1.0> : tensor<2xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x1x2x2xf32>, tensor<2x1x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %t = linalg.transpose ins(%c : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) permutation = [0, 2, 3, 1]
  %n = pdq.batch_norm %t, %mean, %variance, %gamma, %beta {axis = 1 : i64, epsilon = 1.0e-12 : f64} : tensor<2x2x2x2xf32>, tensor<2xf32>
  return %n : tensor<2x2x2x2xf32>
}

// -----

// Over the channels behind the same transpose: folded.
// CHECK-LABEL: func.func @with_transpose
// CHECK: quantized
// CHECK: arith.constant dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}8.000000e+00]]]]> : tensor<2x1x1x1xf32>
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: %[[T:.+]] = linalg.transpose
// CHECK: pdq.yield %[[T]]
func.func @with_transpose(%x: tensor<2x1x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %mean = arith.constant dense<3.0> : tensor<2xf32>
  %variance = arith.constant dense<1.0> : tensor<2xf32>
  %gamma = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %beta = arith.constant dense<1.0> : tensor<2xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x1x2x2xf32>, tensor<2x1x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %t = linalg.transpose ins(%c : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) permutation = [0, 2, 3, 1]
  %n = pdq.batch_norm %t, %mean, %variance, %gamma, %beta {axis = 3 : i64, epsilon = 1.0e-12 : f64} : tensor<2x2x2x2xf32>, tensor<2xf32>
  return %n : tensor<2x2x2x2xf32>
}

// -----

// A bias along the width is none of the layer's channels: the norm stays.
// CHECK-LABEL: func.func @bias_along_width
// CHECK: quantized
// CHECK: linalg.broadcast {{.*}} dimensions = [0, 1, 2]
// CHECK: %[[C:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: linalg.generic {{.*}}ins(%[[C]],
func.func @bias_along_width(%x: tensor<2x1x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %w = arith.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %b = arith.constant dense<[7.0, 8.0]> : tensor<2xf32>
  %mean = arith.constant dense<3.0> : tensor<2xf32>
  %variance = arith.constant dense<1.0> : tensor<2xf32>
  %gamma = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %beta = arith.constant dense<1.0> : tensor<2xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.broadcast ins(%b : tensor<2xf32>) outs(%empty : tensor<2x2x2x2xf32>) dimensions = [0, 1, 2]
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x1x2x2xf32>, tensor<2x1x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %n = pdq.batch_norm %c, %mean, %variance, %gamma, %beta {axis = 1 : i64, epsilon = 1.0e-12 : f64} : tensor<2x2x2x2xf32>, tensor<2xf32>
  return %n : tensor<2x2x2x2xf32>
}

// -----

// A bias that is taken away: b' = 1 + 2 (-7 - 3), 1 + 4 (-8 - 3).
// CHECK-LABEL: func.func @subtracted
// CHECK: quantized
// CHECK: arith.constant dense<[-1.900000e+01, -4.300000e+01]> : tensor<2xf32>
func.func @subtracted(%x: tensor<5x1xf32>) -> tensor<5x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %b = arith.constant dense<[7.0, 8.0]> : tensor<2xf32>
  %mean = arith.constant dense<3.0> : tensor<2xf32>
  %variance = arith.constant dense<1.0> : tensor<2xf32>
  %gamma = arith.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %beta = arith.constant dense<1.0> : tensor<2xf32>
  %empty = tensor.empty() : tensor<5x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x2xf32>) -> tensor<5x2xf32>
  %c = linalg.matmul ins(%x, %w : tensor<5x1xf32>, tensor<1x2xf32>) outs(%init : tensor<5x2xf32>) -> tensor<5x2xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%c, %b : tensor<5x2xf32>, tensor<2xf32>) outs(%empty : tensor<5x2xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.subf %in, %bias : f32
    linalg.yield %0 : f32
  } -> tensor<5x2xf32>
  %n = pdq.batch_norm %s, %mean, %variance, %gamma, %beta {axis = 1 : i64, epsilon = 1.0e-12 : f64} : tensor<5x2xf32>, tensor<2xf32>
  return %n : tensor<5x2xf32>
}

// -----

// Parameters that nobody knows here: the norm's own formula.
// CHECK-LABEL: func.func @unknown_parameters
// CHECK: linalg.generic
// CHECK: math.sqrt
// CHECK-NOT: pdq.batch_norm
// CHECK: return
func.func @unknown_parameters(%x: tensor<5x2xf64>) -> tensor<5x2xf64> {
  %p = arith.constant dense<1.0> : tensor<2xf64>
  %n = pdq.batch_norm %x, %p, %p, %p, %p {axis = 1 : i64, epsilon = 1.0e-12 : f64} : tensor<5x2xf64>, tensor<2xf64>
  return %n : tensor<5x2xf64>
}
