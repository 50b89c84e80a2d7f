// RUN: pdq-opt %s | FileCheck %s
// CHECK: func @f(%[[X:.+]]: f32, %[[Y:.*]]: f32)
// CHECK-SAME: %[[X:.*]]: f32, %[[Y:[a-z]+]]: f32, %[[Z:.+]]: f32
// CHECK: func.call @f(%[[X:.+]], %[[Y:.+]])
// CHECK: %[[X:.+]] = arith.addf %[[Y:.+]], %[[X]]
// CHECK: func @f(%[[X:.+]]: f32)
