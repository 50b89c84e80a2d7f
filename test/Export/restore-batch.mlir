// The exported network has the batch that the user's network had.

// RUN: pdq-opt %s --split-input-file --pdq-restore-batch | FileCheck %s
// RUN: pdq-opt %s --split-input-file --pdq-export | FileCheck %s --check-prefix=EXPORT

// CHECK-NOT:   pdq.batch
// CHECK-LABEL: func @dynamic_batch_comes_back
// CHECK-SAME:    (%[[X:[a-z0-9]+]]: tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK:         pdq.fake_quant %[[X]] {{.*}} : tensor<?x4xf32>
// EXPORT-LABEL: func @dynamic_batch_comes_back
// EXPORT-SAME:    (%{{.*}}: tensor<?x4xf32>) -> tensor<?x4xf32>
// EXPORT:         tensor<?x4x!quant.uniform<u4:f32, 5.000000e-01:1>>
module attributes {pdq.batch = -1 : i64} {
  func.func @dynamic_batch_comes_back(%x: tensor<32x4xf32>) -> tensor<32x4xf32> {
    %s = arith.constant dense<0.5> : tensor<f32>
    %z = arith.constant dense<1> : tensor<i32>
    %a = pdq.fake_quant %x scale(%s) zero_point(%z) to <bits = 4> : tensor<32x4xf32>, tensor<f32>, tensor<i32>
    return %a : tensor<32x4xf32>
  }
}

// -----

// CHECK-NOT:   pdq.batch
// CHECK-LABEL: func @static_batch_comes_back
// CHECK-SAME:    (%{{.*}}: tensor<1x4xf32>) -> tensor<1x4xf32>
module attributes {pdq.batch = 1 : i64} {
  func.func @static_batch_comes_back(%x: tensor<32x4xf32>) -> tensor<32x4xf32> {
    return %x : tensor<32x4xf32>
  }
}

// -----

// CHECK-LABEL: func @nothing_was_remembered
// CHECK-SAME:    (%{{.*}}: tensor<32x4xf32>) -> tensor<32x4xf32>
func.func @nothing_was_remembered(%x: tensor<32x4xf32>) -> tensor<32x4xf32> {
  return %x : tensor<32x4xf32>
}
