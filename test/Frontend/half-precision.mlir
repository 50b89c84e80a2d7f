// Networks in half precision are taken as f32: constants keep their values, what
// rounds to half precision vanishes, and one remark says so.

// RUN: split-file %s %t
// RUN: pdq-opt %t/weight.mlir --pdq-normalize-frontend 2> %t/remarks | FileCheck %s --check-prefix=WEIGHT
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t/remarks
// REMARK: remark: network holds 'f16', which are taken as f32: weights, arithmetic, inputs and results
// REMARK-NOT: remark
// WEIGHT: %[[W:.+]] = arith.constant dense<{{\[}}[1.000000e+00, -2.000000e+00], [5.000000e-01, 3.000000e+00]]> : tensor<2x2xf32>
// WEIGHT-NOT: f16
// WEIGHT: linalg.matmul ins(%{{.+}}, %[[W]] : tensor<4x2xf32>, tensor<2x2xf32>)
// WEIGHT-NOT: f16

// [1, 2] times the weight is [2, 4], [-1, 0] is [-1, 2].
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/x.npy f4 2x2 1,2,-1,0
// RUN: pdq-run %t/weight.mlir --input=%t/x.npy --output=%t/y.npy 2> /dev/null
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s --check-prefix=PRODUCT
// RUN: pdq-run %t/network.mlir --input=%t/x.npy --output=%t/y.npy 2> /dev/null
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s --check-prefix=PRODUCT
// PRODUCT: {{^ *}}2 4 -1 2{{$}}
// RUN: pdq-opt %t/weight.mlir --pdq-annotate="first-last=none" 2> /dev/null | FileCheck %s --check-prefix=QUANTIZED
// RUN: pdq-opt %t/network.mlir --pdq-annotate="first-last=none" 2> /dev/null | FileCheck %s --check-prefix=QUANTIZED
// QUANTIZED: pdq.fake_quant %{{.+}} to <bits = 4, axis = 1> : tensor<2x2xf32>

// A resource: 1.5 and -3; a splat, a scalar, an assertion on a constant.
// RUN: pdq-run %t/bfloat.mlir --input=%t/x.npy --output=%t/y.npy 2>&1 | FileCheck %s --check-prefix=BFLOAT
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s --check-prefix=SUM
// BFLOAT: remark: network holds 'bf16' and 'f16', which are taken as f32
// (x + 0.25) * (1.5, -3) / 0.5
// SUM: {{^ *}}3.75 -13.5 -2.25 -1.5{{$}}

// TOSA, whose operations name the type that they sum in.
// RUN: pdq-run %t/tosa.mlir --input=%t/x.npy --output=%t/y.npy 2> /dev/null
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s --check-prefix=PRODUCT

// RUN: not pdq-opt %t/bits.mlir --pdq-normalize-frontend -o /dev/null 2>&1 | FileCheck %s --check-prefix=BITS
// BITS: error: operation 'arith.bitcast' works on the bits of half precision, which is taken as f32; export the network in f32
// RUN: not pdq-opt %t/eight.mlir --pdq-normalize-frontend -o /dev/null 2>&1 | FileCheck %s --check-prefix=EIGHT
// EIGHT: error: network holds 'f8E5M2', expected f32, f16 or bf16; export it in one of them
// RUN: not pdq-opt %t/short.mlir --pdq-normalize-frontend -o /dev/null 2>&1 | FileCheck %s --check-prefix=SHORT
// SHORT: error: constant of type 'tensor<3xbf16>' has no data in the module or not as much as its type says

//--- weight.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, -2.0], [0.5, 3.0]]> : tensor<2x2xf16>
  %e = tensor.empty() : tensor<2x2xf32>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%w : tensor<2x2xf16>) outs(%e : tensor<2x2xf32>) {
  ^bb0(%a: f16, %out: f32):
    %0 = arith.extf %a : f16 to f32
    linalg.yield %0 : f32
  } -> tensor<2x2xf32>
  %ey = tensor.empty() : tensor<4x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%ey : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = linalg.matmul ins(%x, %wide : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

//--- network.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<?x2xf16>) -> tensor<?x2xf16> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, -2.0], [0.5, 3.0]]> : tensor<2x2xf16>
  %n = tensor.dim %x, %c0 : tensor<?x2xf16>
  %e32 = tensor.empty(%n) : tensor<?x2xf32>
  %e16 = tensor.empty(%n) : tensor<?x2xf16>
  %init = linalg.fill ins(%zero : f32) outs(%e32 : tensor<?x2xf32>) -> tensor<?x2xf32>
  %h = linalg.matmul ins(%x, %w : tensor<?x2xf16>, tensor<2x2xf16>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%h : tensor<?x2xf32>) outs(%e16 : tensor<?x2xf16>) {
  ^bb0(%a: f32, %out: f16):
    %0 = arith.truncf %a : f32 to f16
    linalg.yield %0 : f16
  } -> tensor<?x2xf16>
  return %y : tensor<?x2xf16>
}

//--- bfloat.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
#line = affine_map<(d0) -> (d0)>
func.func @main(%x: tensor<2x2xbf16>) -> tensor<2x2xf32> {
  %w = arith.constant dense_resource<weight> : tensor<2xbf16>
  %quarter = arith.constant dense<0.25> : tensor<2xf16>
  %half = arith.constant 0.5 : bf16
  %zero = arith.constant 0.0 : bf16
  %e = tensor.empty() : tensor<2xbf16>
  %r = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%w : tensor<2xbf16>) outs(%e : tensor<2xbf16>) {
  ^bb0(%a: bf16, %out: bf16):
    %c = arith.cmpf one, %a, %zero : bf16
    cf.assert %c, "zero element"
    %0 = arith.divf %a, %half : bf16
    linalg.yield %0 : bf16
  } -> tensor<2xbf16>
  %ey = tensor.empty() : tensor<2x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #row, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %r, %quarter : tensor<2x2xbf16>, tensor<2xbf16>, tensor<2xf16>) outs(%ey : tensor<2x2xf32>) {
  ^bb0(%a: bf16, %b: bf16, %c: f16, %out: f32):
    %0 = arith.extf %a : bf16 to f32
    %1 = arith.extf %b : bf16 to f32
    %2 = arith.extf %c : f16 to f64
    %3 = arith.truncf %2 : f64 to f32
    %4 = arith.addf %0, %3 : f32
    %5 = arith.mulf %4, %1 : f32
    linalg.yield %5 : f32
  } -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
{-#
  dialect_resources: { builtin: { weight: "0x02000000C03F40C0" } }
#-}

//--- tosa.mlir
func.func @main(%x: tensor<2x2xf16>) -> tensor<2x2xf16> {
  %w = "tosa.const"() <{values = dense<[[[1.0, -2.0], [0.5, 3.0]]]> : tensor<1x2x2xf16>}> : () -> tensor<1x2x2xf16>
  %zp = "tosa.const"() <{values = dense<0.0> : tensor<1xf16>}> : () -> tensor<1xf16>
  %s3 = tosa.const_shape {values = dense<[1, 2, 2]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %s2 = tosa.const_shape {values = dense<[2, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %rows = tosa.reshape %x, %s3 : (tensor<2x2xf16>, !tosa.shape<3>) -> tensor<1x2x2xf16>
  %p = tosa.matmul %rows, %w, %zp, %zp : (tensor<1x2x2xf16>, tensor<1x2x2xf16>, tensor<1xf16>, tensor<1xf16>) -> tensor<1x2x2xf16>
  %y = tosa.reshape %p, %s2 : (tensor<1x2x2xf16>, !tosa.shape<2>) -> tensor<2x2xf16>
  return %y : tensor<2x2xf16>
}

//--- bits.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<2x2xf16>) -> tensor<2x2xi16> {
  %e = tensor.empty() : tensor<2x2xi16>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<2x2xf16>) outs(%e : tensor<2x2xi16>) {
  ^bb0(%a: f16, %out: i16):
    %0 = arith.bitcast %a : f16 to i16
    linalg.yield %0 : i16
  } -> tensor<2x2xi16>
  return %y : tensor<2x2xi16>
}

//--- eight.mlir
func.func @main(%x: tensor<2x2xf8E5M2>) -> tensor<2x2xf8E5M2> {
  return %x : tensor<2x2xf8E5M2>
}

//--- short.mlir
func.func @main(%x: tensor<2x3xf32>) -> tensor<3xbf16> {
  %w = arith.constant dense_resource<weight> : tensor<3xbf16>
  return %w : tensor<3xbf16>
}
{-#
  dialect_resources: { builtin: { weight: "0x02000000C03F40C0" } }
#-}
