module {
  func.func @main(%x: tensor<3x4x3x3x2xf32>) -> tensor<3x90xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %v1 = tensor.collapse_shape %x [[0, 1, 2, 3], [4]] : tensor<3x4x3x3x2xf32> into tensor<108x2xf32>
    %v2 = arith.constant dense<"0xDB6F423EB8FF18BE"> : tensor<2xf32>
    %v3 = tensor.empty() : tensor<108x2xf32>
    %v4 = linalg.broadcast ins(%v2 : tensor<2xf32>) outs(%v3 : tensor<108x2xf32>) dimensions = [0]
    %v5 = arith.constant dense<"0xB7E0333FF00B8F3F094AC6BEDD78003F"> : tensor<2x2xf32>
    %v11 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%v1, %v5 : tensor<108x2xf32>, tensor<2x2xf32>) outs(%v4 : tensor<108x2xf32>) {
    ^bb0(%a6: f32, %a7: f32, %a8: f32):
      %p9 = arith.mulf %a6, %a7 : f32
      %p10 = arith.addf %a8, %p9 : f32
      linalg.yield %p10 : f32
    } -> tensor<108x2xf32>
    %v12 = tensor.expand_shape %v11 [[0, 1, 2, 3], [4]] output_shape [3, 4, 3, 3, 2] : tensor<108x2xf32> into tensor<3x4x3x3x2xf32>
    %v18 = tensor.pad %v12 low[0, 0, 0, 0, 0] high[0, 1, 0, 0, 0] {
    ^bb0(%i13: index, %i14: index, %i15: index, %i16: index, %i17: index):
      tensor.yield %c0 : f32
    } : tensor<3x4x3x3x2xf32> to tensor<3x5x3x3x2xf32>
    %v19 = tensor.empty() : tensor<3x5x3x3x2xf32>
    %v23 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%v18 : tensor<3x5x3x3x2xf32>) outs(%v19 : tensor<3x5x3x3x2xf32>) {
    ^bb0(%a20: f32, %a21: f32):
      %p22 = arith.maximumf %a20, %c0 : f32
      linalg.yield %p22 : f32
    } -> tensor<3x5x3x3x2xf32>
    %v24 = tensor.collapse_shape %v23 [[0], [1, 2, 3, 4]] : tensor<3x5x3x3x2xf32> into tensor<3x90xf32>
    return %v24 : tensor<3x90xf32>
  }
}
