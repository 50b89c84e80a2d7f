// Regions are replaced by one of their bodies.

// RUN: pdq-opt %s --pdq-inline-regions=body=float | FileCheck %s --check-prefixes=CHECK,FLOAT
// RUN: pdq-opt %s --pdq-inline-regions=body=quantized | FileCheck %s --check-prefixes=CHECK,QUANT
// RUN: pdq-opt %s --pdq-inline-regions | FileCheck %s --check-prefixes=CHECK,QUANT
// RUN: not pdq-opt %s --pdq-inline-regions=body=teacher 2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: pdq-opt: error: option 'body' is 'teacher', expected 'float' or 'quantized'

// A region in front of a region: results and inputs are connected.
// CHECK-LABEL: func @chain
// CHECK-SAME:    (%[[X:[a-z0-9]+]]: tensor<4xf32>)
// FLOAT-NEXT:    %[[A:[a-z0-9_]+]] = math.absf %[[X]]
// FLOAT-NEXT:    %[[B:[a-z0-9_]+]] = arith.addf %[[A]], %[[A]]
// FLOAT-NEXT:    return %[[B]], %[[X]]
// QUANT-NEXT:    %[[Q:[a-z0-9_]+]] = pdq.fake_quant %[[X]] to <bits = 4>
// QUANT-NEXT:    %[[B:[a-z0-9_]+]] = arith.addf %[[Q]], %[[Q]]
// QUANT-NEXT:    return %[[B]], %[[X]]
func.func @chain(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %y = pdq.region @first ins(%x : tensor<4xf32>) -> (tensor<4xf32>)
  float {
  ^bb0(%in: tensor<4xf32>):
    %a = math.absf %in : tensor<4xf32>
    pdq.yield %a : tensor<4xf32>
  } quantized {
  ^bb0(%in: tensor<4xf32>):
    %a = pdq.fake_quant %in to <bits = 4> : tensor<4xf32>
    pdq.yield %a : tensor<4xf32>
  }
  %z:2 = pdq.region @second ins(%y, %x : tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  float {
  ^bb0(%in: tensor<4xf32>, %skip: tensor<4xf32>):
    %b = arith.addf %in, %in : tensor<4xf32>
    pdq.yield %b, %skip : tensor<4xf32>, tensor<4xf32>
  } quantized {
  ^bb0(%in: tensor<4xf32>, %skip: tensor<4xf32>):
    %b = arith.addf %in, %in : tensor<4xf32>
    pdq.yield %b, %skip : tensor<4xf32>, tensor<4xf32>
  }
  return %z#0, %z#1 : tensor<4xf32>, tensor<4xf32>
}
