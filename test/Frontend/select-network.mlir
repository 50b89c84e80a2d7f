// Which function of a module is the network.

// RUN: split-file %s %t
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/x.npy f4 2x2 1,2,3,4

// Helpers that the network calls, public ones and one in TOSA, are parts of it.
// RUN: pdq-opt %t/calls.mlir --pdq-normalize-frontend | FileCheck %s --check-prefix=CALLS
// CALLS: func.func @network
// CALLS-NOT: call
// CALLS-NOT: tosa
// CALLS-NOT: func.func
// RUN: pdq-run %t/calls.mlir --input=%t/x.npy --output=%t/y.npy
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s --check-prefix=TWICE
// TWICE: {{^ *}}4 8 12 16{{$}}

// Several functions: the user says which.
// RUN: not pdq-opt %t/several.mlir --pdq-annotate -o /dev/null 2>&1 | FileCheck %s --check-prefix=SEVERAL
// RUN: not pdq-run %t/several.mlir --input=%t/x.npy 2>&1 | FileCheck %s --check-prefix=SEVERAL
// SEVERAL: error: module has 2 public functions, 'encode', 'decode'; say with entry=NAME which is the network
// SEVERAL: note: first one is here
// RUN: pdq-opt %t/several.mlir --pdq-normalize-frontend="entry=decode" | FileCheck %s --check-prefix=DECODE
// DECODE-NOT: func.func @encode
// DECODE: func.func @decode
// RUN: pdq-run %t/several.mlir --entry=decode --input=%t/x.npy --output=%t/y.npy
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s --check-prefix=NEGATED
// NEGATED: {{^ *}}-1 -2 -3 -4{{$}}
// A private function can be named, too.
// RUN: pdq-opt %t/calls.mlir --pdq-annotate="entry=private" | FileCheck %s --check-prefix=PRIVATE
// PRIVATE: func.func @private(
// RUN: not pdq-opt %t/several.mlir --pdq-normalize-frontend="entry=forward" -o /dev/null 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: entry names 'forward', which is no function with a body; expected one of 'encode', 'decode'

//--- calls.mlir
func.func @helper(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %y = tosa.add %x, %x : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
func.func private @private(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %y = call @helper(%x) : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
func.func @network(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %h = call @helper(%x) : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = call @private(%h) : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

//--- several.mlir
func.func @encode(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  return %x : tensor<2x2xf32>
}
func.func @decode(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %y = arith.negf %x : tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
