// Packed constants become the constants that they were.

// RUN: pdq-opt %s --pdq-unpack-constants --split-input-file | FileCheck %s
// RUN: pdq-opt %s --pdq-pack-constants=min-elements=2 --pdq-unpack-constants --split-input-file | FileCheck %s
// RUN: pdq-opt %s --pdq-pack-constants=min-elements=2 --canonicalize --cse --pdq-unpack-constants --split-input-file | FileCheck %s

// CHECK-LABEL: func @every_width
// CHECK-NEXT:    %[[A:.+]] = arith.constant dense<{{\[}}[0, 1, -1], [-2, 1, 1]]> : tensor<2x3xi2>
// CHECK-NEXT:    %[[B:.+]] = arith.constant dense<[-1, 0, 1, 2, 3, -4, -3, -2, 1]> : tensor<9xi3>
// CHECK-NEXT:    %[[C:.+]] = arith.constant dense<[-8, 7, 1]> : tensor<3xi4>
// CHECK-NEXT:    %[[D:.+]] = arith.constant dense<[-16, 15, 1, 2, 3, 4, 5, 6, 7]> : tensor<9xi5>
// CHECK-NEXT:    %[[E:.+]] = arith.constant dense<[-32, 31, 1, 2, 3]> : tensor<5xi6>
// CHECK-NEXT:    %[[F:.+]] = arith.constant dense<[-64, 63, 1, 2, 3, 4, 5, 6, 7]> : tensor<9xi7>
// CHECK-NEXT:    return %[[A]], %[[B]], %[[C]], %[[D]], %[[E]], %[[F]]
func.func @every_width() -> (tensor<2x3xi2>, tensor<9xi3>, tensor<3xi4>, tensor<9xi5>, tensor<5xi6>, tensor<9xi7>) {
  %a = arith.constant dense<[[0, 1, -1], [-2, 1, 1]]> : tensor<2x3xi2>
  %b = arith.constant dense<[-1, 0, 1, 2, 3, -4, -3, -2, 1]> : tensor<9xi3>
  %c = arith.constant dense<[-8, 7, 1]> : tensor<3xi4>
  %d = arith.constant dense<[-16, 15, 1, 2, 3, 4, 5, 6, 7]> : tensor<9xi5>
  %e = arith.constant dense<[-32, 31, 1, 2, 3]> : tensor<5xi6>
  %f = arith.constant dense<[-64, 63, 1, 2, 3, 4, 5, 6, 7]> : tensor<9xi7>
  return %a, %b, %c, %d, %e, %f : tensor<2x3xi2>, tensor<9xi3>, tensor<3xi4>, tensor<9xi5>, tensor<5xi6>, tensor<9xi7>
}

// -----

// What another tool wrote, that computes the same: 0b1001 is 1 and -2.
// CHECK-LABEL: func @other_spelling
// CHECK-NEXT:    %[[W:.+]] = arith.constant dense<[1, -2]> : tensor<2xi2>
// CHECK-NEXT:    return %[[W]]
#id = affine_map<(i) -> (i)>
#zero = affine_map<(i) -> (0)>
func.func @other_spelling() -> tensor<2xi2> {
  %byte = arith.constant dense<9> : tensor<1xi8>
  %shifts = arith.constant dense<[0, 2]> : tensor<2xi8>
  %mask = arith.constant 3 : i8
  %empty = tensor.empty() : tensor<2xi2>
  %w = linalg.generic {indexing_maps = [#zero, #id, #id], iterator_types = ["parallel"]}
      ins(%byte, %shifts : tensor<1xi8>, tensor<2xi8>) outs(%empty : tensor<2xi2>) {
  ^bb0(%a: i8, %b: i8, %out: i2):
    %moved = arith.shrui %a, %b : i8
    %masked = arith.andi %moved, %mask : i8
    %low = arith.trunci %masked : i8 to i2
    linalg.yield %low : i2
  } -> tensor<2xi2>
  return %w : tensor<2xi2>
}

// -----

// Activations depend on data, and what an unknown operation gives is not known.
// CHECK-LABEL: func @left_alone
// CHECK-SAME:    (%[[X:.+]]: tensor<2xi8>, %{{.+}}: tensor<2xi2>)
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<2xi8>)
// CHECK:         %[[Z:.+]] = call @unknown
// CHECK:         return %[[Y]], %[[Z]]
#id = affine_map<(i) -> (i)>
func.func private @unknown() -> tensor<2xi2>
func.func @left_alone(%x: tensor<2xi8>, %unused: tensor<2xi2>) -> (tensor<2xi2>, tensor<2xi2>) {
  %empty = tensor.empty() : tensor<2xi2>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<2xi8>) outs(%empty : tensor<2xi2>) {
  ^bb0(%a: i8, %out: i2):
    %low = arith.trunci %a : i8 to i2
    linalg.yield %low : i2
  } -> tensor<2xi2>
  %z = call @unknown() : () -> tensor<2xi2>
  return %y, %z : tensor<2xi2>, tensor<2xi2>
}
