// pdq-run takes a module of any stage and any number of samples.

// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/Inputs/write_npy.py %t/x.npy f4 3x2 0.1,0.9,1.6,-3,0.75,0.25
// RUN: %python %S/Inputs/write_npy.py %t/labels.npy i8 3 1,0,1

// The float body is the identity: samples 0 and 1 are right.
// RUN: pdq-run %s --mode=float --input=%t/x.npy --labels=%t/labels.npy | FileCheck %s --check-prefix=FLOAT
// FLOAT:      3 samples in
// FLOAT-NEXT: accuracy: 66.67 % (2 / 3)

// A sample of NaN alone is never right, also not for class 0, and that is said.
// RUN: %python %S/Inputs/write_npy.py %t/nan.npy f4 3x2 nan,nan,0,nan,nan,1
// RUN: %python %S/Inputs/write_npy.py %t/zeros.npy i8 3 0,0,1
// RUN: pdq-run %s --mode=float --input=%t/nan.npy --labels=%t/zeros.npy 2>&1 | FileCheck %s --check-prefix=NAN
// NAN-DAG: remark: outputs of 3 of 3 samples are not finite
// NAN-DAG: accuracy: 66.67 % (2 / 3)

// Scale 0.5, zero point 1, 2 bits: -3 becomes -0.5 and 1.6 becomes 1.0, so the
// largest difference is 2.5.
// RUN: pdq-run %s --mode=float --compare=%s --compare-mode=quantized --input=%t/x.npy | FileCheck %s --check-prefix=BODIES
// BODIES:      max difference: 2.5{{$}}
// BODIES-NEXT: agreement: 100.00 %

// The exported module computes what the quantized body does, in every bit, and
// whatever the number of samples at once.
// RUN: pdq-opt %s --pdq-export=allow-initialized --emit-bytecode -o %t/exported.mlirbc
// RUN: pdq-run %s --compare=%t/exported.mlirbc --input=%t/x.npy --batch=2 | FileCheck %s --check-prefix=EXPORTED
// EXPORTED:      max difference: 0{{$}}
// EXPORTED-NEXT: agreement: 100.00 %

// Outputs are an array file again.
// RUN: pdq-run %s --mode=float --input=%t/x.npy --output=%t/y.npy
// RUN: pdq-run %s --mode=float --input=%t/y.npy --output=%t/z.npy
// RUN: cmp %t/y.npy %t/z.npy

func.func @main(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %y = pdq.region @r ins(%x : tensor<4x2xf32>) -> (tensor<4x2xf32>)
  float {
  ^bb0(%in: tensor<4x2xf32>):
    pdq.yield %in : tensor<4x2xf32>
  } quantized {
  ^bb0(%in: tensor<4x2xf32>):
    %s = arith.constant dense<0.5> : tensor<f32>
    %z = arith.constant dense<1> : tensor<i32>
    %a = pdq.fake_quant %in scale(%s) zero_point(%z) to <bits = 2> : tensor<4x2xf32>, tensor<f32>, tensor<i32>
    pdq.yield %a : tensor<4x2xf32>
  }
  return %y : tensor<4x2xf32>
}
