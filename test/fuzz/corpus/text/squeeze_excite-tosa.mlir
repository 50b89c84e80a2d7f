module {
  func.func @main(%x: tensor<2x6x2xf32>) -> tensor<2x6x2xf32> {
    %v1 = tosa.clamp %x {max_val = 3.402823466e+38 : f32, min_val = 0.000000000e+00 : f32} : (tensor<2x6x2xf32>) -> tensor<2x6x2xf32>
    return %v1 : tensor<2x6x2xf32>
  }
}
