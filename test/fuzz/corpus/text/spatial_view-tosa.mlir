module {
  func.func @main(%x: tensor<2x2x4x5xf32>) -> tensor<2x4x4x2xf32> {
    %c0 = tosa.const_shape {values = dense<[0, 0, 0, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %c1 = tosa.const_shape {values = dense<[2, 4, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %v1 = tosa.transpose %x {perms = array<i32: 0, 2, 3, 1>} : (tensor<2x2x4x5xf32>) -> tensor<2x4x5x2xf32>
    %v2 = tosa.slice %v1, %c0, %c1 : (tensor<2x4x5x2xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<2x4x4x2xf32>
    %v3 = "tosa.const"() <{values = dense<"0xB1721FBE4D8D97BE6639493EEECE0ABF98CB68BF04FEEF3E0F647CBE554BCFBE8DA2DBBEC0EA073FBDD3713F923D913E5BAF683EA5BC17BF1D39593FDA12EBBD"> : tensor<4x1x2x2xf32>}> : () -> tensor<4x1x2x2xf32>
    %v4 = "tosa.const"() <{values = dense<"0xDE161DB8D16AA03FF5F83FBFAFD7933F"> : tensor<4xf32>}> : () -> tensor<4xf32>
    %v5 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v6 = tosa.conv2d %v2, %v3, %v4, %v5, %v5 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 2>} : (tensor<2x4x4x2xf32>, tensor<4x1x2x2xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x4x2x4xf32>
    %v7 = tosa.transpose %v6 {perms = array<i32: 0, 3, 1, 2>} : (tensor<2x4x2x4xf32>) -> tensor<2x4x4x2xf32>
    return %v7 : tensor<2x4x4x2xf32>
  }
}
