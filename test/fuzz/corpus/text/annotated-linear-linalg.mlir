#map = affine_map<(d0, d1, d2) -> (d0, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d1, d2)>
#map2 = affine_map<(d0, d1, d2) -> (d0, d1)>
#map3 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
module attributes {pdq.batch = 3 : i64, pdq.options = {"activation-bits" = 4 : i64, "first-last" = "qdrop", granularity = "block", "weight-bits" = 4 : i64}} {
  func.func @main(%arg0: tensor<3x4x3x3x2xf32>) -> tensor<3x90xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %0 = pdq.region @layer0 ins(%arg0 : tensor<3x4x3x3x2xf32>) -> (tensor<3x4x3x3x2xf32>) float {
    ^bb0(%arg1: tensor<3x4x3x3x2xf32>):
      %cst_0 = arith.constant dense<[0.18987982, -0.14941299]> : tensor<2xf32>
      %cst_1 = arith.constant dense<[[0.702647626, 1.1175518], [-0.387283593, 0.501844227]]> : tensor<2x2xf32>
      %collapsed_2 = tensor.collapse_shape %arg1 [[0, 1, 2, 3], [4]] : tensor<3x4x3x3x2xf32> into tensor<108x2xf32>
      %3 = tensor.empty() : tensor<108x2xf32>
      %broadcasted = linalg.broadcast ins(%cst_0 : tensor<2xf32>) outs(%3 : tensor<108x2xf32>) dimensions = [0] 
      %4 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "reduction"]} ins(%collapsed_2, %cst_1 : tensor<108x2xf32>, tensor<2x2xf32>) outs(%broadcasted : tensor<108x2xf32>) {
      ^bb0(%in: f32, %in_3: f32, %out: f32):
        %5 = arith.mulf %in, %in_3 : f32
        %6 = arith.addf %out, %5 : f32
        linalg.yield %6 : f32
      } -> tensor<108x2xf32>
      %expanded = tensor.expand_shape %4 [[0, 1, 2, 3], [4]] output_shape [3, 4, 3, 3, 2] : tensor<108x2xf32> into tensor<3x4x3x3x2xf32>
      pdq.yield %expanded : tensor<3x4x3x3x2xf32>
    } quantized {
    ^bb0(%arg1: tensor<3x4x3x3x2xf32>):
      %cst_0 = arith.constant dense<[0.18987982, -0.14941299]> : tensor<2xf32>
      %cst_1 = arith.constant dense<[[0.702647626, 1.1175518], [-0.387283593, 0.501844227]]> : tensor<2x2xf32>
      %3 = pdq.fake_quant %cst_1 to <bits = 8, axis = 0> : tensor<2x2xf32>
      %collapsed_2 = tensor.collapse_shape %arg1 [[0, 1, 2, 3], [4]] : tensor<3x4x3x3x2xf32> into tensor<108x2xf32>
      %4 = tensor.empty() : tensor<108x2xf32>
      %broadcasted = linalg.broadcast ins(%cst_0 : tensor<2xf32>) outs(%4 : tensor<108x2xf32>) dimensions = [0] 
      %5 = linalg.generic {indexing_maps = [#map, #map1, #map2], iterator_types = ["parallel", "parallel", "reduction"]} ins(%collapsed_2, %3 : tensor<108x2xf32>, tensor<2x2xf32>) outs(%broadcasted : tensor<108x2xf32>) {
      ^bb0(%in: f32, %in_3: f32, %out: f32):
        %6 = arith.mulf %in, %in_3 : f32
        %7 = arith.addf %out, %6 : f32
        linalg.yield %7 : f32
      } -> tensor<108x2xf32>
      %expanded = tensor.expand_shape %5 [[0, 1, 2, 3], [4]] output_shape [3, 4, 3, 3, 2] : tensor<108x2xf32> into tensor<3x4x3x3x2xf32>
      pdq.yield %expanded : tensor<3x4x3x3x2xf32>
    }
    %padded = tensor.pad %0 low[0, 0, 0, 0, 0] high[0, 1, 0, 0, 0] {
    ^bb0(%arg1: index, %arg2: index, %arg3: index, %arg4: index, %arg5: index):
      tensor.yield %cst : f32
    } : tensor<3x4x3x3x2xf32> to tensor<3x5x3x3x2xf32>
    %1 = tensor.empty() : tensor<3x5x3x3x2xf32>
    %2 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%padded : tensor<3x5x3x3x2xf32>) outs(%1 : tensor<3x5x3x3x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %3 = arith.maximumf %in, %cst : f32
      linalg.yield %3 : f32
    } -> tensor<3x5x3x3x2xf32>
    %collapsed = tensor.collapse_shape %2 [[0], [1, 2, 3, 4]] : tensor<3x5x3x3x2xf32> into tensor<3x90xf32>
    return %collapsed : tensor<3x90xf32>
  }
}

