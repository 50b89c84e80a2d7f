// Upstream's canonicalizer moves a padded tensor to the wrong place where it is
// inserted with a stride (docs/UpstreamReports.md): no pipeline runs that
// pattern.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 2x2 1,2,3,4
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy
// RUN: pdq-run %s --input=%t.npy --batch=1 --compare=%s | FileCheck %s
// CHECK: max difference: 0{{$}}
// The padded row 0 1 2 goes to the positions 1, 3 and 5.
// RUN: od -A n -t f4 -w28 -j 128 %t.out.npy | FileCheck %s --check-prefix=ROWS
// ROWS: {{^ *}}0 0 0 1 0 2 0{{$}}
// ROWS: {{^ *}}0 0 0 3 0 4 0{{$}}

// The same within a function that is called, which the inliner canonicalizes.
// RUN: pdq-opt %s --pdq-normalize-frontend | FileCheck %s --check-prefix=KEPT
// KEPT: tensor.pad
// KEPT: tensor.insert_slice %{{.+}} into %{{.+}}[0, 1] [2, 3] [1, 2]

// Upstream has not mended it; when it has, the name of the pattern can go.
// RUN: mlir-opt %s --canonicalize | FileCheck %s --check-prefix=UPSTREAM
// UPSTREAM: tensor.insert_slice %{{.+}} into %{{.+}}[0, 2] [2, 2] [1, 2]

func.func private @upsample(%x: tensor<2x2xf32>) -> tensor<2x7xf32> {
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 1] high[0, 0] {
  ^bb0(%a: index, %b: index):
    tensor.yield %zero : f32
  } : tensor<2x2xf32> to tensor<2x3xf32>
  %e = tensor.empty() : tensor<2x7xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x7xf32>) -> tensor<2x7xf32>
  %i = tensor.insert_slice %p into %f[0, 1] [2, 3] [1, 2] : tensor<2x3xf32> into tensor<2x7xf32>
  return %i : tensor<2x7xf32>
}

func.func @main(%x: tensor<2x2xf32>) -> tensor<2x7xf32> {
  %y = call @upsample(%x) : (tensor<2x2xf32>) -> tensor<2x7xf32>
  return %y : tensor<2x7xf32>
}
