module {
  func.func @main(%x: tensor<3x4x2x6xf32>) -> tensor<3x4x2x1xf32> {
    %c0 = tosa.const_shape {values = dense<[1, 24, 6]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %c1 = tosa.const_shape {values = dense<[3, 4, 2, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %v1 = tosa.reshape %x, %c0 : (tensor<3x4x2x6xf32>, !tosa.shape<3>) -> tensor<1x24x6xf32>
    %v2 = "tosa.const"() <{values = dense<"0x78721A3F3470CA3E43ABF43EE39811BFA41B803E2F1A9B3E"> : tensor<1x6x1xf32>}> : () -> tensor<1x6x1xf32>
    %v3 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v4 = tosa.matmul %v1, %v2, %v3, %v3 : (tensor<1x24x6xf32>, tensor<1x6x1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x24x1xf32>
    %v5 = tosa.reshape %v4, %c1 : (tensor<1x24x1xf32>, !tosa.shape<4>) -> tensor<3x4x2x1xf32>
    %v6 = tosa.sigmoid %v5 : (tensor<3x4x2x1xf32>) -> tensor<3x4x2x1xf32>
    return %v6 : tensor<3x4x2x1xf32>
  }
}
