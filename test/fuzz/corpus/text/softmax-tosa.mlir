module {
  func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
    %c0 = arith.constant 0x40000000 : f32
    %v1 = tosa.reduce_max %x {axis = 1 : i32} : (tensor<2x2xf32>) -> tensor<2x1xf32>
    %v2 = tosa.sub %x, %v1 : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
    %v3 = tosa.exp %v2 : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %v4 = tosa.reduce_sum %v3 {axis = 1 : i32} : (tensor<2x2xf32>) -> tensor<2x1xf32>
    %v5 = tosa.reciprocal %v4 : (tensor<2x1xf32>) -> tensor<2x1xf32>
    %v6 = "tosa.const"() <{values = dense<"0x00"> : tensor<1xi8>}> : () -> tensor<1xi8>
    %v7 = tosa.mul %v3, %v5, %v6 : (tensor<2x2xf32>, tensor<2x1xf32>, tensor<1xi8>) -> tensor<2x2xf32>
    %v8 = tensor.empty() : tensor<2x2xf32>
    %v12 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%v7 : tensor<2x2xf32>) outs(%v8 : tensor<2x2xf32>) {
    ^bb0(%a9: f32, %a10: f32):
      %p11 = arith.mulf %a9, %c0 : f32
      linalg.yield %p11 : f32
    } -> tensor<2x2xf32>
    return %v12 : tensor<2x2xf32>
  }
}
