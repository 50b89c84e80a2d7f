// Integers narrower than a byte as a stream of bits, the lowest first.

// RUN: pdq-opt %s --pdq-pack-constants=min-elements=2 | FileCheck %s
// RUN: pdq-opt %s --pdq-pack-constants | FileCheck %s --check-prefix=SMALL

// One byte a group: 0, 1, -1, -2 are 00, 01, 11, 10 from the lowest bits on, which
// is 0b10110100 = -76; 1, 1 are 0b0101 = 5. Two of eight elements are cut off.
// CHECK-DAG: #[[$GROUP:.+]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG: #[[$PLACE:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[$BOTH:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func @two_bits
// CHECK:         %[[BYTES:.+]] = arith.constant dense<[-76, 5]> : tensor<2xi8>
// CHECK:         %[[SHIFTS:.+]] = arith.constant dense<[0, 2, 4, 6]> : tensor<4xi8>
// CHECK:         %[[EMPTY:.+]] = tensor.empty() : tensor<2x4xi2>
// CHECK:         %[[GROUPS:.+]] = linalg.generic {indexing_maps = [#[[$GROUP]], #[[$PLACE]], #[[$BOTH]]], iterator_types = ["parallel", "parallel"]} ins(%[[BYTES]], %[[SHIFTS]] : tensor<2xi8>, tensor<4xi8>) outs(%[[EMPTY]] : tensor<2x4xi2>)
// CHECK-NEXT:    ^bb0(%[[A:[a-z0-9_]+]]: i8, %[[B:[a-z0-9_]+]]: i8, %{{.+}}: i2):
// CHECK-NEXT:      %[[MOVED:.+]] = arith.shrui %[[A]], %[[B]] : i8
// CHECK-NEXT:      %[[LOW:.+]] = arith.trunci %[[MOVED]] : i8 to i2
// CHECK-NEXT:      linalg.yield %[[LOW]] : i2
// CHECK:         %[[ALL:.+]] = tensor.collapse_shape %[[GROUPS]] {{\[}}[0, 1]] : tensor<2x4xi2> into tensor<8xi2>
// CHECK:         %[[SIX:.+]] = tensor.extract_slice %[[ALL]][0] [6] [1] : tensor<8xi2> to tensor<6xi2>
// CHECK:         %[[W:.+]] = tensor.expand_shape %[[SIX]] {{\[}}[0, 1]] output_shape [2, 3] : tensor<6xi2> into tensor<2x3xi2>
// CHECK:         return %[[W]]
// SMALL-LABEL: func @two_bits
// SMALL-NEXT:    arith.constant dense<{{.*}}> : tensor<2x3xi2>
func.func @two_bits() -> tensor<2x3xi2> {
  %w = arith.constant dense<[[0, 1, -1], [-2, 1, 1]]> : tensor<2x3xi2>
  return %w : tensor<2x3xi2>
}

// Three bytes a group: -1, 0, 1, 2, 3, -4, -3, -2 are 111, 000, 001, 010, 011, 100,
// 101, 110, from behind 11010110 00110100 01000111 = 0xD6, 0x34, 0x47.
// CHECK-LABEL: func @three_bits
// CHECK:         %[[BYTES:.+]] = arith.constant dense<{{\[}}[71, 52, -42], [1, 0, 0]]> : tensor<2x3xi8>
// CHECK:         %[[PLACES:.+]] = arith.constant dense<[0, 8, 16]> : tensor<3xi32>
// CHECK:         %[[ZERO:.+]] = linalg.fill ins(%{{.+}} : i32) outs(%{{.+}} : tensor<2xi32>)
// CHECK:         %[[WORDS:.+]] = linalg.generic {indexing_maps = [#[[$BOTH]], #[[$PLACE]], #[[$GROUP]]], iterator_types = ["parallel", "reduction"]} ins(%[[BYTES]], %[[PLACES]] : tensor<2x3xi8>, tensor<3xi32>) outs(%[[ZERO]] : tensor<2xi32>)
// CHECK-NEXT:    ^bb0(%[[A:[a-z0-9_]+]]: i8, %[[B:[a-z0-9_]+]]: i32, %[[SUM:[a-z0-9_]+]]: i32):
// CHECK-NEXT:      %[[WIDE:.+]] = arith.extui %[[A]] : i8 to i32
// CHECK-NEXT:      %[[MOVED:.+]] = arith.shli %[[WIDE]], %[[B]] : i32
// CHECK-NEXT:      %[[NEXT:.+]] = arith.ori %[[SUM]], %[[MOVED]] : i32
// CHECK-NEXT:      linalg.yield %[[NEXT]] : i32
// CHECK:         %[[SHIFTS:.+]] = arith.constant dense<[0, 3, 6, 9, 12, 15, 18, 21]> : tensor<8xi32>
// CHECK:         linalg.generic {{.*}} ins(%[[WORDS]], %[[SHIFTS]] : tensor<2xi32>, tensor<8xi32>)
// CHECK:         %[[ALL:.+]] = tensor.collapse_shape %{{.+}} {{\[}}[0, 1]] : tensor<2x8xi3> into tensor<16xi3>
// CHECK:         %[[W:.+]] = tensor.extract_slice %[[ALL]][0] [9] [1] : tensor<16xi3> to tensor<9xi3>
// CHECK:         return %[[W]]
func.func @three_bits() -> tensor<9xi3> {
  %w = arith.constant dense<[-1, 0, 1, 2, 3, -4, -3, -2, 1]> : tensor<9xi3>
  return %w : tensor<9xi3>
}

// Whole groups need no slice; seven bytes are a word of 64 bits.
// CHECK-LABEL: func @whole_groups
// CHECK:         %[[FOUR:.+]] = arith.constant dense<[33, 67]> : tensor<2xi8>
// CHECK:         linalg.generic {{.*}} ins(%[[FOUR]], %{{.+}} : tensor<2xi8>, tensor<2xi8>)
// CHECK:         tensor.collapse_shape
// CHECK-NOT:     tensor.extract_slice
// CHECK:         tensor.expand_shape %{{.+}} {{\[}}[0, 1, 2]] output_shape [2, 1, 2] : tensor<4xi4> into tensor<2x1x2xi4>
// CHECK:         arith.constant dense<{{\[}}[1, 0, 0, 0, 0, 0, 2]]> : tensor<1x7xi8>
// CHECK:         arith.constant dense<[0, 8, 16, 24, 32, 40, 48]> : tensor<7xi64>
// CHECK:         arith.constant dense<[0, 7, 14, 21, 28, 35, 42, 49]> : tensor<8xi64>
// CHECK-NOT:     tensor.extract_slice
// CHECK:         return
func.func @whole_groups() -> (tensor<2x1x2xi4>, tensor<8xi7>) {
  %four = arith.constant dense<[[[1, 2]], [[3, 4]]]> : tensor<2x1x2xi4>
  %seven = arith.constant dense<[1, 0, 0, 0, 0, 0, 0, 1]> : tensor<8xi7>
  return %four, %seven : tensor<2x1x2xi4>, tensor<8xi7>
}

// Booleans, bytes, vectors, and what is one element
// already: one repeated value, or few elements.
// CHECK-LABEL: func @left_alone
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @left_alone() -> (tensor<2xi1>, tensor<2xi8>, tensor<512xi2>, tensor<1xi2>, i2, vector<2xi2>) {
  %bool = arith.constant dense<[true, false]> : tensor<2xi1>
  %byte = arith.constant dense<[1, 2]> : tensor<2xi8>
  %splat = arith.constant dense<1> : tensor<512xi2>
  %one = arith.constant dense<1> : tensor<1xi2>
  %scalar = arith.constant 1 : i2
  %vector = arith.constant dense<[0, 1]> : vector<2xi2>
  return %bool, %byte, %splat, %one, %scalar, %vector : tensor<2xi1>, tensor<2xi8>, tensor<512xi2>, tensor<1xi2>, i2, vector<2xi2>
}
