module {
  func.func @main(%x: tensor<2x4x6xf32>) -> tensor<2x1x6xf32> {
    %c0 = tosa.const_shape {values = dense<[0, 0, 0]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %c1 = tosa.const_shape {values = dense<[2, 1, 6]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %c2 = tosa.const_shape {values = dense<[1, 2, 6]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %v1 = tosa.slice %x, %c0, %c1 : (tensor<2x4x6xf32>, !tosa.shape<3>, !tosa.shape<3>) -> tensor<2x1x6xf32>
    %v2 = tosa.reshape %v1, %c2 : (tensor<2x1x6xf32>, !tosa.shape<3>) -> tensor<1x2x6xf32>
    %v3 = "tosa.const"() <{values = dense<"0x386FCDBD397EBDBED3FCE93ED211233EC38D7CBDC76F79BF5DAA26BF7F5FDD3C8363073E0545193E07FF243E142156BF9B68F0BD94AC8D3D6699F2BE7E5C1FBDFED00C3DD5AB27BE181E23BF9795A7BEC3B40E3F3BDA71BD4A77AFBD27D66A3CDE3994BED28B9B3E5932003F03EE94BEDF14093E7A42383FAAEF41BF949DDC3E0C191CBF02EB163E885C643EB01B50BE"> : tensor<1x6x6xf32>}> : () -> tensor<1x6x6xf32>
    %v4 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v5 = tosa.matmul %v2, %v3, %v4, %v4 : (tensor<1x2x6xf32>, tensor<1x6x6xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x6xf32>
    %v6 = tosa.reshape %v5, %c1 : (tensor<1x2x6xf32>, !tosa.shape<3>) -> tensor<2x1x6xf32>
    %v7 = "tosa.const"() <{values = dense<"0xB582CFBECA9B0C3FAC8A6CBDC872AEBDF21D1C3F559785BE"> : tensor<1x1x6xf32>}> : () -> tensor<1x1x6xf32>
    %v8 = tosa.add %v6, %v7 : (tensor<2x1x6xf32>, tensor<1x1x6xf32>) -> tensor<2x1x6xf32>
    return %v8 : tensor<2x1x6xf32>
  }
}
