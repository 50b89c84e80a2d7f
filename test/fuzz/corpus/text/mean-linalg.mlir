module {
  func.func @main(%x: tensor<?x2x4x2x2xf32>) -> tensor<?x2x1x1x1xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %c1 = arith.constant 0 : index
    %batch = tensor.dim %x, %c1 : tensor<?x2x4x2x2xf32>
    %c3 = arith.constant 0x41800000 : f32
    %v1 = tensor.empty(%batch) : tensor<?x2x1x1x1xf32>
    %v2 = linalg.fill ins(%c0 : f32) outs(%v1 : tensor<?x2x1x1x1xf32>) -> tensor<?x2x1x1x1xf32>
    %v6 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, 0, 0, 0)>], iterator_types = ["parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%x : tensor<?x2x4x2x2xf32>) outs(%v2 : tensor<?x2x1x1x1xf32>) {
    ^bb0(%a3: f32, %a4: f32):
      %p5 = arith.addf %a3, %a4 : f32
      linalg.yield %p5 : f32
    } -> tensor<?x2x1x1x1xf32>
    %v7 = tensor.empty(%batch) : tensor<?x2x1x1x1xf32>
    %v11 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%v6 : tensor<?x2x1x1x1xf32>) outs(%v7 : tensor<?x2x1x1x1xf32>) {
    ^bb0(%a8: f32, %a9: f32):
      %p10 = arith.divf %a8, %c3 : f32
      linalg.yield %p10 : f32
    } -> tensor<?x2x1x1x1xf32>
    %v12 = tensor.empty(%batch) : tensor<?x2x1x1x1xf32>
    %v16 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%v11 : tensor<?x2x1x1x1xf32>) outs(%v12 : tensor<?x2x1x1x1xf32>) {
    ^bb0(%a13: f32, %a14: f32):
      %p15 = arith.negf %a13 : f32
      linalg.yield %p15 : f32
    } -> tensor<?x2x1x1x1xf32>
    return %v16 : tensor<?x2x1x1x1xf32>
  }
}
