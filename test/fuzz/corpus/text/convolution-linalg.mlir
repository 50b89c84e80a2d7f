module {
  func.func @main(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %v1 = tensor.empty() : tensor<1x8xf32>
    %v5 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<1x8xf32>) outs(%v1 : tensor<1x8xf32>) {
    ^bb0(%a2: f32, %a3: f32):
      %p4 = arith.maximumf %a2, %c0 : f32
      linalg.yield %p4 : f32
    } -> tensor<1x8xf32>
    return %v5 : tensor<1x8xf32>
  }
}
