module {
  func.func @main(%x: tensor<1x6x5xf32>) -> tensor<1x5x6xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 4 : index
    %v1 = tensor.empty() : tensor<1x5x6xf32>
    %v2 = linalg.transpose ins(%x : tensor<1x6x5xf32>) outs(%v1 : tensor<1x5x6xf32>) permutation = [0, 2, 1]
    %v3 = tensor.empty() : tensor<1x5x6xf32>
    %v10 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} outs(%v3 : tensor<1x5x6xf32>) {
    ^bb0(%a4: f32):
      %p5 = linalg.index 0 : index
      %p6 = linalg.index 1 : index
      %p7 = linalg.index 2 : index
      %p8 = arith.subi %c1, %p6 : index
      %p9 = tensor.extract %v2[%c0, %p8, %p7] : tensor<1x5x6xf32>
      linalg.yield %p9 : f32
    } -> tensor<1x5x6xf32>
    return %v10 : tensor<1x5x6xf32>
  }
}
