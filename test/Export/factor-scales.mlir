// Both operands of a product get the scale 1; scales and bias come behind the sum.
// run-factored-scales.test executes the result.

// RUN: pdq-opt %s --pdq-factor-scales 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.err

!x = !quant.uniform<u4:f32, 0.5:3>
!w = !quant.uniform<u4:f32:1, {0.25:8, 0.125:7}>

// The scales are 0.5 * 0.25 and 0.5 * 0.125.
// CHECK-LABEL: func.func @matmul
// CHECK-SAME:    (%[[X:[a-z0-9_]+]]: tensor<1x3xi4>, %[[BIAS:[a-z0-9_]+]]: tensor<2xf32>)
// CHECK:         %[[XQ:.+]] = quant.scast %[[X]] : tensor<1x3xi4> to tensor<1x3x!quant.uniform<u4:f32, 1.000000e+00:3>>
// CHECK:         %[[X1:.+]] = quant.dcast %[[XQ]]
// CHECK:         linalg.broadcast
// CHECK:         %[[W:.+]] = arith.constant dense<{{\[}}[0, 1], [2, 3], [4, 5]]> : tensor<3x2xi4>
// CHECK:         %[[WQ:.+]] = quant.scast %[[W]] : tensor<3x2xi4> to tensor<3x2x!quant.uniform<u4:f32:1, {1.000000e+00:8,1.000000e+00:7}>>
// CHECK:         %[[W1:.+]] = quant.dcast %[[WQ]]
// CHECK:         %[[SUM:.+]] = linalg.matmul ins(%[[X1]], %[[W1]] : tensor<1x3xf32>, tensor<3x2xf32>)
// CHECK:         %[[SCALE:.+]] = arith.constant dense<[1.250000e-01, 6.250000e-02]> : tensor<2xf32>
// CHECK:         linalg.generic {{.*}} ins(%[[SUM]], %[[SCALE]], %[[BIAS]] : tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>)
// CHECK:           arith.mulf
// CHECK:           arith.addf
func.func @matmul(%x: tensor<1x3xi4>, %bias: tensor<2xf32>) -> tensor<1x2xf32> {
  %xq = quant.scast %x : tensor<1x3xi4> to tensor<1x3x!x>
  %xf = quant.dcast %xq : tensor<1x3x!x> to tensor<1x3xf32>
  %w = arith.constant dense<[[0, 1], [2, 3], [4, 5]]> : tensor<3x2xi4>
  %wq = quant.scast %w : tensor<3x2xi4> to tensor<3x2x!w>
  %wf = quant.dcast %wq : tensor<3x2x!w> to tensor<3x2xf32>
  %empty = tensor.empty() : tensor<1x2xf32>
  %start = linalg.broadcast ins(%bias : tensor<2xf32>) outs(%empty : tensor<1x2xf32>) dimensions = [0]
  %y = linalg.matmul ins(%xf, %wf : tensor<1x3xf32>, tensor<3x2xf32>) outs(%start : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// REMARK: factor-scales.mlir:[[@LINE+4]]:8: remark: product stays in floating point: its input comes from an argument
// CHECK-LABEL: func.func @float_data
// CHECK-NOT:     linalg.generic
func.func @float_data(%x: tensor<1x3xf32>, %w: tensor<3x2xf32>, %start: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<1x3xf32>, tensor<3x2xf32>) outs(%start : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
