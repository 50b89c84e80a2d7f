// Options out of range, and regions that cannot be formed.

// RUN: not pdq-opt %s --pdq-annotate=granularity=blocks 2>&1 | FileCheck %s --check-prefix=GRANULARITY
// GRANULARITY: error: option 'granularity' is 'blocks', expected 'block', 'layer' or 'network'
// RUN: not pdq-opt %s --pdq-insert-quantizers=weight-bits=9 2>&1 | FileCheck %s --check-prefix=BITS
// BITS: error: option 'weight-bits' or 'activation-bits' is 9, expected 2 to 8
// RUN: not pdq-opt %s --pdq-insert-quantizers=input-bits=1 2>&1 | FileCheck %s --check-prefix=INPUT
// INPUT: error: option 'input-bits' is 1, expected 2 to 8, or 0 for floating point
// RUN: not pdq-opt %s --pdq-insert-quantizers=placement=all 2>&1 | FileCheck %s --check-prefix=PLACEMENT
// PLACEMENT: error: option 'placement' is 'all', expected 'paper' or 'full'
// RUN: not pdq-opt %s --pdq-insert-quantizers=first-last=both 2>&1 | FileCheck %s --check-prefix=POLICY
// POLICY: error: option 'first-last' is 'both', expected 'qdrop', 'brecq' or 'none'
// RUN: not pdq-opt %examples/tiny/network.mlir --pdq-annotate --pdq-annotate 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: network is annotated already, with region @layer0
// RUN: not pdq-opt %examples/tiny/network.mlir --pdq-annotate --pdq-insert-quantizers 2>&1 | FileCheck %s --check-prefix=QUANTIZERS
// QUANTIZERS: error: network has quantizers already; expected one whose regions compute in floating point
// RUN: not pdq-opt %s --pdq-form-regions 2>&1 | FileCheck %s --check-prefix=CONTIGUOUS
// CONTIGUOUS: :[[#@LINE+7]]:{{.*}} error: region @r is not contiguous: another operation reads its value before it ends

func.func @main(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<4x4xf32>
  %empty = tensor.empty() : tensor<4x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x4xf32>) -> tensor<4x4xf32>
  %a = linalg.matmul {pdq.in_region = "r"} ins(%x, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %b = linalg.matmul ins(%a, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %c = linalg.matmul {pdq.in_region = "r"} ins(%b, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %c : tensor<4x4xf32>
}
