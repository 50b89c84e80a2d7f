// Tensors are put together from slices without zeros and copies.

// RUN: pdq-opt %s --pdq-simplify-slices --split-input-file | FileCheck %s
// RUN: pdq-opt %s --pdq-simplify-slices --canonicalize --cse --pdq-store-results --pdq-bufferize --canonicalize --split-input-file | FileCheck %s --check-prefix=BUFFER

#id = affine_map<(i, j) -> (i, j)>

// Gradients of two slices: nothing is filled, nothing is added.
// CHECK-LABEL: func.func @halves(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4x4xf32>, %[[Y:[a-z0-9]+]]: tensor<4x4xf32>)
// CHECK:         %[[EMPTY:.+]] = tensor.empty() : tensor<8x4xf32>
// CHECK-NOT:     linalg.fill
// CHECK:         %[[E:.+]] = linalg.exp ins(%[[X]] :
// CHECK-NEXT:    %[[A:.+]] = tensor.insert_slice %[[E]] into %[[EMPTY]][4, 0] [4, 4] [1, 1]
// CHECK:         %[[F:.+]] = linalg.abs ins(%[[Y]] :
// CHECK-NEXT:    %[[B:.+]] = tensor.insert_slice %[[F]] into %[[A]][0, 0] [4, 4] [1, 1]
// CHECK-NEXT:    return %[[B]]
func.func @halves(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e4 = tensor.empty() : tensor<4x4xf32>
  %e8 = tensor.empty() : tensor<8x4xf32>
  %p = linalg.exp ins(%x : tensor<4x4xf32>) outs(%e4 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %q = linalg.abs ins(%y : tensor<4x4xf32>) outs(%e4 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e8 : tensor<8x4xf32>) -> tensor<8x4xf32>
  %a = tensor.insert_slice %p into %zeros[4, 0] [4, 4] [1, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  %b = tensor.insert_slice %q into %zeros[0, 0] [4, 4] [1, 1] : tensor<4x4xf32> into tensor<8x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%a, %b : tensor<8x4xf32>, tensor<8x4xf32>) outs(%e8 : tensor<8x4xf32>) {
  ^bb0(%u: f32, %v: f32, %o: f32):
    %w = arith.addf %u, %v : f32
    linalg.yield %w : f32
  } -> tensor<8x4xf32>
  return %s : tensor<8x4xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// Slices that meet are added; zeros stay where nothing lies.
// CHECK-LABEL: func.func @meet(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<3xf32>, %[[Y:[a-z0-9]+]]: tensor<3xf32>, %[[Z:[a-z0-9]+]]: tensor<2xf32>)
// CHECK:         %[[ZEROS:.+]] = linalg.fill {{.*}} -> tensor<8xf32>
// CHECK:         %[[A:.+]] = tensor.insert_slice %[[Z]] into %[[ZEROS]][1] [2] [2]
// CHECK:         %[[SUM:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[Y]] : tensor<3xf32>, tensor<3xf32>)
// CHECK:         %[[B:.+]] = tensor.insert_slice %[[SUM]] into %[[A]][0] [3] [2]
// CHECK:         return %[[B]]
func.func @meet(%x: tensor<3xf32>, %y: tensor<3xf32>, %z: tensor<2xf32>) -> tensor<8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %a = tensor.insert_slice %x into %zeros[0] [3] [2] : tensor<3xf32> into tensor<8xf32>
  %b = tensor.insert_slice %y into %zeros[0] [3] [2] : tensor<3xf32> into tensor<8xf32>
  %c = tensor.insert_slice %z into %b[1] [2] [2] : tensor<2xf32> into tensor<8xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%a, %c : tensor<8xf32>, tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%u: f32, %v: f32, %o: f32):
    %w = arith.addf %v, %u : f32
    linalg.yield %w : f32
  } -> tensor<8xf32>
  return %s : tensor<8xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// Slices that meet in a part stay as they are.
// CHECK-LABEL: func.func @overlap(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<3xf32>, %[[Y:[a-z0-9]+]]: tensor<3xf32>)
// CHECK:         %[[ZEROS:.+]] = linalg.fill
// CHECK:         %[[A:.+]] = tensor.insert_slice %[[X]] into %[[ZEROS]][0] [3] [1]
// CHECK:         %[[B:.+]] = tensor.insert_slice %[[Y]] into %[[ZEROS]][2] [3] [1]
// CHECK:         %[[SUM:.+]] = linalg.generic {{.*}} ins(%[[A]], %[[B]] : tensor<8xf32>, tensor<8xf32>)
// CHECK:         return %[[SUM]]
func.func @overlap(%x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %a = tensor.insert_slice %x into %zeros[0] [3] [1] : tensor<3xf32> into tensor<8xf32>
  %b = tensor.insert_slice %y into %zeros[2] [3] [1] : tensor<3xf32> into tensor<8xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%a, %b : tensor<8xf32>, tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%u: f32, %v: f32, %o: f32):
    %w = arith.addf %u, %v : f32
    linalg.yield %w : f32
  } -> tensor<8xf32>
  return %s : tensor<8xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// Only what is 0: a tensor of ones keeps its elements.
// CHECK-LABEL: func.func @ones(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4xf32>, %[[Y:[a-z0-9]+]]: tensor<4xf32>)
// CHECK:         %[[ONES:.+]] = linalg.fill ins(%{{.+}} : f32)
// CHECK:         %[[A:.+]] = tensor.insert_slice %[[X]] into %[[ONES]][0] [4] [1]
// CHECK:         %[[B:.+]] = tensor.insert_slice %[[Y]] into %[[ONES]][4] [4] [1]
// CHECK:         %[[SUM:.+]] = linalg.generic {{.*}} ins(%[[A]], %[[B]] : tensor<8xf32>, tensor<8xf32>)
// CHECK:         return %[[SUM]]
func.func @ones(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<8xf32> {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<8xf32>
  %ones = linalg.fill ins(%one : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %a = tensor.insert_slice %x into %ones[0] [4] [1] : tensor<4xf32> into tensor<8xf32>
  %b = tensor.insert_slice %y into %ones[4] [4] [1] : tensor<4xf32> into tensor<8xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%a, %b : tensor<8xf32>, tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%u: f32, %v: f32, %o: f32):
    %w = arith.addf %u, %v : f32
    linalg.yield %w : f32
  } -> tensor<8xf32>
  return %s : tensor<8xf32>
}

// -----

// A mosaic in a mosaic: its pieces are pieces of the whole.
// CHECK-LABEL: func.func @nested(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2xf32>, %[[Y:[a-z0-9]+]]: tensor<4xf32>)
// CHECK-NOT:     linalg.fill
// CHECK:         %[[EMPTY:.+]] = tensor.empty() : tensor<8xf32>
// CHECK-NEXT:    %[[A:.+]] = tensor.insert_slice %[[X]] into %[[EMPTY]][4] [2] [2]
// CHECK-NEXT:    %[[B:.+]] = tensor.insert_slice %[[X]] into %[[A]][5] [2] [2]
// CHECK-NEXT:    %[[C:.+]] = tensor.insert_slice %[[Y]] into %[[B]][0] [4] [1]
// CHECK-NEXT:    return %[[C]]
func.func @nested(%x: tensor<2xf32>, %y: tensor<4xf32>) -> tensor<8xf32> {
  %zero = arith.constant 0.0 : f32
  %e4 = tensor.empty() : tensor<4xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%e4 : tensor<4xf32>) -> tensor<4xf32>
  %p = tensor.insert_slice %x into %z4[0] [2] [2] : tensor<2xf32> into tensor<4xf32>
  %q = tensor.insert_slice %x into %p[1] [2] [2] : tensor<2xf32> into tensor<4xf32>
  %e8 = tensor.empty() : tensor<8xf32>
  %z8 = linalg.fill ins(%zero : f32) outs(%e8 : tensor<8xf32>) -> tensor<8xf32>
  %a = tensor.insert_slice %q into %z8[4] [4] [1] : tensor<4xf32> into tensor<8xf32>
  %b = tensor.insert_slice %y into %a[0] [4] [1] : tensor<4xf32> into tensor<8xf32>
  return %b : tensor<8xf32>
}

// -----

// A concatenation is written by who computes its pieces, and a slice of it is
// the piece.
// CHECK-LABEL: func.func @concat(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x4xf32>)
// CHECK-NOT:     tensor.concat
// CHECK:         %[[E:.+]] = linalg.exp ins(%[[X]] :
// CHECK-NEXT:    %[[A:.+]] = tensor.insert_slice %[[E]] into %{{.+}}[0, 0] [2, 4] [1, 1]
// CHECK:         %[[F:.+]] = linalg.abs ins(%[[X]] :
// CHECK-NEXT:    %[[B:.+]] = tensor.insert_slice %[[F]] into %[[A]][2, 0] [2, 4] [1, 1]
// CHECK-NEXT:    return %[[B]], %[[F]]
func.func @concat(%x: tensor<2x4xf32>) -> (tensor<4x4xf32>, tensor<2x4xf32>) {
  %e = tensor.empty() : tensor<2x4xf32>
  %p = linalg.exp ins(%x : tensor<2x4xf32>) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  %q = linalg.abs ins(%x : tensor<2x4xf32>) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  %c = tensor.concat dim(0) %p, %q : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<4x4xf32>
  %s = tensor.extract_slice %c[2, 0] [2, 4] [1, 1] : tensor<4x4xf32> to tensor<2x4xf32>
  return %c, %s : tensor<4x4xf32>, tensor<2x4xf32>
}

// -----

// A piece that is overwritten later is no piece; a slice of both is neither.
// CHECK-LABEL: func.func @overwritten(
// CHECK:         %[[A:.+]] = tensor.insert_slice %{{.+}} into %{{.+}}[0] [4] [1]
// CHECK-NEXT:    %[[B:.+]] = tensor.insert_slice %{{.+}} into %[[A]][2] [4] [1]
// CHECK-NEXT:    %[[S:.+]] = tensor.extract_slice %[[B]][0] [4] [1]
// CHECK-NEXT:    return %[[S]]
func.func @overwritten(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %a = tensor.insert_slice %x into %z[0] [4] [1] : tensor<4xf32> into tensor<8xf32>
  %b = tensor.insert_slice %y into %a[2] [4] [1] : tensor<4xf32> into tensor<8xf32>
  %s = tensor.extract_slice %b[0] [4] [1] : tensor<8xf32> to tensor<4xf32>
  return %s : tensor<4xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// The slices of a sum are computed in their place.
// BUFFER-LABEL: func.func @place(
// BUFFER-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>, %[[Y:[a-z0-9]+]]: memref<4xf32>, %[[R:[a-z0-9]+]]: memref<8xf32>
// BUFFER-NEXT:    %[[WHOLE:.+]] = memref.alloc() {{.*}} : memref<8xf32>
// BUFFER-NOT:     memref.alloc
// BUFFER:         %[[HIGH:.+]] = memref.subview %[[WHOLE]][1] [4] [2]
// BUFFER:         linalg.exp ins(%[[X]] {{.*}} outs(%[[HIGH]]
// BUFFER:         %[[LOW:.+]] = memref.subview %[[WHOLE]][0] [4] [2]
// BUFFER:         linalg.abs ins(%[[Y]] {{.*}} outs(%[[LOW]]
// BUFFER-NOT:     linalg.fill
// BUFFER:         linalg.negf ins(%[[WHOLE]] {{.*}} outs(%[[R]]
func.func @place(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<8xf32> {
  %zero = arith.constant 0.0 : f32
  %e4 = tensor.empty() : tensor<4xf32>
  %e8 = tensor.empty() : tensor<8xf32>
  %p = linalg.exp ins(%x : tensor<4xf32>) outs(%e4 : tensor<4xf32>) -> tensor<4xf32>
  %q = linalg.abs ins(%y : tensor<4xf32>) outs(%e4 : tensor<4xf32>) -> tensor<4xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e8 : tensor<8xf32>) -> tensor<8xf32>
  %a = tensor.insert_slice %p into %zeros[1] [4] [2] : tensor<4xf32> into tensor<8xf32>
  %b = tensor.insert_slice %q into %zeros[0] [4] [2] : tensor<4xf32> into tensor<8xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%a, %b : tensor<8xf32>, tensor<8xf32>) outs(%e8 : tensor<8xf32>) {
  ^bb0(%u: f32, %v: f32, %o: f32):
    %w = arith.addf %u, %v : f32
    linalg.yield %w : f32
  } -> tensor<8xf32>
  %n = linalg.negf ins(%s : tensor<8xf32>) outs(%e8 : tensor<8xf32>) -> tensor<8xf32>
  return %n : tensor<8xf32>
}
