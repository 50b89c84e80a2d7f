// Whatever a frontend wrote, what is left is one function on static tensors in linalg.
// (Each form has a file of its own, too: fold-globals, tm-tensor, half-precision,
// select-network, discharge-assertions and others; messages: invalid.mlir.)

// RUN: pdq-opt %s --split-input-file --verify-diagnostics --pdq-normalize-frontend=sample-shape=3x8x6 | FileCheck %s

#pair = affine_map<(i, j) -> (i, j)>

// A dynamic batch gets a size, which the exported module forgets again; calls are
// inlined.
// CHECK:       module attributes {pdq.batch = -1 : i64}
// CHECK-LABEL: func.func @dynamic_batch(
// CHECK-SAME:    %[[X:.+]]: tensor<32x4xf32>) -> tensor<32x4xf32>
// CHECK-DAG:     %[[HALF:.+]] = arith.constant 5.000000e-01 : f32
// CHECK-DAG:     %[[E:.+]] = tensor.empty() : tensor<32x4xf32>
// CHECK:         %[[H:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<32x4xf32>) outs(%[[E]] : tensor<32x4xf32>)
// CHECK-NEXT:    ^bb0(%[[A:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:      arith.mulf %[[A]], %[[HALF]]
// CHECK:         %[[Y:.+]] = linalg.sub ins(%[[H]], %[[X]] : tensor<32x4xf32>, tensor<32x4xf32>)
// CHECK-NEXT:    return %[[Y]]
// CHECK-NOT:   func.func
func.func @dynamic_batch(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %h = call @half_of(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = linalg.sub ins(%h, %x : tensor<?x4xf32>, tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
func.func private @half_of(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %half = arith.constant 0.5 : f32
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %y = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.mulf %a, %half : f32
    linalg.yield %r : f32
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK:       module attributes {pdq.batch = 3 : i64}
// CHECK-NOT:   ml_program
// CHECK-LABEL: func.func @global_that_nobody_writes(
// CHECK-SAME:    %[[X:.+]]: tensor<3x2xf32>)
// CHECK:         %[[W:.+]] = arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK:         %[[B:.+]] = linalg.broadcast ins(%[[W]] : tensor<2xf32>)
// CHECK:         linalg.sub ins(%[[X]], %[[B]] :
ml_program.global private @weight(dense<[1.0, 2.0]> : tensor<2xf32>) : tensor<2xf32>
func.func @global_that_nobody_writes(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %w = ml_program.global_load_const @weight : tensor<2xf32>
  %e = tensor.empty() : tensor<3x2xf32>
  %b = linalg.broadcast ins(%w : tensor<2xf32>) outs(%e : tensor<3x2xf32>) dimensions = [0]
  %y = linalg.sub ins(%x, %b : tensor<3x2xf32>, tensor<3x2xf32>) outs(%e : tensor<3x2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// -----

// CHECK-LABEL: func.func @in_tosa(
// CHECK-SAME:    %[[X:.+]]: tensor<3x2xf32>)
// CHECK-DAG:     %[[SIX:.+]] = arith.constant 6.000000e+00 : f32
// CHECK-DAG:     %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<3x2xf32>)
// CHECK-NEXT:    ^bb0(%[[A:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:      %[[M:.+]] = arith.minimumf %[[A]], %[[SIX]]
// CHECK-NEXT:      %[[R:.+]] = arith.maximumf %[[M]], %[[ZERO]]
// CHECK-NEXT:      linalg.yield %[[R]]
// CHECK:         return %[[Y]]
func.func @in_tosa(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %y = tosa.clamp %x {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<3x2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// -----

// Height and width are those of the option, in the result too; what they were is kept.
// CHECK:       module attributes {pdq.batch = 2 : i64, pdq.input_types = [tensor<2x3x?x?xf32>]}
// CHECK-LABEL: func.func @dynamic_height_and_width(
// CHECK-SAME:    %[[X:.+]]: tensor<2x3x8x6xf32>) -> tensor<2x3x8x6xf32>
// CHECK:         %[[E:.+]] = tensor.empty() : tensor<2x3x8x6xf32>
// CHECK-NEXT:    linalg.exp ins(%[[X]] : tensor<2x3x8x6xf32>) outs(%[[E]] : tensor<2x3x8x6xf32>)
// expected-remark @below {{network takes 'tensor<2x3x?x?xf32>', taken as 'tensor<2x3x8x6xf32>': results computed from it have these sizes too}}
func.func @dynamic_height_and_width(%x: tensor<2x3x?x?xf32>) -> tensor<2x3x?x?xf32> {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %h = tensor.dim %x, %c2 : tensor<2x3x?x?xf32>
  %w = tensor.dim %x, %c3 : tensor<2x3x?x?xf32>
  %e = tensor.empty(%h, %w) : tensor<2x3x?x?xf32>
  %y = linalg.exp ins(%x : tensor<2x3x?x?xf32>) outs(%e : tensor<2x3x?x?xf32>) -> tensor<2x3x?x?xf32>
  return %y : tensor<2x3x?x?xf32>
}

// -----

// CHECK-LABEL: func.func @half_precision(
// CHECK-SAME:    %[[X:.+]]: tensor<4x2xf32>) -> tensor<4x2xf32>
// CHECK:         linalg.exp ins(%[[X]] : tensor<4x2xf32>)
// expected-remark @below {{network holds 'f16', which are taken as f32: weights, arithmetic, inputs and results}}
func.func @half_precision(%x: tensor<4x2xf16>) -> tensor<4x2xf16> {
  %e = tensor.empty() : tensor<4x2xf16>
  %y = linalg.exp ins(%x : tensor<4x2xf16>) outs(%e : tensor<4x2xf16>) -> tensor<4x2xf16>
  return %y : tensor<4x2xf16>
}
