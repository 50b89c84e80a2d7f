// A network that doubles its input.
func.func @main(%x: tensor<4x1x4x4xf32>) -> tensor<4x1x4x4xf32> {
  %e = tensor.empty() : tensor<4x1x4x4xf32>
  %y = linalg.add ins(%x, %x : tensor<4x1x4x4xf32>, tensor<4x1x4x4xf32>) outs(%e : tensor<4x1x4x4xf32>) -> tensor<4x1x4x4xf32>
  return %y : tensor<4x1x4x4xf32>
}
