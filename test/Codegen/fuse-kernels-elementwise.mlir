// Which elementwise kernels become one, and what must stay apart.

// RUN: pdq-opt %s --pdq-outline-kernels=absorb-fills --cse --pdq-fuse-kernels="rows=false contractions=false groups=false" | FileCheck %s

#id = affine_map<(i) -> (i)>
#one = affine_map<(i) -> ()>
#reverse = affine_map<(i, j) -> (j, i)>
#plain = affine_map<(i, j) -> (i, j)>
#none = affine_map<() -> ()>

// The temporary in between is not stored, and %x is read once.
// CHECK-LABEL: plan.program @chain(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8192xf32>, %[[Y:[a-z0-9]+]]: memref<8192xf32>)
// CHECK-NEXT:    memref.alloc
// CHECK-NEXT:    plan.launch @fused_[[$CHAIN:[0-9A-Fa-f]+]](%[[X]], %[[Y]])
// CHECK-NEXT:    plan.return
func.func @chain(%x: memref<8192xf32>, %y: memref<8192xf32>) {
  %t = memref.alloc() : memref<8192xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<8192xf32>) outs(%t : memref<8192xf32>) {
  ^bb0(%a: f32, %o: f32):
    %e = math.exp %a : f32
    linalg.yield %e : f32
  }
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%t, %x : memref<8192xf32>, memref<8192xf32>) outs(%y : memref<8192xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  }
  return
}

// A reduction reads the first result in between: the second operation rises to
// the first, and both results stay.
// CHECK-LABEL: plan.program @rises(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8192xf32>, %[[Y:[a-z0-9]+]]: memref<8192xf32>, %[[Z:[a-z0-9]+]]: memref<8192xf32>, %[[S:[a-z0-9]+]]: memref<f32>)
// CHECK-NEXT:    plan.launch @fused_[[$RISES:[0-9A-Fa-f]+]](%[[X]], %[[Y]], %[[Z]])
// CHECK-NEXT:    plan.launch @reduce_{{.+}}(%[[Y]], %[[S]])
// CHECK-NEXT:    plan.return
func.func @rises(%x: memref<8192xf32>, %y: memref<8192xf32>, %z: memref<8192xf32>, %s: memref<f32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<8192xf32>) outs(%y : memref<8192xf32>) {
  ^bb0(%a: f32, %o: f32):
    %e = math.exp %a : f32
    linalg.yield %e : f32
  }
  linalg.reduce { arith.addf } ins(%y : memref<8192xf32>) outs(%s : memref<f32>) dimensions = [0]
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%y : memref<8192xf32>) outs(%z : memref<8192xf32>) {
  ^bb0(%a: f32, %o: f32):
    %e = arith.negf %a : f32
    linalg.yield %e : f32
  }
  return
}

// The second reads the sum of what the first computes: no place for both.
// CHECK-LABEL: plan.program @needs_sum(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8192xf32>, %[[Y:[a-z0-9]+]]: memref<8192xf32>, %[[Z:[a-z0-9]+]]: memref<8192xf32>, %[[S:[a-z0-9]+]]: memref<f32>)
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[X]], %[[Y]])
// CHECK-NEXT:    plan.launch @reduce_{{.+}}(%[[Y]], %[[S]])
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[Y]], %[[S]], %[[Z]])
// CHECK-NEXT:    plan.return
func.func @needs_sum(%x: memref<8192xf32>, %y: memref<8192xf32>, %z: memref<8192xf32>, %s: memref<f32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<8192xf32>) outs(%y : memref<8192xf32>) {
  ^bb0(%a: f32, %o: f32):
    %e = math.exp %a : f32
    linalg.yield %e : f32
  }
  linalg.reduce { arith.addf } ins(%y : memref<8192xf32>) outs(%s : memref<f32>) dimensions = [0]
  linalg.generic {indexing_maps = [#id, #one, #id], iterator_types = ["parallel"]} ins(%y, %s : memref<8192xf32>, memref<f32>) outs(%z : memref<8192xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %e = arith.divf %a, %b : f32
    linalg.yield %e : f32
  }
  return
}

// The second reads other elements than the first writes.
// CHECK-LABEL: plan.program @transposed(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8x8xf32>, %[[Y:[a-z0-9]+]]: memref<8x8xf32>, %[[Z:[a-z0-9]+]]: memref<8x8xf32>)
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[X]], %[[Y]])
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[Y]], %[[Z]])
// CHECK-NEXT:    plan.return
func.func @transposed(%x: memref<8x8xf32>, %y: memref<8x8xf32>, %z: memref<8x8xf32>) {
  linalg.generic {indexing_maps = [#plain, #plain], iterator_types = ["parallel", "parallel"]} ins(%x : memref<8x8xf32>) outs(%y : memref<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %e = math.exp %a : f32
    linalg.yield %e : f32
  }
  linalg.generic {indexing_maps = [#reverse, #plain], iterator_types = ["parallel", "parallel"]} ins(%y : memref<8x8xf32>) outs(%z : memref<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// The first reads other elements than the second overwrites.
// CHECK-LABEL: plan.program @overwrites(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8x8xf32>, %[[Y:[a-z0-9]+]]: memref<8x8xf32>)
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[X]], %[[Y]])
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[Y]], %[[X]])
// CHECK-NEXT:    plan.return
func.func @overwrites(%x: memref<8x8xf32>, %y: memref<8x8xf32>) {
  linalg.generic {indexing_maps = [#reverse, #plain], iterator_types = ["parallel", "parallel"]} ins(%x : memref<8x8xf32>) outs(%y : memref<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  linalg.generic {indexing_maps = [#plain, #plain], iterator_types = ["parallel", "parallel"]} ins(%y : memref<8x8xf32>) outs(%x : memref<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// Scalars that share nothing: one launch; the stored one is updated in place.
// CHECK-LABEL: plan.program @scalars(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: memref<f32>, %[[B:[a-z0-9]+]]: memref<f32>)
// CHECK-NEXT:    plan.launch @fused_[[$SCALARS:[0-9A-Fa-f]+]](%[[A]], %[[B]])
// CHECK-NEXT:    plan.return
func.func @scalars(%a: memref<f32>, %b: memref<f32>) {
  linalg.generic {indexing_maps = [#none], iterator_types = []} outs(%a : memref<f32>) {
  ^bb0(%o: f32):
    %e = arith.addf %o, %o : f32
    linalg.yield %e : f32
  }
  linalg.generic {indexing_maps = [#none], iterator_types = []} outs(%b : memref<f32>) {
  ^bb0(%o: f32):
    %e = arith.mulf %o, %o : f32
    linalg.yield %e : f32
  }
  return
}

// Large ones that share nothing stay apart.
// CHECK-LABEL: plan.program @strangers(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: memref<8192xf32>, %[[B:[a-z0-9]+]]: memref<8192xf32>)
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[A]])
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[B]])
// CHECK-NEXT:    plan.return
func.func @strangers(%a: memref<8192xf32>, %b: memref<8192xf32>) {
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%a : memref<8192xf32>) {
  ^bb0(%o: f32):
    %e = arith.addf %o, %o : f32
    linalg.yield %e : f32
  }
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%b : memref<8192xf32>) {
  ^bb0(%o: f32):
    %e = arith.mulf %o, %o : f32
    linalg.yield %e : f32
  }
  return
}

// A copy is an elementwise operation; one of a buffer to itself is none.
// CHECK-LABEL: plan.program @copies(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8192xf32>, %[[Y:[a-z0-9]+]]: memref<8192xf32>)
// CHECK-NEXT:    memref.alloc
// CHECK-NEXT:    plan.launch @fused_[[$COPIES:[0-9A-Fa-f]+]](%[[X]], %[[Y]])
// CHECK-NEXT:    plan.return
func.func @copies(%x: memref<8192xf32>, %y: memref<8192xf32>) {
  %t = memref.alloc() : memref<8192xf32>
  linalg.copy ins(%x : memref<8192xf32>) outs(%t : memref<8192xf32>)
  linalg.copy ins(%t : memref<8192xf32>) outs(%t : memref<8192xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%t : memref<8192xf32>) outs(%y : memref<8192xf32>) {
  ^bb0(%a: f32, %o: f32):
    %e = math.exp %a : f32
    linalg.yield %e : f32
  }
  return
}

// Both gather the same rows, into two halves of one buffer: the halves do not meet.
// CHECK-LABEL: plan.program @halves(
// CHECK-SAME:    %[[CACHE:[a-z0-9]+]]: memref<64x128xf32>, %[[INDEX:[a-z0-9]+]]: memref<4xi32>, %[[WHOLE:[a-z0-9]+]]: memref<8x2048xf32>)
// CHECK-DAG:     %[[LOW:.+]] = memref.subview %[[WHOLE]][0, 0]
// CHECK-DAG:     %[[HIGH:.+]] = memref.subview %[[WHOLE]][4, 0]
// CHECK-NEXT:    plan.launch @fused_[[$HALVES:[0-9A-Fa-f]+]](%[[INDEX]], %[[LOW]], %[[CACHE]], %[[HIGH]])
// CHECK-NEXT:    plan.return
func.func @halves(%cache: memref<64x128xf32>, %index: memref<4xi32>, %whole: memref<8x2048xf32>) {
  %a = memref.subview %whole[0, 0] [4, 2048] [1, 1] : memref<8x2048xf32> to memref<4x2048xf32, strided<[2048, 1]>>
  %b = memref.subview %whole[4, 0] [4, 2048] [1, 1] : memref<8x2048xf32> to memref<4x2048xf32, strided<[2048, 1], offset: 8192>>
  linalg.generic {indexing_maps = [affine_map<(n, c) -> (n)>, affine_map<(n, c) -> (n, c)>], iterator_types = ["parallel", "parallel"]}
    ins(%index : memref<4xi32>) outs(%a : memref<4x2048xf32, strided<[2048, 1]>>) {
  ^bb0(%i: i32, %o: f32):
    %n = arith.index_cast %i : i32 to index
    %v = memref.load %cache[%n, %n] : memref<64x128xf32>
    linalg.yield %v : f32
  }
  linalg.generic {indexing_maps = [affine_map<(n, c) -> (n)>, affine_map<(n, c) -> (n, c)>], iterator_types = ["parallel", "parallel"]}
    ins(%index : memref<4xi32>) outs(%b : memref<4x2048xf32, strided<[2048, 1], offset: 8192>>) {
  ^bb0(%i: i32, %o: f32):
    %n = arith.index_cast %i : i32 to index
    %v = memref.load %cache[%n, %n] : memref<64x128xf32>
    %w = arith.negf %v : f32
    linalg.yield %w : f32
  }
  return
}

// Halves that meet in a row stay two launches.
// CHECK-LABEL: plan.program @meeting(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x2048xf32>, %[[WHOLE:[a-z0-9]+]]: memref<8x2048xf32>)
// CHECK-DAG:     %[[LOW:.+]] = memref.subview %[[WHOLE]][0, 0]
// CHECK-DAG:     %[[HIGH:.+]] = memref.subview %[[WHOLE]][3, 0]
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[X]], %[[LOW]])
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[X]], %[[HIGH]])
// CHECK-NEXT:    plan.return
func.func @meeting(%x: memref<4x2048xf32>, %whole: memref<8x2048xf32>) {
  %a = memref.subview %whole[0, 0] [4, 2048] [1, 1] : memref<8x2048xf32> to memref<4x2048xf32, strided<[2048, 1]>>
  %b = memref.subview %whole[3, 0] [4, 2048] [1, 1] : memref<8x2048xf32> to memref<4x2048xf32, strided<[2048, 1], offset: 6144>>
  linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n, c)>], iterator_types = ["parallel", "parallel"]}
    ins(%x : memref<4x2048xf32>) outs(%a : memref<4x2048xf32, strided<[2048, 1]>>) {
  ^bb0(%v: f32, %o: f32):
    linalg.yield %v : f32
  }
  linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n, c)>], iterator_types = ["parallel", "parallel"]}
    ins(%x : memref<4x2048xf32>) outs(%b : memref<4x2048xf32, strided<[2048, 1], offset: 6144>>) {
  ^bb0(%v: f32, %o: f32):
    %w = arith.negf %v : f32
    linalg.yield %w : f32
  }
  return
}

// Each can be the epilogue of a contraction of its own, though they share %x.
// CHECK-LABEL: plan.program @products(
// CHECK-SAME:    %[[L:[a-z0-9]+]]: memref<64x32xf32>, %[[M:[a-z0-9]+]]: memref<64x32xf32>, %[[W:[a-z0-9]+]]: memref<32x128xf32>, %[[X:[a-z0-9]+]]: memref<64x128xf32>, %[[A:[a-z0-9]+]]: memref<64x128xf32>, %[[B:[a-z0-9]+]]: memref<64x128xf32>)
// CHECK:         %[[P:.+]] = memref.alloc
// CHECK-NEXT:    %[[Q:.+]] = memref.alloc
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[L]], %[[W]], %[[P]])
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[M]], %[[W]], %[[Q]])
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[P]], %[[X]], %[[A]])
// CHECK-NEXT:    plan.launch @generic_{{.+}}(%[[Q]], %[[X]], %[[B]])
// CHECK-NEXT:    plan.return
func.func @products(%l: memref<64x32xf32>, %m: memref<64x32xf32>, %w: memref<32x128xf32>, %x: memref<64x128xf32>, %a: memref<64x128xf32>, %b: memref<64x128xf32>) {
  %p = memref.alloc() : memref<64x128xf32>
  %q = memref.alloc() : memref<64x128xf32>
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%l, %w : memref<64x32xf32>, memref<32x128xf32>) outs(%p : memref<64x128xf32>) {
  ^bb0(%c: f32, %d: f32, %o: f32):
    %t = arith.mulf %c, %d : f32
    %s = arith.addf %o, %t : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%m, %w : memref<64x32xf32>, memref<32x128xf32>) outs(%q : memref<64x128xf32>) {
  ^bb0(%c: f32, %d: f32, %o: f32):
    %t = arith.mulf %c, %d : f32
    %s = arith.addf %o, %t : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#plain, #plain, #plain], iterator_types = ["parallel", "parallel"]}
    ins(%p, %x : memref<64x128xf32>, memref<64x128xf32>) outs(%a : memref<64x128xf32>) {
  ^bb0(%c: f32, %d: f32, %o: f32):
    %s = arith.addf %c, %d : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#plain, #plain, #plain], iterator_types = ["parallel", "parallel"]}
    ins(%q, %x : memref<64x128xf32>, memref<64x128xf32>) outs(%b : memref<64x128xf32>) {
  ^bb0(%c: f32, %d: f32, %o: f32):
    %s = arith.subf %c, %d : f32
    linalg.yield %s : f32
  }
  return
}

// CHECK:      plan.kernel @fused_[[$CHAIN]](%[[X:[a-z0-9]+]]: memref<8192xf32>, %[[Y:[a-z0-9]+]]: memref<8192xf32>) {
// CHECK-NEXT:   linalg.generic {{.*}} ins(%[[X]] : memref<8192xf32>) outs(%[[Y]] : memref<8192xf32>) {
// CHECK-NEXT:   ^bb0(%[[A:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:     %[[E:.+]] = math.exp %[[A]]
// CHECK-NEXT:     %[[M:.+]] = arith.mulf %[[E]], %[[A]]
// CHECK-NEXT:     linalg.yield %[[M]] : f32
// CHECK-NEXT:   }
// CHECK-NEXT:   plan.return

// CHECK:      plan.kernel @fused_[[$RISES]](%[[X:[a-z0-9]+]]: memref<8192xf32>, %[[Y:[a-z0-9]+]]: memref<8192xf32>, %[[Z:[a-z0-9]+]]: memref<8192xf32>) {
// CHECK-NEXT:   linalg.generic {{.*}} ins(%[[X]] : memref<8192xf32>) outs(%[[Y]], %[[Z]] : memref<8192xf32>, memref<8192xf32>) {
// CHECK-NEXT:   ^bb0(%[[A:.+]]: f32, %{{.+}}: f32, %{{.+}}: f32):
// CHECK-NEXT:     %[[E:.+]] = math.exp %[[A]]
// CHECK-NEXT:     %[[N:.+]] = arith.negf %[[E]]
// CHECK-NEXT:     linalg.yield %[[E]], %[[N]] : f32, f32

// CHECK:      plan.kernel @fused_[[$SCALARS]](%[[A:[a-z0-9]+]]: memref<f32>, %[[B:[a-z0-9]+]]: memref<f32>) {
// CHECK-NEXT:   linalg.generic {{.*}} outs(%[[A]], %[[B]] : memref<f32>, memref<f32>) {
// CHECK-NEXT:   ^bb0(%[[X:[a-z0-9_]+]]: f32, %[[Y:[a-z0-9_]+]]: f32):
// CHECK-NEXT:     %[[S:.+]] = arith.addf %[[X]], %[[X]]
// CHECK-NEXT:     %[[P:.+]] = arith.mulf %[[Y]], %[[Y]]
// CHECK-NEXT:     linalg.yield %[[S]], %[[P]]

// CHECK:      plan.kernel @fused_[[$COPIES]](%[[X:[a-z0-9]+]]: memref<8192xf32>, %[[Y:[a-z0-9]+]]: memref<8192xf32>) {
// CHECK-NEXT:   linalg.generic {{.*}} ins(%[[X]] : memref<8192xf32>) outs(%[[Y]] : memref<8192xf32>) {
// CHECK-NEXT:   ^bb0(%[[A:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT:     %[[E:.+]] = math.exp %[[A]]
// CHECK-NEXT:     linalg.yield %[[E]] : f32

// Both load the same number, once.
// CHECK:      plan.kernel @fused_[[$HALVES]](%[[INDEX:[a-z0-9]+]]: memref<4xi32>, %[[LOW:[a-z0-9]+]]: memref<4x2048xf32, {{.+}}>, %[[CACHE:[a-z0-9]+]]: memref<64x128xf32>, %[[HIGH:[a-z0-9]+]]: memref<4x2048xf32, {{.+}}>) {
// CHECK-NEXT:   linalg.generic {{.*}} ins(%[[INDEX]] : memref<4xi32>) outs(%[[LOW]], %[[HIGH]] :
// CHECK:          %[[V:.+]] = memref.load %[[CACHE]]
// CHECK-NEXT:     %[[N:.+]] = arith.negf %[[V]]
// CHECK-NEXT:     linalg.yield %[[V]], %[[N]]
