module {
  func.func @main(%x: tensor<2x3x4x4xf32>) -> tensor<2x48xf32> {
    %c0 = tosa.const_shape {values = dense<[1, 3, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %c1 = tosa.const_shape {values = dense<[2, 48]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %v1 = "tosa.const"() <{values = dense<"0xACC52737"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v2 = "tosa.const"() <{values = dense<"0x0000003F"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v3 = "tosa.const"() <{values = dense<"0x5E43AF3F86F1833FC0B2603F"> : tensor<3xf32>}> : () -> tensor<3xf32>
    %v4 = tosa.add %v1, %v3 : (tensor<1xf32>, tensor<3xf32>) -> tensor<3xf32>
    %v5 = tosa.pow %v4, %v2 : (tensor<3xf32>, tensor<1xf32>) -> tensor<3xf32>
    %v6 = tosa.reciprocal %v5 : (tensor<3xf32>) -> tensor<3xf32>
    %v7 = "tosa.const"() <{values = dense<"0x87F469BF91DA2CBFEC0F18BF"> : tensor<1x3x1x1xf32>}> : () -> tensor<1x3x1x1xf32>
    %v8 = tosa.sub %x, %v7 : (tensor<2x3x4x4xf32>, tensor<1x3x1x1xf32>) -> tensor<2x3x4x4xf32>
    %v9 = tosa.reshape %v6, %c0 : (tensor<3xf32>, !tosa.shape<4>) -> tensor<1x3x1x1xf32>
    %v10 = "tosa.const"() <{values = dense<"0x00"> : tensor<1xi8>}> : () -> tensor<1xi8>
    %v11 = tosa.mul %v8, %v9, %v10 : (tensor<2x3x4x4xf32>, tensor<1x3x1x1xf32>, tensor<1xi8>) -> tensor<2x3x4x4xf32>
    %v12 = "tosa.const"() <{values = dense<"0x274A683F2323A83F8598803F"> : tensor<1x3x1x1xf32>}> : () -> tensor<1x3x1x1xf32>
    %v13 = "tosa.const"() <{values = dense<"0x00"> : tensor<1xi8>}> : () -> tensor<1xi8>
    %v14 = tosa.mul %v11, %v12, %v13 : (tensor<2x3x4x4xf32>, tensor<1x3x1x1xf32>, tensor<1xi8>) -> tensor<2x3x4x4xf32>
    %v15 = "tosa.const"() <{values = dense<"0x2B7A313FECA2913D0FA62CBD"> : tensor<1x3x1x1xf32>}> : () -> tensor<1x3x1x1xf32>
    %v16 = tosa.add %v14, %v15 : (tensor<2x3x4x4xf32>, tensor<1x3x1x1xf32>) -> tensor<2x3x4x4xf32>
    %v17 = tosa.reshape %v16, %c1 : (tensor<2x3x4x4xf32>, !tosa.shape<2>) -> tensor<2x48xf32>
    return %v17 : tensor<2x48xf32>
  }
}
