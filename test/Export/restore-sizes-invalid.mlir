// What cannot have dynamic sizes is named, and the sizes stay.

// RUN: pdq-opt %s --split-input-file --verify-diagnostics --pdq-restore-sizes | FileCheck %s

// CHECK-LABEL: func @flattened
// CHECK-SAME:    tensor<2x4x2xf32>
module attributes {pdq.batch = 2 : i64, pdq.input_types = [tensor<2x?x2xf32>]} {
  func.func @flattened(%x: tensor<2x4x2xf32>) -> tensor<2x2xf32> {
    %zero = arith.constant 0.0 : f32
    %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<8x2xf32>
    %f = tensor.collapse_shape %x [[0], [1, 2]] : tensor<2x4x2xf32> into tensor<2x8xf32>
    %e = tensor.empty() : tensor<2x2xf32>
    %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
    // expected-remark @below {{sizes behind the batch stay those of the data: 'linalg.matmul' op has an operand of type tensor<8x2xf32> with the sizes in it that cannot be made for others}}
    %y = linalg.matmul ins(%f, %w : tensor<2x8xf32>, tensor<8x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
    return %y : tensor<2x2xf32>
  }
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
module attributes {pdq.batch = 2 : i64, pdq.input_types = [tensor<2x?xf32>]} {
  func.func @positions(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
    %c3 = arith.constant 3 : index
    %e = tensor.empty() : tensor<2x4xf32>
    // expected-remark @below {{stay those of the data: 'linalg.generic' op reads at positions that were computed from sizes}}
    %y = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<2x4xf32>) {
    ^bb0(%out: f32):
      %i = linalg.index 0 : index
      %j = linalg.index 1 : index
      %k = arith.subi %c3, %j : index
      %v = tensor.extract %x[%i, %k] : tensor<2x4xf32>
      linalg.yield %v : f32
    } -> tensor<2x4xf32>
    return %y : tensor<2x4xf32>
  }
}

// -----

module attributes {pdq.batch = 2 : i64, pdq.input_types = [tensor<2x?x6xf32>]} {
  func.func @fewer_windows_than_fit(%x: tensor<2x6x6xf32>) -> tensor<2x2x6xf32> {
    %e = tensor.empty() : tensor<2x2x6xf32>
    // expected-remark @below {{stay those of the data: 'linalg.generic' op gives 2 along a dimension where its operands give 3}}
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1 * 2, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]}
        ins(%x : tensor<2x6x6xf32>) outs(%e : tensor<2x2x6xf32>) {
    ^bb0(%a: f32, %out: f32):
      linalg.yield %a : f32
    } -> tensor<2x2x6xf32>
    return %y : tensor<2x2x6xf32>
  }
}

// -----

module attributes {pdq.batch = 2 : i64, pdq.input_types = [tensor<2x?xf32>]} {
  func.func @two_open_loops(%x: tensor<2x6xf32>) -> tensor<2x2x5xf32> {
    %e = tensor.empty() : tensor<2x2x5xf32>
    // expected-remark @below {{stay those of the data: 'linalg.generic' op reads a dynamic size in a way that cannot be followed}}
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1 + d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]}
        ins(%x : tensor<2x6xf32>) outs(%e : tensor<2x2x5xf32>) {
    ^bb0(%a: f32, %out: f32):
      linalg.yield %a : f32
    } -> tensor<2x2x5xf32>
    return %y : tensor<2x2x5xf32>
  }
}

// -----

module attributes {pdq.batch = 2 : i64, pdq.input_types = [tensor<2x?xf32>]} {
  func.func @split_size(%x: tensor<2x12xf32>) -> tensor<2x2x5xf32> {
    %p = tensor.extract_slice %x[0, 2] [2, 10] [1, 1] : tensor<2x12xf32> to tensor<2x10xf32>
    // expected-remark @below {{stay those of the data: 'tensor.expand_shape' op splits a dynamic size in a way that cannot be followed}}
    %y = tensor.expand_shape %p [[0], [1, 2]] output_shape [2, 2, 5] : tensor<2x10xf32> into tensor<2x2x5xf32>
    return %y : tensor<2x2x5xf32>
  }
}

// -----

module attributes {pdq.batch = 2 : i64, pdq.input_types = [tensor<2x?xf32>]} {
  func.func @other_padding(%x: tensor<2x4xf32>) -> tensor<2x8xf32> {
    // expected-remark @below {{stay those of the data: 'tensor.pad' op pads by a computed size or with a computed value}}
    %y = tensor.pad %x low[0, 0] high[0, 4] {
    ^bb0(%i: index, %j: index):
      %n = arith.index_cast %j : index to i32
      %v = arith.sitofp %n : i32 to f32
      tensor.yield %v : f32
    } : tensor<2x4xf32> to tensor<2x8xf32>
    return %y : tensor<2x8xf32>
  }
}

// -----

module attributes {pdq.batch = 2 : i64, pdq.input_types = [tensor<2x?xf32>]} {
  func.func @parameters(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
    %s = arith.constant dense<0.5> : tensor<4xf32>
    %z = arith.constant dense<1> : tensor<4xi32>
    // expected-remark @below {{stay those of the data: 'pdq.fake_quant' op has parameters along a dynamic size}}
    %y = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4, axis = 1> : tensor<2x4xf32>, tensor<4xf32>, tensor<4xi32>
    return %y : tensor<2x4xf32>
  }
}

// -----

module attributes {pdq.batch = 2 : i64, pdq.input_types = [tensor<2x?xf32>]} {
  func.func @unknown(%x: tensor<2x4xf32>) -> tensor<4x2xf32> {
    %shape = arith.constant dense<[4, 2]> : tensor<2xi64>
    // expected-remark @below {{stay those of the data: 'tensor.reshape' op on the data path has no dynamic sizes}}
    %y = tensor.reshape %x(%shape) : (tensor<2x4xf32>, tensor<2xi64>) -> tensor<4x2xf32>
    return %y : tensor<4x2xf32>
  }
}

// -----

module attributes {pdq.batch = 2 : i64, pdq.input_types = [tensor<2x?xf32>]} {
  // expected-error @below {{attribute 'pdq.input_types' is [tensor<2x?xf32>], expected types of 'tensor<2x4x1xf32>' with some sizes dynamic}}
  func.func @other_types(%x: tensor<2x4x1xf32>) -> tensor<2x4x1xf32> {
    return %x : tensor<2x4x1xf32>
  }
}
