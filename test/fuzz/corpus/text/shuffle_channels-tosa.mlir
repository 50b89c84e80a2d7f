module {
  func.func @main(%x: tensor<1x5x4x6xf32>) -> tensor<1x4x5x6xf32> {
    %v1 = tosa.transpose %x {perms = array<i32: 0, 2, 1, 3>} : (tensor<1x5x4x6xf32>) -> tensor<1x4x5x6xf32>
    return %v1 : tensor<1x4x5x6xf32>
  }
}
