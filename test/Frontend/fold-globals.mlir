// Weights that are variables of the module.

// RUN: split-file %s %t
// RUN: pdq-opt %t/weights.mlir --pdq-normalize-frontend | FileCheck %s
// CHECK-NOT: ml_program
// CHECK-DAG: %[[W:.+]] = arith.constant dense<{{\[}}[1.000000e+00, -2.000000e+00], [5.000000e-01, 3.000000e+00]]>
// CHECK: linalg.matmul ins(%{{.+}}, %[[W]] :
// CHECK-NOT: ml_program
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/x.npy f4 2x2 1,2,-1,0
// RUN: pdq-run %t/weights.mlir --input=%t/x.npy --output=%t/y.npy
// The product, plus the bias 10.
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s --check-prefix=PRODUCT
// PRODUCT: {{^ *}}12 14 9 12{{$}}
// RUN: not pdq-opt %t/state.mlir --pdq-normalize-frontend -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATE
// STATE: error: variable @state is read here and written: a network has no state, export it with the variable as input or constant
// STATE: note: it is written here
// RUN: not pdq-opt %t/extern.mlir --pdq-normalize-frontend -o /dev/null 2>&1 | FileCheck %s --check-prefix=EXTERN
// EXTERN: error: variable @weight has no value in the module; export the network with its weights
//--- weights.mlir
ml_program.global private @weight(dense<[[1.0, -2.0], [0.5, 3.0]]> : tensor<2x2xf32>) : tensor<2x2xf32>
ml_program.global private mutable @bias(dense<10.0> : tensor<2x2xf32>) : tensor<2x2xf32>
// What torch-mlir leaves in every module, and a counter of training.
ml_program.global private mutable @global_seed(dense<0> : tensor<i64>) : tensor<i64>
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = ml_program.global_load_const @weight : tensor<2x2xf32>
  %b = ml_program.global_load @bias : tensor<2x2xf32>
  %step = arith.constant dense<1> : tensor<i64>
  ml_program.global_store @global_seed = %step : tensor<i64>
  %y = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%b : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

//--- state.mlir
ml_program.global private mutable @state(dense<0.0> : tensor<2x2xf32>) : tensor<2x2xf32>
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %h = ml_program.global_load @state : tensor<2x2xf32>
  %y = arith.addf %h, %x : tensor<2x2xf32>
  ml_program.global_store @state = %y : tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

//--- extern.mlir
ml_program.global private @weight(#ml_program.extern<tensor<2x2xf32>>) : tensor<2x2xf32>
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = ml_program.global_load_const @weight : tensor<2x2xf32>
  %y = arith.addf %w, %x : tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
