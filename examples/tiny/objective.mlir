// A function and the request for its derivative with respect to %w.
func.func private @objective(%x: tensor<8x4xf32>, %w: tensor<4x3xf32>) -> tensor<f32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x3xf32>) -> tensor<8x3xf32>
  %y = linalg.matmul ins(%x, %w : tensor<8x4xf32>, tensor<4x3xf32>) outs(%init : tensor<8x3xf32>) -> tensor<8x3xf32>
  %scalar = tensor.empty() : tensor<f32>
  %start = linalg.fill ins(%zero : f32) outs(%scalar : tensor<f32>) -> tensor<f32>
  %sum = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>],
      iterator_types = ["reduction", "reduction"]}
      ins(%y : tensor<8x3xf32>) outs(%start : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    %square = arith.mulf %in, %in : f32
    %next = arith.addf %out, %square : f32
    linalg.yield %next : f32
  } -> tensor<f32>
  return %sum : tensor<f32>
}

func.func @main(%x: tensor<8x4xf32>, %w: tensor<4x3xf32>) -> (tensor<f32>, tensor<4x3xf32>) {
  %loss, %dw = pdq.value_and_grad @objective(%x, %w) wrt [1]
      : (tensor<8x4xf32>, tensor<4x3xf32>) -> (tensor<f32>, tensor<4x3xf32>)
  return %loss, %dw : tensor<f32>, tensor<4x3xf32>
}
