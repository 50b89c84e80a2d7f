module {
  func.func @main(%x: tensor<1x4x3xf32>) -> tensor<1x4x3xf32> {
    %v1 = tensor.collapse_shape %x [[0, 1], [2]] : tensor<1x4x3xf32> into tensor<4x3xf32>
    %v2 = arith.constant dense<"0x1A83213E5A2592BD682FD3BE"> : tensor<3xf32>
    %v3 = tensor.empty() : tensor<4x3xf32>
    %v6 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%v2 : tensor<3xf32>) outs(%v3 : tensor<4x3xf32>) {
    ^bb0(%a4: f32, %a5: f32):
      linalg.yield %a4 : f32
    } -> tensor<4x3xf32>
    %v7 = arith.constant dense<"0x367C39BAA87F1ABE48370C3D5E7385BD016E2EBD898244BCBCB4FEBD3D2032BB1A9976BD"> : tensor<3x3xf32>
    %v8 = arith.constant dense<"0x367C39BBA87F1ABF48370C3E5E7385BE016E2EBE898244BDBCB4FEBE3D2032BC1A9976BE"> : tensor<3x3xf32>
    %v9 = tensor.empty() : tensor<3x3xf32>
    %v14 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%v8, %v7 : tensor<3x3xf32>, tensor<3x3xf32>) outs(%v9 : tensor<3x3xf32>) {
    ^bb0(%a10: f32, %a11: f32, %a12: f32):
      %p13 = arith.addf %a10, %a11 : f32
      linalg.yield %p13 : f32
    } -> tensor<3x3xf32>
    %v15 = tensor.empty() : tensor<3x3xf32>
    %v16 = linalg.transpose ins(%v14 : tensor<3x3xf32>) outs(%v15 : tensor<3x3xf32>) permutation = [1, 0]
    %v17 = linalg.matmul ins(%v1, %v16 : tensor<4x3xf32>, tensor<3x3xf32>) outs(%v6 : tensor<4x3xf32>) -> tensor<4x3xf32>
    %v18 = tensor.expand_shape %v17 [[0, 1], [2]] output_shape [1, 4, 3] : tensor<4x3xf32> into tensor<1x4x3xf32>
    %v19 = arith.constant dense<"0xF10DB23E156A59BC147AC63E"> : tensor<3xf32>
    %v20 = tensor.empty() : tensor<1x4x3xf32>
    %v25 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%v18, %v19 : tensor<1x4x3xf32>, tensor<3xf32>) outs(%v20 : tensor<1x4x3xf32>) {
    ^bb0(%a21: f32, %a22: f32, %a23: f32):
      %p24 = arith.addf %a21, %a22 : f32
      linalg.yield %p24 : f32
    } -> tensor<1x4x3xf32>
    return %v25 : tensor<1x4x3xf32>
  }
}
