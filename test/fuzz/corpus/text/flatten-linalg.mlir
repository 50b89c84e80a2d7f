module {
  func.func @main(%x: tensor<2x5x6x4xf32>) -> tensor<2x120xf32> {
    %v1 = tensor.collapse_shape %x [[0], [1, 2, 3]] : tensor<2x5x6x4xf32> into tensor<2x120xf32>
    return %v1 : tensor<2x120xf32>
  }
}
