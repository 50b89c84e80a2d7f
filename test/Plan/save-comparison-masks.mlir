// Comparisons are kept instead of what is compared.

// RUN: pdq-opt %s --pdq-save-comparison-masks | FileCheck %s

#id = affine_map<(n, c) -> (n, c)>

// CHECK-LABEL: func.func @relu(
// CHECK-SAME:    %[[A:[a-z0-9_]+]]: tensor<64x64xf32>, %[[DY:[a-z0-9_]+]]: tensor<64x64xf32>)
// CHECK:         %[[X:.+]] = linalg.generic {{.*}} ins(%[[A]] : tensor<64x64xf32>)
// CHECK:         %[[M:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<64x64xf32>) outs({{.*}} : tensor<64x64xi1>)
// CHECK-NEXT:    ^bb0(%[[V:.+]]: f32, %{{.+}}: i1):
// CHECK-NEXT:      %[[POSITIVE:.+]] = arith.cmpf ugt, %[[V]], %{{.+}} : f32
// CHECK-NEXT:      linalg.yield %[[POSITIVE]]
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<64x64xf32>)
// CHECK:         %[[DX:.+]] = linalg.generic {{.*}} ins(%[[M]], %[[DY]] : tensor<64x64xi1>, tensor<64x64xf32>)
// CHECK-NEXT:    ^bb0(%[[P:[a-z0-9_]+]]: i1, %[[D:[a-z0-9_]+]]: f32,
// CHECK-NEXT:      arith.select %[[P]], %[[D]],
// CHECK:         return %[[Y]], %[[DX]]
func.func @relu(%a: tensor<64x64xf32>, %dy: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x64xf32>
  %x = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%a : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = math.log %v : f32
    linalg.yield %r : f32
  } -> tensor<64x64xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.maximumf %v, %zero : f32
    linalg.yield %r : f32
  } -> tensor<64x64xf32>
  %dx = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x, %dy : tensor<64x64xf32>, tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%v: f32, %d: f32, %o: f32):
    %p = arith.cmpf ugt, %v, %zero : f32
    %r = arith.select %p, %d, %zero : f32
    linalg.yield %r : f32
  } -> tensor<64x64xf32>
  return %y, %dx : tensor<64x64xf32>, tensor<64x64xf32>
}

// Rows with even numbers are only compared: they are slices of the mask.
// CHECK-LABEL: func.func @slices(
// CHECK-SAME:    %[[A:[a-z0-9_]+]]: tensor<64x64xf32>, %[[DY:[a-z0-9_]+]]: tensor<32x64xf32>)
// CHECK:         %[[X:.+]] = linalg.generic {{.*}} ins(%[[A]] : tensor<64x64xf32>)
// CHECK:         %[[M:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<64x64xf32>) outs({{.*}} : tensor<64x64xi1>)
// CHECK-NOT:     tensor.extract_slice %[[X]]
// CHECK:         %[[S:.+]] = tensor.extract_slice %[[M]][0, 0] [32, 64] [2, 1] : tensor<64x64xi1> to tensor<32x64xi1>
// CHECK:         %[[DX:.+]] = linalg.generic {{.*}} ins(%[[S]], %[[DY]] : tensor<32x64xi1>, tensor<32x64xf32>)
// CHECK-NEXT:    ^bb0(%[[P:[a-z0-9_]+]]: i1, %[[D:[a-z0-9_]+]]: f32,
// CHECK-NEXT:      arith.select %[[P]], %[[D]],
// CHECK:         return %{{.+}}, %[[DX]]
func.func @slices(%a: tensor<64x64xf32>, %dy: tensor<32x64xf32>) -> (tensor<64x64xf32>, tensor<32x64xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x64xf32>
  %f = tensor.empty() : tensor<32x64xf32>
  %x = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%a : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = math.log %v : f32
    linalg.yield %r : f32
  } -> tensor<64x64xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = arith.maximumf %v, %zero : f32
    linalg.yield %r : f32
  } -> tensor<64x64xf32>
  %even = tensor.extract_slice %x[0, 0] [32, 64] [2, 1] : tensor<64x64xf32> to tensor<32x64xf32>
  %dx = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%even, %dy : tensor<32x64xf32>, tensor<32x64xf32>) outs(%f : tensor<32x64xf32>) {
  ^bb0(%v: f32, %d: f32, %o: f32):
    %p = arith.cmpf ugt, %v, %zero : f32
    %r = arith.select %p, %d, %zero : f32
    linalg.yield %r : f32
  } -> tensor<32x64xf32>
  return %y, %dx : tensor<64x64xf32>, tensor<32x64xf32>
}

// The element is used beside the comparison; a number that was never computed here is
// there all the same; few elements: left alone.
// CHECK-LABEL: func.func @declined(
// CHECK-NOT:     xi1>
// CHECK:         return
func.func @declined(%a: tensor<64x64xf32>, %few: tensor<8x8xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>, tensor<8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64x64xf32>
  %f = tensor.empty() : tensor<8x8xf32>
  %x = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%a : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = math.log %v : f32
    linalg.yield %r : f32
  } -> tensor<64x64xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%v: f32, %o: f32):
    %p = arith.cmpf ugt, %v, %zero : f32
    %r = arith.select %p, %v, %zero : f32
    linalg.yield %r : f32
  } -> tensor<64x64xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%a : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) {
  ^bb0(%v: f32, %o: f32):
    %p = arith.cmpf ugt, %v, %zero : f32
    %r = arith.uitofp %p : i1 to f32
    linalg.yield %r : f32
  } -> tensor<64x64xf32>
  %l = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%few : tensor<8x8xf32>) outs(%f : tensor<8x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %r = math.log %v : f32
    linalg.yield %r : f32
  } -> tensor<8x8xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%l : tensor<8x8xf32>) outs(%f : tensor<8x8xf32>) {
  ^bb0(%v: f32, %o: f32):
    %p = arith.cmpf ugt, %v, %zero : f32
    %r = arith.uitofp %p : i1 to f32
    linalg.yield %r : f32
  } -> tensor<8x8xf32>
  return %0, %1, %2 : tensor<64x64xf32>, tensor<64x64xf32>, tensor<8x8xf32>
}
