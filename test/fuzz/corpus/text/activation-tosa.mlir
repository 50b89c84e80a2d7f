module {
  func.func @main(%x: tensor<2x4x4x4xf32>) -> tensor<2x2x2x5xf32> {
    %c0 = tosa.const_shape {values = dense<[0, 0, 0, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %c1 = tosa.const_shape {values = dense<[2, 3, 4, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %c2 = tosa.const_shape {values = dense<[2, 3, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %c3 = tosa.const_shape {values = dense<[0, 0, 0, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %v1 = tosa.sigmoid %x : (tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
    %v2 = tosa.transpose %v1 {perms = array<i32: 0, 2, 3, 1>} : (tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
    %v3 = tosa.slice %v2, %c0, %c1 : (tensor<2x4x4x4xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<2x3x4x4xf32>
    %v4 = tosa.slice %v3, %c0, %c2 : (tensor<2x3x4x4xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<2x3x4x2xf32>
    %v5 = "tosa.const"() <{values = dense<"0xEF22CD3E3C09AEBE1712ADBFDD9B05BC"> : tensor<1x1x2x2xf32>}> : () -> tensor<1x1x2x2xf32>
    %v6 = "tosa.const"() <{values = dense<"0x192BB7BE"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v7 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v8 = tosa.conv2d %v4, %v5, %v6, %v7, %v7 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 1, 1>, stride = array<i64: 2, 1>} : (tensor<2x3x4x2xf32>, tensor<1x1x2x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x2x5x1xf32>
    %v9 = tosa.slice %v3, %c3, %c2 : (tensor<2x3x4x4xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<2x3x4x2xf32>
    %v10 = "tosa.const"() <{values = dense<"0x71CFE53D668BD03EB6891A3EECA5293E"> : tensor<1x1x2x2xf32>}> : () -> tensor<1x1x2x2xf32>
    %v11 = "tosa.const"() <{values = dense<"0x9DE9843E"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v12 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v13 = tosa.conv2d %v9, %v10, %v11, %v12, %v12 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 1, 1>, stride = array<i64: 2, 1>} : (tensor<2x3x4x2xf32>, tensor<1x1x2x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x2x5x1xf32>
    %v14 = tosa.concat %v8, %v13 {axis = 3 : i32} : (tensor<2x2x5x1xf32>, tensor<2x2x5x1xf32>) -> tensor<2x2x5x2xf32>
    %v15 = tosa.transpose %v14 {perms = array<i32: 0, 3, 1, 2>} : (tensor<2x2x5x2xf32>) -> tensor<2x2x2x5xf32>
    return %v15 : tensor<2x2x2x5xf32>
  }
}
