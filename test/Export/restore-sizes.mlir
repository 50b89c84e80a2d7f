// The exported network has the sizes open that were so in the user's network. Each
// case is run at other sizes than those that it has here.

// RUN: split-file %s %t
// RUN: pdq-opt %t/mean.mlir --pdq-restore-sizes -o %t/mean-open.mlir
// RUN: FileCheck %t/mean.mlir --input-file=%t/mean-open.mlir
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/mean.npy f4 1x1x4x4 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16
// RUN: pdq-run %t/mean-open.mlir --input=%t/mean.npy --output=%t/mean-y.npy
// RUN: od -v -A n -t f4 -w4 -j 128 %t/mean-y.npy | FileCheck %s --check-prefix=MEAN
// MEAN: {{^ *}}8.5{{$}}

// RUN: pdq-opt %t/window.mlir --pdq-restore-sizes -o %t/window-open.mlir
// RUN: FileCheck %t/window.mlir --input-file=%t/window-open.mlir
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/window.npy f4 1x1x3x5 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1
// RUN: pdq-run %t/window-open.mlir --input=%t/window.npy --output=%t/window-y.npy
// RUN: od -v -A n -t f4 -w12 -j 128 %t/window-y.npy | FileCheck %s --check-prefix=WINDOW
// Two rows and two or three columns of the window are inside; the bias is 0.5.
// WINDOW:      {{^ *}}4.5 6.5 4.5{{$}}
// WINDOW-NEXT: {{^ *}}4.5 6.5 4.5{{$}}

// RUN: pdq-opt %t/shapes.mlir --pdq-restore-sizes -o %t/shapes-open.mlir
// RUN: FileCheck %t/shapes.mlir --input-file=%t/shapes-open.mlir
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/shapes.npy f4 1x1x3x2 1,2,3,4,5,6
// RUN: pdq-run %t/shapes-open.mlir --input=%t/shapes.npy --output=%t/shapes-y.npy
// RUN: od -v -A n -t f4 -w16 -j 128 %t/shapes-y.npy | FileCheck %s --check-prefix=SHAPES
// Each number twice, without the first and the last row, beside each other row.
// SHAPES:      {{^ *}}1 1 2 2{{$}}
// SHAPES-NEXT: {{^ *}}3 3 4 4{{$}}
// SHAPES-NEXT: {{^ *}}3 3 4 4{{$}}
// SHAPES-NEXT: {{^ *}}5 5 6 6{{$}}
// SHAPES-NEXT: {{^ *}}1 1 2 2{{$}}
// SHAPES-NEXT: {{^ *}}3 3 4 4{{$}}
// SHAPES-NEXT: {{^ *}}5 5 6 6{{$}}

// RUN: pdq-opt %t/zeros.mlir --pdq-restore-sizes -o %t/zeros-open.mlir
// RUN: FileCheck %t/zeros.mlir --input-file=%t/zeros-open.mlir
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/zeros.npy f4 1x3 1,2,3
// RUN: pdq-run %t/zeros-open.mlir --input=%t/zeros.npy --output=%t/zeros-y.npy
// RUN: od -v -A n -t f4 -w28 -j 128 %t/zeros-y.npy | FileCheck %s --check-prefix=ZEROS
// ZEROS: {{^ *}}7 1 7 2 7 3 7{{$}}

// RUN: pdq-opt %t/quantized.mlir --pdq-restore-sizes --pdq-restore-batch --convert-pdq-to-quant | FileCheck %t/quantized.mlir

//--- mean.mlir
// The number of elements is computed, also where a factor is one over it.
// CHECK:      func.func @main(%[[X:.+]]: tensor<?x1x?x?xf32>) -> tensor<?x1xf32>
// CHECK:      %[[W:.+]] = tensor.dim %[[X]], %c3
// CHECK:      %[[H:.+]] = tensor.dim %[[X]], %c2
// CHECK:      %[[N:.+]] = affine.apply #{{.+}}()[%[[H]], %[[W]]]
// CHECK:      %[[I:.+]] = arith.index_cast %[[N]] : index to i64
// CHECK:      %[[COUNT:.+]] = arith.sitofp %{{.+}} : i64 to f32
// CHECK:      arith.divf %{{.+}}, %[[COUNT]] : f32
// CHECK-NOT:  pdq.input_types
#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#kept = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
module attributes {pdq.batch = -1 : i64, pdq.input_types = [tensor<?x1x?x?xf32>]} {
  func.func @main(%x: tensor<8x1x2x3xf32>) -> tensor<8x1xf32> {
    %zero = arith.constant 0.0 : f32
    %six = arith.constant 6.0 : f32
    %e = tensor.empty() : tensor<8x1xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x1xf32>) -> tensor<8x1xf32>
    %s = linalg.generic {indexing_maps = [#all, #kept], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
        ins(%x : tensor<8x1x2x3xf32>) outs(%f : tensor<8x1xf32>) {
    ^bb0(%a: f32, %out: f32):
      %0 = arith.addf %a, %out : f32
      linalg.yield %0 : f32
    } -> tensor<8x1xf32>
    %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%s : tensor<8x1xf32>) outs(%e : tensor<8x1xf32>) {
    ^bb0(%a: f32, %out: f32):
      %0 = arith.divf %a, %six : f32
      linalg.yield %0 : f32
    } -> tensor<8x1xf32>
    return %y : tensor<8x1xf32>
  }
}

//--- window.mlir
// What a window leaves of a padded size.
// CHECK: #[[WINDOWS:.+]] = affine_map<()[s0] -> ((s0 - 1) floordiv 2 + 1)>
// CHECK: func.func @main(%{{.+}}: tensor<?x1x?x?xf32>) -> tensor<?x1x?x?xf32>
// CHECK: %[[H:.+]] = affine.apply #[[WINDOWS]]
// CHECK: %[[W:.+]] = affine.apply #[[WINDOWS]]
// CHECK: tensor.empty(%{{.+}}, %[[H]], %[[W]])
// CHECK: linalg.conv_2d_nchw_fchw {{.*}} outs(%{{.+}} : tensor<?x1x?x?xf32>)
module attributes {pdq.batch = -1 : i64, pdq.input_types = [tensor<?x1x?x?xf32>]} {
  func.func @main(%x: tensor<8x1x4x4xf32>) -> tensor<8x1x2x2xf32> {
    %zero = arith.constant 0.0 : f32
    %bias = arith.constant dense<0.5> : tensor<1xf32>
    %w = arith.constant dense<1.0> : tensor<1x1x3x3xf32>
    %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
    ^bb0(%i: index, %j: index, %k: index, %l: index):
      tensor.yield %zero : f32
    } : tensor<8x1x4x4xf32> to tensor<8x1x6x6xf32>
    %e = tensor.empty() : tensor<8x1x2x2xf32>
    %b = linalg.broadcast ins(%bias : tensor<1xf32>) outs(%e : tensor<8x1x2x2xf32>) dimensions = [0, 2, 3]
    %c = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>}
        ins(%p, %w : tensor<8x1x6x6xf32>, tensor<1x1x3x3xf32>) outs(%b : tensor<8x1x2x2xf32>) -> tensor<8x1x2x2xf32>
    return %c : tensor<8x1x2x2xf32>
  }
}

//--- shapes.mlir
// Slices go to the end or to the same distance from it, merged sizes are products.
// CHECK:     func.func @main(%{{.+}}: tensor<?x1x?x?xf32>) -> tensor<?x1x?x?xf32>
// CHECK:     tensor.collapse_shape
// CHECK:     tensor.concat dim(2)
module attributes {pdq.batch = -1 : i64, pdq.input_types = [tensor<?x1x?x?xf32>]} {
  func.func @main(%x: tensor<8x1x4x4xf32>) -> tensor<8x1x10x8xf32> {
    %e = tensor.empty() : tensor<8x1x4x2x4x2xf32>
    %b = linalg.broadcast ins(%x : tensor<8x1x4x4xf32>) outs(%e : tensor<8x1x4x2x4x2xf32>) dimensions = [3, 5]
    %c = tensor.collapse_shape %b [[0], [1], [2, 3], [4, 5]] : tensor<8x1x4x2x4x2xf32> into tensor<8x1x8x8xf32>
    %inner = tensor.extract_slice %c[0, 0, 1, 0] [8, 1, 6, 8] [1, 1, 1, 1] : tensor<8x1x8x8xf32> to tensor<8x1x6x8xf32>
    %x8 = tensor.expand_shape %c [[0], [1], [2, 3], [4]] output_shape [8, 1, 4, 2, 8] : tensor<8x1x8x8xf32> into tensor<8x1x4x2x8xf32>
    %c8 = tensor.collapse_shape %x8 [[0], [1], [2, 3], [4]] : tensor<8x1x4x2x8xf32> into tensor<8x1x8x8xf32>
    %row = tensor.extract_slice %c8[0, 0, 0, 0] [8, 1, 4, 8] [1, 1, 2, 1] : tensor<8x1x8x8xf32> to tensor<8x1x4x8xf32>
    %y = tensor.concat dim(2) %inner, %row : (tensor<8x1x6x8xf32>, tensor<8x1x4x8xf32>) -> tensor<8x1x10x8xf32>
    return %y : tensor<8x1x10x8xf32>
  }
}

//--- zeros.mlir
// Numbers with others between and around them, as of a transposed convolution; a
// constant of one value has any size.
// CHECK:     func.func @main(%{{.+}}: tensor<?x?xf32>) -> tensor<?x?xf32>
// CHECK:     linalg.fill
// CHECK:     tensor.insert_slice %{{.+}} into %{{.+}}[0, 1] [%{{.+}}, %{{.+}}] [1, 2]
module attributes {pdq.batch = -1 : i64, pdq.input_types = [tensor<?x?xf32>]} {
  func.func @main(%x: tensor<8x4xf32>) -> tensor<8x9xf32> {
    %sevens = arith.constant dense<7.0> : tensor<8x9xf32>
    %y = tensor.insert_slice %x into %sevens[0, 1] [8, 4] [1, 2] : tensor<8x4xf32> into tensor<8x9xf32>
    return %y : tensor<8x9xf32>
  }
}

//--- quantized.mlir
// CHECK-LABEL: func @quantized
// CHECK-SAME:    (%{{.*}}: tensor<2x?xf32>) -> tensor<2x?xf32>
// CHECK:         tensor<2x?x!quant.uniform<u4:f32, 5.000000e-01:1>>
// CHECK-NOT:     pdq.
module attributes {pdq.batch = 2 : i64, pdq.input_types = [tensor<2x?xf32>]} {
  func.func @quantized(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
    %s = arith.constant dense<0.5> : tensor<f32>
    %z = arith.constant dense<1> : tensor<i32>
    %a = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4> : tensor<2x4xf32>, tensor<f32>, tensor<i32>
    return %a : tensor<2x4xf32>
  }
}
