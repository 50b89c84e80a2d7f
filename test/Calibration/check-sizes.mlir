// A network that came with dynamic height and width is dynamic again where it
// computes the same as the network that was given; it is run at other sizes.

// RUN: split-file %s %t
// RUN: pdq-opt %t/mean.mlir --pdq-annotate="check=1 sample-shape=1x4x6 first-last=none" -o %t/mean-annotated.mlir 2>&1 | FileCheck %s --check-prefix=SAME
// RUN: FileCheck %s --check-prefix=KEPT --input-file=%t/mean-annotated.mlir
// SAME: remark: sizes behind the batch will be dynamic again in the exported network, which computes the same for samples of 1x6x12 and 1x5x5 and 1x3x7
// KEPT: pdq.input_types = [tensor<?x1x?x?xf32>]

// The exported network gives each sample twice its mean, of any size.
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/data.npy f4 2x1x4x6 1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,2,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6
// RUN: pdq-opt %t/mean.mlir --pdq-quantize="calibration=%t/data.npy iterations=1 batch=2 weight-bits=8 activation-bits=8 first-last=none" -o %t/mean-quantized.mlir 2> %t/log
// RUN: FileCheck %s --check-prefix=SAME --input-file=%t/log
// RUN: FileCheck %s --check-prefix=OPEN --input-file=%t/mean-quantized.mlir
// OPEN: func.func @main(%{{.+}}: tensor<?x1x?x?xf32>) -> tensor<?x1xf32>
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/x.npy f4 2x1x2x3 1,2,3,4,5,9,8,8,8,8,8,8
// RUN: pdq-run %t/mean-quantized.mlir --input=%t/x.npy --compare=%t/mean.mlir | FileCheck %s --check-prefix=NEAR
// RUN: pdq-run %t/mean-quantized.mlir --input=%t/data.npy --compare=%t/mean.mlir | FileCheck %s --check-prefix=NEAR
// NEAR: max difference: {{(0|0\.0[0-9]+|[0-9.]+e-[0-9]+)$}}

// Two inputs, each with sizes of its own.
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/a.npy f4 2x1x4 1,2,3,4,4,3,2,1
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/b.npy f4 2x3 5,6,7,8,9,10
// RUN: pdq-opt %t/two.mlir --pdq-quantize="calibration=%t/a.npy,%t/b.npy iterations=1 batch=2 weight-bits=8 activation-bits=8" -o %t/two-quantized.mlir 2>&1 | FileCheck %s --check-prefix=TWO
// TWO: remark: sizes behind the batch will be dynamic again in the exported network, which computes the same for samples of 1x6,6 and 1x5,2 and 1x3,4
// RUN: FileCheck %s --check-prefix=TWO-OPEN --input-file=%t/two-quantized.mlir
// TWO-OPEN: func.func @main(%{{.+}}: tensor<?x1x?xf32>, %{{.+}}: tensor<?x?xf32>) -> tensor<?x?xf32>

// RUN: %python %S/../Tools/Inputs/write_npy.py %t/a2.npy f4 1x1x2 1,2
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/b2.npy f4 1x1 5
// RUN: pdq-run %t/two-quantized.mlir --input=%t/a2.npy,%t/b2.npy --output=%t/two-y.npy
// RUN: od -A n -t f4 -w12 -j 128 %t/two-y.npy | FileCheck %s --check-prefix=TWO-RESULT
// TWO-RESULT: {{^ *}}2 4 5{{$}}

// A divisor that is the number of pixels of the data by chance.
// RUN: pdq-opt %t/chance.mlir --pdq-annotate="check=1 sample-shape=1x4x6 first-last=none" -o %t/chance-annotated.mlir 2>&1 | FileCheck %s --check-prefix=CHANCE
// RUN: FileCheck %s --check-prefix=DROPPED --input-file=%t/chance-annotated.mlir
// CHANCE: chance.mlir:[[#]]:{{.*}} remark: sizes behind the batch stay those of the data: 'linalg.generic' op divides a sum by 24, which is the number of its elements: the output for samples of 1x6x12 would differ by {{0.67|0.66}} of its norm
// DROPPED: module attributes {pdq.batch = -1 : i64, pdq.options = {

// A part of fixed size.
// RUN: pdq-opt %t/part.mlir --pdq-annotate="check=1 sample-shape=1x4x6 first-last=none" -o %t/part-annotated.mlir 2>&1 | FileCheck %s --check-prefix=PART
// RUN: FileCheck %s --check-prefix=DROPPED --input-file=%t/part-annotated.mlir
// PART: part.mlir:[[#]]:{{.*}} remark: sizes behind the batch stay those of the data: 'tensor.extract_slice' op takes 3 of 4 along a dynamic size: samples of 1x6x12 would give tensor<2x1x5x12xf32> where the network gives tensor<2x1x3x12xf32>

// A linear layer on all pixels.
// RUN: pdq-opt %t/flat.mlir --pdq-annotate="check=1 sample-shape=1x2x2 first-last=none" -o %t/flat-annotated.mlir 2>&1 | FileCheck %s --check-prefix=FLAT
// RUN: FileCheck %s --check-prefix=DROPPED --input-file=%t/flat-annotated.mlir
// FLAT: flat.mlir:[[#]]:{{.*}} remark: sizes behind the batch stay those of the data: 'linalg.matmul' op has an operand of type tensor<4x3xf32> with the sizes in it that cannot be made for others

// Nothing to compare with.
// RUN: pdq-opt %t/only.mlir --pdq-annotate="check=1 sample-shape=1x4x6 first-last=none" -o /dev/null 2>&1 | FileCheck %s --check-prefix=ONLY
// ONLY: remark: sizes behind the batch stay those of the data: the network takes no others that were tried
// RUN: pdq-opt %t/mean.mlir --pdq-annotate="sample-shape=1x4x6 first-last=none" 2>&1 | FileCheck %s --check-prefix=UNTRIED
// UNTRIED: remark: sizes behind the batch stay those of the data: only a run at others could say that they may differ; annotate with check=1 or more
// UNTRIED-NOT: pdq.input_types
// RUN: pdq-opt %t/mean-annotated.mlir --pdq-check-sizes 2>&1 | FileCheck %s --check-prefix=UNTRIED

// RUN: not pdq-opt %t/wrong.mlir --pdq-check-sizes -o /dev/null 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: error: attribute 'pdq.input_types' is [tensor<?x1x?xf32>], expected types of the network's inputs with some sizes dynamic

//--- mean.mlir
#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#kept = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<?x1x?x?xf32>) -> tensor<?x1xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<2.0> : tensor<1x1x1x1xf32>
  %n = tensor.dim %x, %c0 : tensor<?x1x?x?xf32>
  %h = tensor.dim %x, %c2 : tensor<?x1x?x?xf32>
  %v = tensor.dim %x, %c3 : tensor<?x1x?x?xf32>
  %e = tensor.empty(%n, %h, %v) : tensor<?x1x?x?xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x1x?x?xf32>) -> tensor<?x1x?x?xf32>
  %c = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>}
      ins(%x, %w : tensor<?x1x?x?xf32>, tensor<1x1x1x1xf32>) outs(%f : tensor<?x1x?x?xf32>) -> tensor<?x1x?x?xf32>
  %es = tensor.empty(%n) : tensor<?x1xf32>
  %fs = linalg.fill ins(%zero : f32) outs(%es : tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = linalg.generic {indexing_maps = [#all, #kept], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%c : tensor<?x1x?x?xf32>) outs(%fs : tensor<?x1xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.addf %a, %out : f32
    linalg.yield %0 : f32
  } -> tensor<?x1xf32>
  %area = arith.muli %h, %v : index
  %i = arith.index_cast %area : index to i64
  %count = arith.sitofp %i : i64 to f32
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<?x1xf32>) outs(%es : tensor<?x1xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.divf %a, %count : f32
    linalg.yield %0 : f32
  } -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

//--- chance.mlir
#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#kept = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<?x1x?x?xf32>) -> tensor<?x1xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  %count = arith.constant 24.0 : f32
  %w = arith.constant dense<2.0> : tensor<1x1x1x1xf32>
  %n = tensor.dim %x, %c0 : tensor<?x1x?x?xf32>
  %h = tensor.dim %x, %c2 : tensor<?x1x?x?xf32>
  %v = tensor.dim %x, %c3 : tensor<?x1x?x?xf32>
  %e = tensor.empty(%n, %h, %v) : tensor<?x1x?x?xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x1x?x?xf32>) -> tensor<?x1x?x?xf32>
  %c = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>}
      ins(%x, %w : tensor<?x1x?x?xf32>, tensor<1x1x1x1xf32>) outs(%f : tensor<?x1x?x?xf32>) -> tensor<?x1x?x?xf32>
  %es = tensor.empty(%n) : tensor<?x1xf32>
  %fs = linalg.fill ins(%zero : f32) outs(%es : tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = linalg.generic {indexing_maps = [#all, #kept], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%c : tensor<?x1x?x?xf32>) outs(%fs : tensor<?x1xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.addf %a, %out : f32
    linalg.yield %0 : f32
  } -> tensor<?x1xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<?x1xf32>) outs(%es : tensor<?x1xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.divf %a, %count : f32
    linalg.yield %0 : f32
  } -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

//--- part.mlir
func.func @main(%x: tensor<?x1x?x?xf32>) -> tensor<?x1x3x?xf32> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<2.0> : tensor<1x1x1x1xf32>
  %n = tensor.dim %x, %c0 : tensor<?x1x?x?xf32>
  %v = tensor.dim %x, %c3 : tensor<?x1x?x?xf32>
  %p = tensor.extract_slice %x[0, 0, 0, 0] [%n, 1, 3, %v] [1, 1, 1, 1] : tensor<?x1x?x?xf32> to tensor<?x1x3x?xf32>
  %e = tensor.empty(%n, %v) : tensor<?x1x3x?xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x1x3x?xf32>) -> tensor<?x1x3x?xf32>
  %c = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>}
      ins(%p, %w : tensor<?x1x3x?xf32>, tensor<1x1x1x1xf32>) outs(%f : tensor<?x1x3x?xf32>) -> tensor<?x1x3x?xf32>
  return %c : tensor<?x1x3x?xf32>
}

//--- only.mlir
func.func @main(%x: tensor<?x1x?x?xf32>) -> tensor<?x1x4x6xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<2.0> : tensor<1x1x1x1xf32>
  %n = tensor.dim %x, %c0 : tensor<?x1x?x?xf32>
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %h = tensor.dim %x, %c2 : tensor<?x1x?x?xf32>
  %isFour = arith.cmpi eq, %h, %c4 : index
  cf.assert %isFour, "height is four"
  %p = tensor.cast %x : tensor<?x1x?x?xf32> to tensor<?x1x4x6xf32>
  %e = tensor.empty(%n) : tensor<?x1x4x6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x1x4x6xf32>) -> tensor<?x1x4x6xf32>
  %c = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<1> : vector<2xi64>}
      ins(%p, %w : tensor<?x1x4x6xf32>, tensor<1x1x1x1xf32>) outs(%f : tensor<?x1x4x6xf32>) -> tensor<?x1x4x6xf32>
  return %c : tensor<?x1x4x6xf32>
}

//--- two.mlir
func.func @main(%x: tensor<?x1x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<2.0> : tensor<1x1x1xf32>
  %n = tensor.dim %x, %c0 : tensor<?x1x?xf32>
  %h = tensor.dim %x, %c2 : tensor<?x1x?xf32>
  %e = tensor.empty(%n, %h) : tensor<?x1x?xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x1x?xf32>) -> tensor<?x1x?xf32>
  %c = linalg.conv_1d_ncw_fcw {dilations = dense<1> : vector<1xi64>, strides = dense<1> : vector<1xi64>}
      ins(%x, %w : tensor<?x1x?xf32>, tensor<1x1x1xf32>) outs(%f : tensor<?x1x?xf32>) -> tensor<?x1x?xf32>
  %d = tensor.collapse_shape %c [[0], [1, 2]] : tensor<?x1x?xf32> into tensor<?x?xf32>
  %z = tensor.concat dim(1) %d, %y : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %z : tensor<?x?xf32>
}

//--- flat.mlir
func.func @main(%x: tensor<?x1x?x?xf32>) -> tensor<?x3xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [1.0, 3.0, 5.0]]> : tensor<4x3xf32>
  %n = tensor.dim %x, %c0 : tensor<?x1x?x?xf32>
  %f = tensor.collapse_shape %x [[0], [1, 2, 3]] : tensor<?x1x?x?xf32> into tensor<?x?xf32>
  %p = tensor.cast %f : tensor<?x?xf32> to tensor<?x4xf32>
  %e = tensor.empty(%n) : tensor<?x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<?x3xf32>) -> tensor<?x3xf32>
  %y = linalg.matmul ins(%p, %w : tensor<?x4xf32>, tensor<4x3xf32>) outs(%i : tensor<?x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

//--- wrong.mlir
module attributes {pdq.batch = -1 : i64, pdq.input_types = [tensor<?x1x?xf32>]} {
  func.func @main(%x: tensor<32x1x4x6xf32>) -> tensor<32x1x4x6xf32> {
    return %x : tensor<32x1x4x6xf32>
  }
}
