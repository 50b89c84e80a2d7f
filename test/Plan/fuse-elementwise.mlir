// What is fused, and what is computed again rather than stored.

// RUN: pdq-opt %s --pdq-fuse-elementwise --canonicalize | FileCheck %s --check-prefixes=CHECK,STORE
// RUN: pdq-opt %s --pdq-fuse-elementwise=recompute --canonicalize | FileCheck %s --check-prefixes=CHECK,AGAIN

#id = affine_map<(n, c) -> (n, c)>
#row = affine_map<(n, c) -> (n)>

// One reader each: one operation is left, which reads what all of them read.
// CHECK-LABEL: func.func @chain(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4x8xf32>, %[[S:[a-z0-9]+]]: tensor<4xf32>)
// CHECK:         %[[R:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[S]] : tensor<4x8xf32>, tensor<4xf32>)
// CHECK-NEXT:    ^bb0(%[[A:[a-z0-9_]+]]: f32, %[[B:[a-z0-9_]+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:      %[[D:.+]] = arith.subf %[[A]], %[[B]]
// CHECK-NEXT:      %[[E:.+]] = math.exp %[[D]]
// CHECK-NEXT:      linalg.yield %[[E]]
// CHECK-NOT:     linalg.generic
// CHECK:         return %[[R]]
func.func @chain(%x: tensor<4x8xf32>, %s: tensor<4xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %d = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x, %s : tensor<4x8xf32>, tensor<4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %r = arith.subf %a, %b : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%d : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = math.exp %v : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Rows that are gathered by an index, for two operations.
// CHECK-LABEL: func.func @gathered(
// CHECK-SAME:    %[[CACHE:[a-z0-9]+]]: tensor<100x8xf32>, %[[INDEX:[a-z0-9]+]]: tensor<4xi32>)
// STORE:         %[[ROWS:.+]] = linalg.generic {{.*}} ins(%[[INDEX]] : tensor<4xi32>)
// STORE:           tensor.extract %[[CACHE]]
// STORE:         %[[E:.+]] = linalg.generic {{.*}} ins(%[[ROWS]] : tensor<4x8xf32>)
// STORE:           math.exp
// STORE:         %[[N:.+]] = linalg.generic {{.*}} ins(%[[ROWS]] : tensor<4x8xf32>)
// STORE:           arith.negf
// AGAIN:         %[[E:.+]] = linalg.generic {{.*}} ins(%[[INDEX]] : tensor<4xi32>)
// AGAIN:           %[[V:.+]] = tensor.extract %[[CACHE]]
// AGAIN-NEXT:      math.exp %[[V]]
// AGAIN:         %[[N:.+]] = linalg.generic {{.*}} ins(%[[INDEX]] : tensor<4xi32>)
// AGAIN:           %[[V:.+]] = tensor.extract %[[CACHE]]
// AGAIN-NEXT:      arith.negf %[[V]]
// CHECK-NOT:     linalg.generic
// CHECK:         return %[[E]], %[[N]]
func.func @gathered(%cache: tensor<100x8xf32>, %indices: tensor<4xi32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %e = tensor.empty() : tensor<4x8xf32>
  %g = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
    ins(%indices : tensor<4xi32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%i: i32, %o: f32):
    %n = arith.index_cast %i : i32 to index
    %c = linalg.index 1 : index
    %v = tensor.extract %cache[%n, %c] : tensor<100x8xf32>
    linalg.yield %v : f32
  } -> tensor<4x8xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%g : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = math.exp %v : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%g : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.negf %v : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  return %a, %b : tensor<4x8xf32>, tensor<4x8xf32>
}

// A function of a tensor of its size is not: it takes longer than a load.
// CHECK-LABEL: func.func @expensive(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4x8xf32>)
// CHECK:         %[[L:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<4x8xf32>)
// CHECK:           math.log
// CHECK:         %[[E:.+]] = linalg.generic {{.*}} ins(%[[L]] : tensor<4x8xf32>)
// CHECK:         %[[N:.+]] = linalg.generic {{.*}} ins(%[[L]] : tensor<4x8xf32>)
// CHECK-NOT:     linalg.generic
// CHECK:         return %[[E]], %[[N]]
func.func @expensive(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %e = tensor.empty() : tensor<4x8xf32>
  %g = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = math.log %v : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%g : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = math.exp %v : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%g : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.negf %v : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  return %a, %b : tensor<4x8xf32>, tensor<4x8xf32>
}

// A product reads what is cheap to compute, so it is stored all the same; another
// reader loads it or computes it again from one load.
// CHECK-LABEL: func.func @stored(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4x8xf32>, %[[W:[a-z0-9]+]]: tensor<8x8xf32>)
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<4x8xf32>)
// CHECK:           arith.maximumf
// CHECK:         %[[P:.+]] = linalg.matmul ins(%[[Y]], %[[W]] :
// STORE:         %[[E:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<4x8xf32>)
// STORE:           %[[M:.+]] = arith.maximumf
// STORE-NEXT:      math.exp %[[M]]
// AGAIN:         %[[E:.+]] = linalg.generic {{.*}} ins(%[[Y]] : tensor<4x8xf32>)
// CHECK-NOT:     arith.maximumf
// CHECK:         return %[[P]], %[[E]]
func.func @stored(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x8xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.maximumf %v, %zero : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  %p = linalg.matmul ins(%y, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%y : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = math.exp %v : f32
    linalg.yield %r : f32
  } -> tensor<4x8xf32>
  return %p, %b : tensor<4x8xf32>, tensor<4x8xf32>
}

// Two gathered tensors are mixed and stored for a product: another reader loads the
// mixture, not both.
// CHECK-LABEL: func.func @mixed(
// CHECK-SAME:    %[[INDEX:[a-z0-9]+]]: tensor<4xi32>, %[[X:[a-z0-9]+]]: tensor<64x8xf32>, %[[Z:[a-z0-9]+]]: tensor<64x8xf32>, %[[W:[a-z0-9]+]]: tensor<8x8xf32>)
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[INDEX]] : tensor<4xi32>)
// CHECK:           %[[A:.+]] = tensor.extract %[[X]]
// CHECK:           %[[B:.+]] = tensor.extract %[[Z]]
// CHECK:           arith.addf %[[A]], %[[B]]
// CHECK:         %[[P:.+]] = linalg.matmul ins(%[[Y]], %[[W]] :
// CHECK:         %[[E:.+]] = linalg.generic {{.*}} ins(%[[Y]] : tensor<4x8xf32>)
// CHECK-NOT:     tensor.extract
// CHECK:         return %[[P]], %[[E]]
func.func @mixed(%index: tensor<4xi32>, %x: tensor<64x8xf32>, %z: tensor<64x8xf32>, %w: tensor<8x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %e = tensor.empty() : tensor<4x8xf32>
  %y = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
    ins(%index : tensor<4xi32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%i: i32, %o: f32):
    %n = arith.index_cast %i : i32 to index
    %c = linalg.index 1 : index
    %a = tensor.extract %x[%n, %c] : tensor<64x8xf32>
    %b = tensor.extract %z[%n, %c] : tensor<64x8xf32>
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4x8xf32>
  %p = linalg.matmul ins(%y, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%y : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %m = math.exp %v : f32
    linalg.yield %m : f32
  } -> tensor<4x8xf32>
  return %p, %r : tensor<4x8xf32>, tensor<4x8xf32>
}
