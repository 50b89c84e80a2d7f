// One case for every message of the dialect.
// RUN: pdq-opt %s --split-input-file --verify-diagnostics

func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{quantizer has 1 bits, expected 2 to 8}}
  %y = pdq.fake_quant %x to <bits = 1> : tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{quantizer has 9 bits, expected 2 to 8}}
  %y = pdq.fake_quant %x to <bits = 9> : tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{quantizer has axis -1, expected 0 or more}}
  %y = pdq.fake_quant %x to <bits = 4, axis = -1> : tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{calibration has -1 iterations, expected 0 or more}}
  %y = pdq.region @r ins(%x : tensor<4xf32>) -> (tensor<4xf32>)
      status <iterations = -1, reconstruction_loss = 1.0 to 0.5, prediction_difference = 1.0 to 0.5>
  float {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  } quantized {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{calibration has loss 0x7FF0000000000000 : f64, expected a finite number of type f64}}
  %y = pdq.region @r ins(%x : tensor<4xf32>) -> (tensor<4xf32>)
      status <iterations = 1, reconstruction_loss = 0x7FF0000000000000 to 0.5, prediction_difference = 1.0 to 0.5>
  float {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  } quantized {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  }
  return
}

// -----

// region_c1
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{'pdq.region' op float body has arguments 'tensor<3xf32>' but inputs are 'tensor<4xf32>'}}
  %y = pdq.region @r ins(%x : tensor<4xf32>) -> (tensor<4xf32>)
  float {
  ^bb0(%in: tensor<3xf32>):
    pdq.yield %in : tensor<3xf32>
  } quantized {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  }
  return
}

// -----

// region_c2
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{'pdq.region' op quantized body yields 'tensor<3xf32>' but results are 'tensor<4xf32>'}}
  %y = pdq.region @r ins(%x : tensor<4xf32>) -> (tensor<4xf32>)
  float {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  } quantized {
  ^bb0(%in: tensor<4xf32>):
    %c = arith.constant dense<1.0> : tensor<3xf32>
    // expected-note @below {{yielded here}}
    pdq.yield %c : tensor<3xf32>
  }
  return
}

// -----

// region_c4
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @below {{'pdq.region' op input_channels has 2 entries for 1 values}}
  %y = pdq.region @r ins(%x : tensor<2x4xf32>) -> (tensor<2x4xf32>) attributes {input_channels = array<i64: 0, 1>}
  float {
  ^bb0(%in: tensor<2x4xf32>):
    pdq.yield %in : tensor<2x4xf32>
  } quantized {
  ^bb0(%in: tensor<2x4xf32>):
    pdq.yield %in : tensor<2x4xf32>
  }
  return
}

// -----

// region_c5
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @below {{'pdq.region' op result_channels has dimension 2 of value 0, which has type 'tensor<2x4xf32>'}}
  %y = pdq.region @r ins(%x : tensor<2x4xf32>) -> (tensor<2x4xf32>) attributes {result_channels = array<i64: 2>}
  float {
  ^bb0(%in: tensor<2x4xf32>):
    pdq.yield %in : tensor<2x4xf32>
  } quantized {
  ^bb0(%in: tensor<2x4xf32>):
    pdq.yield %in : tensor<2x4xf32>
  }
  return
}

// -----

// region_c3
func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{'pdq.region' op float body must end with pdq.yield}}
  %y = pdq.region @r ins(%x : tensor<4xf32>) -> (tensor<4xf32>)
  float {
  ^bb0(%in: tensor<4xf32>):
    llvm.unreachable
  } quantized {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %outer: tensor<4xf32>) {
  // expected-note @below {{required by region isolation constraints}}
  %y = pdq.region @r ins(%x : tensor<4xf32>) -> (tensor<4xf32>)
  float {
  ^bb0(%in: tensor<4xf32>):
    // expected-error @below {{using value defined outside the region}}
    pdq.yield %outer : tensor<4xf32>
  } quantized {
  ^bb0(%in: tensor<4xf32>):
    pdq.yield %in : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @below {{'pdq.yield' op expects parent op 'pdq.region'}}
  pdq.yield %x : tensor<4xf32>
}

// -----

// batch_norm_c2
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.batch_norm' op has axis 2 but the input has rank 2}}
  %y = pdq.batch_norm %x, %c, %c, %c, %c {axis = 2 : i64, epsilon = 1.0e-5 : f64} : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

// batch_norm_c3
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.batch_norm' op has epsilon 0.000000e+00, expected a positive finite number}}
  %y = pdq.batch_norm %x, %c, %c, %c, %c {axis = 1 : i64, epsilon = 0.0 : f64} : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

// batch_norm_c1
// expected-note @below {{mean is defined here}}
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>) {
  // expected-error @below {{'pdq.batch_norm' op mean has type 'tensor<3xf32>' but axis 0 has size 4}}
  %y = pdq.batch_norm %x, %c, %c, %c, %c {axis = 0 : i64, epsilon = 1.0e-5 : f64} : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %d: tensor<3xf64>) {
  // expected-error @below {{failed to verify that all of {input, mean} have same element type}}
  %y = pdq.batch_norm %x, %d, %d, %d, %d {axis = 1 : i64, epsilon = 1.0e-5 : f64} : tensor<4x3xf32>, tensor<3xf64>
  return
}

// -----

// fake_quant_c6
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.fake_quant' op needs both scale and zero point, or neither}}
  %y = pdq.fake_quant %x scale(%s) to <bits = 4> : tensor<4x3xf32>, tensor<f32>
  return
}

// -----

// fake_quant_c8
func.func @f(%x: tensor<4x3xf32>, %k: tensor<4x3xi1>) {
  // expected-error @below {{'pdq.fake_quant' op has a keep mask but no scale}}
  %y = "pdq.fake_quant"(%x, %k) <{operandSegmentSizes = array<i32: 1, 0, 0, 1>, quantizer = #pdq.quantizer<bits = 4>}>
     : (tensor<4x3xf32>, tensor<4x3xi1>) -> tensor<4x3xf32>
  return
}

// -----

// fake_quant_c9
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %k: tensor<3xi1>) {
  // expected-error @below {{'pdq.fake_quant' op keep has type 'tensor<3xi1>' but the input has type 'tensor<4x3xf32>'}}
  %y = pdq.fake_quant %x scale(%s) zero_point(%z) keep(%k) to <bits = 4> : tensor<4x3xf32>, tensor<f32>, tensor<i32>, tensor<3xi1>
  return
}

// -----

// fake_quant_c5
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.fake_quant' op has axis 2 but the input has rank 2}}
  %y = pdq.fake_quant %x to <bits = 4, axis = 2> : tensor<4x3xf32>
  return
}

// -----

// fake_quant_c7
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f64>, %z: tensor<i32>) {
  // expected-error @below {{'pdq.fake_quant' op scale has type 'tensor<f64>' but the input has element type 'f32'}}
  %y = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4> : tensor<4x3xf32>, tensor<f64>, tensor<i32>
  return
}

// -----

// fake_quant_c1
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.fake_quant' op scale has type 'tensor<3xf32>' but a per-tensor quantizer needs rank 0}}
  %y = pdq.fake_quant %x scale(%c) zero_point(%i) to <bits = 4> : tensor<4x3xf32>, tensor<3xf32>, tensor<3xi32>
  return
}

// -----

// fake_quant_c2
// expected-note @below {{scale is defined here}}
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>, %i: tensor<3xi32>) {
  // expected-error @below {{'pdq.fake_quant' op scale has type 'tensor<3xf32>' but axis 0 has size 4}}
  %y = pdq.fake_quant %x scale(%c) zero_point(%i) to <bits = 4, axis = 0> : tensor<4x3xf32>, tensor<3xf32>, tensor<3xi32>
  return
}

// -----

// fake_quant_c2
// expected-note @below {{zero point is defined here}}
func.func @f(%x: tensor<4x3xf32>, %c: tensor<3xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{'pdq.fake_quant' op zero point has type 'tensor<4xi32>' but axis 1 has size 3}}
  %y = pdq.fake_quant %x scale(%c) zero_point(%i) to <bits = 4, axis = 1> : tensor<4x3xf32>, tensor<3xf32>, tensor<4xi32>
  return
}

// -----

// fake_quant_c3
func.func @f(%x: tensor<4x3xf32>) {
  %s = arith.constant dense<0.0> : tensor<f32>
  %z = arith.constant dense<1> : tensor<i32>
  // expected-error @below {{'pdq.fake_quant' op scale 0 is 0.000000e+00, expected a positive finite number}}
  %y = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4> : tensor<4x3xf32>, tensor<f32>, tensor<i32>
  return
}

// -----

// fake_quant_c3
func.func @f(%x: tensor<4x3xf32>) {
  %s = arith.constant dense<[1.0, -1.0, 1.0]> : tensor<3xf32>
  %z = arith.constant dense<1> : tensor<3xi32>
  // expected-error @below {{'pdq.fake_quant' op scale 1 is -1.000000e+00, expected a positive finite number}}
  %y = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4, axis = 1> : tensor<4x3xf32>, tensor<3xf32>, tensor<3xi32>
  return
}

// -----

// fake_quant_c3
func.func @f(%x: tensor<4x3xf32>) {
  %s = arith.constant dense<0x7F800000> : tensor<f32>
  %z = arith.constant dense<1> : tensor<i32>
  // expected-error @below {{'pdq.fake_quant' op scale 0 is INF, expected a positive finite number}}
  %y = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4> : tensor<4x3xf32>, tensor<f32>, tensor<i32>
  return
}

// -----

// fake_quant_c3
func.func @f(%x: tensor<4x3xf32>) {
  %s = arith.constant dense_resource<negative> : tensor<f32>
  %z = arith.constant dense<1> : tensor<i32>
  // expected-error @below {{'pdq.fake_quant' op scale 0 is -5.000000e-01, expected a positive finite number}}
  %y = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4> : tensor<4x3xf32>, tensor<f32>, tensor<i32>
  return
}

{-#
  dialect_resources: {
    builtin: {
      negative: "0x04000000000000BF"
    }
  }
#-}

// -----

// fake_quant_c4
func.func @f(%x: tensor<4x3xf32>) {
  %s = arith.constant dense<0.5> : tensor<f32>
  %z = arith.constant dense<16> : tensor<i32>
  // expected-error @below {{'pdq.fake_quant' op zero point 0 is 16, expected 0 to 15}}
  %y = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4> : tensor<4x3xf32>, tensor<f32>, tensor<i32>
  return
}

// -----

// fake_quant_c4
func.func @f(%x: tensor<4x3xf32>) {
  %s = arith.constant dense<0.5> : tensor<f32>
  %z = arith.constant dense<-1> : tensor<i32>
  // expected-error @below {{'pdq.fake_quant' op zero point 0 is -1, expected 0 to 15}}
  %y = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4> : tensor<4x3xf32>, tensor<f32>, tensor<i32>
  return
}

// -----

// adaround_c4
func.func @f(%x: tensor<4x3xf32>) {
  %s = arith.constant dense<0.5> : tensor<f32>
  %z = arith.constant dense<4> : tensor<i32>
  // expected-error @below {{'pdq.adaround' op zero point 0 is 4, expected 0 to 3}}
  %y = pdq.adaround %x, %x, %s, %z to <bits = 2> : tensor<4x3xf32>, tensor<f32>, tensor<i32>
  return
}

// -----

// adaround_c5
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.adaround' op has axis 2 but the weight has rank 2}}
  %y = pdq.adaround %x, %x, %c, %i to <bits = 4, axis = 2> : tensor<4x3xf32>, tensor<3xf32>, tensor<3xi32>
  return
}

// -----

// adaround_c1
func.func @f(%x: tensor<4x3xf32>, %s: tensor<3xf32>, %z: tensor<3xi32>) {
  // expected-error @below {{'pdq.adaround' op scale has type 'tensor<3xf32>' but a per-tensor quantizer needs rank 0}}
  %y = pdq.adaround %x, %x, %s, %z to <bits = 4> : tensor<4x3xf32>, tensor<3xf32>, tensor<3xi32>
  return
}

// -----

// adaround_c2
// expected-note @below {{scale is defined here}}
func.func @f(%x: tensor<4x3xf32>, %s: tensor<3xf32>, %z: tensor<3xi32>) {
  // expected-error @below {{'pdq.adaround' op scale has type 'tensor<3xf32>' but axis 0 has size 4}}
  %y = pdq.adaround %x, %x, %s, %z to <bits = 4, axis = 0> : tensor<4x3xf32>, tensor<3xf32>, tensor<3xi32>
  return
}

// -----

// adaround_c3
func.func @f(%x: tensor<4x3xf64>, %z: tensor<i32>) {
  %s = arith.constant dense<-0.5> : tensor<f64>
  // expected-error @below {{'pdq.adaround' op scale 0 is -5.000000e-01, expected a positive finite number}}
  %y = pdq.adaround %x, %x, %s, %z to <bits = 4> : tensor<4x3xf64>, tensor<f64>, tensor<i32>
  return
}

// -----

// adaround_c6
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f64>, %z: tensor<i32>) {
  // expected-error @below {{'pdq.adaround' op scale has type 'tensor<f64>' but the input has element type 'f32'}}
  %y = pdq.adaround %x, %x, %s, %z to <bits = 4> : tensor<4x3xf32>, tensor<f64>, tensor<i32>
  return
}

// -----

// bernoulli_c1
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.bernoulli' op has probability 1.500000e+00, expected 0 to 1}}
  %y = pdq.bernoulli %step {probability = 1.5 : f64, seed = 1 : i64, stream = 0 : i64} : tensor<4xi1>
  return
}

// -----

// bernoulli_c1
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.bernoulli' op has probability nan, expected 0 to 1}}
  %y = pdq.bernoulli %step {probability = 0x7FF8000000000000 : f64, seed = 1 : i64, stream = 0 : i64} : tensor<4xi1>
  return
}

// -----

// bernoulli_c2
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.bernoulli' op has type 'tensor<?xi1>', expected a static shape}}
  %y = pdq.bernoulli %step {probability = 0.5 : f64, seed = 1 : i64, stream = 0 : i64} : tensor<?xi1>
  return
}

// -----

// uniform_index_c1
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.uniform_index' op has bound 0, expected 1 to 2147483647}}
  %y = pdq.uniform_index %step {bound = 0 : i64, seed = 1 : i64, stream = 0 : i64} : tensor<4xi32>
  return
}

// -----

// uniform_index_c1
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.uniform_index' op has bound 2147483648, expected 1 to 2147483647}}
  %y = pdq.uniform_index %step {bound = 2147483648 : i64, seed = 1 : i64, stream = 0 : i64} : tensor<4xi32>
  return
}

// -----

// uniform_index_c2
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.uniform_index' op has type 'tensor<?xi32>', expected a static shape}}
  %y = pdq.uniform_index %step {bound = 4 : i64, seed = 1 : i64, stream = 0 : i64} : tensor<?xi32>
  return
}

// -----

// gather_c2
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.gather' op needs a source of rank 1 or more}}
  %y = pdq.gather %s[%i] : tensor<f32>, tensor<3xi32> -> tensor<3xf32>
  return
}

// -----

// gather_c1
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.gather' op has type 'tensor<2x3xf32>', expected 'tensor<3x3xf32>'}}
  %y = pdq.gather %x[%i] : tensor<4x3xf32>, tensor<3xi32> -> tensor<2x3xf32>
  return
}

// -----

// reconstruction_loss_c2
func.func @f(%d: tensor<?x3xf32>) {
  // expected-error @below {{'pdq.reconstruction_loss' op has output of type 'tensor<?x3xf32>', expected a static shape}}
  %y = pdq.reconstruction_loss %d, %d : tensor<?x3xf32> -> tensor<f32>
  return
}

// -----

// reconstruction_loss_c1
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.reconstruction_loss' op has axis 2 but the output has rank 2}}
  %y = pdq.reconstruction_loss %x, %x {axis = 2 : i64} : tensor<4x3xf32> -> tensor<f32>
  return
}

// -----

// prediction_difference_c1
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.prediction_difference' op has logits of rank 1, expected 2 (batch, classes)}}
  %y = pdq.prediction_difference %c, %c {temperature = 4.0 : f64, lambda = 0.1 : f64} : tensor<3xf32> -> tensor<f32>
  return
}

// -----

// prediction_difference_c2
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.prediction_difference' op has temperature 0.000000e+00 and lambda 1.000000e-01, expected positive numbers}}
  %y = pdq.prediction_difference %x, %x {temperature = 0.0 : f64, lambda = 0.1 : f64} : tensor<4x3xf32> -> tensor<f32>
  return
}

// -----

// prediction_difference_c2
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.prediction_difference' op has temperature 4.000000e+00 and lambda -1.000000e+00, expected positive numbers}}
  %y = pdq.prediction_difference %x, %x {temperature = 4.0 : f64, lambda = -1.0 : f64} : tensor<4x3xf32> -> tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %b: tensor<f64>) {
  // expected-error @below {{failed to verify that all of {rounding, result} have same element type}}
  %y = pdq.rounding_regularizer %x, %b : tensor<4x3xf32>, tensor<f64>
  return
}

// -----

// batch_norm_loss_c3
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.batch_norm_loss' op has axis 2 but the input has rank 2}}
  %y = pdq.batch_norm_loss %x, %c, %c {axis = 2 : i64} : tensor<4x3xf32>, tensor<3xf32> -> tensor<f32>
  return
}

// -----

// batch_norm_loss_c4
func.func @f(%d: tensor<?x3x2xf32>, %c: tensor<3xf32>) {
  // expected-error @below {{'pdq.batch_norm_loss' op has input of type 'tensor<?x3x2xf32>' and axis 1, expected a static shape with samples first}}
  %y = pdq.batch_norm_loss %d, %c, %c : tensor<?x3x2xf32>, tensor<3xf32> -> tensor<f32>
  return
}

// -----

// batch_norm_loss_c1
func.func @f(%x: tensor<4x3xf32>, %s: tensor<f32>, %z: tensor<i32>, %c: tensor<3xf32>, %i: tensor<3xi32>, %step: tensor<i64>) {
  // expected-error @below {{'pdq.batch_norm_loss' op has 1 elements per sample and channel, expected 2 or more}}
  %y = pdq.batch_norm_loss %x, %c, %c : tensor<4x3xf32>, tensor<3xf32> -> tensor<f32>
  return
}

// -----

// batch_norm_loss_c2
// expected-note @below {{mean is defined here}}
func.func @f(%x: tensor<4x3x2xf32>, %c: tensor<2xf32>) {
  // expected-error @below {{'pdq.batch_norm_loss' op mean has type 'tensor<2xf32>' but axis 1 has size 3}}
  %y = pdq.batch_norm_loss %x, %c, %c : tensor<4x3x2xf32>, tensor<2xf32> -> tensor<f32>
  return
}

// -----

// value_and_grad_c4
func.func @f(%x: tensor<4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{'pdq.value_and_grad' op calls @g, which is not a function}}
  %y:2 = pdq.value_and_grad @g(%x, %i) wrt [0] : (tensor<4xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
  return
}

// -----

// value_and_grad_c1
func.func private @g(tensor<4xf32>, tensor<4xi32>) -> tensor<f32>
func.func @f(%x: tensor<4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{'pdq.value_and_grad' op differentiates argument 2 of a function with 2 arguments}}
  %y:2 = pdq.value_and_grad @g(%x, %i) wrt [2] : (tensor<4xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
  return
}

// -----

// value_and_grad_c1
func.func private @g(tensor<4xf32>, tensor<4xi32>) -> tensor<f32>
func.func @f(%x: tensor<4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{'pdq.value_and_grad' op lists argument 0 twice}}
  %y:2 = pdq.value_and_grad @g(%x, %i) wrt [0, 0] : (tensor<4xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
  return
}

// -----

// value_and_grad_c1
func.func private @g(tensor<4xf32>, tensor<4xi32>) -> tensor<f32>
func.func @f(%x: tensor<4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{'pdq.value_and_grad' op differentiates argument 1 of type 'tensor<4xi32>', expected a floating point type}}
  %y:2 = pdq.value_and_grad @g(%x, %i) wrt [1] : (tensor<4xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
  return
}

// -----

// value_and_grad_c3
func.func private @g(tensor<4xf32>, tensor<4xi32>)
func.func @f(%x: tensor<4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{'pdq.value_and_grad' op differentiates a function without results}}
  %y:2 = pdq.value_and_grad @g(%x, %i) wrt [0] : (tensor<4xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
  return
}

// -----

// value_and_grad_c3
// expected-note @below {{function is defined here}}
func.func private @g(tensor<4xf32>, tensor<4xi32>) -> tensor<1xf32>
func.func @f(%x: tensor<4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{'pdq.value_and_grad' op differentiates a first result of type 'tensor<1xf32>', expected a rank 0 tensor of floats}}
  %y:2 = pdq.value_and_grad @g(%x, %i) wrt [0] : (tensor<4xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
  return
}

// -----

// value_and_grad_c2
// expected-note @below {{function is defined here}}
func.func private @g(tensor<4xf32>, tensor<4xi32>) -> tensor<f32>
func.func @f(%x: tensor<4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{'pdq.value_and_grad' op has type ('tensor<4xf32>', 'tensor<4xi32>') -> ('tensor<f32>'), expected ('tensor<4xf32>', 'tensor<4xi32>') -> ('tensor<f32>', 'tensor<4xf32>')}}
  %y = pdq.value_and_grad @g(%x, %i) wrt [0] : (tensor<4xf32>, tensor<4xi32>) -> tensor<f32>
  return
}

// -----

// expected-error@+1 {{'func.func' op has 'pdq.in_region' = 1 : i64, expected the name of a region}}
func.func private @f() attributes {pdq.in_region = 1 : i64}

// -----

// expected-error@+1 {{'builtin.module' op has 'pdq.batch' = "8", expected an integer}}
module attributes {pdq.batch = "8"} {
}

// -----

// expected-error@+1 {{'builtin.module' op has 'pdq.input_types' = [f32], expected a list of tensor types}}
module attributes {pdq.input_types = [f32]} {
}

// -----

// expected-error@+1 {{'builtin.module' op has 'pdq.products' = "fast", expected "float" or "factored"}}
module attributes {pdq.products = "fast"} {
}

// -----

// expected-error@+1 {{'builtin.module' op has 'pdq.products' = 1 : i64, expected "float" or "factored"}}
module attributes {pdq.products = 1 : i64} {
}

// -----

// expected-error@+1 {{'builtin.module' op has 'pdq.options' = 1 : i64, expected a dictionary}}
module attributes {pdq.options = 1 : i64} {
}

// -----

// expected-error@+1 {{'func.func' op has 'pdq.vjp_of' = 1 : i64, expected the name of a function}}
func.func private @f() attributes {pdq.vjp_of = 1 : i64}

// -----

// expected-error@+1 {{'func.func' op has 'pdq.wrt' = 1 : i64, expected numbers of arguments}}
func.func private @f() attributes {pdq.wrt = 1 : i64}

// -----

// expected-error@+1 {{'func.func' op has 'pdq.region', which is no attribute of pdq}}
func.func private @f() attributes {pdq.region = "mine"}
