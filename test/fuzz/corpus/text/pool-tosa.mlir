module {
  func.func @main(%x: tensor<1x4x6x6xf32>) -> tensor<1x8x3x2xf32> {
    %c0 = tosa.const_shape {values = dense<[0, 0, 0, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %c1 = tosa.const_shape {values = dense<[1, 6, 5, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %v1 = tosa.transpose %x {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x4x6x6xf32>) -> tensor<1x6x6x4xf32>
    %v2 = tosa.slice %v1, %c0, %c1 : (tensor<1x6x6x4xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x6x5x4xf32>
    %v3 = tosa.max_pool2d %v2 {kernel = array<i64: 3, 1>, pad = array<i64: 1, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x6x5x4xf32>) -> tensor<1x3x3x4xf32>
    %v4 = tosa.transpose %v3 {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x3x3x4xf32>) -> tensor<1x4x3x3xf32>
    %v5 = tosa.transpose %v4 {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x4x3x3xf32>) -> tensor<1x3x3x4xf32>
    %v6 = "tosa.const"() <{values = dense<"0x5050753D047F0ABEF94C95BEF2BA373EB4A5853EE9452D3B07531ABF71657BBE2124F83E02BDA83DC526AC3DE74AEFBDFD48FC3D16101D3D08CD5BBEB8F1AABD949324BD01DC02BFC19CBF3CB903373E7B414E3FD9B2C53EB2F18FBC61C8B33E2843DDBD1495813E078676BC04B2413E334B023E830052BE6EEA7ABE9BB35CBEF139A63EBF313A3E23A4343E5201B23D157CB7BD460275BE5D5B243D68F405BEB230823DCB33233F39F52B3E13D76C3DF26C5FBD5D9688BE8BD21A3EB2C1D73E8543803E3882F1BD2ACC3CBE5DEC23BF5C0B1A3C7FCB2FBF07A31FBD47B2DF3D6AE2CEBE2FAA47BEACB6863EA8AD7B3E40B41CBFFF36463E0DE42B3D5EEC46BE"> : tensor<8x1x2x4xf32>}> : () -> tensor<8x1x2x4xf32>
    %v7 = "tosa.const"() <{values = dense<"0xBB445A3D79CCE23D5944DA3E6CAE97BE0DB92E3D8B793C3F8482BF3EB58118BF"> : tensor<8xf32>}> : () -> tensor<8xf32>
    %v8 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v9 = tosa.conv2d %v5, %v6, %v7, %v8, %v8 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x3x3x4xf32>, tensor<8x1x2x4xf32>, tensor<8xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x2x8xf32>
    %v10 = tosa.transpose %v9 {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x3x2x8xf32>) -> tensor<1x8x3x2xf32>
    return %v10 : tensor<1x8x3x2xf32>
  }
}
