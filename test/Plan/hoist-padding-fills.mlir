// Padding that nothing else writes is filled once, by the function of the
// residents; buffers that are never in use together share one.

// RUN: pdq-opt %s --pdq-hoist-padding-fills | FileCheck %s

#id = affine_map<(i) -> (i)>

// Two padded buffers one after the other: the same memory.
// CHECK-LABEL: func.func @twice(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>, %[[Y:[a-z0-9]+]]: memref<6xf32>, %[[Z:[a-z0-9]+]]: memref<6xf32>,
// CHECK-SAME:    %[[P:[a-z0-9]+]]: memref<6xf32> {plan.persistent = 0 : i64}) attributes {plan.initializer = @twice.constants}
// CHECK-NOT:     memref.alloc
// CHECK-NOT:     linalg.fill
// CHECK:         %[[INSIDE:.+]] = memref.subview %[[P]][1] [4] [1]
// CHECK-NEXT:    linalg.exp ins(%[[X]] : memref<4xf32>) outs(%[[INSIDE]] :
// CHECK:         linalg.generic {{.*}} ins(%[[P]] : memref<6xf32>) outs(%[[Y]]
// CHECK:         %[[AGAIN:.+]] = memref.subview %[[P]][1] [4] [1]
// CHECK-NEXT:    linalg.log ins(%[[X]] : memref<4xf32>) outs(%[[AGAIN]] :
// CHECK:         linalg.generic {{.*}} ins(%[[P]] : memref<6xf32>) outs(%[[Z]]
// CHECK-LABEL: func.func @twice.constants(
// CHECK-SAME:    %[[Q:[a-z0-9]+]]: memref<6xf32> {plan.result = 0 : i64})
// CHECK:         %[[LOW:.+]] = memref.subview %[[Q]][0] [1] [1]
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[LOW]]
// CHECK:         %[[HIGH:.+]] = memref.subview %[[Q]][5] [1] [1]
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[HIGH]]
// CHECK-NOT:     linalg.fill
func.func @twice(%x: memref<4xf32>, %y: memref<6xf32>, %z: memref<6xf32>) {
  %zero = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<6xf32>
  %low = memref.subview %p[0] [1] [1] : memref<6xf32> to memref<1xf32, strided<[1]>>
  linalg.fill ins(%zero : f32) outs(%low : memref<1xf32, strided<[1]>>)
  %high = memref.subview %p[5] [1] [1] : memref<6xf32> to memref<1xf32, strided<[1], offset: 5>>
  linalg.fill ins(%zero : f32) outs(%high : memref<1xf32, strided<[1], offset: 5>>)
  %inside = memref.subview %p[1] [4] [1] : memref<6xf32> to memref<4xf32, strided<[1], offset: 1>>
  linalg.exp ins(%x : memref<4xf32>) outs(%inside : memref<4xf32, strided<[1], offset: 1>>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%p : memref<6xf32>) outs(%y : memref<6xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  %q = memref.alloc() : memref<6xf32>
  %low2 = memref.subview %q[0] [1] [1] : memref<6xf32> to memref<1xf32, strided<[1]>>
  linalg.fill ins(%zero : f32) outs(%low2 : memref<1xf32, strided<[1]>>)
  %high2 = memref.subview %q[5] [1] [1] : memref<6xf32> to memref<1xf32, strided<[1], offset: 5>>
  linalg.fill ins(%zero : f32) outs(%high2 : memref<1xf32, strided<[1], offset: 5>>)
  %inside2 = memref.subview %q[1] [4] [1] : memref<6xf32> to memref<4xf32, strided<[1], offset: 1>>
  linalg.log ins(%x : memref<4xf32>) outs(%inside2 : memref<4xf32, strided<[1], offset: 1>>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%q : memref<6xf32>) outs(%z : memref<6xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// The second buffer holds what is computed from the first one: one kernel may
// come to do both, so that they share no memory.
// CHECK-LABEL: func.func @chain(
// CHECK-SAME:    %[[P:[a-z0-9]+]]: memref<6xf32> {plan.persistent = 0 : i64}, %[[Q:[a-z0-9]+]]: memref<6xf32> {plan.persistent = 1 : i64})
// CHECK:         linalg.generic {{.*}} ins(%[[P]], %{{.+}} : memref<6xf32>, memref<3xf32>)
// CHECK:         %[[INSIDE:.+]] = memref.subview %[[Q]][1] [4] [1]
// CHECK:         linalg.exp {{.*}} outs(%[[INSIDE]]
func.func @chain(%x: memref<4xf32>, %w3: memref<3xf32>, %z: memref<6xf32>) {
  %zero = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<6xf32>
  %low = memref.subview %p[0] [1] [1] : memref<6xf32> to memref<1xf32, strided<[1]>>
  linalg.fill ins(%zero : f32) outs(%low : memref<1xf32, strided<[1]>>)
  %inside = memref.subview %p[1] [4] [1] : memref<6xf32> to memref<4xf32, strided<[1], offset: 1>>
  linalg.exp ins(%x : memref<4xf32>) outs(%inside : memref<4xf32, strided<[1], offset: 1>>)
  %y = memref.alloc() : memref<4xf32>
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i + j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%p, %w3 : memref<6xf32>, memref<3xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  %q = memref.alloc() : memref<6xf32>
  %low2 = memref.subview %q[0] [1] [1] : memref<6xf32> to memref<1xf32, strided<[1]>>
  linalg.fill ins(%zero : f32) outs(%low2 : memref<1xf32, strided<[1]>>)
  %inside2 = memref.subview %q[1] [4] [1] : memref<6xf32> to memref<4xf32, strided<[1], offset: 1>>
  linalg.exp ins(%y : memref<4xf32>) outs(%inside2 : memref<4xf32, strided<[1], offset: 1>>)
  linalg.copy ins(%q : memref<6xf32>) outs(%z : memref<6xf32>)
  return
}

// Another product is added to the one that reads the first buffer: all three may become
// one kernel, so that the second buffer is another one.
// CHECK-LABEL: func.func @added(
// CHECK-SAME:    plan.persistent = 0 : i64}, %{{.+}}: memref<6xf32> {plan.persistent = 1 : i64})
func.func @added(%x: memref<4xf32>, %w3: memref<3xf32>, %z: memref<6xf32>) {
  %zero = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<6xf32>
  %low = memref.subview %p[0] [1] [1] : memref<6xf32> to memref<1xf32, strided<[1]>>
  linalg.fill ins(%zero : f32) outs(%low : memref<1xf32, strided<[1]>>)
  %inside = memref.subview %p[1] [4] [1] : memref<6xf32> to memref<4xf32, strided<[1], offset: 1>>
  linalg.exp ins(%x : memref<4xf32>) outs(%inside : memref<4xf32, strided<[1], offset: 1>>)
  %y = memref.alloc() : memref<4xf32>
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i + j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%p, %w3 : memref<6xf32>, memref<3xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%x, %w3 : memref<4xf32>, memref<3xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  %q = memref.alloc() : memref<6xf32>
  %low2 = memref.subview %q[0] [1] [1] : memref<6xf32> to memref<1xf32, strided<[1]>>
  linalg.fill ins(%zero : f32) outs(%low2 : memref<1xf32, strided<[1]>>)
  %inside2 = memref.subview %q[1] [4] [1] : memref<6xf32> to memref<4xf32, strided<[1], offset: 1>>
  linalg.exp ins(%y : memref<4xf32>) outs(%inside2 : memref<4xf32, strided<[1], offset: 1>>)
  linalg.copy ins(%q : memref<6xf32>) outs(%z : memref<6xf32>)
  return
}

// The first fill is overwritten in part and stays; the other one does not.
// CHECK-LABEL: func.func @overwritten(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>, %[[Y:[a-z0-9]+]]: memref<6xf32>, %[[P:[a-z0-9]+]]: memref<6xf32> {plan.persistent = 0 : i64})
// CHECK:         %[[LOW:.+]] = memref.subview %[[P]][0] [2] [1]
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[LOW]]
// CHECK-NOT:     linalg.fill
// CHECK-LABEL: func.func @overwritten.constants(
// CHECK:         memref.subview %{{.+}}[5] [1] [1]
// CHECK:         linalg.fill
// CHECK-NOT:     linalg.fill
func.func @overwritten(%x: memref<4xf32>, %y: memref<6xf32>) {
  %zero = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<6xf32>
  %low = memref.subview %p[0] [2] [1] : memref<6xf32> to memref<2xf32, strided<[1]>>
  linalg.fill ins(%zero : f32) outs(%low : memref<2xf32, strided<[1]>>)
  %high = memref.subview %p[5] [1] [1] : memref<6xf32> to memref<1xf32, strided<[1], offset: 5>>
  linalg.fill ins(%zero : f32) outs(%high : memref<1xf32, strided<[1], offset: 5>>)
  %inside = memref.subview %p[1] [4] [1] : memref<6xf32> to memref<4xf32, strided<[1], offset: 1>>
  linalg.exp ins(%x : memref<4xf32>) outs(%inside : memref<4xf32, strided<[1], offset: 1>>)
  linalg.copy ins(%p : memref<6xf32>) outs(%y : memref<6xf32>)
  return
}

// What starts a sum is overwritten as a whole.
// CHECK-LABEL: func.func @sum(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>, %[[Y:[a-z0-9]+]]: memref<f32>)
// CHECK:         %[[S:.+]] = memref.alloc
// CHECK-NEXT:    linalg.fill ins(%{{.+}} : f32) outs(%[[S]] : memref<f32>)
// CHECK-NEXT:    linalg.reduce {{.*}} ins(%[[X]] : memref<4xf32>) outs(%[[S]] : memref<f32>)
// CHECK-NOT:   func.func @sum.constants
func.func @sum(%x: memref<4xf32>, %y: memref<f32>) {
  %zero = arith.constant 0.0 : f32
  %s = memref.alloc() : memref<f32>
  linalg.fill ins(%zero : f32) outs(%s : memref<f32>)
  linalg.reduce { arith.addf } ins(%x : memref<4xf32>) outs(%s : memref<f32>) dimensions = [0]
  linalg.copy ins(%s : memref<f32>) outs(%y : memref<f32>)
  return
}
