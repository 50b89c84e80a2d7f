// An insertion of a transposed convolution (stride 2, filter 2) that was moved when
// the network was exported, since its input was padded: 2 zeros in front, where
// the filter reaches 1 back.

// RUN: not pdq-opt %s --pdq-normalize-frontend 2>&1 | FileCheck %s
// RUN: sed 's/%f\[0, 0, 2\]/%f[0, 0, 1]/' %s > %t.mlir
// RUN: not pdq-opt %t.mlir --pdq-normalize-frontend 2>&1 | FileCheck %s --check-prefix=BEHIND
// RUN: sed 's/%f\[0, 0, 2\]/%f[0, 0, 1]/; s/x9x/x7x/; s/x10x/x8x/; s/1x1x9/1x1x7/g; s/1x1x10/1x1x8/g' %s > %t.mlir
// RUN: pdq-opt %t.mlir --pdq-normalize-frontend | FileCheck %s --check-prefix=PLAIN

// CHECK: moved-pad.mlir:[[#@LINE+11]]:8: error: 'tensor.insert_slice' op leaves 2 zeros in front and 3 behind along dimension 2, which no transposed convolution with stride 2 does
// CHECK-SAME: export with pdq.torch.export, or put such zeros around with tensor.pad
// BEHIND: error: 'tensor.insert_slice' op leaves 1 zeros in front and 4 behind along dimension 2

// Up to one zero more behind is an output padding.
// PLAIN: tensor.insert_slice %{{.+}} into %{{.+}}[0, 0, 1] [1, 1, 3] [1, 1, 2] : tensor<1x1x3xf32> into tensor<1x1x8xf32>
func.func @main(%x: tensor<1x1x3xf32>) -> tensor<1x1x9xf32> {
  %z = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
  %e = tensor.empty() : tensor<1x1x10xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<1x1x10xf32>) -> tensor<1x1x10xf32>
  %i = tensor.insert_slice %x into %f[0, 0, 2] [1, 1, 3] [1, 1, 2] : tensor<1x1x3xf32> into tensor<1x1x10xf32>
  %o = tensor.empty() : tensor<1x1x9xf32>
  %s = linalg.fill ins(%z : f32) outs(%o : tensor<1x1x9xf32>) -> tensor<1x1x9xf32>
  %y = linalg.conv_1d_ncw_fcw ins(%i, %w : tensor<1x1x10xf32>, tensor<1x1x2xf32>) outs(%s : tensor<1x1x9xf32>) -> tensor<1x1x9xf32>
  return %y : tensor<1x1x9xf32>
}
