module {
  func.func @main(%x: tensor<2x2x3xf32>) -> tensor<2x6xf32> {
    %c0 = tosa.const_shape {values = dense<[2, 6]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %c1 = arith.constant 0x3F400000 : f32
    %v1 = tosa.reshape %x, %c0 : (tensor<2x2x3xf32>, !tosa.shape<2>) -> tensor<2x6xf32>
    %v2 = tensor.empty() : tensor<2x6xf32>
    %v6 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%v1 : tensor<2x6xf32>) outs(%v2 : tensor<2x6xf32>) {
    ^bb0(%a3: f32, %a4: f32):
      %p5 = arith.mulf %a3, %c1 : f32
      linalg.yield %p5 : f32
    } -> tensor<2x6xf32>
    return %v6 : tensor<2x6xf32>
  }
}
