// What depends on constants only is computed once, by a function of its own.

// RUN: pdq-opt %s --pdq-hoist-constants | FileCheck %s
// RUN: pdq-opt %s --pdq-hoist-constants | pdq-opt --pdq-hoist-constants | FileCheck %s

// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2xf32>, %[[C:[a-z0-9]+]]: tensor<2xf32> {plan.persistent = 0 : i64})
// CHECK-SAME:    attributes {plan.initializer = @f.constants}
// CHECK-NOT:     linalg.exp
// CHECK:         linalg.add ins(%[[X]], %[[C]]
// CHECK-LABEL: func.func @f.constants() -> tensor<2xf32>
// CHECK:         %[[E:[a-z0-9_]+]] = linalg.exp
// CHECK:         return %[[E]]
func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %t = linalg.exp ins(%c : tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  %r = linalg.add ins(%x, %t : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// A broadcast is cheaper to compute than to read.
// CHECK-LABEL: func.func @broadcast(
// CHECK-SAME:    %{{[a-z0-9]+}}: tensor<100x100xf32>)
// CHECK:         linalg.broadcast
// CHECK-NOT:   func.func @broadcast.constants
func.func @broadcast(%x: tensor<100x100xf32>) -> tensor<100x100xf32> {
  %c = arith.constant dense<3.0> : tensor<100xf32>
  %e = tensor.empty() : tensor<100x100xf32>
  %t = linalg.broadcast ins(%c : tensor<100xf32>) outs(%e : tensor<100x100xf32>) dimensions = [0]
  %r = linalg.add ins(%x, %t : tensor<100x100xf32>, tensor<100x100xf32>) outs(%e : tensor<100x100xf32>) -> tensor<100x100xf32>
  return %r : tensor<100x100xf32>
}

// What depends on an earlier resident joins it.
// CHECK-LABEL: func.func @again(
// CHECK-SAME:    %{{.+}}: tensor<2xf32> {plan.persistent = 0 : i64}, %[[T:[a-z0-9]+]]: tensor<2xf32> {plan.persistent = 1 : i64})
// CHECK-NOT:     linalg.log
// CHECK:         return %[[T]]
// CHECK-LABEL: func.func @again.constants() -> (tensor<2xf32>, tensor<2xf32>)
// CHECK:         %[[C:.+]] = arith.constant dense<[1.0
// CHECK:         %[[L:[a-z0-9_]+]] = linalg.log ins(%[[C]]
// CHECK:         return %[[C]], %[[L]]
func.func @again(%c: tensor<2xf32> {plan.persistent = 0 : i64}) -> tensor<2xf32> attributes {plan.initializer = @again.constants} {
  %e = tensor.empty() : tensor<2xf32>
  %t = linalg.log ins(%c : tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %t : tensor<2xf32>
}
func.func @again.constants() -> tensor<2xf32> {
  %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  return %c : tensor<2xf32>
}

// A number is no argument of a plan: it is computed in both functions.
// CHECK-LABEL: func.func @number(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2xf32>, %[[T:[a-z0-9]+]]: tensor<2xf32> {plan.persistent = 0 : i64})
// CHECK:         %[[V:.+]] = arith.truncf
// CHECK:         tensor.pad %[[X]]
// CHECK:           tensor.yield %[[V]]
// CHECK:         return %{{.+}}, %[[T]]
// CHECK-LABEL: func.func @number.constants() -> tensor<2xf32>
// CHECK:         %[[N:.+]] = arith.truncf
// CHECK:         arith.addf %{{.+}}, %[[N]]
func.func @number(%x: tensor<2xf32>) -> (tensor<3xf32>, tensor<2xf32>) {
  %wide = arith.constant 0.1 : f64
  %v = arith.truncf %wide : f64 to f32
  %c = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%c : tensor<2xf32>) outs(%e : tensor<2xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %v : f32
    linalg.yield %s : f32
  } -> tensor<2xf32>
  %p = tensor.pad %x low[0] high[1] {
  ^bb0(%a: index):
    tensor.yield %v : f32
  } : tensor<2xf32> to tensor<3xf32>
  return %p, %t : tensor<3xf32>, tensor<2xf32>
}
