// A gather of TOSA reads a tensor that was flattened with the batch, at sums of
// coordinates times strides; as a read at the coordinates it goes to any batch.

// RUN: split-file %s %t
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/x.npy f4 3x3 1,2,3,4,5,6,7,8,9

// RUN: pdq-opt %t/sum.mlir --pdq-normalize-frontend | FileCheck %s --check-prefix=FORM
// FORM: tensor.extract %{{.*}}[%{{.*}}, %{{.*}}] : tensor<2x3xf32>
// FORM-NOT: tensor.extract

// Elements 2, 0, 2, 1 of each sample.
// RUN: pdq-run %t/sum.mlir --input=%t/x.npy --output=%t/y.npy --batch=3
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s
// RUN: pdq-run %t/sum.mlir --input=%t/x.npy --output=%t/y.npy --batch=1
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s
// RUN: pdq-run %t/folded.mlir --input=%t/x.npy --output=%t/y.npy --batch=3
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s
// CHECK: {{^ *}}3 1 3 2{{$}}
// CHECK: {{^ *}}6 4 6 5{{$}}
// CHECK: {{^ *}}9 7 9 8{{$}}

// Coordinates that come from data: each sample's own, 2 - its first element
// rounded down.
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/d.npy f4 3x3 0,7,8,1,5,6,2,3,4
// RUN: pdq-run %t/data.mlir --input=%t/d.npy --output=%t/y.npy --batch=3
// RUN: od -A n -t f4 -w12 -j 128 %t/y.npy | FileCheck %s --check-prefix=DATA
// DATA: {{^ *}}8 5 2{{$}}

// Samples that read each other are refused.
// RUN: not pdq-run %t/mixed.mlir --input=%t/x.npy --batch=3 2>&1 | FileCheck %s --check-prefix=MIXED
// MIXED: error: 'linalg.generic' op reads data at a computed position of the batch; keep the batch of 2

//--- sum.mlir
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x4xf32> {
  %n = "tosa.const"() <{values = dense<[[[0], [0], [0], [0]], [[1], [1], [1], [1]]]> : tensor<2x4x1xi32>}> : () -> tensor<2x4x1xi32>
  %k = "tosa.const"() <{values = dense<[[[2], [0], [2], [1]]]> : tensor<1x4x1xi32>}> : () -> tensor<1x4x1xi32>
  %t = tosa.const_shape {values = dense<[2, 1, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %ks = tosa.tile %k, %t : (tensor<1x4x1xi32>, !tosa.shape<3>) -> tensor<2x4x1xi32>
  %c = tosa.concat %n, %ks {axis = 2 : i32} : (tensor<2x4x1xi32>, tensor<2x4x1xi32>) -> tensor<2x4x2xi32>
  %s0 = tosa.const_shape {values = dense<[8, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %s1 = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %s2 = tosa.const_shape {values = dense<[1, 6, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %s3 = tosa.const_shape {values = dense<[2, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %strides = "tosa.const"() <{values = dense<[[3, 1]]> : tensor<1x2xi32>}> : () -> tensor<1x2xi32>
  %zero = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %table = tosa.reshape %c, %s0 : (tensor<2x4x2xi32>, !tosa.shape<2>) -> tensor<8x2xi32>
  %product = tosa.mul %table, %strides, %zero : (tensor<8x2xi32>, tensor<1x2xi32>, tensor<1xi8>) -> tensor<8x2xi32>
  %sum = tosa.reduce_sum %product {axis = 1 : i32} : (tensor<8x2xi32>) -> tensor<8x1xi32>
  %flat = tosa.reshape %sum, %s1 : (tensor<8x1xi32>, !tosa.shape<2>) -> tensor<1x8xi32>
  %rows = tosa.reshape %x, %s2 : (tensor<2x3xf32>, !tosa.shape<3>) -> tensor<1x6x1xf32>
  %g = tosa.gather %rows, %flat : (tensor<1x6x1xf32>, tensor<1x8xi32>) -> tensor<1x8x1xf32>
  %y = tosa.reshape %g, %s3 : (tensor<1x8x1xf32>, !tosa.shape<2>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

//--- folded.mlir
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x4xf32> {
  %flat = "tosa.const"() <{values = dense<[[2, 0, 2, 1, 5, 3, 5, 4]]> : tensor<1x8xi32>}> : () -> tensor<1x8xi32>
  %s2 = tosa.const_shape {values = dense<[1, 6, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %s3 = tosa.const_shape {values = dense<[2, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %rows = tosa.reshape %x, %s2 : (tensor<2x3xf32>, !tosa.shape<3>) -> tensor<1x6x1xf32>
  %g = tosa.gather %rows, %flat : (tensor<1x6x1xf32>, tensor<1x8xi32>) -> tensor<1x8x1xf32>
  %y = tosa.reshape %g, %s3 : (tensor<1x8x1xf32>, !tosa.shape<2>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

//--- mixed.mlir
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x4xf32> {
  %flat = "tosa.const"() <{values = dense<[[2, 0, 5, 1, 5, 3, 5, 4]]> : tensor<1x8xi32>}> : () -> tensor<1x8xi32>
  %s2 = tosa.const_shape {values = dense<[1, 6, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %s3 = tosa.const_shape {values = dense<[2, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %rows = tosa.reshape %x, %s2 : (tensor<2x3xf32>, !tosa.shape<3>) -> tensor<1x6x1xf32>
  %g = tosa.gather %rows, %flat : (tensor<1x6x1xf32>, tensor<1x8xi32>) -> tensor<1x8x1xf32>
  %y = tosa.reshape %g, %s3 : (tensor<1x8x1xf32>, !tosa.shape<2>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

//--- data.mlir
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x1xf32> {
  %n = "tosa.const"() <{values = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>}> : () -> tensor<2x1x1xi32>
  %two = "tosa.const"() <{values = dense<2> : tensor<1x1xi32>}> : () -> tensor<1x1xi32>
  %b = tosa.const_shape {values = dense<0> : tensor<2xindex>} : () -> !tosa.shape<2>
  %e = tosa.const_shape {values = dense<[2, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %u = tosa.const_shape {values = dense<[2, 1, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %first = tosa.slice %x, %b, %e : (tensor<2x3xf32>, !tosa.shape<2>, !tosa.shape<2>) -> tensor<2x1xf32>
  %i = tosa.cast %first : (tensor<2x1xf32>) -> tensor<2x1xi32>
  %j = tosa.sub %two, %i : (tensor<1x1xi32>, tensor<2x1xi32>) -> tensor<2x1xi32>
  %k = tosa.reshape %j, %u : (tensor<2x1xi32>, !tosa.shape<3>) -> tensor<2x1x1xi32>
  %c = tosa.concat %n, %k {axis = 2 : i32} : (tensor<2x1x1xi32>, tensor<2x1x1xi32>) -> tensor<2x1x2xi32>
  %s0 = tosa.const_shape {values = dense<[2, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %s1 = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %s2 = tosa.const_shape {values = dense<[1, 6, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %strides = "tosa.const"() <{values = dense<[[3, 1]]> : tensor<1x2xi32>}> : () -> tensor<1x2xi32>
  %zero = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %table = tosa.reshape %c, %s0 : (tensor<2x1x2xi32>, !tosa.shape<2>) -> tensor<2x2xi32>
  %product = tosa.mul %table, %strides, %zero : (tensor<2x2xi32>, tensor<1x2xi32>, tensor<1xi8>) -> tensor<2x2xi32>
  %sum = tosa.reduce_sum %product {axis = 1 : i32} : (tensor<2x2xi32>) -> tensor<2x1xi32>
  %flat = tosa.reshape %sum, %s1 : (tensor<2x1xi32>, !tosa.shape<2>) -> tensor<1x2xi32>
  %rows = tosa.reshape %x, %s2 : (tensor<2x3xf32>, !tosa.shape<3>) -> tensor<1x6x1xf32>
  %g = tosa.gather %rows, %flat : (tensor<1x6x1xf32>, tensor<1x2xi32>) -> tensor<1x2x1xf32>
  %y = tosa.reshape %g, %e : (tensor<1x2x1xf32>, !tosa.shape<2>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}
