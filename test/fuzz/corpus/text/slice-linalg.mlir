module {
  func.func @main(%x: tensor<1x2x4x2xf32>) -> tensor<1x2x2x4xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %v1 = tensor.extract_slice %x[0, 0, 0, 0] [1, 2, 4, 2] [1, 1, 1, 1] : tensor<1x2x4x2xf32> to tensor<1x2x4x2xf32>
    %v2 = tensor.empty() : tensor<1x2x2x4xf32>
    %v3 = linalg.fill ins(%c0 : f32) outs(%v2 : tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32>
    %v4 = arith.constant dense<"0x63F47D3F56411BBFD6B2E53D5ED1CC3EE163BFBE3160B83F774E053D4137A5BE"> : tensor<1x2x2x2xf32>
    %v5 = tensor.expand_shape %v3 [[0], [1], [2], [3, 4]] output_shape [1, 2, 2, 2, 2] : tensor<1x2x2x4xf32> into tensor<1x2x2x2x2xf32>
    %v6 = linalg.depthwise_conv_2d_nhwc_hwcm {dilations = dense<[1, 1]> : vector<2xi64>, strides = dense<[1, 2]> : vector<2xi64>} ins(%v1, %v4 : tensor<1x2x4x2xf32>, tensor<1x2x2x2xf32>) outs(%v5 : tensor<1x2x2x2x2xf32>) -> tensor<1x2x2x2x2xf32>
    %v7 = tensor.collapse_shape %v6 [[0], [1], [2], [3, 4]] : tensor<1x2x2x2x2xf32> into tensor<1x2x2x4xf32>
    return %v7 : tensor<1x2x2x4xf32>
  }
}
