module {
  func.func @main(%x: tensor<1x5x6x5xf32>) -> tensor<1x3x13x10xf32> {
    %c0 = arith.constant 0x00000000 : f32
    %c1 = arith.constant 1 : index
    %v1 = arith.constant dense<"0x25317C3E40E0613ED305883EB6B3773E0A111B3E375045BE91F6EBBC5E44713E5E2694BDDEEFBC3DA71C73BEF296A0BD1E0801BEEBB9833DCCB174BDA8D24DBE5E838F3DB3A17F3E4AB6373FBD2DD33DB44380BE5DB267BD23B830BE20FE093D9FB21EBC88058A3E51C9253E553091BD145D03BF904A623E9BC75F3E6F4768BD4C3243BE9EE0FFBD52A065BEC4722D3FAE086FBD68B294BCF437843E41D185BE15E804BFF4D8233D94E2C3BEFA66BC3E82148CBED885C93E7F2B173FF6B23DBE3C5F373E77B0493E07281EBE9D4DC9BDAB04043F7B9A563EA8CF983E2744353E1343C13EF94557BEBBAC00BF4405E53E"> : tensor<5x3x2x2xf32>
    %v2 = tensor.empty() : tensor<3x5x2x2xf32>
    %v3 = linalg.fill ins(%c0 : f32) outs(%v2 : tensor<3x5x2x2xf32>) -> tensor<3x5x2x2xf32>
    %v12 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%v3 : tensor<3x5x2x2xf32>) {
    ^bb0(%a4: f32):
      %p5 = linalg.index 0 : index
      %p6 = linalg.index 1 : index
      %p7 = linalg.index 2 : index
      %p8 = linalg.index 3 : index
      %p9 = arith.subi %c1, %p7 : index
      %p10 = arith.subi %c1, %p8 : index
      %p11 = tensor.extract %v1[%p6, %p5, %p9, %p10] : tensor<5x3x2x2xf32>
      linalg.yield %p11 : f32
    } -> tensor<3x5x2x2xf32>
    %v13 = tensor.empty() : tensor<1x5x14x11xf32>
    %v14 = linalg.fill ins(%c0 : f32) outs(%v13 : tensor<1x5x14x11xf32>) -> tensor<1x5x14x11xf32>
    %v15 = tensor.insert_slice %x into %v14[0, 0, 1, 1] [1, 5, 6, 5] [1, 1, 2, 2] : tensor<1x5x6x5xf32> into tensor<1x5x14x11xf32>
    %v16 = tensor.empty() : tensor<1x3x13x10xf32>
    %v17 = linalg.fill ins(%c0 : f32) outs(%v16 : tensor<1x3x13x10xf32>) -> tensor<1x3x13x10xf32>
    %v18 = linalg.conv_2d_nchw_fchw {dilations = dense<[1, 1]> : vector<2xi64>, strides = dense<[1, 1]> : vector<2xi64>} ins(%v15, %v12 : tensor<1x5x14x11xf32>, tensor<3x5x2x2xf32>) outs(%v17 : tensor<1x3x13x10xf32>) -> tensor<1x3x13x10xf32>
    %v19 = tosa.clamp %v18 {max_val = 3.402823466e+38 : f32, min_val = 0.000000000e+00 : f32} : (tensor<1x3x13x10xf32>) -> tensor<1x3x13x10xf32>
    return %v19 : tensor<1x3x13x10xf32>
  }
}
