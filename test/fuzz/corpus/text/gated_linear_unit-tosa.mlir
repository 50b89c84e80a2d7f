module {
  func.func @main(%x: tensor<2x3x4x5xf32>) -> tensor<2x4x2x6xf32> {
    %c0 = tosa.const_shape {values = dense<[0, 0, 0, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %c1 = tosa.const_shape {values = dense<[2, 3, 5, 3]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %v1 = tosa.transpose %x {perms = array<i32: 0, 2, 3, 1>} : (tensor<2x3x4x5xf32>) -> tensor<2x4x5x3xf32>
    %v2 = tosa.slice %v1, %c0, %c1 : (tensor<2x4x5x3xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<2x3x5x3xf32>
    %v3 = "tosa.const"() <{values = dense<"0x393D0A3ED3A24E3DBDD442BF0ADEA4BEE594A83EAB31EFBEFB5596BE3BF3BD3E75F8B3BE50D6EEBE5E771C3F8DAB923E9E4CAD3E0B1A693C731890BC4BE264BFACDB14BFB2AC90BDF66CAF3EE5F457BEFE0AC9BDCBFAC9BEE363693E6C5AAD3E"> : tensor<4x1x2x3xf32>}> : () -> tensor<4x1x2x3xf32>
    %v4 = "tosa.const"() <{values = dense<"0x013F08BEBB84EBBED88FCD3E525EB83E"> : tensor<4xf32>}> : () -> tensor<4xf32>
    %v5 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v6 = tosa.conv2d %v2, %v3, %v4, %v5, %v5 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 1, 1>, stride = array<i64: 2, 1>} : (tensor<2x3x5x3xf32>, tensor<4x1x2x3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x2x6x4xf32>
    %v7 = tosa.transpose %v6 {perms = array<i32: 0, 3, 1, 2>} : (tensor<2x2x6x4xf32>) -> tensor<2x4x2x6xf32>
    return %v7 : tensor<2x4x2x6xf32>
  }
}
