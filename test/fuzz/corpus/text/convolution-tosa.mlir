module {
  func.func @main(%x: tensor<2x3x2x3xf32>) -> tensor<2x3x1x3xf32> {
    %v1 = tosa.transpose %x {perms = array<i32: 0, 2, 3, 1>} : (tensor<2x3x2x3xf32>) -> tensor<2x2x3x3xf32>
    %v2 = "tosa.const"() <{values = dense<"0x33186A3F995039BFE80702BF1EAECB3E9AC7FB3E2C8A52BF"> : tensor<2x1x3x1xf32>}> : () -> tensor<2x1x3x1xf32>
    %v3 = "tosa.const"() <{values = dense<"0x0E23FEBE3B427CBEA61B4B3C"> : tensor<3xf32>}> : () -> tensor<3xf32>
    %v4 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v5 = tosa.depthwise_conv2d %v1, %v2, %v3, %v4, %v4 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<2x2x3x3xf32>, tensor<2x1x3x1xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x1x3x3xf32>
    %v6 = tosa.transpose %v5 {perms = array<i32: 0, 3, 1, 2>} : (tensor<2x1x3x3xf32>) -> tensor<2x3x1x3xf32>
    %v7 = tosa.clamp %v6 {max_val = 3.402823466e+38 : f32, min_val = 0.000000000e+00 : f32} : (tensor<2x3x1x3xf32>) -> tensor<2x3x1x3xf32>
    return %v7 : tensor<2x3x1x3xf32>
  }
}
