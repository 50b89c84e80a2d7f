module {
  func.func @main(%x: tensor<1x3x4x4x4xf32>) -> tensor<1x3x4x4x4xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %v1 = tensor.empty() : tensor<1x3x4x4x4xf32>
    %v6 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%x : tensor<1x3x4x4x4xf32>) outs(%v1 : tensor<1x3x4x4x4xf32>) {
    ^bb0(%a2: f32, %a3: f32):
      %p4 = arith.cmpf ult, %a2, %c0 : f32
      %p5 = arith.select %p4, %c0, %a2 : f32
      linalg.yield %p5 : f32
    } -> tensor<1x3x4x4x4xf32>
    return %v6 : tensor<1x3x4x4x4xf32>
  }
}
