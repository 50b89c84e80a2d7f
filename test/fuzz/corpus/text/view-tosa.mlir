module {
  func.func @main(%x: tensor<2x2xf32>) -> tensor<2x1x2xf32> {
    %c0 = tosa.const_shape {values = dense<[2, 1, 2]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %v1 = tosa.reshape %x, %c0 : (tensor<2x2xf32>, !tosa.shape<3>) -> tensor<2x1x2xf32>
    %v2 = tosa.clamp %v1 {max_val = 3.402823466e+38 : f32, min_val = 0.000000000e+00 : f32} : (tensor<2x1x2xf32>) -> tensor<2x1x2xf32>
    return %v2 : tensor<2x1x2xf32>
  }
}
