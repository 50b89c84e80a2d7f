// What depends on constants only is a constant, by numbers that can be checked
// in the head; and every layer is data times a weight.

// RUN: pdq-opt %s --split-input-file --pdq-evaluate-constants --canonicalize | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// 0.5 w
// CHECK-LABEL: func @scaled
// CHECK-SAME: (%[[X:[a-z0-9]+]]:
// CHECK: %[[W:.+]] = arith.constant dense<{{\[\[}}5.000000e-01, -1.000000e+00], [2.500000e-01, 2.000000e+00]]> : tensor<2x2xf32>
// CHECK: linalg.matmul ins(%[[X]], %[[W]] :
func.func @scaled(%x: tensor<4x2xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %half = arith.constant 0.5 : f32
  %w = arith.constant dense<[[1.0, -2.0], [0.5, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %scaled = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%w : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.mulf %a, %half : f32
    linalg.yield %m : f32
  } -> tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %scaled : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Each row without its mean: [1, 3] has 2, [5, 9] has 7. The transpose stays.
// CHECK-LABEL: func @standardized
// CHECK: %[[W:.+]] = arith.constant dense<{{\[\[}}-1.000000e+00, 1.000000e+00], [-2.000000e+00, 2.000000e+00]]> : tensor<2x2xf32>
// CHECK: %[[T:.+]] = linalg.transpose ins(%[[W]]
// CHECK: linalg.matmul ins(%{{.+}}, %[[T]] :
func.func @standardized(%x: tensor<4x2xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %w = arith.constant dense<[[1.0, 3.0], [5.0, 9.0]]> : tensor<2x2xf32>
  %er = tensor.empty() : tensor<2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %z = linalg.fill ins(%zero : f32) outs(%er : tensor<2xf32>) -> tensor<2xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%w : tensor<2x2xf32>) outs(%z : tensor<2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<2xf32>
  %centered = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%w, %sum : tensor<2x2xf32>, tensor<2xf32>) outs(%e : tensor<2x2xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %m = arith.divf %s, %two : f32
    %d = arith.subf %a, %m : f32
    linalg.yield %d : f32
  } -> tensor<2x2xf32>
  %t = linalg.transpose ins(%centered : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  %y = linalg.matmul ins(%x, %t : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Stored in half precision: 0.1 is 0x2E66, which is 0.0999755859.
// CHECK-LABEL: func @half
// CHECK: arith.constant dense<{{\[\[}}0.0999755859], [2.000000e+00]]> : tensor<2x1xf32>
func.func @half(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %w = arith.constant dense<[[0.1], [2.0]]> : tensor<2x1xf16>
  %e = tensor.empty() : tensor<2x1xf32>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%w : tensor<2x1xf16>) outs(%e : tensor<2x1xf32>) {
  ^bb0(%a: f16, %o: f32):
    %m = arith.extf %a : f16 to f32
    linalg.yield %m : f32
  } -> tensor<2x1xf32>
  %y = linalg.matmul ins(%x, %wide : tensor<4x2xf32>, tensor<2x1xf32>) outs(%init : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// -----

// A merged adapter: w + b a = [[1, 0], [0, 1]] + [[1], [2]] [[3, 4]].
// CHECK-LABEL: func @adapter
// CHECK: arith.constant dense<{{\[\[}}4.000000e+00, 4.000000e+00], [6.000000e+00, 9.000000e+00]]> : tensor<2x2xf32>
func.func @adapter(%x: tensor<4x2xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32>
  %b = arith.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %a = arith.constant dense<[[3.0, 4.0]]> : tensor<1x2xf32>
  %merged = linalg.matmul ins(%b, %a : tensor<2x1xf32>, tensor<1x2xf32>) outs(%w : tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %merged : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// The second of two chunks, padded by a row of sevens, and two columns joined.
// CHECK-LABEL: func @pieces
// CHECK: arith.constant dense<{{\[\[}}3.000000e+00, 5.000000e+00], [4.000000e+00, 6.000000e+00], [7.000000e+00, 8.000000e+00]]> : tensor<3x2xf32>
func.func @pieces(%x: tensor<4x3xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %seven = arith.constant 7.0 : f32
  %w = arith.constant dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
  %v = arith.constant dense<[[5.0], [6.0], [8.0]]> : tensor<3x1xf32>
  %chunk = tensor.extract_slice %w[2, 0] [2, 1] [1, 1] : tensor<4x1xf32> to tensor<2x1xf32>
  %padded = tensor.pad %chunk low[0, 0] high[1, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %seven : f32
  } : tensor<2x1xf32> to tensor<3x1xf32>
  %both = tensor.concat dim(1) %padded, %v : (tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %y = linalg.matmul ins(%x, %both : tensor<4x3xf32>, tensor<3x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#reversed = affine_map<(d0, d1) -> (-d0 + 2, d1)>

// A filter from its end, by a map and by a position.
// CHECK-LABEL: func @reversed
// CHECK-DAG: arith.constant dense<{{\[\[}}3.000000e+00], [2.000000e+00], [1.000000e+00]]> : tensor<3x1xf32>
// CHECK-NOT: tensor.extract
func.func @reversed(%x: tensor<4x3xf32>, %init: tensor<4x1xf32>) -> (tensor<4x1xf32>, tensor<4x1xf32>) {
  %w = arith.constant dense<[[1.0], [2.0], [3.0]]> : tensor<3x1xf32>
  %e = tensor.empty() : tensor<3x1xf32>
  %flipped = linalg.generic {indexing_maps = [#reversed, #id], iterator_types = ["parallel", "parallel"]} ins(%w : tensor<3x1xf32>) outs(%e : tensor<3x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<3x1xf32>
  %read = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<3x1xf32>) {
  ^bb0(%o: f32):
    %two = arith.constant 2 : index
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %k = arith.subi %two, %i : index
    %a = tensor.extract %w[%k, %j] : tensor<3x1xf32>
    linalg.yield %a : f32
  } -> tensor<3x1xf32>
  %y = linalg.matmul ins(%x, %flipped : tensor<4x3xf32>, tensor<3x1xf32>) outs(%init : tensor<4x1xf32>) -> tensor<4x1xf32>
  %z = linalg.matmul ins(%x, %read : tensor<4x3xf32>, tensor<3x1xf32>) outs(%init : tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y, %z : tensor<4x1xf32>, tensor<4x1xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#last = affine_map<(d0, d1) -> (d1)>

// A bias that is computed for all samples: one constant, which is repeated.
// CHECK-LABEL: func @bias
// CHECK: %[[B:.+]] = arith.constant dense<[-1.000000e+00, -2.000000e+00]> : tensor<2xf32>
// CHECK: %[[I:.+]] = linalg.broadcast ins(%[[B]] : tensor<2xf32>) outs(%{{.+}} : tensor<4x2xf32>) dimensions = [0]
// CHECK: linalg.matmul {{.*}} outs(%[[I]] :
func.func @bias(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %init = linalg.generic {indexing_maps = [#last, #id], iterator_types = ["parallel", "parallel"]} ins(%b : tensor<2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.negf %a : f32
    linalg.yield %m : f32
  } -> tensor<4x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// Fills and what only repeats a constant stay.
// CHECK-LABEL: func @repeated
// CHECK: linalg.broadcast
// CHECK: linalg.fill
func.func @repeated(%x: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %init = linalg.broadcast ins(%b : tensor<2xf32>) outs(%e : tensor<4x2xf32>) dimensions = [0]
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  %v = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%z : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y, %v : tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// CHECK-DAG: #[[$WEIGHT:.+]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[$DATA:.+]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[$OUT:.+]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func @weight_first
// CHECK-SAME: (%[[X:[a-z0-9]+]]:
// CHECK: %[[W:.+]] = arith.constant dense
// CHECK: linalg.generic {indexing_maps = [#[[$DATA]], #[[$WEIGHT]], #[[$OUT]]]{{.*}} ins(%[[X]], %[[W]] :
func.func @weight_first(%x: tensor<2x4xf32>, %init: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %y = linalg.matmul ins(%w, %x : tensor<3x2xf32>, tensor<2x4xf32>) outs(%init : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// -----

#source = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>

// A weight for each of two heads, repeated for three samples and merged with them.
// CHECK-LABEL: func @heads
// CHECK: %[[W:.+]] = arith.constant {{.*}} : tensor<2x4x2xf32>
// CHECK: linalg.generic {{.*}} ins(%{{.+}}, %[[W]] : tensor<3x2x5x4xf32>, tensor<2x4x2xf32>)
// CHECK: tensor.collapse_shape
func.func @heads(%x: tensor<6x5x4xf32>, %init: tensor<6x5x2xf32>) -> tensor<6x5x2xf32> {
  %w = arith.constant dense<"0x0000803F000000400000404000008040000000410000104100002041000030410000803F00000040000040400000804000000041000010410000204100003041"> : tensor<2x4x2xf32>
  %e = tensor.empty() : tensor<3x2x4x2xf32>
  %r = linalg.generic {indexing_maps = [#source, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%w : tensor<2x4x2xf32>) outs(%e : tensor<3x2x4x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<3x2x4x2xf32>
  %m = tensor.collapse_shape %r [[0, 1], [2], [3]] : tensor<3x2x4x2xf32> into tensor<6x4x2xf32>
  %y = linalg.batch_matmul ins(%x, %m : tensor<6x5x4xf32>, tensor<6x4x2xf32>) outs(%init : tensor<6x5x2xf32>) -> tensor<6x5x2xf32>
  return %y : tensor<6x5x2xf32>
}

// -----

#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// Two integers of 4 bits a byte: 0x83 is 3 and 8, 0xF1 is 1 and 15; the
// highest bit of a byte is no sign. Column 0 gets the bit 1, column 1 the bit 2; minus 8.
// CHECK-LABEL: func @bits
// CHECK: %[[W:.+]] = arith.constant dense<{{\[\[}}-5.000000e+00, 2.000000e+00], [-7.000000e+00, 7.000000e+00]]> : tensor<2x2xf32>
// CHECK: linalg.matmul ins(%{{.+}}, %[[W]] :
func.func @bits(%x: tensor<4x2xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %bytes = arith.constant dense<[0x83, 0xF1]> : tensor<2xi8>
  %shifts = arith.constant dense<[0, 4]> : tensor<2xi8>
  %mask = arith.constant 15 : i8
  %one = arith.constant 1 : i8
  %two = arith.constant 2 : i8
  %eight = arith.constant 8 : i32
  %e = tensor.empty() : tensor<2x2xf32>
  %w = linalg.generic {indexing_maps = [#row, #column, #id], iterator_types = ["parallel", "parallel"]} ins(%bytes, %shifts : tensor<2xi8>, tensor<2xi8>) outs(%e : tensor<2x2xf32>) {
  ^bb0(%byte: i8, %shift: i8, %o: f32):
    %moved = arith.shrui %byte, %shift : i8
    %low = arith.andi %moved, %mask : i8
    %column = arith.shrui %shift, %two : i8
    %power = arith.shli %one, %column : i8
    %joined = arith.ori %low, %power : i8
    %swapped = arith.xori %joined, %power : i8
    %again = arith.ori %swapped, %power : i8
    %wide = arith.extui %again : i8 to i32
    %centered = arith.subi %wide, %eight : i32
    %real = arith.sitofp %centered : i32 to f32
    linalg.yield %real : f32
  } -> tensor<2x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
