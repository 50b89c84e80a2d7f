module {
  func.func @main(%x: tensor<1x3x4x3x2xf32>) -> tensor<1x3x4x3x2xf32> {
    %c0 = arith.constant 0xFF800000 : f32
    %c1 = arith.constant 0x3F400000 : f32
    %v6 = tensor.pad %x low[0, 0, 0, 1, 0] high[0, 0, 0, 1, 0] {
    ^bb0(%i1: index, %i2: index, %i3: index, %i4: index, %i5: index):
      tensor.yield %c0 : f32
    } : tensor<1x3x4x3x2xf32> to tensor<1x3x4x5x2xf32>
    %v7 = tensor.empty() : tensor<1x3x4x3x2xf32>
    %v11 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%x : tensor<1x3x4x3x2xf32>) outs(%v7 : tensor<1x3x4x3x2xf32>) {
    ^bb0(%a8: f32, %a9: f32):
      %p10 = arith.mulf %a8, %c1 : f32
      linalg.yield %p10 : f32
    } -> tensor<1x3x4x3x2xf32>
    return %v11 : tensor<1x3x4x3x2xf32>
  }
}
