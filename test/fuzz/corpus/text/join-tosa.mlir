module {
  func.func @main(%x: tensor<3x5x5x5xf32>) -> tensor<3x1x6x4xf32> {
    %c0 = arith.constant 4 : index
    %v1 = tensor.empty() : tensor<3x5x5x5xf32>
    %v9 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%v1 : tensor<3x5x5x5xf32>) {
    ^bb0(%a2: f32):
      %p3 = linalg.index 0 : index
      %p4 = linalg.index 1 : index
      %p5 = linalg.index 2 : index
      %p6 = linalg.index 3 : index
      %p7 = arith.subi %c0, %p5 : index
      %p8 = tensor.extract %x[%p3, %p4, %p7, %p6] : tensor<3x5x5x5xf32>
      linalg.yield %p8 : f32
    } -> tensor<3x5x5x5xf32>
    %v10 = tosa.add %x, %v9 : (tensor<3x5x5x5xf32>, tensor<3x5x5x5xf32>) -> tensor<3x5x5x5xf32>
    %v11 = tosa.tanh %v10 : (tensor<3x5x5x5xf32>) -> tensor<3x5x5x5xf32>
    %v12 = tosa.concat %x, %v11 {axis = 1 : i32} : (tensor<3x5x5x5xf32>, tensor<3x5x5x5xf32>) -> tensor<3x10x5x5xf32>
    %v13 = tosa.transpose %v12 {perms = array<i32: 0, 2, 3, 1>} : (tensor<3x10x5x5xf32>) -> tensor<3x5x5x10xf32>
    %v14 = "tosa.const"() <{values = dense<"0x9F235A3DF5D03E3EFF3F643ECE21093E38E5743EAFC99F3B3BA3603C9CAA223DB279D83D090A2C3E395C12BDA01F91BD1143D0BDD849313E5C68BF3DBC1487BEB07D7ABCFF114A3EFDA23DBE1CB5F63D4BB85F3E7B8D68BE9A20B33D6324333CED1611BE0B84C1BC41642C3EAC3B20BD875A48BE4EE1A2BD8742F23DACD324BE2974283DBC3B893C3B2C633E0E6DC5BD74B8053E3FFCD43C12E028BEA46DC93D"> : tensor<1x2x2x10xf32>}> : () -> tensor<1x2x2x10xf32>
    %v15 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v16 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v17 = tosa.conv2d %v13, %v14, %v15, %v16, %v16 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 0, 0>, stride = array<i64: 1, 1>} : (tensor<3x5x5x10xf32>, tensor<1x2x2x10xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3x6x4x1xf32>
    %v18 = tosa.transpose %v17 {perms = array<i32: 0, 3, 1, 2>} : (tensor<3x6x4x1xf32>) -> tensor<3x1x6x4xf32>
    return %v18 : tensor<3x1x6x4xf32>
  }
}
