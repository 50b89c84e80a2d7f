// The same network (convolution, batch norm, ReLU, pooling, linear) as different
// frontends write it: the batch norm has the same statistics in all of them.

// RUN: pdq-opt %s --split-input-file --pdq-normalize-frontend --pdq-capture-batch-norm --canonicalize --cse | FileCheck %s

// FX, default: decomposed to seven operations, an assertion inside of one.
// CHECK: module attributes {pdq.batch = 2 : i64}
// CHECK-DAG: %[[GAMMA:.+]] = arith.constant dense<[2.000000e+00, 3.000000e+00]>
// CHECK-DAG: %[[MEAN:.+]] = arith.constant dense<[1.000000e+00, -1.000000e+00]>
// CHECK-DAG: %[[VARIANCE:.+]] = arith.constant dense<[4.000000e+00, 2.500000e-01]>
// CHECK-DAG: %[[BETA:.+]] = arith.constant dense<[5.000000e-01, -5.000000e-01]>
// CHECK: %[[CONV:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: pdq.batch_norm %[[CONV]], %[[MEAN]], %[[VARIANCE]], %[[GAMMA]], %[[BETA]]
// CHECK-SAME: axis = 1 : i64, epsilon = 1.000000e-05 : f64
// CHECK-NOT: subf
// CHECK-NOT: cf.assert
// CHECK: return

#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d1, 0, 0)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
#map4 = affine_map<(d0, d1) -> (d1)>
module {
  func.func @main(%arg0: tensor<2x2x2x2xf32>) -> tensor<2x2xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 1.000000e+00 : f32
    %cst_1 = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %cst_2 = arith.constant dense<[[1.0, -1.0], [2.0, -2.0]]> : tensor<2x2xf32>
    %cst_3 = arith.constant dense<[0.5, -0.5]> : tensor<2xf32>
    %cst_4 = arith.constant dense<[2.0, 3.0]> : tensor<2xf32>
    %cst_5 = arith.constant 1.000000e-05 : f64
    %cst_6 = arith.constant dense<[4.0, 0.25]> : tensor<2xf32>
    %cst_7 = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
    %cst_8 = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
    %cst_9 = arith.constant 4.000000e+00 : f32
    %0 = tensor.empty() : tensor<2x2x2x2xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
    %2 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>} ins(%arg0, %cst_8 : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%1 : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
    %3 = tensor.empty() : tensor<2xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%cst_6 : tensor<2xf32>) outs(%3 : tensor<2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %20 = arith.truncf %cst_5 : f64 to f32
      %21 = arith.addf %in, %20 : f32
      linalg.yield %21 : f32
    } -> tensor<2xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%4 : tensor<2xf32>) outs(%3 : tensor<2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %20 = math.sqrt %in : f32
      linalg.yield %20 : f32
    } -> tensor<2xf32>
    %6 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%5 : tensor<2xf32>) outs(%3 : tensor<2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %20 = arith.cmpf one, %in, %cst : f32
      cf.assert %20, "unimplemented: tensor with zero element"
      %21 = arith.divf %cst_0, %in : f32
      linalg.yield %21 : f32
    } -> tensor<2xf32>
    %expanded = tensor.expand_shape %cst_7 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %expanded_10 = tensor.expand_shape %6 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %7 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%2, %expanded : tensor<2x2x2x2xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x2x2xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %20 = arith.subf %in, %in_13 : f32
      linalg.yield %20 : f32
    } -> tensor<2x2x2x2xf32>
    %8 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %expanded_10 : tensor<2x2x2x2xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x2x2xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %20 = arith.mulf %in, %in_13 : f32
      linalg.yield %20 : f32
    } -> tensor<2x2x2x2xf32>
    %expanded_11 = tensor.expand_shape %cst_4 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %9 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8, %expanded_11 : tensor<2x2x2x2xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x2x2xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %20 = arith.mulf %in, %in_13 : f32
      linalg.yield %20 : f32
    } -> tensor<2x2x2x2xf32>
    %expanded_12 = tensor.expand_shape %cst_3 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %10 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%9, %expanded_12 : tensor<2x2x2x2xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x2x2xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %20 = arith.addf %in, %in_13 : f32
      linalg.yield %20 : f32
    } -> tensor<2x2x2x2xf32>
    %11 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%10 : tensor<2x2x2x2xf32>) outs(%0 : tensor<2x2x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %20 = arith.cmpf ugt, %in, %cst : f32
      %21 = arith.select %20, %in, %cst : f32
      linalg.yield %21 : f32
    } -> tensor<2x2x2x2xf32>
    %12 = tensor.empty() : tensor<2x2x1x1xf32>
    %13 = linalg.fill ins(%cst : f32) outs(%12 : tensor<2x2x1x1xf32>) -> tensor<2x2x1x1xf32>
    %14 = tensor.empty() : tensor<2x2xf32>
    %15 = linalg.pooling_nchw_sum {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>} ins(%11, %14 : tensor<2x2x2x2xf32>, tensor<2x2xf32>) outs(%13 : tensor<2x2x1x1xf32>) -> tensor<2x2x1x1xf32>
    %16 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15 : tensor<2x2x1x1xf32>) outs(%12 : tensor<2x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %20 = arith.divf %in, %cst_9 : f32
      linalg.yield %20 : f32
    } -> tensor<2x2x1x1xf32>
    %collapsed = tensor.collapse_shape %16 [[0], [1, 2, 3]] : tensor<2x2x1x1xf32> into tensor<2x2xf32>
    %transposed = linalg.transpose ins(%cst_2 : tensor<2x2xf32>) outs(%14 : tensor<2x2xf32>) permutation = [1, 0] 
    %17 = linalg.fill ins(%cst : f32) outs(%14 : tensor<2x2xf32>) -> tensor<2x2xf32>
    %18 = linalg.matmul ins(%collapsed, %transposed : tensor<2x2xf32>, tensor<2x2xf32>) outs(%17 : tensor<2x2xf32>) -> tensor<2x2xf32>
    %19 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%18, %cst_1 : tensor<2x2xf32>, tensor<2xf32>) outs(%14 : tensor<2x2xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %20 = arith.addf %in, %in_13 : f32
      linalg.yield %20 : f32
    } -> tensor<2x2xf32>
    return %19 : tensor<2x2xf32>
  }
}

// -----

// FX without decomposition: statistics expanded to [1, C, 1, 1], rsqrt.
// CHECK: module attributes {pdq.batch = 2 : i64}
// CHECK-DAG: %[[GAMMA:.+]] = arith.constant dense<[2.000000e+00, 3.000000e+00]>
// CHECK-DAG: %[[MEAN:.+]] = arith.constant dense<[1.000000e+00, -1.000000e+00]>
// CHECK-DAG: %[[VARIANCE:.+]] = arith.constant dense<[4.000000e+00, 2.500000e-01]>
// CHECK-DAG: %[[BETA:.+]] = arith.constant dense<[5.000000e-01, -5.000000e-01]>
// CHECK: %[[CONV:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: pdq.batch_norm %[[CONV]], %[[MEAN]], %[[VARIANCE]], %[[GAMMA]], %[[BETA]]
// CHECK-SAME: axis = 1 : i64, epsilon = 1.000000e-05 : f64
// CHECK-NOT: subf
// CHECK-NOT: cf.assert
// CHECK: return

#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (0, d1, 0, 0)>
#map2 = affine_map<(d0, d1) -> (d0, d1)>
#map3 = affine_map<(d0, d1) -> (d1)>
module {
  func.func @main(%arg0: tensor<2x2x2x2xf32>) -> tensor<2x2xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %cst_1 = arith.constant dense<[[1.0, -1.0], [2.0, -2.0]]> : tensor<2x2xf32>
    %cst_2 = arith.constant 1.000000e-05 : f64
    %cst_3 = arith.constant dense<[4.0, 0.25]> : tensor<2xf32>
    %cst_4 = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
    %cst_5 = arith.constant dense<[0.5, -0.5]> : tensor<2xf32>
    %cst_6 = arith.constant dense<[2.0, 3.0]> : tensor<2xf32>
    %cst_7 = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
    %cst_8 = arith.constant 4.000000e+00 : f32
    %0 = tensor.empty() : tensor<2x2x2x2xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
    %2 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>} ins(%arg0, %cst_7 : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%1 : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
    %expanded = tensor.expand_shape %cst_4 [[0, 1, 2, 3]] output_shape [1, 2, 1, 1] : tensor<2xf32> into tensor<1x2x1x1xf32>
    %expanded_9 = tensor.expand_shape %cst_3 [[0, 1, 2, 3]] output_shape [1, 2, 1, 1] : tensor<2xf32> into tensor<1x2x1x1xf32>
    %3 = tensor.empty() : tensor<1x2x1x1xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_9 : tensor<1x2x1x1xf32>) outs(%3 : tensor<1x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %19 = arith.truncf %cst_2 : f64 to f32
      %20 = arith.addf %in, %19 : f32
      linalg.yield %20 : f32
    } -> tensor<1x2x1x1xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%4 : tensor<1x2x1x1xf32>) outs(%3 : tensor<1x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %19 = math.rsqrt %in : f32
      linalg.yield %19 : f32
    } -> tensor<1x2x1x1xf32>
    %6 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%2, %expanded : tensor<2x2x2x2xf32>, tensor<1x2x1x1xf32>) outs(%0 : tensor<2x2x2x2xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %19 = arith.subf %in, %in_12 : f32
      linalg.yield %19 : f32
    } -> tensor<2x2x2x2xf32>
    %7 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%6, %5 : tensor<2x2x2x2xf32>, tensor<1x2x1x1xf32>) outs(%0 : tensor<2x2x2x2xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %19 = arith.mulf %in, %in_12 : f32
      linalg.yield %19 : f32
    } -> tensor<2x2x2x2xf32>
    %expanded_10 = tensor.expand_shape %cst_6 [[0, 1, 2, 3]] output_shape [1, 2, 1, 1] : tensor<2xf32> into tensor<1x2x1x1xf32>
    %8 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %expanded_10 : tensor<2x2x2x2xf32>, tensor<1x2x1x1xf32>) outs(%0 : tensor<2x2x2x2xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %19 = arith.mulf %in, %in_12 : f32
      linalg.yield %19 : f32
    } -> tensor<2x2x2x2xf32>
    %expanded_11 = tensor.expand_shape %cst_5 [[0, 1, 2, 3]] output_shape [1, 2, 1, 1] : tensor<2xf32> into tensor<1x2x1x1xf32>
    %9 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8, %expanded_11 : tensor<2x2x2x2xf32>, tensor<1x2x1x1xf32>) outs(%0 : tensor<2x2x2x2xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %19 = arith.addf %in, %in_12 : f32
      linalg.yield %19 : f32
    } -> tensor<2x2x2x2xf32>
    %10 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%9 : tensor<2x2x2x2xf32>) outs(%0 : tensor<2x2x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %19 = arith.cmpf ugt, %in, %cst : f32
      %20 = arith.select %19, %in, %cst : f32
      linalg.yield %20 : f32
    } -> tensor<2x2x2x2xf32>
    %11 = tensor.empty() : tensor<2x2x1x1xf32>
    %12 = linalg.fill ins(%cst : f32) outs(%11 : tensor<2x2x1x1xf32>) -> tensor<2x2x1x1xf32>
    %13 = tensor.empty() : tensor<2x2xf32>
    %14 = linalg.pooling_nchw_sum {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>} ins(%10, %13 : tensor<2x2x2x2xf32>, tensor<2x2xf32>) outs(%12 : tensor<2x2x1x1xf32>) -> tensor<2x2x1x1xf32>
    %15 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14 : tensor<2x2x1x1xf32>) outs(%11 : tensor<2x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %19 = arith.divf %in, %cst_8 : f32
      linalg.yield %19 : f32
    } -> tensor<2x2x1x1xf32>
    %collapsed = tensor.collapse_shape %15 [[0], [1, 2, 3]] : tensor<2x2x1x1xf32> into tensor<2x2xf32>
    %transposed = linalg.transpose ins(%cst_1 : tensor<2x2xf32>) outs(%13 : tensor<2x2xf32>) permutation = [1, 0] 
    %16 = linalg.fill ins(%cst : f32) outs(%13 : tensor<2x2xf32>) -> tensor<2x2xf32>
    %17 = linalg.matmul ins(%collapsed, %transposed : tensor<2x2xf32>, tensor<2x2xf32>) outs(%16 : tensor<2x2xf32>) -> tensor<2x2xf32>
    %18 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel"]} ins(%17, %cst_0 : tensor<2x2xf32>, tensor<2xf32>) outs(%13 : tensor<2x2xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %19 = arith.addf %in, %in_12 : f32
      linalg.yield %19 : f32
    } -> tensor<2x2xf32>
    return %18 : tensor<2x2xf32>
  }
}

// -----

// FX with a dynamic batch, which gets a size.
// CHECK: module attributes {pdq.batch = -1 : i64}
// CHECK-DAG: %[[GAMMA:.+]] = arith.constant dense<[2.000000e+00, 3.000000e+00]>
// CHECK-DAG: %[[MEAN:.+]] = arith.constant dense<[1.000000e+00, -1.000000e+00]>
// CHECK-DAG: %[[VARIANCE:.+]] = arith.constant dense<[4.000000e+00, 2.500000e-01]>
// CHECK-DAG: %[[BETA:.+]] = arith.constant dense<[5.000000e-01, -5.000000e-01]>
// CHECK: tensor<32x2x2x2xf32>
// CHECK: %[[CONV:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: pdq.batch_norm %[[CONV]], %[[MEAN]], %[[VARIANCE]], %[[GAMMA]], %[[BETA]]
// CHECK-SAME: axis = 1 : i64, epsilon = 1.000000e-05 : f64
// CHECK-NOT: subf
// CHECK-NOT: cf.assert
// CHECK: return

#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d1, 0, 0)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
#map4 = affine_map<(d0, d1) -> (d1)>
module {
  func.func @main(%arg0: tensor<?x2x2x2xf32>) -> tensor<?x2xf32> {
    %c0 = arith.constant 0 : index
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 1.000000e+00 : f32
    %cst_1 = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %cst_2 = arith.constant dense<[[1.0, -1.0], [2.0, -2.0]]> : tensor<2x2xf32>
    %cst_3 = arith.constant dense<[0.5, -0.5]> : tensor<2xf32>
    %cst_4 = arith.constant dense<[2.0, 3.0]> : tensor<2xf32>
    %cst_5 = arith.constant 1.000000e-05 : f64
    %cst_6 = arith.constant dense<[4.0, 0.25]> : tensor<2xf32>
    %cst_7 = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
    %cst_8 = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
    %cst_9 = arith.constant 4.000000e+00 : f32
    %dim = tensor.dim %arg0, %c0 : tensor<?x2x2x2xf32>
    %0 = tensor.empty(%dim) : tensor<?x2x2x2xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<?x2x2x2xf32>) -> tensor<?x2x2x2xf32>
    %2 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>} ins(%arg0, %cst_8 : tensor<?x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%1 : tensor<?x2x2x2xf32>) -> tensor<?x2x2x2xf32>
    %3 = tensor.empty() : tensor<2xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%cst_6 : tensor<2xf32>) outs(%3 : tensor<2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %21 = arith.truncf %cst_5 : f64 to f32
      %22 = arith.addf %in, %21 : f32
      linalg.yield %22 : f32
    } -> tensor<2xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%4 : tensor<2xf32>) outs(%3 : tensor<2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %21 = math.sqrt %in : f32
      linalg.yield %21 : f32
    } -> tensor<2xf32>
    %6 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%5 : tensor<2xf32>) outs(%3 : tensor<2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %21 = arith.cmpf one, %in, %cst : f32
      cf.assert %21, "unimplemented: tensor with zero element"
      %22 = arith.divf %cst_0, %in : f32
      linalg.yield %22 : f32
    } -> tensor<2xf32>
    %expanded = tensor.expand_shape %cst_7 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %expanded_10 = tensor.expand_shape %6 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %7 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%2, %expanded : tensor<?x2x2x2xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<?x2x2x2xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %21 = arith.subf %in, %in_13 : f32
      linalg.yield %21 : f32
    } -> tensor<?x2x2x2xf32>
    %8 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %expanded_10 : tensor<?x2x2x2xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<?x2x2x2xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %21 = arith.mulf %in, %in_13 : f32
      linalg.yield %21 : f32
    } -> tensor<?x2x2x2xf32>
    %expanded_11 = tensor.expand_shape %cst_4 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %9 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8, %expanded_11 : tensor<?x2x2x2xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<?x2x2x2xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %21 = arith.mulf %in, %in_13 : f32
      linalg.yield %21 : f32
    } -> tensor<?x2x2x2xf32>
    %expanded_12 = tensor.expand_shape %cst_3 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %10 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%9, %expanded_12 : tensor<?x2x2x2xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<?x2x2x2xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %21 = arith.addf %in, %in_13 : f32
      linalg.yield %21 : f32
    } -> tensor<?x2x2x2xf32>
    %11 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%10 : tensor<?x2x2x2xf32>) outs(%0 : tensor<?x2x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %21 = arith.cmpf ugt, %in, %cst : f32
      %22 = arith.select %21, %in, %cst : f32
      linalg.yield %22 : f32
    } -> tensor<?x2x2x2xf32>
    %12 = tensor.empty(%dim) : tensor<?x2x1x1xf32>
    %13 = linalg.fill ins(%cst : f32) outs(%12 : tensor<?x2x1x1xf32>) -> tensor<?x2x1x1xf32>
    %14 = tensor.empty() : tensor<2x2xf32>
    %15 = linalg.pooling_nchw_sum {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>} ins(%11, %14 : tensor<?x2x2x2xf32>, tensor<2x2xf32>) outs(%13 : tensor<?x2x1x1xf32>) -> tensor<?x2x1x1xf32>
    %16 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15 : tensor<?x2x1x1xf32>) outs(%12 : tensor<?x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %21 = arith.divf %in, %cst_9 : f32
      linalg.yield %21 : f32
    } -> tensor<?x2x1x1xf32>
    %collapsed = tensor.collapse_shape %16 [[0], [1, 2, 3]] : tensor<?x2x1x1xf32> into tensor<?x2xf32>
    %transposed = linalg.transpose ins(%cst_2 : tensor<2x2xf32>) outs(%14 : tensor<2x2xf32>) permutation = [1, 0] 
    %17 = tensor.empty(%dim) : tensor<?x2xf32>
    %18 = linalg.fill ins(%cst : f32) outs(%17 : tensor<?x2xf32>) -> tensor<?x2xf32>
    %19 = linalg.matmul ins(%collapsed, %transposed : tensor<?x2xf32>, tensor<2x2xf32>) outs(%18 : tensor<?x2xf32>) -> tensor<?x2xf32>
    %20 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%19, %cst_1 : tensor<?x2xf32>, tensor<2xf32>) outs(%17 : tensor<?x2xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %21 = arith.addf %in, %in_13 : f32
      linalg.yield %21 : f32
    } -> tensor<?x2xf32>
    return %20 : tensor<?x2xf32>
  }
}

// -----

// Older exports: one operation with five inputs.
// CHECK: module attributes {pdq.batch = 2 : i64}
// CHECK-DAG: %[[GAMMA:.+]] = arith.constant dense<[2.000000e+00, 3.000000e+00]>
// CHECK-DAG: %[[MEAN:.+]] = arith.constant dense<[1.000000e+00, -1.000000e+00]>
// CHECK-DAG: %[[VARIANCE:.+]] = arith.constant dense<[4.000000e+00, 2.500000e-01]>
// CHECK-DAG: %[[BETA:.+]] = arith.constant dense<[5.000000e-01, -5.000000e-01]>
// CHECK: %[[CONV:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: pdq.batch_norm %[[CONV]], %[[MEAN]], %[[VARIANCE]], %[[GAMMA]], %[[BETA]]
// CHECK-SAME: axis = 1 : i64, epsilon = 1.000000e-05 : f64
// CHECK-NOT: subf
// CHECK-NOT: cf.assert
// CHECK: return

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d1)>
func.func @forward(%x: tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %epsilon = arith.constant 1.0e-05 : f64
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %gamma = arith.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %beta = arith.constant dense<[0.5, -0.5]> : tensor<2xf32>
  %mean = arith.constant dense<[1.0, -1.0]> : tensor<2xf32>
  %variance = arith.constant dense<[4.0, 0.25]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %n = linalg.generic {indexing_maps = [#id, #channel, #channel, #channel, #channel, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c, %gamma, %beta, %mean, %variance : tensor<2x2x2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) outs(%c : tensor<2x2x2x2xf32>) {
  ^bb0(%in: f32, %g: f32, %b: f32, %m: f32, %v: f32, %out: f32):
    %e = arith.truncf %epsilon : f64 to f32
    %0 = arith.addf %v, %e : f32
    %1 = math.rsqrt %0 : f32
    %2 = arith.subf %in, %m : f32
    %3 = arith.mulf %2, %1 : f32
    %4 = arith.mulf %3, %g : f32
    %5 = arith.addf %4, %b : f32
    linalg.yield %5 : f32
  } -> tensor<2x2x2x2xf32>
  return %n : tensor<2x2x2x2xf32>
}

// -----

// A linear layer with a bias of its own in front, and no gamma and beta.
// CHECK-LABEL: func @bias
// CHECK-DAG: %[[ONE:.+]] = arith.constant dense<1.000000e+00> : tensor<3xf32>
// CHECK-DAG: %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK-DAG: %[[MEAN:.+]] = arith.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]>
// CHECK-DAG: %[[VARIANCE:.+]] = arith.constant dense<[4.000000e+00, 5.000000e+00, 6.000000e+00]>
// CHECK: %[[SUM:.+]] = linalg.generic
// CHECK: arith.addf
// CHECK: pdq.batch_norm %[[SUM]], %[[MEAN]], %[[VARIANCE]], %[[ONE]], %[[ZERO]]
// CHECK-SAME: epsilon = {{0.00100000[0-9]+}}
#id = affine_map<(d0, d1) -> (d0, d1)>
#channel = affine_map<(d0, d1) -> (d1)>
func.func @bias(%x: tensor<2x2xf32>) -> tensor<2x3xf32> {
  %zero = arith.constant 0.0 : f32
  %epsilon = arith.constant 1.0e-03 : f32
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = arith.constant dense<[7.0, 8.0, 9.0]> : tensor<3xf32>
  %mean = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %variance = arith.constant dense<[4.0, 5.0, 6.0]> : tensor<3xf32>
  %empty = tensor.empty() : tensor<2x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x3xf32>) -> tensor<2x3xf32>
  %c = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x3xf32>) outs(%init : tensor<2x3xf32>) -> tensor<2x3xf32>
  %s = linalg.generic {indexing_maps = [#id, #channel, #id], iterator_types = ["parallel", "parallel"]}
      ins(%c, %b : tensor<2x3xf32>, tensor<3xf32>) outs(%empty : tensor<2x3xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.addf %in, %bias : f32
    linalg.yield %0 : f32
  } -> tensor<2x3xf32>
  %n = linalg.generic {indexing_maps = [#id, #channel, #channel, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s, %mean, %variance : tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) outs(%empty : tensor<2x3xf32>) {
  ^bb0(%in: f32, %m: f32, %v: f32, %out: f32):
    %0 = arith.subf %in, %m : f32
    %1 = arith.addf %v, %epsilon : f32
    %2 = math.sqrt %1 : f32
    %3 = arith.divf %0, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<2x3xf32>
  return %n : tensor<2x3xf32>
}
