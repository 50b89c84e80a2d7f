// Which kernels are launched together because they work on the same rows.

// RUN: pdq-opt %s --pdq-outline-kernels=absorb-fills --cse --pdq-fuse-kernels="elementwise=false contractions=false groups=false" | FileCheck %s
// RUN: pdq-opt %s --pdq-outline-kernels=absorb-fills --cse --pdq-fuse-kernels="elementwise=false contractions=false groups=false" --pdq-emit-gpu-kernels | FileCheck %s --check-prefix=EMIT

#id = affine_map<(n, c) -> (n, c)>
#row = affine_map<(n, c) -> (n)>
#t = affine_map<(n, c) -> (c, n)>
#one = affine_map<() -> ()>

// An elementwise operation, and the sum over what it computes, which is not stored.
// CHECK-LABEL: plan.program @sum_of_squares(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x256xf32>, %[[S:[a-z0-9]+]]: memref<64xf32>)
// CHECK:         %[[T:.+]] = memref.alloc
// CHECK:         plan.launch @fused_[[$SUM:[0-9a-f]+]](%[[X]], %[[T]], %[[S]])
// CHECK-NEXT:    plan.return
func.func @sum_of_squares(%x: memref<64x256xf32>, %s: memref<64xf32>) {
  %zero = arith.constant 0.0 : f32
  %y = memref.alloc() : memref<64x256xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : memref<64x256xf32>) outs(%y : memref<64x256xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.mulf %a, %a : f32
    linalg.yield %m : f32
  }
  linalg.fill ins(%zero : f32) outs(%s : memref<64xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
    ins(%y : memref<64x256xf32>) outs(%s : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.addf %o, %a : f32
    linalg.yield %m : f32
  }
  return
}

// The columns of another kernel's rows are not of the block: two launches.
// CHECK-LABEL: plan.program @transposed(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<256x256xf32>, %[[Y:[a-z0-9]+]]: memref<256x256xf32>, %[[S:[a-z0-9]+]]: memref<256xf32>)
// CHECK:         plan.launch @generic_{{[0-9a-f]+}}(%[[X]], %[[Y]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[Y]], %[[S]])
// CHECK-NEXT:    plan.return
func.func @transposed(%x: memref<256x256xf32>, %y: memref<256x256xf32>, %s: memref<256xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : memref<256x256xf32>) outs(%y : memref<256x256xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.mulf %a, %a : f32
    linalg.yield %m : f32
  }
  linalg.fill ins(%zero : f32) outs(%s : memref<256xf32>)
  linalg.generic {indexing_maps = [#t, #row], iterator_types = ["parallel", "reduction"]}
    ins(%y : memref<256x256xf32>) outs(%s : memref<256xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.addf %o, %a : f32
    linalg.yield %m : f32
  }
  return
}

// What is small is done by one block, also where one reads the other through a view
// of its memory: that stays in memory.
// CHECK-LABEL: plan.program @small(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x4xf32>, %[[N:[a-z0-9]+]]: memref<f32>, %[[Y:[a-z0-9]+]]: memref<8xf32>, %[[M:[a-z0-9]+]]: memref<f32>)
// CHECK:         %[[T:.+]] = memref.alloc
// CHECK:         %[[V:.+]] = memref.collapse_shape %[[T]]
// CHECK-NEXT:    plan.launch @fused_[[$SMALL:[0-9a-f]+]](%[[X]], %[[T]], %[[V]], %[[Y]], %[[N]], %[[M]])
// CHECK-NEXT:    plan.return
func.func @small(%x: memref<2x4xf32>, %n: memref<f32>, %y: memref<8xf32>, %m: memref<f32>) {
  %t = memref.alloc() : memref<2x4xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : memref<2x4xf32>) outs(%t : memref<2x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  %v = memref.collapse_shape %t [[0, 1]] : memref<2x4xf32> into memref<8xf32>
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%v : memref<8xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#one, #one], iterator_types = []}
    ins(%n : memref<f32>) outs(%m : memref<f32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %a : f32
    linalg.yield %r : f32
  }
  return
}

// Transpositions have other rows: only the sum goes up to what it reads.
// CHECK-LABEL: plan.program @others(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<128x256xf32>, %[[Y:[a-z0-9]+]]: memref<128x256xf32>, %[[T:[a-z0-9]+]]: memref<256x128xf32>, %[[S:[a-z0-9]+]]: memref<128xf32>)
// CHECK:         plan.launch @fused_[[$OTHERS:[0-9a-f]+]](%[[X]], %[[Y]], %[[S]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[Y]], %[[T]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[T]], %[[Y]])
// CHECK-NEXT:    plan.return
func.func @others(%x: memref<128x256xf32>, %y: memref<128x256xf32>, %t: memref<256x128xf32>, %s: memref<128xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : memref<128x256xf32>) outs(%y : memref<128x256xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.mulf %a, %a : f32
    linalg.yield %m : f32
  }
  linalg.generic {indexing_maps = [#t, #id], iterator_types = ["parallel", "parallel"]}
    ins(%y : memref<128x256xf32>) outs(%t : memref<256x128xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
    ins(%y : memref<128x256xf32>) outs(%s : memref<128xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.addf %o, %a : f32
    linalg.yield %m : f32
  }
  linalg.generic {indexing_maps = [#t, #id], iterator_types = ["parallel", "parallel"]}
    ins(%t : memref<256x128xf32>) outs(%y : memref<128x256xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// Rows of ten classes are short, but a launch takes longer than all of them.
// CHECK-LABEL: plan.program @short(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<32x10xf32>, %[[MAX:[a-z0-9]+]]: memref<32xf32>, %[[Y:[a-z0-9]+]]: memref<32x10xf32>)
// CHECK:         plan.launch @fused_[[$SHORT:[0-9a-f]+]](%[[X]], %[[MAX]], %[[Y]])
// CHECK-NEXT:    plan.return
func.func @short(%x: memref<32x10xf32>, %max: memref<32xf32>, %y: memref<32x10xf32>) {
  %lowest = arith.constant 0xFF800000 : f32
  linalg.fill ins(%lowest : f32) outs(%max : memref<32xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<32x10xf32>) outs(%max : memref<32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %o, %a : f32
    linalg.yield %m : f32
  }
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x, %max : memref<32x10xf32>, memref<32xf32>) outs(%y : memref<32x10xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  }
  return
}

// Rows with their sums behind one product, others behind another one: both products
// take theirs along.
// CHECK-LABEL: plan.program @products(
// CHECK-SAME:    %[[L:[a-z0-9]+]]: memref<64x32xf32>, %[[M:[a-z0-9]+]]: memref<64x32xf32>, %[[W:[a-z0-9]+]]: memref<32x256xf32>, %[[X:[a-z0-9]+]]: memref<64x256xf32>, %[[S:[a-z0-9]+]]: memref<64xf32>, %[[B:[a-z0-9]+]]: memref<64x256xf32>)
// CHECK:         %[[P:.+]] = memref.alloc
// CHECK:         %[[Q:.+]] = memref.alloc
// CHECK:         plan.launch @generic_{{[0-9a-f]+}}(%[[L]], %[[W]], %[[P]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[M]], %[[W]], %[[Q]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[P]], %[[X]], %[[S]])
// CHECK-NEXT:    plan.launch @generic_{{[0-9a-f]+}}(%[[Q]], %[[X]], %[[B]])
// CHECK-NEXT:    plan.return
func.func @products(%l: memref<64x32xf32>, %m: memref<64x32xf32>, %w: memref<32x256xf32>, %x: memref<64x256xf32>, %s: memref<64xf32>, %b: memref<64x256xf32>) {
  %zero = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<64x256xf32>
  %q = memref.alloc() : memref<64x256xf32>
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%l, %w : memref<64x32xf32>, memref<32x256xf32>) outs(%p : memref<64x256xf32>) {
  ^bb0(%c: f32, %d: f32, %o: f32):
    %t = arith.mulf %c, %d : f32
    %u = arith.addf %o, %t : f32
    linalg.yield %u : f32
  }
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%m, %w : memref<64x32xf32>, memref<32x256xf32>) outs(%q : memref<64x256xf32>) {
  ^bb0(%c: f32, %d: f32, %o: f32):
    %t = arith.mulf %c, %d : f32
    %u = arith.addf %o, %t : f32
    linalg.yield %u : f32
  }
  linalg.fill ins(%zero : f32) outs(%s : memref<64xf32>)
  linalg.generic {indexing_maps = [#id, #id, #row], iterator_types = ["parallel", "reduction"]}
    ins(%p, %x : memref<64x256xf32>, memref<64x256xf32>) outs(%s : memref<64xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %d = arith.subf %a, %c : f32
    %t = arith.addf %o, %d : f32
    linalg.yield %t : f32
  }
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%q, %x : memref<64x256xf32>, memref<64x256xf32>) outs(%b : memref<64x256xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %d = arith.subf %a, %c : f32
    linalg.yield %d : f32
  }
  return
}

// What one block does, in the order of the launches; 0 loops of rows where one block
// does everything.
// CHECK:       plan.kernel @fused_[[$SUM]](%[[X:[a-z0-9]+]]: memref<64x256xf32>, %[[T:[a-z0-9]+]]: memref<64x256xf32> {plan.register_only}, %[[S:[a-z0-9]+]]: memref<64xf32>) rows(1)
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : memref<64x256xf32>) outs(%[[T]] : memref<64x256xf32>)
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[S]] : memref<64xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[T]] : memref<64x256xf32>) outs(%[[S]] : memref<64xf32>)

// CHECK:       plan.kernel @fused_[[$SMALL]](%[[X:[a-z0-9]+]]: memref<2x4xf32>, %[[T:[a-z0-9]+]]: memref<2x4xf32>, %[[V:[a-z0-9]+]]: memref<8xf32>, %[[Y:[a-z0-9]+]]: memref<8xf32>, %[[N:[a-z0-9]+]]: memref<f32>, %[[M:[a-z0-9]+]]: memref<f32>) rows(0)
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : memref<2x4xf32>) outs(%[[T]] : memref<2x4xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[V]] : memref<8xf32>) outs(%[[Y]] : memref<8xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[N]] : memref<f32>) outs(%[[M]] : memref<f32>)

// CHECK:       plan.kernel @fused_[[$OTHERS]](%[[X:[a-z0-9]+]]: memref<128x256xf32>, %[[Y:[a-z0-9]+]]: memref<128x256xf32>, %[[S:[a-z0-9]+]]: memref<128xf32>) rows(1)
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : memref<128x256xf32>) outs(%[[Y]] : memref<128x256xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[Y]] : memref<128x256xf32>) outs(%[[S]] : memref<128xf32>)

// CHECK:       plan.kernel @fused_[[$SHORT]](%[[X:[a-z0-9]+]]: memref<32x10xf32>, %[[MAX:[a-z0-9]+]]: memref<32xf32>, %[[Y:[a-z0-9]+]]: memref<32x10xf32>) rows(1)
// CHECK:         linalg.fill ins(%{{.+}} : f32) outs(%[[MAX]] : memref<32xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : memref<32x10xf32>) outs(%[[MAX]] : memref<32xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[X]], %[[MAX]] : memref<32x10xf32>, memref<32xf32>) outs(%[[Y]] : memref<32x10xf32>)

// 64 rows of 64 vectors: each value is loaded once and never stored.
// EMIT:      plan.kernel @fused_{{.*}}plan.register_only
// EMIT-SAME:   form(rows) launch(<grid = [64, 1, 1], block = [64, 1, 1]>)
// EMIT:        scf.for
// EMIT:          vector.load
// EMIT-NOT:      vector.load
// EMIT-NOT:      vector.store
// EMIT:          scf.yield
// EMIT:        gpu.barrier
