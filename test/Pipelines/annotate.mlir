// The pass is a row of others, whose options it has.

// RUN: pdq-opt %s --pdq-annotate 2>/dev/null | FileCheck %s --check-prefixes=CHECK,DEFAULT
// RUN: pdq-opt %s --pdq-annotate="weight-bits=2 activation-bits=3 first-last=none" 2>/dev/null | FileCheck %s --check-prefixes=CHECK,OPTIONS
// RUN: pdq-opt %s --pass-pipeline="builtin.module(pdq-annotate{first-last=none weight-bits=2 activation-bits=3})" 2>/dev/null | FileCheck %s --check-prefixes=CHECK,OPTIONS
// RUN: pdq-opt %s --pdq-annotate=granularity=network 2>/dev/null | FileCheck %s --check-prefix=NETWORK
// RUN: not pdq-opt %s --pdq-annotate="check=2 check-data=%t.none.npy" -o /dev/null 2>&1 | FileCheck %s --check-prefix=CHECKED
// RUN: pdq-opt %s --pdq-annotate="check-data=%t.none.npy" -o /dev/null

// CHECK-LABEL: func.func @main
// CHECK: pdq.region @layer0
// DEFAULT: pdq.fake_quant %{{.*}} to <bits = 8, axis = 1>
// OPTIONS: pdq.fake_quant %{{.*}} to <bits = 2, axis = 1>
// DEFAULT: pdq.fake_quant %{{.*}} to <bits = 8>
// OPTIONS: pdq.fake_quant %{{.*}} to <bits = 3>
// CHECK: pdq.region @layer1
// NETWORK-COUNT-1: pdq.region @
// NETWORK-NOT: pdq.region @
// CHECKED: none.npy:0:0: error: cannot read: No such file or directory
func.func @main(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %first = arith.constant dense<[[1.0, 2.0, -1.0, 0.5], [0.5, -2.0, 1.0, 1.5], [2.0, 1.0, -0.5, 1.0]]> : tensor<3x4xf32>
  %last = arith.constant dense<[[1.0, -1.0], [0.5, 2.0], [-2.0, 1.0], [1.5, 0.5]]> : tensor<4x2xf32>
  %zero4 = arith.constant dense<0.0> : tensor<4x4xf32>
  %zero2 = arith.constant dense<0.0> : tensor<4x2xf32>
  %h = linalg.matmul ins(%x, %first : tensor<4x3xf32>, tensor<3x4xf32>) outs(%zero4 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = linalg.matmul ins(%h, %last : tensor<4x4xf32>, tensor<4x2xf32>) outs(%zero2 : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
