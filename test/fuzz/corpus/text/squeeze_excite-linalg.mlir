module {
  func.func @main(%x: tensor<1x2x3x2x2xf32>) -> tensor<1x2x6x2xf32> {
    %v1 = tensor.collapse_shape %x [[0], [1], [2, 3], [4]] : tensor<1x2x3x2x2xf32> into tensor<1x2x6x2xf32>
    return %v1 : tensor<1x2x6x2xf32>
  }
}
