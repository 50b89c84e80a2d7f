module {
  func.func @main(%x: tensor<1x5x2xf32>) -> tensor<1x10xf32> {
    %c0 = tosa.const_shape {values = dense<[1, 5, 2]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %c1 = tosa.const_shape {values = dense<[1, 10]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %v1 = tosa.reshape %x, %c0 : (tensor<1x5x2xf32>, !tosa.shape<3>) -> tensor<1x5x2xf32>
    %v2 = "tosa.const"() <{values = dense<"0x4BD09B3E5AE48E3F816FADBE6EBFF73C"> : tensor<1x2x2xf32>}> : () -> tensor<1x2x2xf32>
    %v3 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v4 = tosa.matmul %v1, %v2, %v3, %v3 : (tensor<1x5x2xf32>, tensor<1x2x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x5x2xf32>
    %v5 = tosa.reshape %v4, %c0 : (tensor<1x5x2xf32>, !tosa.shape<3>) -> tensor<1x5x2xf32>
    %v6 = tosa.reshape %v5, %c1 : (tensor<1x5x2xf32>, !tosa.shape<2>) -> tensor<1x10xf32>
    return %v6 : tensor<1x10xf32>
  }
}
