module {
  func.func @main(%x: tensor<1x4x2x4x4xf32>) -> tensor<1x4x3x4x4xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 3 : index
    %c2 = tosa.const_shape {values = dense<[0, 0, 0, 0, 0, 1, 0, 0, 0, 0]> : tensor<10xindex>} : () -> !tosa.shape<10>
    %v1 = tensor.empty() : tensor<1x4x2x4x4xf32>
    %v10 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} outs(%v1 : tensor<1x4x2x4x4xf32>) {
    ^bb0(%a2: f32):
      %p3 = linalg.index 0 : index
      %p4 = linalg.index 1 : index
      %p5 = linalg.index 2 : index
      %p6 = linalg.index 3 : index
      %p7 = linalg.index 4 : index
      %p8 = arith.subi %c1, %p7 : index
      %p9 = tensor.extract %x[%c0, %p4, %p5, %p6, %p8] : tensor<1x4x2x4x4xf32>
      linalg.yield %p9 : f32
    } -> tensor<1x4x2x4x4xf32>
    %v11 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v12 = tosa.pad %v10, %c2, %v11 : (tensor<1x4x2x4x4xf32>, !tosa.shape<10>, tensor<1xf32>) -> tensor<1x4x3x4x4xf32>
    return %v12 : tensor<1x4x3x4x4xf32>
  }
}
