// Products that stay in floating point, and integers that stay narrow, say why.

// RUN: pdq-opt %s --split-input-file --verify-diagnostics --pdq-lower-quant="products=integer storage=i8" -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: pdq-opt %s --split-input-file --pdq-lower-quant=products=factored -o %t.factored.mlir 2>&1 | FileCheck %s --check-prefix=FACTORED

// 33026 * 255 * 255 is more than 2^31 - 1 (integer_2). In f32 259 terms would be too many.
// FACTORED: remark: product stays in floating point: its sums of 33026 terms up to 255 * 255 may reach 2147515650, expected at most 16777216 for sums of f32
// CHECK-LABEL: func @sums_are_too_large
// CHECK:         linalg.matmul ins(%{{.+}}, %{{.+}} : tensor<1x33026xf32>, tensor<33026x1xf32>)
func.func @sums_are_too_large(%x: tensor<1x33026xf32>, %init: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %qx = quant.qcast %x : tensor<1x33026xf32> to tensor<1x33026x!quant.uniform<u8:f32, 0.5>>
  %dx = quant.dcast %qx : tensor<1x33026x!quant.uniform<u8:f32, 0.5>> to tensor<1x33026xf32>
  %i = arith.constant dense<-1> : tensor<33026x1xi8>
  %qw = quant.scast %i : tensor<33026x1xi8> to tensor<33026x1x!quant.uniform<u8:f32, 0.5>>
  %w = quant.dcast %qw : tensor<33026x1x!quant.uniform<u8:f32, 0.5>> to tensor<33026x1xf32>
  // expected-remark @below {{product stays in floating point: its sums of 33026 terms up to 255 * 255 may reach 2147515650, expected at most 2147483647 for sums of i32}}
  %y = linalg.matmul ins(%dx, %w : tensor<1x33026xf32>, tensor<33026x1xf32>) outs(%init : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

// One term less than is exact.
// FACTORED-NOT: sums of 258
// FACTORED: remark: product stays in floating point: its input comes from an argument
// CHECK-LABEL: func @sums_just_fit
// CHECK:         linalg.matmul ins(%{{.+}}, %{{.+}} : tensor<1x258xi8>, tensor<258x1xi8>)
func.func @sums_just_fit(%x: tensor<1x258xf32>, %init: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %qx = quant.qcast %x : tensor<1x258xf32> to tensor<1x258x!quant.uniform<u8:f32, 0.5>>
  %dx = quant.dcast %qx : tensor<1x258x!quant.uniform<u8:f32, 0.5>> to tensor<1x258xf32>
  %i = arith.constant dense<-1> : tensor<258x1xi8>
  %qw = quant.scast %i : tensor<258x1xi8> to tensor<258x1x!quant.uniform<u8:f32, 0.5>>
  %w = quant.dcast %qw : tensor<258x1x!quant.uniform<u8:f32, 0.5>> to tensor<258x1xf32>
  %y = linalg.matmul ins(%dx, %w : tensor<1x258xf32>, tensor<258x1xf32>) outs(%init : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @input_is_not_quantized(%x: tensor<1x2xf32>, %init: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %i = arith.constant dense<1> : tensor<2x1xi8>
  %qw = quant.scast %i : tensor<2x1xi8> to tensor<2x1x!quant.uniform<u8:f32, 0.5>>
  %w = quant.dcast %qw : tensor<2x1x!quant.uniform<u8:f32, 0.5>> to tensor<2x1xf32>
  // expected-remark @below {{product stays in floating point: its input comes from an argument, expected a 'quant.dcast', with at most reshapes, slices and zeros in between}}
  %y = linalg.matmul ins(%x, %w : tensor<1x2xf32>, tensor<2x1xf32>) outs(%init : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @padding_is_not_zero(%x: tensor<1x2xf32>, %init: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %one = arith.constant 1.0 : f32
  %qx = quant.qcast %x : tensor<1x2xf32> to tensor<1x2x!quant.uniform<u8:f32, 0.5>>
  %dx = quant.dcast %qx : tensor<1x2x!quant.uniform<u8:f32, 0.5>> to tensor<1x2xf32>
  %padded = tensor.pad %dx low[0, 1] high[0, 0] {
  ^bb0(%a: index, %b: index):
    tensor.yield %one : f32
  } : tensor<1x2xf32> to tensor<1x3xf32>
  %i = arith.constant dense<1> : tensor<3x1xi8>
  %qw = quant.scast %i : tensor<3x1xi8> to tensor<3x1x!quant.uniform<u8:f32, 0.5>>
  %w = quant.dcast %qw : tensor<3x1x!quant.uniform<u8:f32, 0.5>> to tensor<3x1xf32>
  // expected-remark @below {{its input comes from 'tensor.pad', expected a 'quant.dcast'}}
  %y = linalg.matmul ins(%padded, %w : tensor<1x3xf32>, tensor<3x1xf32>) outs(%init : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @weight_is_not_constant(%x: tensor<1x2xf32>, %w: tensor<2x1xf32>, %init: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %qx = quant.qcast %x : tensor<1x2xf32> to tensor<1x2x!quant.uniform<u8:f32, 0.5>>
  %dx = quant.dcast %qx : tensor<1x2x!quant.uniform<u8:f32, 0.5>> to tensor<1x2xf32>
  // expected-remark @below {{product stays in floating point: its weight comes from an argument, expected a 'quant.dcast' of a constant as the second operand}}
  %y = linalg.matmul ins(%dx, %w : tensor<1x2xf32>, tensor<2x1xf32>) outs(%init : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @weight_has_dynamic_sizes(%x: tensor<1x?xf32>, %w: tensor<?x1xf32>, %init: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %qx = quant.qcast %x : tensor<1x?xf32> to tensor<1x?x!quant.uniform<u8:f32, 0.5>>
  %dx = quant.dcast %qx : tensor<1x?x!quant.uniform<u8:f32, 0.5>> to tensor<1x?xf32>
  // expected-remark @below {{product stays in floating point: its weight has dynamic sizes, expected a constant}}
  %y = linalg.matmul ins(%dx, %w : tensor<1x?xf32>, tensor<?x1xf32>) outs(%init : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @data_have_a_scale_for_each_column(%x: tensor<1x2xf32>, %init: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %qx = quant.qcast %x : tensor<1x2xf32> to tensor<1x2x!quant.uniform<u8:f32:1, {0.5, 0.25}>>
  %dx = quant.dcast %qx : tensor<1x2x!quant.uniform<u8:f32:1, {0.5, 0.25}>> to tensor<1x2xf32>
  %i = arith.constant dense<1> : tensor<2x1xi8>
  %qw = quant.scast %i : tensor<2x1xi8> to tensor<2x1x!quant.uniform<u8:f32, 0.5>>
  %w = quant.dcast %qw : tensor<2x1x!quant.uniform<u8:f32, 0.5>> to tensor<2x1xf32>
  // expected-remark @below {{product stays in floating point: its input has a scale for each slice of an axis, expected one scale}}
  %y = linalg.matmul ins(%dx, %w : tensor<1x2xf32>, tensor<2x1xf32>) outs(%init : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @weights_of_one_sum_have_two_scales(%x: tensor<1x2xf32>, %init: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %qx = quant.qcast %x : tensor<1x2xf32> to tensor<1x2x!quant.uniform<u8:f32, 0.5>>
  %dx = quant.dcast %qx : tensor<1x2x!quant.uniform<u8:f32, 0.5>> to tensor<1x2xf32>
  %i = arith.constant dense<1> : tensor<2x1xi8>
  %qw = quant.scast %i : tensor<2x1xi8> to tensor<2x1x!quant.uniform<u8:f32:0, {0.5, 0.25}>>
  %w = quant.dcast %qw : tensor<2x1x!quant.uniform<u8:f32:0, {0.5, 0.25}>> to tensor<2x1xf32>
  // expected-remark @below {{product stays in floating point: its sums are over weights of more than one scale, expected one an output channel}}
  %y = linalg.matmul ins(%dx, %w : tensor<1x2xf32>, tensor<2x1xf32>) outs(%init : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

#rows = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @sums_are_over_data_that_no_weight_belongs_to(%x: tensor<2x2xf32>, %init: tensor<2xf32>) -> tensor<2xf32> {
  %qx = quant.qcast %x : tensor<2x2xf32> to tensor<2x2x!quant.uniform<u8:f32, 0.5>>
  %dx = quant.dcast %qx : tensor<2x2x!quant.uniform<u8:f32, 0.5>> to tensor<2x2xf32>
  %i = arith.constant dense<1> : tensor<2xi8>
  %qw = quant.scast %i : tensor<2xi8> to tensor<2x!quant.uniform<u8:f32, 0.5>>
  %w = quant.dcast %qw : tensor<2x!quant.uniform<u8:f32, 0.5>> to tensor<2xf32>
  // expected-remark @below {{product stays in floating point: its sums are not over one dimension of the weight a loop}}
  %y = linalg.generic {indexing_maps = [#rows, #row, #row], iterator_types = ["parallel", "reduction"]}
      ins(%dx, %w : tensor<2x2xf32>, tensor<2xf32>) outs(%init : tensor<2xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %m = arith.mulf %a, %b : f32
    %n = arith.addf %sum, %m : f32
    linalg.yield %n : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @weight_is_empty(%x: tensor<1x0xf32>, %init: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %qx = quant.qcast %x : tensor<1x0xf32> to tensor<1x0x!quant.uniform<u8:f32, 0.5>>
  %dx = quant.dcast %qx : tensor<1x0x!quant.uniform<u8:f32, 0.5>> to tensor<1x0xf32>
  %i = arith.constant dense<1> : tensor<0x1xi8>
  %qw = quant.scast %i : tensor<0x1xi8> to tensor<0x1x!quant.uniform<u8:f32, 0.5>>
  %w = quant.dcast %qw : tensor<0x1x!quant.uniform<u8:f32, 0.5>> to tensor<0x1xf32>
  // expected-remark @below {{product stays in floating point: its weight is empty}}
  %y = linalg.matmul ins(%dx, %w : tensor<1x0xf32>, tensor<0x1xf32>) outs(%init : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @integers_are_wide(%x: tensor<1x2xf32>, %init: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %qx = quant.qcast %x : tensor<1x2xf32> to tensor<1x2x!quant.uniform<u16:f32, 0.5>>
  %dx = quant.dcast %qx : tensor<1x2x!quant.uniform<u16:f32, 0.5>> to tensor<1x2xf32>
  %i = arith.constant dense<1> : tensor<2x1xi8>
  %qw = quant.scast %i : tensor<2x1xi8> to tensor<2x1x!quant.uniform<u8:f32, 0.5>>
  %w = quant.dcast %qw : tensor<2x1x!quant.uniform<u8:f32, 0.5>> to tensor<2x1xf32>
  // expected-remark @below {{product stays in floating point: its integers have 16 and 8 bits, expected at most 8}}
  %y = linalg.matmul ins(%dx, %w : tensor<1x2xf32>, tensor<2x1xf32>) outs(%init : tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// -----

func.func @numbers_are_of_f64(%x: tensor<1x2xf64>, %init: tensor<1x1xf64>) -> tensor<1x1xf64> {
  %qx = quant.qcast %x : tensor<1x2xf64> to tensor<1x2x!quant.uniform<u8:f64, 0.5>>
  %dx = quant.dcast %qx : tensor<1x2x!quant.uniform<u8:f64, 0.5>> to tensor<1x2xf64>
  %i = arith.constant dense<1> : tensor<2x1xi8>
  %qw = quant.scast %i : tensor<2x1xi8> to tensor<2x1x!quant.uniform<u8:f64, 0.5>>
  %w = quant.dcast %qw : tensor<2x1x!quant.uniform<u8:f64, 0.5>> to tensor<2x1xf64>
  // expected-remark @below {{product stays in floating point: its type is f64, expected f32}}
  %y = linalg.matmul ins(%dx, %w : tensor<1x2xf64>, tensor<2x1xf64>) outs(%init : tensor<1x1xf64>) -> tensor<1x1xf64>
  return %y : tensor<1x1xf64>
}

// -----

// CHECK-LABEL: func @quantized_argument
// CHECK:         arith.extui %{{.+}} : i2 to i8
// CHECK:         arith.uitofp %{{.+}} : i8 to f32
func.func @quantized_argument(%q: tensor<2x!quant.uniform<u2:f32, 0.5>>) -> tensor<2xf32> {
  // expected-remark @below {{integers stay 'i2': their quantized value is an argument, a result or an operand of something else than a 'quant.dcast'}}
  %d = quant.dcast %q : tensor<2x!quant.uniform<u2:f32, 0.5>> to tensor<2xf32>
  return %d : tensor<2xf32>
}
