// The pass is a row of others: freezing, inlining, the conversion.

// RUN: not pdq-opt %s --pdq-export 2>&1 | FileCheck %s --check-prefix=REFUSED
// RUN: pdq-opt %s --pdq-export=allow-initialized=true | FileCheck %s --implicit-check-not=pdq.
// RUN: pdq-opt %s --pass-pipeline="builtin.module(pdq-export{allow-initialized})" | FileCheck %s

// REFUSED: error: {{.*}}@layer0{{.*}}
// CHECK-LABEL: func.func @main
// CHECK: quant.dcast %{{.*}} : tensor<4x!quant.uniform<u2:f32, 5.000000e-01:1>> to tensor<4xf32>
// CHECK-NEXT: return
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = pdq.region @layer0 ins(%x : tensor<4xf32>) -> (tensor<4xf32>)
  float {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  } quantized {
  ^bb0(%in: tensor<4xf32>):
    %s = arith.constant dense<0.5> : tensor<f32>
    %z = arith.constant dense<1> : tensor<i32>
    %a = pdq.fake_quant %in scale(%s) zero_point(%z) to <bits = 2>
      : tensor<4xf32>, tensor<f32>, tensor<i32>
    pdq.yield %a : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}
