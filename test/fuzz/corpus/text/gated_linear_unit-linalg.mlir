module {
  func.func @main(%x: tensor<2x5x3x5xf32>) -> tensor<2x5x3x5xf32> {
    %c0 = arith.constant 0xFF800000 : f32
    %v1 = tensor.empty() : tensor<1x1xf32>
    %v2 = tensor.empty() : tensor<2x5x3x5xf32>
    %v3 = linalg.fill ins(%c0 : f32) outs(%v2 : tensor<2x5x3x5xf32>) -> tensor<2x5x3x5xf32>
    %v4 = linalg.pooling_nchw_max {dilations = dense<[1, 1]> : vector<2xi64>, strides = dense<[1, 1]> : vector<2xi64>} ins(%x, %v1 : tensor<2x5x3x5xf32>, tensor<1x1xf32>) outs(%v3 : tensor<2x5x3x5xf32>) -> tensor<2x5x3x5xf32>
    %v5 = tensor.empty() : tensor<2x5x3x5xf32>
    %v10 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x, %v4 : tensor<2x5x3x5xf32>, tensor<2x5x3x5xf32>) outs(%v5 : tensor<2x5x3x5xf32>) {
    ^bb0(%a6: f32, %a7: f32, %a8: f32):
      %p9 = arith.addf %a7, %a6 : f32
      linalg.yield %p9 : f32
    } -> tensor<2x5x3x5xf32>
    return %v10 : tensor<2x5x3x5xf32>
  }
}
