module {
  func.func @main(%x: tensor<?x6xf32>) -> tensor<?x8xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %c1 = arith.constant 0 : index
    %batch = tensor.dim %x, %c1 : tensor<?x6xf32>
    %v1 = tensor.empty(%batch) : tensor<?x8xf32>
    %v2 = linalg.fill ins(%c0 : f32) outs(%v1 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %v3 = arith.constant dense<"0x013ACABEC4FD193E0859CFBDDDE6CF3EC6DBC03E8FE424BE7186A03C90BD483E6361363F34A018BFDF14AB3D59CFB1BEC17EB63EE5D488BE358B573D270C2CBE6ECFB53EA103813EBD5AE9BD21C5BABE69872DBF3F31F03EFB95863E2A91CC3E80E201BE9347E2BE227E16BF945FFDBC5F972BBE8C00D6BEA59362BE26D2393F87BC0EBE0D64433F416B533D0C25FF3D5809FC3D3B96FA3DC269E03E4B3D9D3A40F63DBF16BFF5BB958BA7BE8503F0BEE9E1DE3D1B2E3F3CA2B239BF5B06EF3E"> : tensor<8x6xf32>
    %v4 = tensor.empty() : tensor<6x8xf32>
    %v5 = linalg.transpose ins(%v3 : tensor<8x6xf32>) outs(%v4 : tensor<6x8xf32>) permutation = [1, 0]
    %v6 = linalg.matmul ins(%x, %v5 : tensor<?x6xf32>, tensor<6x8xf32>) outs(%v2 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %v7 = arith.constant dense<"0x5E155B3E65173A3ECCD1493E8A2043BF20397FBFE243D83E217BA0BE0CF66C3F"> : tensor<8xf32>
    %v8 = tensor.empty(%batch) : tensor<?x8xf32>
    %v13 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%v6, %v7 : tensor<?x8xf32>, tensor<8xf32>) outs(%v8 : tensor<?x8xf32>) {
    ^bb0(%a9: f32, %a10: f32, %a11: f32):
      %p12 = arith.addf %a10, %a9 : f32
      linalg.yield %p12 : f32
    } -> tensor<?x8xf32>
    return %v13 : tensor<?x8xf32>
  }
}
