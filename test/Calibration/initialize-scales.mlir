// First scales and zero points, chosen with minmax: every number can be worked
// out by hand. The calibration set is one sample, [1, 2, 3].

// RUN: %python %S/../Tools/Inputs/write_npy.py %t.npy f4 1x3 1,2,3
// RUN: pdq-opt %s --pdq-initialize-scales="calibration=%t.npy batch=1 init=minmax threads=1" | FileCheck %s

// The weight's columns reach from -1 to 2 and from 0 to 3: scale 1. As they are
// used from here on they are (-1, 2, 0) and (0, 1, 3), so the layer gives
// -1 + 2 * 2 = 3 and 2 * 1 + 3 * 3 = 11 (11.4 without quantization): its
// quantizer reaches from 0 to 11.

// CHECK-LABEL: func @first_scales
// CHECK:       pdq.region @layer
// CHECK-NOT:   status
// CHECK:       quantized
// CHECK-DAG:     %[[W:.*]] = arith.constant dense<{{\[\[}}-1.000000e+00, 0.000000e+00], [2.000000e+00, 1.200000e+00], [4.000000e-01, 3.000000e+00]]>
// CHECK-DAG:     %[[WS:.*]] = arith.constant dense<1.000000e+00> : tensor<2xf32>
// CHECK-DAG:     %[[WZ:.*]] = arith.constant dense<[1, 0]> : tensor<2xi32>
// CHECK-DAG:     pdq.fake_quant %[[W]] scale(%[[WS]]) zero_point(%[[WZ]]) to <bits = 2, axis = 1>
// CHECK-DAG:     %[[S:.*]] = arith.constant dense<3.66666675> : tensor<f32>
// CHECK-DAG:     %[[Z:.*]] = arith.constant dense<0> : tensor<i32>
// CHECK-DAG:     pdq.fake_quant %{{.*}} scale(%[[S]]) zero_point(%[[Z]]) to <bits = 2>

// Symmetric: zero points are 2, the middle of 0 to 3, and one step reaches as far as
// the largest positive weight. The weights become (0, 2, 0) and (0, 0, 3), the layer's
// results 4 and 9.
// RUN: pdq-opt %s --pdq-initialize-scales="calibration=%t.npy batch=1 init=minmax threads=1 symmetric-weights" | FileCheck %s --check-prefix=SYMMETRIC
// SYMMETRIC-DAG: %[[WS:.*]] = arith.constant dense<[2.000000e+00, 3.000000e+00]> : tensor<2xf32>
// SYMMETRIC-DAG: %[[WZ:.*]] = arith.constant dense<2> : tensor<2xi32>
// SYMMETRIC-DAG: pdq.fake_quant %{{.*}} scale(%[[WS]]) zero_point(%[[WZ]]) to <bits = 2, axis = 1>
// SYMMETRIC-DAG: %[[S:.*]] = arith.constant dense<3.000000e+00> : tensor<f32>
// SYMMETRIC-DAG: pdq.fake_quant %{{.*}} scale(%[[S]]) zero_point(%{{.*}}) to <bits = 2>

// The power of two above 11 / 3; those of the weights are 1 anyway.
// RUN: pdq-opt %s --pdq-initialize-scales="calibration=%t.npy batch=1 init=minmax threads=1 power-of-two-scales" | FileCheck %s --check-prefix=POWER
// POWER-DAG: %[[WS:.*]] = arith.constant dense<1.000000e+00> : tensor<2xf32>
// POWER-DAG: pdq.fake_quant %{{.*}} scale(%[[WS]]) zero_point(%{{.*}}) to <bits = 2, axis = 1>
// POWER-DAG: %[[S:.*]] = arith.constant dense<4.000000e+00> : tensor<f32>
// POWER-DAG: pdq.fake_quant %{{.*}} scale(%[[S]]) zero_point(%{{.*}}) to <bits = 2>
func.func @first_scales(%x: tensor<1x3xf32>) -> tensor<1x2xf32> {
  %y = pdq.region @layer ins(%x : tensor<1x3xf32>) -> (tensor<1x2xf32>)
  float {
  ^bb0(%in: tensor<1x3xf32>):
    %w = arith.constant dense<[[-1.0, 0.0], [2.0, 1.2], [0.4, 3.0]]> : tensor<3x2xf32>
    %zero = arith.constant dense<0.0> : tensor<1x2xf32>
    %m = linalg.matmul ins(%in, %w : tensor<1x3xf32>, tensor<3x2xf32>) outs(%zero : tensor<1x2xf32>) -> tensor<1x2xf32>
    pdq.yield %m : tensor<1x2xf32>
  } quantized {
  ^bb0(%in: tensor<1x3xf32>):
    %w = arith.constant dense<[[-1.0, 0.0], [2.0, 1.2], [0.4, 3.0]]> : tensor<3x2xf32>
    %q = pdq.fake_quant %w to <bits = 2, axis = 1> : tensor<3x2xf32>
    %zero = arith.constant dense<0.0> : tensor<1x2xf32>
    %m = linalg.matmul ins(%in, %q : tensor<1x3xf32>, tensor<3x2xf32>) outs(%zero : tensor<1x2xf32>) -> tensor<1x2xf32>
    %a = pdq.fake_quant %m to <bits = 2> : tensor<1x2xf32>
    pdq.yield %a : tensor<1x2xf32>
  }
  return %y : tensor<1x2xf32>
}

// An initialized network is exported with rounding to nearest, and that is what
// pdq-calibrate without iterations makes, bit by bit.
// RUN: pdq-opt %examples/tiny/network.mlir --pdq-annotate="weight-bits=2 activation-bits=3" --pdq-initialize-scales="calibration=%examples/tiny/calibration.npy batch=8 init-samples=16 threads=1" --pdq-export="allow-initialized" --emit-bytecode -o %t.initialized
// RUN: pdq-opt %examples/tiny/network.mlir --pdq-quantize="weight-bits=2 activation-bits=3 calibration=%examples/tiny/calibration.npy batch=8 init-samples=16 threads=2 products=float iterations=0" --emit-bytecode -o %t.nearest
// RUN: pdq-run %t.initialized --compare=%t.nearest --input=%examples/tiny/calibration.npy | FileCheck %s --check-prefix=SAME
// SAME: max difference: 0{{$}}

// It is no obstacle for a calibration, which comes to the same result.
// RUN: pdq-opt %examples/tiny/network.mlir --pdq-annotate --pdq-initialize-scales="calibration=%examples/tiny/calibration.npy init=minmax" --pdq-calibrate="calibration=%examples/tiny/calibration.npy iterations=20 distribution-correction-steps=1 threads=1" --pdq-export --emit-bytecode -o %t.twice
// RUN: pdq-opt %examples/tiny/network.mlir --pdq-annotate --pdq-calibrate="calibration=%examples/tiny/calibration.npy iterations=20 distribution-correction-steps=1 threads=1" --pdq-export --emit-bytecode -o %t.once
// RUN: cmp %t.once %t.twice

// The options are those of pdq-calibrate, and only these.
// RUN: not pdq-opt %s --pdq-initialize-scales 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: option 'calibration' is missing
// RUN: not pdq-opt %s --pdq-initialize-scales="calibration=%t.npy init=best" 2>&1 | FileCheck %s --check-prefix=INIT
// INIT: error: option 'init' is 'best', expected 'mse' or 'minmax'
// RUN: not pdq-opt %s --pdq-initialize-scales="calibration=%t.npy iterations=1" 2>&1 | FileCheck %s --check-prefix=ITERATIONS
// ITERATIONS: pdq-opt: error: option 'iterations' is unknown; --help lists those that there are
// RUN: not pdq-opt %examples/tiny/network.mlir --pdq-initialize-scales="calibration=%t.npy" 2>&1 | FileCheck %s --check-prefix=REGIONS
// REGIONS: error: no function with pdq.region; run -pdq-annotate first
