// Operands of contractions whose vectors lie across memory get a transposed copy.

// RUN: pdq-opt %s --pdq-pack-operands | FileCheck %s

// CHECK-DAG: #[[$DY:.+]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$PACKED:.+]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[$DX:.+]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[$WINDOW:.+]] = affine_map<(d0, d1, d2, d3) -> (d2, d3, d1)>

#dy = affine_map<(n, k, i) -> (n, k)>
#w = affine_map<(n, k, i) -> (i, k)>
#packed = affine_map<(n, k, i) -> (k, i)>
#dx = affine_map<(n, k, i) -> (n, i)>

// The result's last dimension is i, which the weight has in front: only the weight
// is copied.
// CHECK-LABEL: func.func @gradient_of_the_input(
// CHECK-SAME:    %[[DY:[a-z0-9]+]]: tensor<8x10xf32>, %[[W:[a-z0-9]+]]: tensor<64x10xf32>, %[[INIT:[a-z0-9]+]]: tensor<8x64xf32>)
// CHECK:         %[[E:.+]] = tensor.empty() : tensor<10x64xf32>
// CHECK-NEXT:    %[[T:.+]] = linalg.transpose ins(%[[W]] : tensor<64x10xf32>) outs(%[[E]] : tensor<10x64xf32>) permutation = [1, 0]
// CHECK-NEXT:    %[[R:.+]] = linalg.generic {indexing_maps = [#[[$DY]], #[[$PACKED]], #[[$DX]]], iterator_types = ["parallel", "reduction", "parallel"]} ins(%[[DY]], %[[T]] : tensor<8x10xf32>, tensor<10x64xf32>) outs(%[[INIT]] : tensor<8x64xf32>)
// CHECK-NEXT:    ^bb0(%[[A:[a-z0-9_]+]]: f32, %[[B:[a-z0-9_]+]]: f32, %[[O:[a-z0-9_]+]]: f32):
// CHECK-NEXT:      %[[M:.+]] = arith.mulf %[[A]], %[[B]]
// CHECK-NEXT:      %[[S:.+]] = arith.addf %[[O]], %[[M]]
// CHECK-NEXT:      linalg.yield %[[S]]
// CHECK:         return %[[R]]
func.func @gradient_of_the_input(%dy: tensor<8x10xf32>, %w: tensor<64x10xf32>, %init: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %r = linalg.generic {indexing_maps = [#dy, #w, #dx], iterator_types = ["parallel", "reduction", "parallel"]}
    ins(%dy, %w : tensor<8x10xf32>, tensor<64x10xf32>) outs(%init : tensor<8x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// A named operation cannot say that its operand is transposed.
// CHECK-LABEL: func.func @named(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<8x10xf32>, %[[W:[a-z0-9]+]]: tensor<64x10xf32>, %[[INIT:[a-z0-9]+]]: tensor<8x64xf32>)
// CHECK:         %[[T:.+]] = linalg.transpose ins(%[[W]] : tensor<64x10xf32>) {{.*}} permutation = [1, 0]
// CHECK-NEXT:    %[[R:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[T]] : tensor<8x10xf32>, tensor<10x64xf32>) outs(%[[INIT]] : tensor<8x64xf32>)
// CHECK:         return %[[R]]
func.func @named(%x: tensor<8x10xf32>, %w: tensor<64x10xf32>, %init: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %r = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : tensor<8x10xf32>, tensor<64x10xf32>) outs(%init : tensor<8x64xf32>) -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// Other dimensions keep their order when one in the middle moves to the end.
// CHECK-LABEL: func.func @dimension_in_the_middle(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<8x3x5xf32>, %[[W:[a-z0-9]+]]: tensor<3x64x5xf32>, %[[INIT:[a-z0-9]+]]: tensor<8x64xf32>)
// CHECK:         %[[T:.+]] = linalg.transpose ins(%[[W]] : tensor<3x64x5xf32>) outs(%{{.+}} : tensor<3x5x64xf32>) permutation = [0, 2, 1]
// CHECK-NEXT:    %[[R:.+]] = linalg.generic {indexing_maps = [#{{.+}}, #[[$WINDOW]], #{{.+}}], {{.*}} ins(%[[X]], %[[T]] : {{.*}}) outs(%[[INIT]] :
// CHECK:         return %[[R]]
func.func @dimension_in_the_middle(%x: tensor<8x3x5xf32>, %w: tensor<3x64x5xf32>, %init: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %r = linalg.generic {indexing_maps = [affine_map<(n, f, i, k) -> (n, i, k)>, affine_map<(n, f, i, k) -> (i, f, k)>, affine_map<(n, f, i, k) -> (n, f)>],
                       iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
    ins(%x, %w : tensor<8x3x5xf32>, tensor<3x64x5xf32>) outs(%init : tensor<8x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// Vectors are loaded from both operands as they are.
// CHECK-LABEL: func.func @packed_already(
// CHECK-NOT:     linalg.transpose
// CHECK:         return
func.func @packed_already(%dy: tensor<8x10xf32>, %w: tensor<10x64xf32>, %init: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %r = linalg.generic {indexing_maps = [#dy, #packed, #dx], iterator_types = ["parallel", "reduction", "parallel"]}
    ins(%dy, %w : tensor<8x10xf32>, tensor<10x64xf32>) outs(%init : tensor<8x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// A copy costs as much as an elementwise operation; a result of one number has no
// vectors.
// CHECK-LABEL: func.func @nothing_gained(
// CHECK-NOT:     linalg.transpose
// CHECK:         return
func.func @nothing_gained(%x: tensor<8x4xf32>, %init: tensor<4x8xf32>, %v: tensor<8xf32>, %s: tensor<f32>) -> (tensor<4x8xf32>, tensor<f32>) {
  %t = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<8x4xf32>) outs(%init : tensor<4x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  } -> tensor<4x8xf32>
  %d = linalg.dot ins(%v, %v : tensor<8xf32>, tensor<8xf32>) outs(%s : tensor<f32>) -> tensor<f32>
  return %t, %d : tensor<4x8xf32>, tensor<f32>
}
