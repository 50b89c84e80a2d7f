module {
  func.func @main(%x: tensor<3x3x4xf32>) -> tensor<3x4x2xf32> {
    %c0 = tosa.const_shape {values = dense<[0, 2, 0]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %c1 = tosa.const_shape {values = dense<[3, 1, 4]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %c2 = tosa.const_shape {values = dense<[0, 0, 0]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %c3 = tosa.const_shape {values = dense<[3, 2, 4]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %c4 = arith.constant 0x00000000 : f32
    %v1 = tosa.slice %x, %c0, %c1 : (tensor<3x3x4xf32>, !tosa.shape<3>, !tosa.shape<3>) -> tensor<3x1x4xf32>
    %v2 = tosa.slice %x, %c2, %c3 : (tensor<3x3x4xf32>, !tosa.shape<3>, !tosa.shape<3>) -> tensor<3x2x4xf32>
    %v3 = tosa.concat %v1, %v2 {axis = 1 : i32} : (tensor<3x1x4xf32>, tensor<3x2x4xf32>) -> tensor<3x3x4xf32>
    %v4 = tensor.empty() : tensor<3x4x2xf32>
    %v5 = linalg.fill ins(%c4 : f32) outs(%v4 : tensor<3x4x2xf32>) -> tensor<3x4x2xf32>
    %v6 = arith.constant dense<"0x01A2823EF96DAFBD05F96B3F5227B53F01BA283F5B025ABEA1F68EBDF45A583FA76D473F0FCAE4BE8941453E929007BF"> : tensor<3x1x4xf32>
    %v7 = tensor.empty() : tensor<4x3x1xf32>
    %v8 = linalg.transpose ins(%v6 : tensor<3x1x4xf32>) outs(%v7 : tensor<4x3x1xf32>) permutation = [2, 0, 1]
    %v9 = linalg.conv_1d_ncw_fcw {dilations = dense<[1]> : vector<1xi64>, strides = dense<[2]> : vector<1xi64>} ins(%v3, %v8 : tensor<3x3x4xf32>, tensor<4x3x1xf32>) outs(%v5 : tensor<3x4x2xf32>) -> tensor<3x4x2xf32>
    %v10 = "tosa.const"() <{values = dense<"0x996443BD42B4023F9594DBBEB7931FBF"> : tensor<1x4x1xf32>}> : () -> tensor<1x4x1xf32>
    %v11 = tosa.add %v9, %v10 : (tensor<3x4x2xf32>, tensor<1x4x1xf32>) -> tensor<3x4x2xf32>
    return %v11 : tensor<3x4x2xf32>
  }
}
