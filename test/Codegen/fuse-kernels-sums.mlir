// Products take along the sums over what their result becomes: rows' partial sums
// become those of the product's blocks.

// RUN: pdq-opt %s --pdq-fuse-kernels="elementwise=false rows=false groups=false" | FileCheck %s
// RUN: pdq-opt %s --pdq-fuse-kernels="elementwise=false rows=false groups=false" | pdq-opt --pdq-emit-gpu-kernels | FileCheck %s --check-prefix=EMIT

#id = affine_map<(n, p, c) -> (n, p, c)>
#row = affine_map<(n, p, c) -> (n)>
#lhs = affine_map<(n, p, c, k) -> (n, p, k)>
#rhs = affine_map<(n, p, c, k) -> (k, c)>
#out = affine_map<(n, p, c, k) -> (n, p, c)>
#one = affine_map<(n) -> (n)>
#all = affine_map<(n) -> ()>

// 4 images of 50 pixels are 200 rows, 4 tiles of 64; 48 channels are 3 tiles of 16.
// The last launch sums 12 numbers up, not 4.
// CHECK:       #[[$BLOCK:map[0-9]*]] = affine_map<(d0, d1, d2) -> (((d0 * 50 + d1) floordiv 64) * 3 + d2 floordiv 16)>
// CHECK-LABEL: plan.program @sums(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x50x32xf32>, %[[W:[a-z0-9]+]]: memref<32x48xf32>, %[[Y:[a-z0-9]+]]: memref<4x50x48xf32>, %[[S:[a-z0-9]+]]: memref<f32>)
// CHECK:         %[[T:.+]] = memref.alloc() : memref<4x50x48xf32>
// CHECK:         %[[PARTS:.+]] = memref.alloc() : memref<12xf32>
// CHECK:         plan.launch @fused_[[$JOINED:[0-9a-f]+]](%[[X]], %[[W]], %[[T]], %[[Y]], %[[PARTS]])
// CHECK-NEXT:    plan.launch @fused_[[$LAST:[0-9a-f]+]](%[[PARTS]], %[[S]])
// CHECK-NEXT:    plan.return
plan.program @sums(%x: memref<4x50x32xf32>, %w: memref<32x48xf32>, %y: memref<4x50x48xf32>, %s: memref<f32>) {
  %t = memref.alloc() : memref<4x50x48xf32>
  %parts = memref.alloc() : memref<4xf32>
  plan.launch @product(%x, %w, %t) : memref<4x50x32xf32>, memref<32x48xf32>, memref<4x50x48xf32>
  plan.launch @rows(%t, %y, %parts) : memref<4x50x48xf32>, memref<4x50x48xf32>, memref<4xf32>
  plan.launch @last(%parts, %s) : memref<4xf32>, memref<f32>
  plan.return
}

// Somebody reads the sum of each row.
// CHECK-LABEL: plan.program @needs_rows(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x50x32xf32>, %[[W:[a-z0-9]+]]: memref<32x48xf32>, %[[Y:[a-z0-9]+]]: memref<4x50x48xf32>, %[[S:[a-z0-9]+]]: memref<4xf32>)
// CHECK:         %[[T:.+]] = memref.alloc() : memref<4x50x48xf32>
// CHECK:         %[[ROWS:.+]] = memref.alloc() : memref<4xf32>
// CHECK:         plan.launch @product(%[[X]], %[[W]], %[[T]])
// CHECK-NEXT:    plan.launch @rows(%[[T]], %[[Y]], %[[ROWS]])
// CHECK-NEXT:    plan.launch @square(%[[ROWS]], %[[S]])
plan.program @needs_rows(%x: memref<4x50x32xf32>, %w: memref<32x48xf32>, %y: memref<4x50x48xf32>, %s: memref<4xf32>) {
  %t = memref.alloc() : memref<4x50x48xf32>
  %parts = memref.alloc() : memref<4xf32>
  plan.launch @product(%x, %w, %t) : memref<4x50x32xf32>, memref<32x48xf32>, memref<4x50x48xf32>
  plan.launch @rows(%t, %y, %parts) : memref<4x50x48xf32>, memref<4x50x48xf32>, memref<4xf32>
  plan.launch @square(%parts, %s) : memref<4xf32>, memref<4xf32>
  plan.return
}

// The partial sums go to memory of the caller, whose size stays.
// CHECK-LABEL: plan.program @given(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x50x32xf32>, %[[W:[a-z0-9]+]]: memref<32x48xf32>, %[[Y:[a-z0-9]+]]: memref<4x50x48xf32>, %[[S:[a-z0-9]+]]: memref<4xf32>)
// CHECK:         %[[T:.+]] = memref.alloc() : memref<4x50x48xf32>
// CHECK:         plan.launch @product(%[[X]], %[[W]], %[[T]])
// CHECK-NEXT:    plan.launch @rows(%[[T]], %[[Y]], %[[S]])
plan.program @given(%x: memref<4x50x32xf32>, %w: memref<32x48xf32>, %y: memref<4x50x48xf32>, %s: memref<4xf32>) {
  %t = memref.alloc() : memref<4x50x48xf32>
  plan.launch @product(%x, %w, %t) : memref<4x50x32xf32>, memref<32x48xf32>, memref<4x50x48xf32>
  plan.launch @rows(%t, %y, %s) : memref<4x50x48xf32>, memref<4x50x48xf32>, memref<4xf32>
  plan.return
}

// CHECK:      plan.kernel @fused_[[$LAST]](%{{.+}}: memref<12xf32>
// CHECK:      plan.kernel @fused_[[$JOINED]](%[[X:[a-z0-9]+]]: memref<4x50x32xf32> {{.*}}, %[[W:[a-z0-9]+]]: memref<32x48xf32> {{.*}}, %[[T:[a-z0-9]+]]: memref<4x50x48xf32> {{{.*}}plan.register_only}, %[[Y:[a-z0-9]+]]: memref<4x50x48xf32> {{.*}}, %[[PARTS:[a-z0-9]+]]: memref<12xf32>
// CHECK-SAME:     tile(<64x16x32>)
// CHECK:        linalg.fill ins(%{{.+}} : f32) outs(%[[T]] :
// CHECK:        linalg.generic {{.*}} ins(%[[X]], %[[W]] : {{.*}}) outs(%[[T]] :
// CHECK:        linalg.generic {{.*}} ins(%[[T]] : memref<4x50x48xf32>) outs(%[[Y]] : memref<4x50x48xf32>)
// CHECK:          arith.maximumf
// CHECK:        linalg.fill ins(%{{.+}} : f32) outs(%[[PARTS]] : memref<12xf32>)
// CHECK:        linalg.generic {{.*}}#[[$BLOCK]]], iterator_types = ["reduction", "reduction", "reduction"]} ins(%[[Y]] : memref<4x50x48xf32>) outs(%[[PARTS]] : memref<12xf32>)

// EMIT-LABEL: plan.kernel @fused_{{.+}}memref<12xf32>{{.+}}form(matrix)
// EMIT:         nvvm.mma.sync
// EMIT:         %[[PARTS:.+]] = scf.for {{.*}} -> (vector<4xf32>)
// EMIT:           arith.maximumf {{.*}} : vector<4xf32>
// EMIT:           vector.store {{.*}} : memref<9600xf32>, vector<4xf32>
// EMIT:         vector.extract %[[PARTS]][0]
// EMIT:         gpu.barrier
// EMIT:         memref.store {{.*}} : memref<12xf32>

plan.kernel @product(%x: memref<4x50x32xf32> {llvm.align = 16 : i64}, %w: memref<32x48xf32> {llvm.align = 16 : i64}, %t: memref<4x50x48xf32> {llvm.align = 16 : i64}) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%t : memref<4x50x48xf32>)
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<4x50x32xf32>, memref<32x48xf32>) outs(%t : memref<4x50x48xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  plan.return
}
plan.kernel @rows(%t: memref<4x50x48xf32> {llvm.align = 16 : i64}, %y: memref<4x50x48xf32> {llvm.align = 16 : i64}, %parts: memref<4xf32> {llvm.align = 16 : i64}) rows(1) {
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%t : memref<4x50x48xf32>) outs(%y : memref<4x50x48xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  }
  linalg.fill ins(%zero : f32) outs(%parts : memref<4xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction", "reduction"]}
    ins(%y : memref<4x50x48xf32>) outs(%parts : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  plan.return
}
plan.kernel @last(%parts: memref<4xf32> {llvm.align = 16 : i64}, %s: memref<f32> {llvm.align = 16 : i64}) rows(0) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%s : memref<f32>)
  linalg.generic {indexing_maps = [#one, #all], iterator_types = ["reduction"]}
    ins(%parts : memref<4xf32>) outs(%s : memref<f32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.addf %o, %a : f32
    linalg.yield %m : f32
  }
  plan.return
}
plan.kernel @square(%parts: memref<4xf32> {llvm.align = 16 : i64}, %s: memref<4xf32> {llvm.align = 16 : i64}) {
  linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]}
    ins(%parts : memref<4xf32>) outs(%s : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.mulf %a, %a : f32
    linalg.yield %m : f32
  }
  plan.return
}
