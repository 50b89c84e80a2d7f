// What a calibration learns on a region whose numbers can be worked out by hand. The
// calibration set is one sample, [1, 1, 1], so the layer sums the columns of its
// weight: (3, 0.45, 0.3) and (0, 1.2, 3), 3.75 and 4.2. Both columns reach from 0 to
// 3: with 2 bits the scale is 1.

// RUN: %python %S/../Tools/Inputs/write_npy.py %t.npy f4 1x3 1,1,1
// DEFINE: %{calibrate} = calibration=%t.npy batch=1 init=minmax threads=1 seed=1 preset=resnet

// Rounded to nearest, (3, 0, 0) and (0, 1, 3): the loss is 0.75^2 + 0.2^2 = 0.6025.
// RUN: pdq-opt %s --pdq-calibrate="%{calibrate} iterations=0" 2>/dev/null | FileCheck %s --check-prefixes=CHECK,NEAREST

// 0.45 is worth rounding up, since 0.3 is rounded down: 0.25^2 + 0.2^2 = 0.1025.
// RUN: pdq-opt %s --pdq-calibrate="%{calibrate} iterations=200" 2>/dev/null | FileCheck %s --check-prefixes=CHECK,LEARNED

// Without learned rounding, and without activations, there is nothing to learn.
// RUN: pdq-opt %s --pdq-calibrate="%{calibrate} iterations=200 learned-rounding=false" 2>/dev/null | FileCheck %s --check-prefixes=CHECK,NEAREST

// A region that is calibrated already stays as it is.
// RUN: pdq-opt %s --pdq-calibrate="%{calibrate} iterations=200" -o %t.once 2>/dev/null
// RUN: pdq-opt %t.once --pdq-calibrate="%{calibrate} iterations=0" -o %t.twice 2>/dev/null
// RUN: cmp %t.once %t.twice

// RUN: not pdq-opt %s --pdq-calibrate="%{calibrate} checkpoint-every=2" 2>&1 | FileCheck %s --check-prefix=EVERY
// EVERY: error: option 'checkpoint-every' needs 'checkpoint'

// CHECK-LABEL: func.func @sum_of_columns(
// CHECK-SAME:    %[[X:.+]]: tensor<1x3xf32>)
// CHECK-NEXT:    %[[Y:.+]] = pdq.region @layer ins(%[[X]] : tensor<1x3xf32>)
// NEAREST-SAME:    status <iterations = 0, reconstruction_loss = 0.602{{(5|4999)[0-9]*}} to 0.602{{(5|4999)[0-9]*}},
// LEARNED-SAME:    status <iterations = 200, reconstruction_loss = 0.602{{(5|4999)[0-9]*}} to 0.102{{(5|4999)[0-9]*}},
// The float body keeps its weight.
// CHECK:         float {
// CHECK:           %[[W:.+]] = arith.constant dense<{{\[\[}}3.000000e+00, 0.000000e+00], [4.500000e-01, 1.200000e+00], [3.000000e-01, 3.000000e+00]]>
// CHECK:           linalg.matmul ins(%{{.+}}, %[[W]] :
// CHECK:         } quantized {
// CHECK-NEXT:    ^bb0(%[[IN:.+]]: tensor<1x3xf32>):
// CHECK-DAG:       %[[SCALE:.+]] = arith.constant dense<1.000000e+00> : tensor<2xf32>
// CHECK-DAG:       %[[ZERO:.+]] = arith.constant dense<0> : tensor<2xi32>
// NEAREST-DAG:     %[[R:.+]] = arith.constant dense<{{\[\[}}3.000000e+00, 0.000000e+00], [0.000000e+00, 1.000000e+00], [0.000000e+00, 3.000000e+00]]>
// LEARNED-DAG:     %[[R:.+]] = arith.constant dense<{{\[\[}}3.000000e+00, 0.000000e+00], [1.000000e+00, 1.000000e+00], [0.000000e+00, 3.000000e+00]]>
// CHECK:           %[[Q:.+]] = pdq.fake_quant %[[R]] scale(%[[SCALE]]) zero_point(%[[ZERO]]) to <bits = 2, axis = 1>
// CHECK:           linalg.matmul ins(%[[IN]], %[[Q]] :
// CHECK:         return %[[Y]]
func.func @sum_of_columns(%x: tensor<1x3xf32>) -> tensor<1x2xf32> {
  %y = pdq.region @layer ins(%x : tensor<1x3xf32>) -> (tensor<1x2xf32>)
  float {
  ^bb0(%in: tensor<1x3xf32>):
    %w = arith.constant dense<[[3.0, 0.0], [0.45, 1.2], [0.3, 3.0]]> : tensor<3x2xf32>
    %zero = arith.constant dense<0.0> : tensor<1x2xf32>
    %m = linalg.matmul ins(%in, %w : tensor<1x3xf32>, tensor<3x2xf32>) outs(%zero : tensor<1x2xf32>) -> tensor<1x2xf32>
    pdq.yield %m : tensor<1x2xf32>
  } quantized {
  ^bb0(%in: tensor<1x3xf32>):
    %w = arith.constant dense<[[3.0, 0.0], [0.45, 1.2], [0.3, 3.0]]> : tensor<3x2xf32>
    %q = pdq.fake_quant %w to <bits = 2, axis = 1> : tensor<3x2xf32>
    %zero = arith.constant dense<0.0> : tensor<1x2xf32>
    %m = linalg.matmul ins(%in, %q : tensor<1x3xf32>, tensor<3x2xf32>) outs(%zero : tensor<1x2xf32>) -> tensor<1x2xf32>
    pdq.yield %m : tensor<1x2xf32>
  }
  return %y : tensor<1x2xf32>
}
