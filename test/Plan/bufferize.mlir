// Tensors become buffers: results are computed where they are stored, and what has
// to be copied is copied by linalg.

// RUN: pdq-opt %s --pdq-bufferize --canonicalize --cse | FileCheck %s

#id = affine_map<(i) -> (i)>
#row = affine_map<(i, j) -> (i)>
#pair = affine_map<(i, j) -> (i, j)>

// Nothing is copied where the result can be computed in its argument, whose
// attributes for the launch plan stay.
// CHECK-LABEL: func.func @computed_in_place(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>, %[[Y:[a-z0-9]+]]: memref<4xf32> {plan.result = 0 : i64})
// CHECK-NEXT:    linalg.generic {{.*}} ins(%[[X]] : memref<4xf32>) outs(%[[Y]] : memref<4xf32>)
// CHECK-NOT:     linalg.copy
// CHECK:         return
func.func @computed_in_place(%x: tensor<4xf32> {bufferization.writable = false}, %y: tensor<4xf32> {bufferization.writable = true, plan.result = 0 : i64}) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  %0 = bufferization.materialize_in_destination %n in %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// An argument that is a result: a copy, which becomes a kernel.
// CHECK-LABEL: func.func @argument_is_the_result(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>, %[[Y:[a-z0-9]+]]: memref<4xf32>)
// CHECK-NEXT:    linalg.copy ins(%[[X]] : memref<4xf32>) outs(%[[Y]] : memref<4xf32>)
func.func @argument_is_the_result(%x: tensor<4xf32> {bufferization.writable = false}, %y: tensor<4xf32> {bufferization.writable = true}) -> tensor<4xf32> {
  %0 = bufferization.materialize_in_destination %x in %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// %x is read after it was overwritten: the new values go elsewhere first.
// CHECK-LABEL: func.func @overwritten_before_it_is_read(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>, %[[Y:[a-z0-9]+]]: memref<4xf32>)
// CHECK:         %[[T:.+]] = memref.alloc() {{.*}}: memref<4xf32>
// CHECK-NEXT:    linalg.copy ins(%[[X]] : memref<4xf32>) outs(%[[T]] : memref<4xf32>)
// CHECK-NEXT:    linalg.generic {{.*}} outs(%[[T]] : memref<4xf32>)
// CHECK:           arith.negf
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : memref<4xf32>) outs(%[[Y]] : memref<4xf32>)
// CHECK:           math.absf
// CHECK:         linalg.copy ins(%[[T]] : memref<4xf32>) outs(%[[X]] : memref<4xf32>)
// CHECK-NEXT:    return
func.func @overwritten_before_it_is_read(%x: tensor<4xf32> {bufferization.writable = true}, %y: tensor<4xf32> {bufferization.writable = true}) -> (tensor<4xf32>, tensor<4xf32>) {
  %n = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%x : tensor<4xf32>) {
  ^bb0(%o: f32):
    %r = arith.negf %o : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  %m = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%y : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = math.absf %a : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  %0 = bufferization.materialize_in_destination %n in %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0, %m : tensor<4xf32>, tensor<4xf32>
}

// Two sums that start from the same zeros: each fills its own, none is copied.
// CHECK-LABEL: func.func @one_fill_of_two_sums(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>, %[[Y:[a-z0-9]+]]: memref<4xf32>, %[[Z:[a-z0-9]+]]: memref<4xf32>)
// CHECK:         linalg.fill ins(%[[ZERO:.+]] : f32) outs(%[[Y]] : memref<4xf32>)
// CHECK-NEXT:    linalg.generic {{.*}} ins(%[[X]] : memref<4xf32>) outs(%[[Y]] : memref<4xf32>)
// CHECK:         linalg.fill ins(%[[ZERO]] : f32) outs(%[[Z]] : memref<4xf32>)
// CHECK-NEXT:    linalg.generic {{.*}} ins(%[[X]] : memref<4xf32>) outs(%[[Z]] : memref<4xf32>)
// CHECK-NOT:     linalg.copy
// CHECK:         return
func.func @one_fill_of_two_sums(%x: tensor<4xf32> {bufferization.writable = false}, %y: tensor<4xf32> {bufferization.writable = true}, %z: tensor<4xf32> {bufferization.writable = true}) -> (tensor<4xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%f : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = arith.subf %o, %i : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%f : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = arith.addf %o, %i : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  %0 = bufferization.materialize_in_destination %a in %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = bufferization.materialize_in_destination %b in %z : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// A bias is written twice rather than written once and copied.
// CHECK-LABEL: func.func @one_bias_of_two_sums(
// CHECK-SAME:    %[[B:[a-z0-9]+]]: memref<4xf32>, %[[X:[a-z0-9]+]]: memref<4x2xf32>, %[[Y:[a-z0-9]+]]: memref<4x2xf32>, %[[Z:[a-z0-9]+]]: memref<4x2xf32>)
// CHECK-NEXT:    linalg.generic {{.*}} ins(%[[B]] : memref<4xf32>) outs(%[[Y]] : memref<4x2xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : memref<4x2xf32>) outs(%[[Y]] : memref<4x2xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[B]] : memref<4xf32>) outs(%[[Z]] : memref<4x2xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : memref<4x2xf32>) outs(%[[Z]] : memref<4x2xf32>)
// CHECK-NOT:     linalg.copy
// CHECK:         return
func.func @one_bias_of_two_sums(%bias: tensor<4xf32> {bufferization.writable = false}, %x: tensor<4x2xf32> {bufferization.writable = false}, %y: tensor<4x2xf32> {bufferization.writable = true}, %z: tensor<4x2xf32> {bufferization.writable = true}) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %e = tensor.empty() : tensor<4x2xf32>
  %init = linalg.generic {indexing_maps = [#row, #pair], iterator_types = ["parallel", "parallel"]} ins(%bias : tensor<4xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4x2xf32>
  %p = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x2xf32>) outs(%init : tensor<4x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.subf %o, %a : f32
    linalg.yield %n : f32
  } -> tensor<4x2xf32>
  %q = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x2xf32>) outs(%init : tensor<4x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %n = arith.addf %o, %a : f32
    linalg.yield %n : f32
  } -> tensor<4x2xf32>
  %0 = bufferization.materialize_in_destination %p in %y : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  %1 = bufferization.materialize_in_destination %q in %z : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  return %0, %1 : tensor<4x2xf32>, tensor<4x2xf32>
}

// The halves of a temporary are computed in their places.
// CHECK-LABEL: func.func @put_together(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>, %[[Y:[a-z0-9]+]]: memref<8xf32>)
// CHECK:         %[[T:.+]] = memref.alloc() {{.*}}: memref<8xf32>
// CHECK-NEXT:    %[[LOW:.+]] = memref.subview %[[T]][0] [4] [1]
// CHECK-NEXT:    linalg.generic {{.*}} ins(%[[X]] : memref<4xf32>) outs(%[[LOW]] : memref<4xf32, strided<[1]>>)
// CHECK:         %[[HIGH:.+]] = memref.subview %[[T]][4] [4] [1]
// CHECK-NEXT:    linalg.generic {{.*}} ins(%[[X]] : memref<4xf32>) outs(%[[HIGH]] : memref<4xf32, strided<[1], offset: 4>>)
// CHECK:         linalg.generic {{.*}} ins(%[[T]] : memref<8xf32>) outs(%[[Y]] : memref<8xf32>)
// CHECK-NOT:     linalg.copy
// CHECK:         return
func.func @put_together(%x: tensor<4xf32> {bufferization.writable = false}, %y: tensor<8xf32> {bufferization.writable = true}) -> tensor<8xf32> {
  %e4 = tensor.empty() : tensor<4xf32>
  %e = tensor.empty() : tensor<8xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e4 : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = arith.negf %i : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e4 : tensor<4xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = math.absf %i : f32
    linalg.yield %n : f32
  } -> tensor<4xf32>
  %0 = tensor.insert_slice %a into %e[0] [4] [1] : tensor<4xf32> into tensor<8xf32>
  %1 = tensor.insert_slice %b into %0[4] [4] [1] : tensor<4xf32> into tensor<8xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%1 : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%i: f32, %o: f32):
    %n = math.ceil %i : f32
    linalg.yield %n : f32
  } -> tensor<8xf32>
  %3 = bufferization.materialize_in_destination %2 in %y : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %3 : tensor<8xf32>
}
