module {
  func.func @main(%x: tensor<3x2xf32>) -> tensor<3x3xf32> {
    %c0 = tosa.const_shape {values = dense<[1, 3, 2]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %c1 = tosa.const_shape {values = dense<[3, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %v1 = tosa.reshape %x, %c0 : (tensor<3x2xf32>, !tosa.shape<3>) -> tensor<1x3x2xf32>
    %v2 = "tosa.const"() <{values = dense<"0x9954783D1B62A2BF6E118EBF6770913E61E8EBBE5243DC3F"> : tensor<1x2x3xf32>}> : () -> tensor<1x2x3xf32>
    %v3 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v4 = tosa.matmul %v1, %v2, %v3, %v3 : (tensor<1x3x2xf32>, tensor<1x2x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x3xf32>
    %v5 = tosa.reshape %v4, %c1 : (tensor<1x3x3xf32>, !tosa.shape<2>) -> tensor<3x3xf32>
    %v6 = "tosa.const"() <{values = dense<"0xC08D3B3F443F2FBFC42CD0BE"> : tensor<1x3xf32>}> : () -> tensor<1x3xf32>
    %v7 = tosa.add %v5, %v6 : (tensor<3x3xf32>, tensor<1x3xf32>) -> tensor<3x3xf32>
    return %v7 : tensor<3x3xf32>
  }
}
