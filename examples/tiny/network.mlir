#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d1, 0, 0)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
#map4 = affine_map<(d0, d1) -> (d1)>
module {
  func.func @main(%arg0: tensor<2x1x4x4xf32>) -> tensor<2x3xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 1.000000e+00 : f32
    %cst_1 = arith.constant dense_resource<torch_tensor_3_torch.float32> : tensor<3xf32>
    %cst_2 = arith.constant dense_resource<torch_tensor_3_2_torch.float32> : tensor<3x2xf32>
    %cst_3 = arith.constant dense_resource<torch_tensor_2_torch.float32_3> : tensor<2xf32>
    %cst_4 = arith.constant dense_resource<torch_tensor_2_torch.float32_2> : tensor<2xf32>
    %cst_5 = arith.constant 1.000000e-05 : f64
    %cst_6 = arith.constant dense_resource<torch_tensor_2_torch.float32_1> : tensor<2xf32>
    %cst_7 = arith.constant dense_resource<torch_tensor_2_torch.float32> : tensor<2xf32>
    %cst_8 = arith.constant dense_resource<torch_tensor_2_1_3_3_torch.float32> : tensor<2x1x3x3xf32>
    %cst_9 = arith.constant 1.600000e+01 : f32
    %padded = tensor.pad %arg0 low[0, 0, 1, 1] high[0, 0, 1, 1] {
    ^bb0(%arg1: index, %arg2: index, %arg3: index, %arg4: index):
      tensor.yield %cst : f32
    } : tensor<2x1x4x4xf32> to tensor<2x1x6x6xf32>
    %0 = tensor.empty() : tensor<2x2x4x4xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<2x2x4x4xf32>) -> tensor<2x2x4x4xf32>
    %2 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>} ins(%padded, %cst_8 : tensor<2x1x6x6xf32>, tensor<2x1x3x3xf32>) outs(%1 : tensor<2x2x4x4xf32>) -> tensor<2x2x4x4xf32>
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
    %7 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%2, %expanded : tensor<2x2x4x4xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x4x4xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %21 = arith.subf %in, %in_13 : f32
      linalg.yield %21 : f32
    } -> tensor<2x2x4x4xf32>
    %8 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %expanded_10 : tensor<2x2x4x4xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x4x4xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %21 = arith.mulf %in, %in_13 : f32
      linalg.yield %21 : f32
    } -> tensor<2x2x4x4xf32>
    %expanded_11 = tensor.expand_shape %cst_4 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %9 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8, %expanded_11 : tensor<2x2x4x4xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x4x4xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %21 = arith.mulf %in, %in_13 : f32
      linalg.yield %21 : f32
    } -> tensor<2x2x4x4xf32>
    %expanded_12 = tensor.expand_shape %cst_3 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %10 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%9, %expanded_12 : tensor<2x2x4x4xf32>, tensor<2x1x1xf32>) outs(%0 : tensor<2x2x4x4xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %21 = arith.addf %in, %in_13 : f32
      linalg.yield %21 : f32
    } -> tensor<2x2x4x4xf32>
    %11 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%10 : tensor<2x2x4x4xf32>) outs(%0 : tensor<2x2x4x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %21 = arith.cmpf ugt, %in, %cst : f32
      %22 = arith.select %21, %in, %cst : f32
      linalg.yield %22 : f32
    } -> tensor<2x2x4x4xf32>
    %12 = tensor.empty() : tensor<2x2x1x1xf32>
    %13 = linalg.fill ins(%cst : f32) outs(%12 : tensor<2x2x1x1xf32>) -> tensor<2x2x1x1xf32>
    %14 = tensor.empty() : tensor<4x4xf32>
    %15 = linalg.pooling_nchw_sum {dilations = dense<1> : vector<2xi64>, strides = dense<4> : vector<2xi64>} ins(%11, %14 : tensor<2x2x4x4xf32>, tensor<4x4xf32>) outs(%13 : tensor<2x2x1x1xf32>) -> tensor<2x2x1x1xf32>
    %16 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15 : tensor<2x2x1x1xf32>) outs(%12 : tensor<2x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %21 = arith.divf %in, %cst_9 : f32
      linalg.yield %21 : f32
    } -> tensor<2x2x1x1xf32>
    %collapsed = tensor.collapse_shape %16 [[0], [1, 2, 3]] : tensor<2x2x1x1xf32> into tensor<2x2xf32>
    %17 = tensor.empty() : tensor<2x3xf32>
    %transposed = linalg.transpose ins(%cst_2 : tensor<3x2xf32>) outs(%17 : tensor<2x3xf32>) permutation = [1, 0] 
    %18 = linalg.fill ins(%cst : f32) outs(%17 : tensor<2x3xf32>) -> tensor<2x3xf32>
    %19 = linalg.matmul ins(%collapsed, %transposed : tensor<2x2xf32>, tensor<2x3xf32>) outs(%18 : tensor<2x3xf32>) -> tensor<2x3xf32>
    %20 = linalg.generic {indexing_maps = [#map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%19, %cst_1 : tensor<2x3xf32>, tensor<3xf32>) outs(%17 : tensor<2x3xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %21 = arith.addf %in, %in_13 : f32
      linalg.yield %21 : f32
    } -> tensor<2x3xf32>
    return %20 : tensor<2x3xf32>
  }
}

{-#
  dialect_resources: {
    builtin: {
      torch_tensor_3_torch.float32: "0x040000001E6BE9BD353C993DA1E8233F",
      torch_tensor_3_2_torch.float32: "0x04000000DE70F5BE86A79DBEA77F833EF750163FE70315BE7A75073F",
      torch_tensor_2_torch.float32_3: "0x040000000000000000000000",
      torch_tensor_2_torch.float32_2: "0x040000000000803F0000803F",
      torch_tensor_2_torch.float32_1: "0x040000000000803F00008040",
      torch_tensor_2_torch.float32: "0x040000000000003F000080BE",
      torch_tensor_2_1_3_3_torch.float32: "0x04000000568D23BB281B373E64778CBE56337BBE4E7703BEE60FB73DAB69D8BBDF51873E9654F2BC66A4B43D904FCEBD4B3086BDD00BA3BE180F62BE9BB40CBEAB4E4A3CEBF0063ECBCE4C3E"
    }
  }
#-}
