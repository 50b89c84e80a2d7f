// Operations that stand for whole computations run as what they stand for, at
// any batch.

// RUN: split-file %s %t
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/x.npy f4 2x3 3,1,2,-1,4,0

// RUN: pdq-opt %t/softmax.mlir --pdq-normalize-frontend | FileCheck %s --check-prefix=SOFTMAX
// SOFTMAX-NOT: linalg.softmax
// SOFTMAX:     func @main(%[[X:[a-z0-9_]+]]: tensor<32x3xf32>)
// SOFTMAX:       %[[MAX:.+]] = linalg.generic {{.*}}"reduction"]} ins(%[[X]] :
// SOFTMAX:         arith.maxnumf
// SOFTMAX:       %[[EXP:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[MAX]] :
// SOFTMAX:         arith.subf
// SOFTMAX-NEXT:    math.exp
// SOFTMAX:       %[[SUM:.+]] = linalg.generic {{.*}}"reduction"]} ins(%[[EXP]] :
// SOFTMAX:         arith.addf
// SOFTMAX:       linalg.generic {{.*}} ins(%[[EXP]], %[[SUM]] :
// SOFTMAX:         arith.divf
// SOFTMAX-NOT: linalg.softmax
// e^(x - max) / sum: (1, e^-2, e^-1) / 1.5032, (e^-5, 1, e^-4) / 1.0251
// RUN: pdq-run %t/softmax.mlir --input=%t/x.npy --output=%t/y.npy
// RUN: od -A n -t f4 -w24 -j 128 %t/y.npy | FileCheck %s --check-prefix=SHARES
// SHARES: 0.6652{{[0-9]*}} 0.0900{{[0-9]*}} 0.2447{{[0-9]*}} 0.0065{{[0-9]*}} 0.9755{{[0-9]*}} 0.0178{{[0-9]*}}

// Packed to tiles, padded with 0, and back.
// RUN: pdq-run %t/pack.mlir --input=%t/x.npy --output=%t/y.npy
// RUN: od -A n -t f4 -w24 -j 128 %t/y.npy | FileCheck %s --check-prefix=TWICE
// TWICE: {{^ *}}6 2 4 -2 8 0{{$}}

// RUN: pdq-run %t/clamp.mlir --input=%t/x.npy --output=%t/y.npy
// RUN: od -A n -t f4 -w24 -j 128 %t/y.npy | FileCheck %s --check-prefix=CLAMP
// CLAMP: {{^ *}}2 1 2 0 2 0{{$}}

// A concatenation in TOSA, of a class token with data: three rows of one sample,
// the first a constant; the batch is followed through it.
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/z.npy f4 3x1x2 1,2,3,4,5,6
// RUN: pdq-run %t/token.mlir --input=%t/z.npy --output=%t/y.npy
// RUN: od -A n -t f4 -w16 -j 128 %t/y.npy | FileCheck %s --check-prefix=TOKEN
// TOKEN: {{^ *}}7 8 1 2{{$}}
// TOKEN: {{^ *}}7 8 3 4{{$}}
// TOKEN: {{^ *}}7 8 5 6{{$}}

//--- token.mlir
func.func @main(%x: tensor<2x1x2xf32>) -> tensor<2x2x2xf32> {
  %t = "tosa.const"() <{values = dense<[[[7.0, 8.0]]]> : tensor<1x1x2xf32>}> : () -> tensor<1x1x2xf32>
  %s = tosa.const_shape {values = dense<[2, 1, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %all = tosa.tile %t, %s : (tensor<1x1x2xf32>, !tosa.shape<3>) -> tensor<2x1x2xf32>
  %y = tosa.concat %all, %x {axis = 1 : i32} : (tensor<2x1x2xf32>, tensor<2x1x2xf32>) -> tensor<2x2x2xf32>
  return %y : tensor<2x2x2xf32>
}

//--- softmax.mlir
func.func @main(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %e = tensor.empty(%n) : tensor<?x3xf32>
  %y = linalg.softmax dimension(1) ins(%x : tensor<?x3xf32>) outs(%e : tensor<?x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

//--- pack.mlir
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x2x2xf32>
  %p = linalg.pack %x padding_value(%zero : f32) inner_dims_pos = [1] inner_tiles = [2] into %e : tensor<2x3xf32> -> tensor<2x2x2xf32>
  %s = arith.addf %p, %p : tensor<2x2x2xf32>
  %ey = tensor.empty() : tensor<2x3xf32>
  %y = linalg.unpack %s inner_dims_pos = [1] inner_tiles = [2] into %ey : tensor<2x2x2xf32> -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

//--- clamp.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %low = arith.constant 0.0 : f32
  %high = arith.constant 2.0 : f32
  %e = tensor.empty() : tensor<2x3xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = math.clampf %a to [%low, %high] : f32
    linalg.yield %0 : f32
  } -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
