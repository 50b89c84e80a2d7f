module {
  func.func @main(%x: tensor<2x5x3x2xf32>) -> tensor<2x5xf32> {
    %c0 = tosa.const_shape {values = dense<[2, 5]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %c1 = arith.constant 0x40C00000 : f32
    %v1 = tosa.reduce_sum %x {axis = 2 : i32} : (tensor<2x5x3x2xf32>) -> tensor<2x5x1x2xf32>
    %v2 = tosa.reduce_sum %v1 {axis = 3 : i32} : (tensor<2x5x1x2xf32>) -> tensor<2x5x1x1xf32>
    %v3 = tosa.reshape %v2, %c0 : (tensor<2x5x1x1xf32>, !tosa.shape<2>) -> tensor<2x5xf32>
    %v4 = tensor.empty() : tensor<2x5xf32>
    %v8 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%v3 : tensor<2x5xf32>) outs(%v4 : tensor<2x5xf32>) {
    ^bb0(%a5: f32, %a6: f32):
      %p7 = arith.divf %a5, %c1 : f32
      linalg.yield %p7 : f32
    } -> tensor<2x5xf32>
    return %v8 : tensor<2x5xf32>
  }
}
