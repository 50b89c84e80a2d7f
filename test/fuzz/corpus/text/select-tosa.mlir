module {
  func.func @main(%x: tensor<2x8xf32>) -> tensor<2x3xf32> {
    %c0 = tosa.const_shape {values = dense<[2, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %c1 = arith.constant 1 : i64
    %c2 = arith.constant 2 : i64
    %c3 = arith.constant 0 : i64
    %c4 = arith.constant 8 : i64
    %v1 = arith.constant dense<"0x010000000000000006000000000000000500000000000000"> : tensor<3xi64>
    %v2 = tensor.empty() : tensor<2xi64>
    %v6 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%v2 : tensor<2xi64>) {
    ^bb0(%a3: i64):
      %p4 = linalg.index 0 : index
      %p5 = arith.index_cast %p4 : index to i64
      linalg.yield %p5 : i64
    } -> tensor<2xi64>
    %v7 = tosa.reshape %v6, %c0 : (tensor<2xi64>, !tosa.shape<2>) -> tensor<2x1xi64>
    %v8 = tensor.empty() : tensor<2x3xf32>
    %v21 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%v7, %v1 : tensor<2x1xi64>, tensor<3xi64>) outs(%v8 : tensor<2x3xf32>) {
    ^bb0(%a9: i64, %a10: i64, %a11: f32):
      %p12 = arith.cmpi slt, %a9, %c3 : i64
      %p13 = arith.addi %a9, %c2 : i64
      %p14 = arith.select %p12, %p13, %a9 : i64
      %p15 = arith.index_cast %p14 : i64 to index
      %p16 = arith.cmpi slt, %a10, %c3 : i64
      %p17 = arith.addi %a10, %c4 : i64
      %p18 = arith.select %p16, %p17, %a10 : i64
      %p19 = arith.index_cast %p18 : i64 to index
      %p20 = tensor.extract %x[%p15, %p19] : tensor<2x8xf32>
      linalg.yield %p20 : f32
    } -> tensor<2x3xf32>
    return %v21 : tensor<2x3xf32>
  }
}
