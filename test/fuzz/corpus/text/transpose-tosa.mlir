module {
  func.func @main(%x: tensor<1x4x4x5xf32>) -> tensor<1x3x3x5xf32> {
    %v1 = tosa.transpose %x {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x4x4x5xf32>) -> tensor<1x4x5x4xf32>
    %v2 = "tosa.const"() <{values = dense<"0xF3478EBE6C34E03EE3C2D0BEF888BDBEC3164EBF96C5C73EA6C9C23DE57C93BE756DB0BEDB2F09BDFBFB873FF735D8BE1F9C093F6D83AB3EED211DBE8DB1AF3ED51F9FBE45D6143E7AED5BBE2C58DF3E7BA64CBE2AF39FBD7155643EB5E90E3D"> : tensor<3x2x1x4xf32>}> : () -> tensor<3x2x1x4xf32>
    %v3 = "tosa.const"() <{values = dense<"0x878F35BFBE57F0BC16AAB33E"> : tensor<3xf32>}> : () -> tensor<3xf32>
    %v4 = "tosa.const"() <{values = dense<"0x00000000"> : tensor<1xf32>}> : () -> tensor<1xf32>
    %v5 = tosa.conv2d %v1, %v2, %v3, %v4, %v4 {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x5x4xf32>, tensor<3x2x1x4xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x5x3xf32>
    %v6 = tosa.transpose %v5 {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x3x5x3xf32>) -> tensor<1x3x3x5xf32>
    return %v6 : tensor<1x3x3x5xf32>
  }
}
