// Height and width that the export left open are those of the data; the batch is
// dynamic again in the result, they are not.

// RUN: split-file %s %t
// RUN: %python %S/Inputs/write_npy.py %t/x.npy f4 3x1x2x3 1,2,3,4,5,6,2,2,2,2,2,2,0,0,0,0,0,12
// RUN: pdq-run %t/mean.mlir --input=%t/x.npy --output=%t/y.npy 2>&1 | FileCheck %s
// CHECK: remark: network takes 'tensor<?x1x?x?xf32>', taken as 'tensor<?x1x2x3xf32>': results computed from it have these sizes too
// The mean of each sample, twice.
// RUN: od -A n -t f4 -w12 -j 128 %t/y.npy | FileCheck %s --check-prefix=MEANS
// MEANS: {{^ *}}7 4 4{{$}}

// Without data the user says the sizes; images come channels last, too.
// RUN: pdq-opt %t/mean.mlir --pdq-annotate="sample-shape=1x8x4" 2> /dev/null | FileCheck %s --check-prefix=SAID
// RUN: pdq-opt %t/mean.mlir --pdq-annotate="sample-shape=8x4x1" 2> /dev/null | FileCheck %s --check-prefix=SAID
// SAID: pdq.batch = -1
// SAID: func.func @main(%{{.+}}: tensor<32x1x8x4xf32>) -> tensor<32x1xf32>
// RUN: not pdq-opt %t/mean.mlir --pdq-annotate -o /dev/null 2>&1 | FileCheck %s --check-prefix=UNSAID
// UNSAID: error: network takes 'tensor<?x1x?x?xf32>', with dynamic sizes behind the batch (dimension 0); give those of a sample with sample-shape=AxBx..., or the data that they are taken from
// RUN: not pdq-opt %t/mean.mlir --pdq-annotate="sample-shape=3x8x8" -o /dev/null 2>&1 | FileCheck %s --check-prefix=WRONG
// RUN: not pdq-opt %t/mean.mlir --pdq-annotate="sample-shape=1x8x?" -o /dev/null 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: error: network takes 'tensor<?x1x?x?xf32>', whose samples cannot have the shape {{.+}} of sample-shape or the data

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
