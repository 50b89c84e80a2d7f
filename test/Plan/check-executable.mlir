// What can be executed goes through as it is; what cannot is named where it
// stands (other messages: invalid.mlir).

// RUN: pdq-opt %s --pdq-check-executable --split-input-file --verify-diagnostics | FileCheck %s

#id = affine_map<(i) -> (i)>

// Constants, slices, loops and results that are stored in arguments.
// CHECK-LABEL: func.func @as_it_is(
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<4xf32>, %[[X:[a-z0-9]+]]: tensor<8xf32>) -> (tensor<4xf32> {plan.in_place = 0 : i64})
// CHECK:         %[[E:.+]] = tensor.empty() : tensor<4xf32>
// CHECK-NEXT:    %[[H:.+]] = tensor.extract_slice %[[X]][4] [4] [1]
// CHECK-NEXT:    %[[Y:.+]] = linalg.generic {{.*}} ins(%[[H]], %[[W]] : tensor<4xf32>, tensor<4xf32>) outs(%[[E]] : tensor<4xf32>)
// CHECK:           math.exp
// CHECK:         return %[[Y]]
func.func @as_it_is(%w: tensor<4xf32>, %x: tensor<8xf32>) -> (tensor<4xf32> {plan.in_place = 0 : i64}) {
  %e = tensor.empty() : tensor<4xf32>
  %h = tensor.extract_slice %x[4] [4] [1] : tensor<8xf32> to tensor<4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
    ins(%h, %w : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    %r = math.exp %s : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @with_a_quantizer(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'pdq.fake_quant' op cannot be executed: pdq operations are removed by -pdq-decompose}}
  %q = pdq.fake_quant %x to <bits = 4> : tensor<4xf32>
  return %q : tensor<4xf32>
}

// -----

func.func @called(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func @calls(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{cannot be executed: only calls of functions that can be inlined are supported}}
  %y = call @called(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @below {{cannot be executed: expected functions only}}
ml_program.global private mutable @variable(dense<0.0> : tensor<4xf32>) : tensor<4xf32>

// -----

func.func @slice_of_a_computed_size(%x: tensor<8xf32>) {
  %c4 = arith.constant 4 : index
  // expected-error @below {{cannot be executed: shape of 'tensor<?xf32>' is not static}}
  %y = tensor.extract_slice %x[0] [%c4] [1] : tensor<8xf32> to tensor<?xf32>
  return
}

// -----

// 2^20 elements each, but 2^60 pairs of them.
func.func @every_pair_of_three(%x: tensor<1048576xf32>, %s: tensor<f32>) -> tensor<f32> {
  // expected-error @below {{cannot be executed: it has more than 4503599627370496 iterations, which would take weeks}}
  %y = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i)>, affine_map<(i, j, k) -> (j)>, affine_map<(i, j, k) -> (k)>, affine_map<(i, j, k) -> ()>],
                       iterator_types = ["reduction", "reduction", "reduction"]}
    ins(%x, %x, %x : tensor<1048576xf32>, tensor<1048576xf32>, tensor<1048576xf32>) outs(%s : tensor<f32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %o: f32):
    linalg.yield %o : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
