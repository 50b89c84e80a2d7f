// Dimension 0 of all inputs becomes dynamic, through quantized values too.

// RUN: pdq-opt %s --split-input-file --pdq-make-batch-dynamic 2>%t.err | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.err

!q = !quant.uniform<u4:f32, 0.5:3>

// CHECK-LABEL: func.func @static
// CHECK-SAME:    (%[[X:.+]]: tensor<?x3xi4>) -> tensor<?x3xf32>
// CHECK:         %[[Q:.+]] = quant.scast %[[X]] : tensor<?x3xi4> to tensor<?x3x!quant.uniform<u4:f32, 5.000000e-01:3>>
// CHECK:         quant.dcast %[[Q]]
func.func @static(%x: tensor<2x3xi4>) -> tensor<2x3xf32> {
  %q = quant.scast %x : tensor<2x3xi4> to tensor<2x3x!q>
  %y = quant.dcast %q : tensor<2x3x!q> to tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// Scales along the batch would be too few for another one.
// CHECK-LABEL: func.func @scale_for_each_sample
// CHECK-SAME:    (%{{.+}}: tensor<2x3xi4>) -> tensor<2x3xf32>
// REMARK: make-batch-dynamic.mlir:[[@LINE+5]]:8: remark: batch stays that of the module: 'quant.scast' op has parameters along the batch

!samples = !quant.uniform<u4:f32:0, {0.5:3, 0.25:3}>

func.func @scale_for_each_sample(%x: tensor<2x3xi4>) -> tensor<2x3xf32> {
  %q = quant.scast %x : tensor<2x3xi4> to tensor<2x3x!samples>
  %y = quant.dcast %q : tensor<2x3x!samples> to tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
