module {
  func.func @main(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
    %v1 = arith.constant dense<"0x00000000"> : tensor<f32>
    %v2 = tensor.empty() : tensor<1x8xf32>
    %v8 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> ()>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%x, %v1 : tensor<1x8xf32>, tensor<f32>) outs(%v2 : tensor<1x8xf32>) {
    ^bb0(%a3: f32, %a4: f32, %a5: f32):
      %p6 = arith.cmpf ogt, %a3, %a4 : f32
      %p7 = arith.select %p6, %a3, %a4 : f32
      linalg.yield %p7 : f32
    } -> tensor<1x8xf32>
    return %v8 : tensor<1x8xf32>
  }
}
