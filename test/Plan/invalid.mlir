// What cannot be executed is named where it stands.

// RUN: pdq-opt %s --pdq-check-executable --split-input-file --verify-diagnostics

// expected-error @below {{cannot be executed: shape of 'tensor<?xf32>' is not static}}
func.func @dynamic(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

// expected-error @below {{cannot be executed: type 'memref<4xf32>' is not a ranked tensor}}
func.func @buffer(%x: memref<4xf32>) {
  return
}

// -----

// expected-error @below {{cannot be executed: buffers have no element type 'f16'}}
func.func @half(%x: tensor<4xf16>) {
  return
}

// -----

// expected-error @below {{cannot be executed: size of 'tensor<4294967296x4294967296xf32>' overflows}}
func.func @huge(%x: tensor<4294967296x4294967296xf32>) {
  return
}

// -----

// expected-error @below {{cannot be executed: it has no body}}
func.func private @declared(tensor<4xf32>)

// -----

func.func @blocks() {
  // expected-error @-1 {{cannot be executed: it has 2 blocks, expected 1}}
  cf.br ^next
^next:
  return
}

// -----

func.func @loop(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = arith.constant 1 : index
  // expected-error @below {{cannot be executed: expected an operation of arith, linalg, tensor or math}}
  %r = scf.for %i = %c to %c step %c iter_args(%a = %x) -> tensor<4xf32> {
    scf.yield %a : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// expected-error @below {{'plan.in_place' of result 0 is 1 : i64 but the function has 1 arguments}}
func.func @no_such_argument(%x: tensor<4xf32>) -> (tensor<4xf32> {plan.in_place = 1 : i64}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{result 0 of type 'tensor<4xf32>' cannot be stored in argument 1 of type 'tensor<2xf32>'}}
func.func @other_type(%x: tensor<4xf32>, %y: tensor<2xf32>) -> (tensor<4xf32> {plan.in_place = 1 : i64}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{results 0 and 1 are both stored in argument 0}}
func.func @twice(%x: tensor<4xf32>)
    -> (tensor<4xf32> {plan.in_place = 0 : i64}, tensor<4xf32> {plan.in_place = 0 : i64}) {
  return %x, %x : tensor<4xf32>, tensor<4xf32>
}

// -----

// Two small operands and 2^42 pairs.
func.func @patience(%x: tensor<2097152xf32>, %s: tensor<f32>) -> tensor<f32> {
  // expected-remark @below {{'linalg.generic' has 4398046511104 iterations: each call takes minutes or hours}}
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> ()>],
      iterator_types = ["reduction", "reduction"]} ins(%x, %x : tensor<2097152xf32>, tensor<2097152xf32>) outs(%s : tensor<f32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %t = arith.addf %o, %m : f32
    linalg.yield %t : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
