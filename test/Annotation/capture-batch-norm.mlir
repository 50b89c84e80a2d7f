// Batch norms are recognized by what they compute, and get the parameters in the
// order of the operation: mean, variance, gamma, beta. (Which dimension is that of the
// channels: capture-batch-norm-axis.mlir. As frontends write it: frontend-forms.mlir.)

// RUN: pdq-opt %s --pdq-capture-batch-norm --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

#data = affine_map<(n, c) -> (n, c)>
#channel = affine_map<(n, c) -> (c)>
#c = affine_map<(c) -> (c)>

// One operation for each step, the inverse deviation computed beside them.
// CHECK-LABEL: func.func @step_by_step(
// CHECK-SAME:    %[[X:.+]]: tensor<8x2xf32>)
// CHECK-DAG:     %[[MEAN:.+]] = arith.constant dense<[1.000000e+00, 2.000000e+00]>
// CHECK-DAG:     %[[VARIANCE:.+]] = arith.constant dense<[4.000000e+00, 2.500000e-01]>
// CHECK-DAG:     %[[GAMMA:.+]] = arith.constant dense<[3.000000e+00, 5.000000e+00]>
// CHECK-DAG:     %[[BETA:.+]] = arith.constant dense<[7.000000e+00, 9.000000e+00]>
// CHECK:         %[[Y:.+]] = pdq.batch_norm %[[X]], %[[MEAN]], %[[VARIANCE]], %[[GAMMA]], %[[BETA]] {axis = 1 : i64, epsilon = 6.250000e-02 : f64}
// CHECK-NEXT:    return %[[Y]]
func.func @step_by_step(%x: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %mean = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %variance = arith.constant dense<[4.0, 0.25]> : tensor<2xf32>
  %gamma = arith.constant dense<[3.0, 5.0]> : tensor<2xf32>
  %beta = arith.constant dense<[7.0, 9.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %ec = tensor.empty() : tensor<2xf32>
  %inverse = linalg.generic {indexing_maps = [#c, #c], iterator_types = ["parallel"]} ins(%variance : tensor<2xf32>) outs(%ec : tensor<2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %epsilon = arith.constant 0.0625 : f32
    %s = arith.addf %a, %epsilon : f32
    %r = math.rsqrt %s : f32
    linalg.yield %r : f32
  } -> tensor<2xf32>
  %0 = linalg.generic {indexing_maps = [#data, #channel, #data], iterator_types = ["parallel", "parallel"]} ins(%x, %mean : tensor<8x2xf32>, tensor<2xf32>) outs(%e : tensor<8x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.subf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<8x2xf32>
  %1 = linalg.generic {indexing_maps = [#data, #channel, #data], iterator_types = ["parallel", "parallel"]} ins(%0, %inverse : tensor<8x2xf32>, tensor<2xf32>) outs(%e : tensor<8x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.mulf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<8x2xf32>
  %2 = linalg.generic {indexing_maps = [#data, #channel, #data], iterator_types = ["parallel", "parallel"]} ins(%1, %gamma : tensor<8x2xf32>, tensor<2xf32>) outs(%e : tensor<8x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.mulf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<8x2xf32>
  %3 = linalg.generic {indexing_maps = [#data, #channel, #data], iterator_types = ["parallel", "parallel"]} ins(%2, %beta : tensor<8x2xf32>, tensor<2xf32>) outs(%e : tensor<8x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.addf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<8x2xf32>
  return %3 : tensor<8x2xf32>
}

// -----

#data = affine_map<(n, c) -> (n, c)>
#channel = affine_map<(n, c) -> (c)>

// One payload, which multiplies by gamma first and divides by the deviation last;
// without a beta it is zero. All who read the result read the batch norm.
// CHECK-LABEL: func.func @other_order_without_beta(
// CHECK-SAME:    %[[X:.+]]: tensor<8x2xf32>)
// CHECK-DAG:     %[[MEAN:.+]] = arith.constant dense<[1.000000e+00, 2.000000e+00]>
// CHECK-DAG:     %[[VARIANCE:.+]] = arith.constant dense<[4.000000e+00, 2.500000e-01]>
// CHECK-DAG:     %[[GAMMA:.+]] = arith.constant dense<[3.000000e+00, 5.000000e+00]>
// CHECK-DAG:     %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : tensor<2xf32>
// CHECK:         %[[Y:.+]] = pdq.batch_norm %[[X]], %[[MEAN]], %[[VARIANCE]], %[[GAMMA]], %[[ZERO]] {axis = 1 : i64, epsilon = 6.250000e-02 : f64}
// CHECK:         %[[E:.+]] = linalg.exp ins(%[[Y]]
// CHECK:         return %[[Y]], %[[E]]
func.func @other_order_without_beta(%x: tensor<8x2xf32>) -> (tensor<8x2xf32>, tensor<8x2xf32>) {
  %mean = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %variance = arith.constant dense<[4.0, 0.25]> : tensor<2xf32>
  %gamma = arith.constant dense<[3.0, 5.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<8x2xf32>
  %0 = linalg.generic {indexing_maps = [#data, #channel, #channel, #channel, #data], iterator_types = ["parallel", "parallel"]} ins(%x, %mean, %variance, %gamma : tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<8x2xf32>) {
  ^bb0(%a: f32, %m: f32, %v: f32, %g: f32, %o: f32):
    %epsilon = arith.constant 0.0625 : f32
    %s = arith.addf %v, %epsilon : f32
    %deviation = math.sqrt %s : f32
    %d = arith.subf %a, %m : f32
    %p = arith.mulf %g, %d : f32
    %r = arith.divf %p, %deviation : f32
    linalg.yield %r : f32
  } -> tensor<8x2xf32>
  %1 = linalg.exp ins(%0 : tensor<8x2xf32>) outs(%e : tensor<8x2xf32>) -> tensor<8x2xf32>
  return %0, %1 : tensor<8x2xf32>, tensor<8x2xf32>
}

// -----

#data = affine_map<(n, c) -> (n, c)>
#channel = affine_map<(n, c) -> (c)>

// A factor and a summand are what a batch norm is folded into: its statistics are
// gone.
// expected-remark @below {{network has no batch norm with statistics: distribution correction is off}}
module {
  // CHECK-LABEL: func.func @folded_before_it_was_exported(
  // CHECK-NOT:     pdq.batch_norm
  func.func @folded_before_it_was_exported(%x: tensor<8x2xf32>) -> tensor<8x2xf32> {
    %factor = arith.constant dense<[3.0, 5.0]> : tensor<2xf32>
    %summand = arith.constant dense<[7.0, 9.0]> : tensor<2xf32>
    %e = tensor.empty() : tensor<8x2xf32>
    %0 = linalg.generic {indexing_maps = [#data, #channel, #channel, #data], iterator_types = ["parallel", "parallel"]} ins(%x, %factor, %summand : tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<8x2xf32>) {
    ^bb0(%a: f32, %b: f32, %d: f32, %o: f32):
      %p = arith.mulf %a, %b : f32
      %r = arith.addf %p, %d : f32
      linalg.yield %r : f32
    } -> tensor<8x2xf32>
    return %0 : tensor<8x2xf32>
  }
}

// -----

#data = affine_map<(n, c) -> (n, c)>
#channel = affine_map<(n, c) -> (c)>

// A mean that is an input of the network is no running mean.
// expected-remark @below {{network has no batch norm with statistics: distribution correction is off}}
module {
  // CHECK-LABEL: func.func @mean_of_the_data(
  // CHECK-NOT:     pdq.batch_norm
  func.func @mean_of_the_data(%x: tensor<8x2xf32>, %mean: tensor<2xf32>) -> tensor<8x2xf32> {
    %variance = arith.constant dense<[4.0, 0.25]> : tensor<2xf32>
    %e = tensor.empty() : tensor<8x2xf32>
    %0 = linalg.generic {indexing_maps = [#data, #channel, #channel, #data], iterator_types = ["parallel", "parallel"]} ins(%x, %mean, %variance : tensor<8x2xf32>, tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<8x2xf32>) {
    ^bb0(%a: f32, %m: f32, %v: f32, %o: f32):
      %epsilon = arith.constant 0.0625 : f32
      %s = arith.addf %v, %epsilon : f32
      %i = math.rsqrt %s : f32
      %d = arith.subf %a, %m : f32
      %r = arith.mulf %d, %i : f32
      linalg.yield %r : f32
    } -> tensor<8x2xf32>
    return %0 : tensor<8x2xf32>
  }
}
