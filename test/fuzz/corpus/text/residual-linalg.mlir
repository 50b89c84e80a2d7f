module {
  func.func @main(%x: tensor<2x6x6x3xf32>) -> tensor<2x6xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %c1 = arith.constant 0x40C00000 : f32
    %v1 = arith.constant dense<"0x3E59BC3EE168A5BFFA1082BD"> : tensor<1x3xf32>
    %v2 = arith.constant dense<"0x9FFD2ABE"> : tensor<1xf32>
    %v3 = tensor.empty() : tensor<2x6x6x1xf32>
    %v6 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%v2 : tensor<1xf32>) outs(%v3 : tensor<2x6x6x1xf32>) {
    ^bb0(%a4: f32, %a5: f32):
      linalg.yield %a4 : f32
    } -> tensor<2x6x6x1xf32>
    %v12 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%x, %v1 : tensor<2x6x6x3xf32>, tensor<1x3xf32>) outs(%v6 : tensor<2x6x6x1xf32>) {
    ^bb0(%a7: f32, %a8: f32, %a9: f32):
      %p10 = arith.mulf %a7, %a8 : f32
      %p11 = arith.addf %a9, %p10 : f32
      linalg.yield %p11 : f32
    } -> tensor<2x6x6x1xf32>
    %v13 = tensor.empty() : tensor<2x6xf32>
    %v14 = linalg.fill ins(%c0 : f32) outs(%v13 : tensor<2x6xf32>) -> tensor<2x6xf32>
    %v18 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%v12 : tensor<2x6x6x1xf32>) outs(%v14 : tensor<2x6xf32>) {
    ^bb0(%a15: f32, %a16: f32):
      %p17 = arith.addf %a15, %a16 : f32
      linalg.yield %p17 : f32
    } -> tensor<2x6xf32>
    %v19 = tensor.empty() : tensor<2x6xf32>
    %v23 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%v18 : tensor<2x6xf32>) outs(%v19 : tensor<2x6xf32>) {
    ^bb0(%a20: f32, %a21: f32):
      %p22 = arith.divf %a20, %c1 : f32
      linalg.yield %p22 : f32
    } -> tensor<2x6xf32>
    return %v23 : tensor<2x6xf32>
  }
}
