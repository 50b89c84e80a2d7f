module {
  func.func @main(%x: tensor<2x4x2xf32>) -> tensor<2x8x1x2xf32> {
    %c0 = tosa.const_shape {values = dense<[0, 0, 2, 2, 0, 0]> : tensor<6xindex>} : () -> !tosa.shape<6>
    %c1 = tosa.const_shape {values = dense<[2, 8, 1, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %v1 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v2 = tosa.pad %x, %c0, %v1 : (tensor<2x4x2xf32>, !tosa.shape<6>, tensor<1xf32>) -> tensor<2x8x2xf32>
    %v3 = tosa.reshape %v2, %c1 : (tensor<2x8x2xf32>, !tosa.shape<4>) -> tensor<2x8x1x2xf32>
    return %v3 : tensor<2x8x1x2xf32>
  }
}
