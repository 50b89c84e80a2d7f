#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d1)>
module attributes {pdq.batch = -1 : i64, pdq.options = {"activation-bits" = 4 : i64, "first-last" = "qdrop", granularity = "block", "weight-bits" = 4 : i64}} {
  func.func @main(%arg0: tensor<32x6x2x6xf32>) -> tensor<32x6x2x6xf32> {
    %cst = arith.constant dense<[0.350675434, 2.39602566, 0.552391469, 1.03591979, 0.730709552, 1.15448833]> : tensor<6xf32>
    %cst_0 = arith.constant dense<[-0.471814156, 0.636707187, -0.4844414, -0.326800823, -0.811548829, 0.456000745]> : tensor<6xf32>
    %0 = tensor.empty() : tensor<32x6x2x6xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0, %cst, %cst_0 : tensor<32x6x2x6xf32>, tensor<6xf32>, tensor<6xf32>) outs(%0 : tensor<32x6x2x6xf32>) {
    ^bb0(%in: f32, %in_2: f32, %in_3: f32, %out: f32):
      %2 = arith.mulf %in, %in_2 : f32
      %3 = arith.addf %2, %in_3 : f32
      linalg.yield %3 : f32
    } -> tensor<32x6x2x6xf32>
    %extracted_slice = tensor.extract_slice %1[0, 0, 0, 3] [32, 6, 2, 3] [1, 1, 1, 1] : tensor<32x6x2x6xf32> to tensor<32x6x2x3xf32>
    %extracted_slice_1 = tensor.extract_slice %1[0, 0, 0, 0] [32, 6, 2, 3] [1, 1, 1, 1] : tensor<32x6x2x6xf32> to tensor<32x6x2x3xf32>
    %concat = tensor.concat dim(3) %extracted_slice, %extracted_slice_1 : (tensor<32x6x2x3xf32>, tensor<32x6x2x3xf32>) -> tensor<32x6x2x6xf32>
    return %concat : tensor<32x6x2x6xf32>
  }
}

