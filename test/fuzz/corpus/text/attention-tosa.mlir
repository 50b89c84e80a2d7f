module {
  func.func @main(%x: tensor<2x6x2x2xf32>) -> tensor<2x6x2x2xf32> {
    %c0 = arith.constant 1 : index
    %v1 = tensor.empty() : tensor<2x6x2x2xf32>
    %v9 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%v1 : tensor<2x6x2x2xf32>) {
    ^bb0(%a2: f32):
      %p3 = linalg.index 0 : index
      %p4 = linalg.index 1 : index
      %p5 = linalg.index 2 : index
      %p6 = linalg.index 3 : index
      %p7 = arith.subi %c0, %p5 : index
      %p8 = tensor.extract %x[%p3, %p4, %p7, %p6] : tensor<2x6x2x2xf32>
      linalg.yield %p8 : f32
    } -> tensor<2x6x2x2xf32>
    return %v9 : tensor<2x6x2x2xf32>
  }
}
