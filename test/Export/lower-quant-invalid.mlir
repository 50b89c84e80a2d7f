// Casts of the quant dialect that are wrong, or have no arithmetic.

// RUN: pdq-opt %s --split-input-file --verify-diagnostics --pdq-lower-quant

func.func @zero_point_is_no_integer_of_the_type(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<u2:f32, 0.5:4>> {
  // expected-error @below {{'quant.qcast' op zero point 4 is outside of the storage range 0 to 3}}
  %q = quant.qcast %x : tensor<4xf32> to tensor<4x!quant.uniform<u2:f32, 0.5:4>>
  return %q : tensor<4x!quant.uniform<u2:f32, 0.5:4>>
}

// -----

func.func @storage_is_wider_than_the_significand(%x: tensor<4x!quant.uniform<i32:f32, 0.5>>) -> tensor<4xf32> {
  // expected-error @below {{'quant.dcast' op storage range -2147483648 to 2147483647 exceeds the integers that 'f32' represents exactly, -16777216 to 16777216}}
  %d = quant.dcast %x : tensor<4x!quant.uniform<i32:f32, 0.5>> to tensor<4xf32>
  return %d : tensor<4xf32>
}

// -----

func.func @sub_channel(%x: tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i8:f32:{0:1, 1:2}, {{0.5, 0.5}, {0.5, 0.5}}>> {
  // expected-error @below {{is neither per-tensor nor per-axis uniform}}
  %q = quant.qcast %x : tensor<2x4xf32> to tensor<2x4x!quant.uniform<i8:f32:{0:1, 1:2}, {{0.5, 0.5}, {0.5, 0.5}}>>
  return %q : tensor<2x4x!quant.uniform<i8:f32:{0:1, 1:2}, {{0.5, 0.5}, {0.5, 0.5}}>>
}

// -----

func.func @unranked(%x: tensor<*xf32>) -> tensor<*x!quant.uniform<u2:f32, 0.5>> {
  // expected-error @below {{'quant.qcast' op of an unranked tensor cannot be lowered, expected a scalar or a ranked tensor}}
  %q = quant.qcast %x : tensor<*xf32> to tensor<*x!quant.uniform<u2:f32, 0.5>>
  return %q : tensor<*x!quant.uniform<u2:f32, 0.5>>
}
