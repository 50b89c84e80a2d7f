module {
  func.func @main(%x: tensor<2x8xf32>) -> tensor<2x2x2x2xf32> {
    %c0 = tosa.const_shape {values = dense<[2, 2, 2, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %v1 = tosa.reshape %x, %c0 : (tensor<2x8xf32>, !tosa.shape<4>) -> tensor<2x2x2x2xf32>
    return %v1 : tensor<2x2x2x2xf32>
  }
}
