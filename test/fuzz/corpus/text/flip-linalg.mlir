module {
  func.func @main(%x: tensor<3x4x4x3xf32>) -> tensor<3x4x3x4xf32> {
    %c0 = arith.constant 3 : index
    %v1 = tensor.empty() : tensor<3x4x4x3xf32>
    %v9 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%v1 : tensor<3x4x4x3xf32>) {
    ^bb0(%a2: f32):
      %p3 = linalg.index 0 : index
      %p4 = linalg.index 1 : index
      %p5 = linalg.index 2 : index
      %p6 = linalg.index 3 : index
      %p7 = arith.subi %c0, %p5 : index
      %p8 = tensor.extract %x[%p3, %p4, %p7, %p6] : tensor<3x4x4x3xf32>
      linalg.yield %p8 : f32
    } -> tensor<3x4x4x3xf32>
    %v10 = tensor.empty() : tensor<3x4x3x4xf32>
    %v11 = linalg.transpose ins(%v9 : tensor<3x4x4x3xf32>) outs(%v10 : tensor<3x4x3x4xf32>) permutation = [0, 1, 3, 2]
    return %v11 : tensor<3x4x3x4xf32>
  }
}
