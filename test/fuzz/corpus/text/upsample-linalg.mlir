module {
  func.func @main(%x: tensor<1x4x4x4xf32>) -> tensor<1x2x8x8xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 0x40000000 : f32
    %c2 = arith.constant 0x00000000 : f32
    %c3 = arith.constant 0x40400000 : f32
    %c4 = arith.constant 0x3F800000 : f32
    %v1 = tensor.empty() : tensor<1x4x8x8xf32>
    %v24 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%v1 : tensor<1x4x8x8xf32>) {
    ^bb0(%a2: f32):
      %p3 = linalg.index 0 : index
      %p4 = linalg.index 1 : index
      %p5 = linalg.index 2 : index
      %p6 = linalg.index 3 : index
      %p7 = arith.index_cast %p5 : index to i64
      %p8 = arith.sitofp %p7 : i64 to f32
      %p9 = arith.divf %p8, %c1 : f32
      %p10 = math.floor %p9 : f32
      %p11 = arith.maximumf %p10, %c2 : f32
      %p12 = arith.minimumf %p11, %c3 : f32
      %p13 = arith.fptosi %p12 : f32 to i64
      %p14 = arith.index_cast %p13 : i64 to index
      %p15 = arith.index_cast %p6 : index to i64
      %p16 = arith.sitofp %p15 : i64 to f32
      %p17 = arith.divf %p16, %c1 : f32
      %p18 = math.floor %p17 : f32
      %p19 = arith.maximumf %p18, %c2 : f32
      %p20 = arith.minimumf %p19, %c3 : f32
      %p21 = arith.fptosi %p20 : f32 to i64
      %p22 = arith.index_cast %p21 : i64 to index
      %p23 = tensor.extract %x[%c0, %p4, %p14, %p22] : tensor<1x4x4x4xf32>
      linalg.yield %p23 : f32
    } -> tensor<1x4x8x8xf32>
    %v25 = tensor.extract_slice %v24[0, 0, 0, 0] [1, 2, 8, 8] [1, 1, 1, 1] : tensor<1x4x8x8xf32> to tensor<1x2x8x8xf32>
    %v26 = tensor.extract_slice %v24[0, 2, 0, 0] [1, 2, 8, 8] [1, 1, 1, 1] : tensor<1x4x8x8xf32> to tensor<1x2x8x8xf32>
    %v27 = tensor.empty() : tensor<1x2x8x8xf32>
    %v36 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%v25, %v26 : tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>) outs(%v27 : tensor<1x2x8x8xf32>) {
    ^bb0(%a28: f32, %a29: f32, %a30: f32):
      %p31 = arith.negf %a29 : f32
      %p32 = math.exp %p31 : f32
      %p33 = arith.addf %p32, %c4 : f32
      %p34 = arith.divf %c4, %p33 : f32
      %p35 = arith.mulf %a28, %p34 : f32
      linalg.yield %p35 : f32
    } -> tensor<1x2x8x8xf32>
    return %v36 : tensor<1x2x8x8xf32>
  }
}
