module {
  func.func @main(%x: tensor<3x2x4x5xf32>) -> tensor<3x2x2x2x5xf32> {
    %c0 = arith.constant 0x3F800000 : f32
    %v1 = tensor.empty() : tensor<3x2x4x5xf32>
    %v8 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x : tensor<3x2x4x5xf32>) outs(%v1 : tensor<3x2x4x5xf32>) {
    ^bb0(%a2: f32, %a3: f32):
      %p4 = math.absf %a2 : f32
      %p5 = arith.addf %p4, %c0 : f32
      %p6 = arith.mulf %a2, %a2 : f32
      %p7 = arith.divf %p6, %p5 : f32
      linalg.yield %p7 : f32
    } -> tensor<3x2x4x5xf32>
    %v9 = tensor.expand_shape %v8 [[0], [1], [2, 3], [4]] output_shape [3, 2, 2, 2, 5] : tensor<3x2x4x5xf32> into tensor<3x2x2x2x5xf32>
    return %v9 : tensor<3x2x2x2x5xf32>
  }
}
