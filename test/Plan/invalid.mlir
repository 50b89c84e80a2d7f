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
