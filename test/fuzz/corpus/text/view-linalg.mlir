module {
  func.func @main(%x: tensor<3x3x6x3xf32>) -> tensor<3x1x6x1x3xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %v1 = tensor.expand_shape %x [[0], [1], [2], [3, 4]] output_shape [3, 3, 6, 1, 3] : tensor<3x3x6x3xf32> into tensor<3x3x6x1x3xf32>
    %v7 = tensor.pad %v1 low[0, 0, 1, 0, 0] high[0, 0, 1, 0, 0] {
    ^bb0(%i2: index, %i3: index, %i4: index, %i5: index, %i6: index):
      tensor.yield %c0 : f32
    } : tensor<3x3x6x1x3xf32> to tensor<3x3x8x1x3xf32>
    %v8 = arith.constant dense<"0xF6C4A3BE"> : tensor<1xf32>
    %v9 = tensor.empty() : tensor<3x1x6x1x3xf32>
    %v12 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d1)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%v8 : tensor<1xf32>) outs(%v9 : tensor<3x1x6x1x3xf32>) {
    ^bb0(%a10: f32, %a11: f32):
      linalg.yield %a10 : f32
    } -> tensor<3x1x6x1x3xf32>
    %v13 = arith.constant dense<"0x36E692BEEE2B983E31D812BFEF59AC3ECF7DE43CF5794B3E8939823E37D83C3F56BDEFBD"> : tensor<1x3x3x1x1xf32>
    %v19 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5, d6, d7, d8) -> (d0, d5, d2 * 1 + d6 * 1, d3 * 1 + d7 * 1, d4 * 1 + d8 * 1)>, affine_map<(d0, d1, d2, d3, d4, d5, d6, d7, d8) -> (d1, d5, d6, d7, d8)>, affine_map<(d0, d1, d2, d3, d4, d5, d6, d7, d8) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "reduction"]} ins(%v7, %v13 : tensor<3x3x8x1x3xf32>, tensor<1x3x3x1x1xf32>) outs(%v12 : tensor<3x1x6x1x3xf32>) {
    ^bb0(%a14: f32, %a15: f32, %a16: f32):
      %p17 = arith.mulf %a14, %a15 : f32
      %p18 = arith.addf %a16, %p17 : f32
      linalg.yield %p18 : f32
    } -> tensor<3x1x6x1x3xf32>
    return %v19 : tensor<3x1x6x1x3xf32>
  }
}
