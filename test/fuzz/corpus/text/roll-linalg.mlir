module {
  func.func @main(%x: tensor<1x4x5x6xf32>) -> tensor<1x4x5x4xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %c1 = arith.constant 0x40400000 : f32
    %v1 = tensor.extract_slice %x[0, 0, 0, 4] [1, 4, 5, 2] [1, 1, 1, 1] : tensor<1x4x5x6xf32> to tensor<1x4x5x2xf32>
    %v2 = tensor.extract_slice %x[0, 0, 0, 0] [1, 4, 5, 4] [1, 1, 1, 1] : tensor<1x4x5x6xf32> to tensor<1x4x5x4xf32>
    %v3 = tensor.concat dim(3) %v1, %v2 : (tensor<1x4x5x2xf32>, tensor<1x4x5x4xf32>) -> tensor<1x4x5x6xf32>
    %v4 = tensor.empty() : tensor<1x3xf32>
    %v5 = tensor.empty() : tensor<1x4x5x4xf32>
    %v6 = linalg.fill ins(%c0 : f32) outs(%v5 : tensor<1x4x5x4xf32>) -> tensor<1x4x5x4xf32>
    %v7 = linalg.pooling_nchw_sum {dilations = dense<[1, 1]> : vector<2xi64>, strides = dense<[1, 1]> : vector<2xi64>} ins(%v3, %v4 : tensor<1x4x5x6xf32>, tensor<1x3xf32>) outs(%v6 : tensor<1x4x5x4xf32>) -> tensor<1x4x5x4xf32>
    %v8 = tensor.empty() : tensor<1x4x5x4xf32>
    %v12 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%v7 : tensor<1x4x5x4xf32>) outs(%v8 : tensor<1x4x5x4xf32>) {
    ^bb0(%a9: f32, %a10: f32):
      %p11 = arith.divf %a9, %c1 : f32
      linalg.yield %p11 : f32
    } -> tensor<1x4x5x4xf32>
    return %v12 : tensor<1x4x5x4xf32>
  }
}
