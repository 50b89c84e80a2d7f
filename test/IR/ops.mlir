// Every operation and attribute, through text and bytecode and back.
// RUN: pdq-opt %s | FileCheck %s
// RUN: pdq-opt %s | pdq-opt | FileCheck %s
// RUN: pdq-opt %s --emit-bytecode | pdq-opt | FileCheck %s
// RUN: pdq-opt %s --mlir-print-op-generic | pdq-opt | FileCheck %s

// CHECK-LABEL: func @region
// CHECK:         %{{.*}}:2 = pdq.region @layer1.0 ins(%{{.*}}, %{{.*}} : tensor<8x4xf32>, tensor<2xi32>) -> (tensor<8x4xf32>, tensor<2xi32>)
// CHECK-SAME:      status <iterations = 300, reconstruction_loss = 1.300000e-01 to 2.100000e-02, prediction_difference = 4.000000e-01 to 0.1234567890123
// CHECK-SAME:      attributes {my.note = "kept"} float {
// CHECK:           pdq.yield %{{.*}}, %{{.*}} : tensor<8x4xf32>, tensor<2xi32>
// CHECK-NEXT:    } quantized {
// CHECK:         pdq.region @"without inputs" -> (tensor<1xf32>)
// CHECK-SAME:      float {
func.func @region(%x: tensor<8x4xf32>, %i: tensor<2xi32>) -> tensor<8x4xf32> {
  %y:2 = pdq.region @layer1.0 ins(%x, %i : tensor<8x4xf32>, tensor<2xi32>) -> (tensor<8x4xf32>, tensor<2xi32>)
      status <iterations = 300, reconstruction_loss = 1.3e-01 to 2.1e-02, prediction_difference = 4.0e-01 to 0.1234567890123>
      attributes {my.note = "kept"}
  float {
  ^bb0(%in: tensor<8x4xf32>, %index: tensor<2xi32>):
    pdq.yield %in, %index : tensor<8x4xf32>, tensor<2xi32>
  } quantized {
  ^bb0(%in: tensor<8x4xf32>, %index: tensor<2xi32>):
    pdq.yield %in, %index : tensor<8x4xf32>, tensor<2xi32>
  }
  %z = pdq.region @"without inputs" -> (tensor<1xf32>)
  float {
    %c = arith.constant dense<1.0> : tensor<1xf32>
    pdq.yield %c : tensor<1xf32>
  } quantized {
    %c = arith.constant dense<1.0> : tensor<1xf32>
    pdq.yield %c : tensor<1xf32>
  }
  return %y#0 : tensor<8x4xf32>
}

// CHECK-LABEL: func @batch_norm
// CHECK:         pdq.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {axis = 1 : i64, epsilon = 1.000000e-05 : f64} : tensor<?x4x2x2xf32>, tensor<4xf32>
func.func @batch_norm(%x: tensor<?x4x2x2xf32>, %c: tensor<4xf32>) -> tensor<?x4x2x2xf32> {
  %y = pdq.batch_norm %x, %c, %c, %c, %c {axis = 1 : i64, epsilon = 1.0e-05 : f64} : tensor<?x4x2x2xf32>, tensor<4xf32>
  return %y : tensor<?x4x2x2xf32>
}

// CHECK-LABEL: func @fake_quant
// CHECK:         pdq.fake_quant %{{.*}} to <bits = 2> : tensor<?x4xf32>
// CHECK:         pdq.fake_quant %{{.*}} scale(%{{.*}}) zero_point(%{{.*}}) to <bits = 8> : tensor<?x4xf32>, tensor<f32>, tensor<i32>
// CHECK:         pdq.fake_quant %{{.*}} scale(%{{.*}}) zero_point(%{{.*}}) keep(%{{.*}}) to <bits = 4, axis = 1> : tensor<?x4xf32>, tensor<4xf32>, tensor<4xi32>, tensor<?x4xi1>
func.func @fake_quant(%x: tensor<?x4xf32>, %s: tensor<f32>, %z: tensor<i32>, %ss: tensor<4xf32>, %zs: tensor<4xi32>,
                      %keep: tensor<?x4xi1>) {
  %a = pdq.fake_quant %x to <bits = 2> : tensor<?x4xf32>
  %b = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 8> : tensor<?x4xf32>, tensor<f32>, tensor<i32>
  %c = pdq.fake_quant %x scale(%ss) zero_point(%zs) keep(%keep) to <bits = 4, axis = 1>
     : tensor<?x4xf32>, tensor<4xf32>, tensor<4xi32>, tensor<?x4xi1>
  return
}

// CHECK-LABEL: func @adaround
// CHECK:         pdq.adaround %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} to <bits = 2, axis = 0> : tensor<4x3xf64>, tensor<4xf64>, tensor<4xi32>
// CHECK:         pdq.adaround %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} to <bits = 2, axis = 0> hard : tensor<4x3xf64>, tensor<4xf64>, tensor<4xi32>
func.func @adaround(%w: tensor<4x3xf64>, %s: tensor<4xf64>, %z: tensor<4xi32>) {
  %a = pdq.adaround %w, %w, %s, %z to <bits = 2, axis = 0> : tensor<4x3xf64>, tensor<4xf64>, tensor<4xi32>
  %b = pdq.adaround %w, %w, %s, %z to <bits = 2, axis = 0> hard : tensor<4x3xf64>, tensor<4xf64>, tensor<4xi32>
  return
}

// CHECK-LABEL: func @draws
// CHECK:         pdq.bernoulli %{{.*}} {probability = 5.000000e-01 : f64, seed = -1 : i64, stream = 3 : i64} : tensor<8x4xi1>
// CHECK:         pdq.uniform_index %{{.*}} {bound = 1024 : i64, seed = 1 : i64, stream = 0 : i64} : tensor<32xi32>
// CHECK:         pdq.gather %{{.*}}[%{{.*}}] : tensor<1024x4xf32>, tensor<32xi32> -> tensor<32x4xf32>
func.func @draws(%step: tensor<i64>, %cache: tensor<1024x4xf32>) {
  %keep = pdq.bernoulli %step {probability = 0.5 : f64, seed = -1 : i64, stream = 3 : i64} : tensor<8x4xi1>
  %batch = pdq.uniform_index %step {bound = 1024 : i64, seed = 1 : i64, stream = 0 : i64} : tensor<32xi32>
  %x = pdq.gather %cache[%batch] : tensor<1024x4xf32>, tensor<32xi32> -> tensor<32x4xf32>
  return
}

// The axis of 1 is the default and is not printed.
// CHECK-LABEL: func @losses
// CHECK:         pdq.reconstruction_loss %{{.*}}, %{{.*}} : tensor<8x4x2x2xf32> -> tensor<f32>
// CHECK:         pdq.reconstruction_loss %{{.*}}, %{{.*}} {axis = 3 : i64} : tensor<8x4x2x2xf32> -> tensor<f32>
// CHECK:         pdq.prediction_difference %{{.*}}, %{{.*}} {lambda = 1.000000e-01 : f64, temperature = 4.000000e+00 : f64} : tensor<8x10xf32> -> tensor<f32>
// CHECK:         pdq.rounding_regularizer %{{.*}}, %{{.*}} : tensor<8x10xf32>, tensor<f32>
// CHECK:         pdq.batch_norm_loss %{{.*}}, %{{.*}}, %{{.*}} : tensor<8x4x2x2xf32>, tensor<4xf32> -> tensor<f32>
func.func @losses(%y: tensor<8x4x2x2xf32>, %q: tensor<8x10xf32>, %beta: tensor<f32>, %c: tensor<4xf32>) {
  %a = pdq.reconstruction_loss %y, %y {axis = 1 : i64} : tensor<8x4x2x2xf32> -> tensor<f32>
  %b = pdq.reconstruction_loss %y, %y {axis = 3 : i64} : tensor<8x4x2x2xf32> -> tensor<f32>
  %d = pdq.prediction_difference %q, %q {temperature = 4.0 : f64, lambda = 0.1 : f64} : tensor<8x10xf32> -> tensor<f32>
  %e = pdq.rounding_regularizer %q, %beta : tensor<8x10xf32>, tensor<f32>
  %f = pdq.batch_norm_loss %y, %c, %c : tensor<8x4x2x2xf32>, tensor<4xf32> -> tensor<f32>
  return
}

func.func private @objective(tensor<8x4xf32>, tensor<4x4xf32>) -> (tensor<f32>, tensor<2xi32>)

// CHECK-LABEL: func @value_and_grad
// CHECK:         %{{.*}}:3 = pdq.value_and_grad @objective(%{{.*}}, %{{.*}}) wrt [1] : (tensor<8x4xf32>, tensor<4x4xf32>) -> (tensor<f32>, tensor<2xi32>, tensor<4x4xf32>)
func.func @value_and_grad(%x: tensor<8x4xf32>, %w: tensor<4x4xf32>) {
  %y:3 = pdq.value_and_grad @objective(%x, %w) wrt [1]
       : (tensor<8x4xf32>, tensor<4x4xf32>) -> (tensor<f32>, tensor<2xi32>, tensor<4x4xf32>)
  return
}
