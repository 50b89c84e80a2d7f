module {
  func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3x1xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %c1 = tosa.const_shape {values = dense<[2, 3, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %v1 = arith.constant dense<"0xDF26273E7124943E9DF50A3E"> : tensor<3xf32>
    %v2 = tensor.empty() : tensor<2x3xf32>
    %v9 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%x, %v1 : tensor<2x3xf32>, tensor<3xf32>) outs(%v2 : tensor<2x3xf32>) {
    ^bb0(%a3: f32, %a4: f32, %a5: f32):
      %p6 = arith.cmpf ogt, %a3, %c0 : f32
      %p7 = arith.mulf %a4, %a3 : f32
      %p8 = arith.select %p6, %a3, %p7 : f32
      linalg.yield %p8 : f32
    } -> tensor<2x3xf32>
    %v10 = tosa.reshape %v9, %c1 : (tensor<2x3xf32>, !tosa.shape<3>) -> tensor<2x3x1xf32>
    return %v10 : tensor<2x3x1xf32>
  }
}
