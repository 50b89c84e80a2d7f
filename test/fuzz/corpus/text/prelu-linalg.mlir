module {
  func.func @main(%x: tensor<1x6xf32>) -> tensor<1x4xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %c1 = arith.constant 1 : i64
    %c2 = arith.constant 0 : i64
    %c3 = arith.constant 6 : i64
    %v1 = arith.constant dense<"0x74BF353ECF5A883EDF4DD93DB839863EB7C69A3D5E2E293E"> : tensor<6xf32>
    %v2 = tensor.empty() : tensor<1x6xf32>
    %v9 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%x, %v1 : tensor<1x6xf32>, tensor<6xf32>) outs(%v2 : tensor<1x6xf32>) {
    ^bb0(%a3: f32, %a4: f32, %a5: f32):
      %p6 = arith.cmpf ogt, %a3, %c0 : f32
      %p7 = arith.mulf %a4, %a3 : f32
      %p8 = arith.select %p6, %a3, %p7 : f32
      linalg.yield %p8 : f32
    } -> tensor<1x6xf32>
    %v10 = arith.constant dense<"0x0400000000000000010000000000000001000000000000000400000000000000"> : tensor<4xi64>
    %v11 = tensor.empty() : tensor<1xi64>
    %v15 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%v11 : tensor<1xi64>) {
    ^bb0(%a12: i64):
      %p13 = linalg.index 0 : index
      %p14 = arith.index_cast %p13 : index to i64
      linalg.yield %p14 : i64
    } -> tensor<1xi64>
    %v16 = tensor.expand_shape %v15 [[0, 1]] output_shape [1, 1] : tensor<1xi64> into tensor<1x1xi64>
    %v17 = tensor.empty() : tensor<1x4xf32>
    %v30 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%v16, %v10 : tensor<1x1xi64>, tensor<4xi64>) outs(%v17 : tensor<1x4xf32>) {
    ^bb0(%a18: i64, %a19: i64, %a20: f32):
      %p21 = arith.cmpi slt, %a18, %c2 : i64
      %p22 = arith.addi %a18, %c1 : i64
      %p23 = arith.select %p21, %p22, %a18 : i64
      %p24 = arith.index_cast %p23 : i64 to index
      %p25 = arith.cmpi slt, %a19, %c2 : i64
      %p26 = arith.addi %a19, %c3 : i64
      %p27 = arith.select %p25, %p26, %a19 : i64
      %p28 = arith.index_cast %p27 : i64 to index
      %p29 = tensor.extract %v9[%p24, %p28] : tensor<1x6xf32>
      linalg.yield %p29 : f32
    } -> tensor<1x4xf32>
    return %v30 : tensor<1x4xf32>
  }
}
