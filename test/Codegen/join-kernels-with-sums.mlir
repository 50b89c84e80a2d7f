// Products take along the sums over what their result becomes: rows' partial sums
// become those of the product's blocks.

// RUN: pdq-opt %s --pdq-join-kernels | FileCheck %s
// RUN: pdq-opt %s --pdq-join-kernels | pdq-opt --pdq-emit-gpu-kernels | FileCheck %s --check-prefix=EMIT

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
// CHECK-LABEL: func.func @sums(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x50x32xf32>, %[[W:[a-z0-9]+]]: memref<32x48xf32>, %[[Y:[a-z0-9]+]]: memref<4x50x48xf32>, %[[S:[a-z0-9]+]]: memref<f32>)
// CHECK:         %[[T:.+]] = memref.alloc() : memref<4x50x48xf32>
// CHECK:         %[[PARTS:.+]] = memref.alloc() : memref<12xf32>
// CHECK:         call @joined_[[$JOINED:[0-9a-f]+]](%[[X]], %[[W]], %[[T]], %[[Y]], %[[PARTS]],
// CHECK-NEXT:    call @joined_[[$LAST:[0-9a-f]+]](%[[PARTS]], %[[S]],
// CHECK-NEXT:    return
func.func @sums(%x: memref<4x50x32xf32>, %w: memref<32x48xf32>, %y: memref<4x50x48xf32>, %s: memref<f32>) {
  %c0 = arith.constant 0 : index
  %t = memref.alloc() : memref<4x50x48xf32>
  %parts = memref.alloc() : memref<4xf32>
  call @product(%x, %w, %t, %c0, %c0) : (memref<4x50x32xf32>, memref<32x48xf32>, memref<4x50x48xf32>, index, index) -> ()
  call @rows(%t, %y, %parts, %c0, %c0) : (memref<4x50x48xf32>, memref<4x50x48xf32>, memref<4xf32>, index, index) -> ()
  call @last(%parts, %s, %c0, %c0) : (memref<4xf32>, memref<f32>, index, index) -> ()
  return
}

// Somebody reads the sum of each row.
// CHECK-LABEL: func.func @needs_rows(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x50x32xf32>, %[[W:[a-z0-9]+]]: memref<32x48xf32>, %[[Y:[a-z0-9]+]]: memref<4x50x48xf32>, %[[S:[a-z0-9]+]]: memref<4xf32>)
// CHECK:         %[[T:.+]] = memref.alloc() : memref<4x50x48xf32>
// CHECK:         %[[ROWS:.+]] = memref.alloc() : memref<4xf32>
// CHECK:         call @product(%[[X]], %[[W]], %[[T]],
// CHECK-NEXT:    call @rows(%[[T]], %[[Y]], %[[ROWS]],
// CHECK-NEXT:    call @square(%[[ROWS]], %[[S]],
func.func @needs_rows(%x: memref<4x50x32xf32>, %w: memref<32x48xf32>, %y: memref<4x50x48xf32>, %s: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %t = memref.alloc() : memref<4x50x48xf32>
  %parts = memref.alloc() : memref<4xf32>
  call @product(%x, %w, %t, %c0, %c0) : (memref<4x50x32xf32>, memref<32x48xf32>, memref<4x50x48xf32>, index, index) -> ()
  call @rows(%t, %y, %parts, %c0, %c0) : (memref<4x50x48xf32>, memref<4x50x48xf32>, memref<4xf32>, index, index) -> ()
  call @square(%parts, %s, %c0, %c0) : (memref<4xf32>, memref<4xf32>, index, index) -> ()
  return
}

// The partial sums go to memory of the caller, whose size stays.
// CHECK-LABEL: func.func @given(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x50x32xf32>, %[[W:[a-z0-9]+]]: memref<32x48xf32>, %[[Y:[a-z0-9]+]]: memref<4x50x48xf32>, %[[S:[a-z0-9]+]]: memref<4xf32>)
// CHECK:         %[[T:.+]] = memref.alloc() : memref<4x50x48xf32>
// CHECK:         call @product(%[[X]], %[[W]], %[[T]],
// CHECK-NEXT:    call @rows(%[[T]], %[[Y]], %[[S]],
func.func @given(%x: memref<4x50x32xf32>, %w: memref<32x48xf32>, %y: memref<4x50x48xf32>, %s: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %t = memref.alloc() : memref<4x50x48xf32>
  call @product(%x, %w, %t, %c0, %c0) : (memref<4x50x32xf32>, memref<32x48xf32>, memref<4x50x48xf32>, index, index) -> ()
  call @rows(%t, %y, %s, %c0, %c0) : (memref<4x50x48xf32>, memref<4x50x48xf32>, memref<4xf32>, index, index) -> ()
  return
}

// CHECK:      func.func private @joined_[[$LAST]](%{{.+}}: memref<12xf32>
// CHECK:      func.func private @joined_[[$JOINED]](%[[X:[a-z0-9]+]]: memref<4x50x32xf32> {{.*}}, %[[W:[a-z0-9]+]]: memref<32x48xf32> {{.*}}, %[[T:[a-z0-9]+]]: memref<4x50x48xf32> {{{.*}}pdq.unstored}, %[[Y:[a-z0-9]+]]: memref<4x50x48xf32> {{.*}}, %[[PARTS:[a-z0-9]+]]: memref<12xf32>
// CHECK-SAME:     pdq.tile = array<i64: 64, 16, 32>
// CHECK:        linalg.fill ins(%{{.+}} : f32) outs(%[[T]] :
// CHECK:        linalg.generic {{.*}} ins(%[[X]], %[[W]] : {{.*}}) outs(%[[T]] :
// CHECK:        linalg.generic {{.*}} ins(%[[T]] : memref<4x50x48xf32>) outs(%[[Y]] : memref<4x50x48xf32>)
// CHECK:          arith.maximumf
// CHECK:        linalg.fill ins(%{{.+}} : f32) outs(%[[PARTS]] : memref<12xf32>)
// CHECK:        linalg.generic {{.*}}#[[$BLOCK]]], iterator_types = ["reduction", "reduction", "reduction"]} ins(%[[Y]] : memref<4x50x48xf32>) outs(%[[PARTS]] : memref<12xf32>)

// EMIT-LABEL: func.func private @joined_{{.+}}memref<12xf32>{{.+}}pdq.form = "matrix"
// EMIT:         nvvm.mma.sync
// EMIT:         %[[PARTS:.+]] = scf.for {{.*}} -> (vector<4xf32>)
// EMIT:           arith.maximumf {{.*}} : vector<4xf32>
// EMIT:           vector.store {{.*}} : memref<9600xf32>, vector<4xf32>
// EMIT:         vector.extract %[[PARTS]][0]
// EMIT:         gpu.barrier
// EMIT:         memref.store {{.*}} : memref<12xf32>

func.func private @product(%x: memref<4x50x32xf32> {llvm.align = 16 : i64}, %w: memref<32x48xf32> {llvm.align = 16 : i64},
                           %t: memref<4x50x48xf32> {llvm.align = 16 : i64}, %begin: index, %end: index) attributes {pdq.kernel} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%t : memref<4x50x48xf32>)
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<4x50x32xf32>, memref<32x48xf32>) outs(%t : memref<4x50x48xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  return
}
func.func private @rows(%t: memref<4x50x48xf32> {llvm.align = 16 : i64}, %y: memref<4x50x48xf32> {llvm.align = 16 : i64},
                        %parts: memref<4xf32> {llvm.align = 16 : i64}, %begin: index, %end: index) attributes {pdq.kernel, pdq.rows = 1 : i64} {
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
  return
}
func.func private @last(%parts: memref<4xf32> {llvm.align = 16 : i64}, %s: memref<f32> {llvm.align = 16 : i64},
                        %begin: index, %end: index) attributes {pdq.kernel, pdq.rows = 0 : i64} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%s : memref<f32>)
  linalg.generic {indexing_maps = [#one, #all], iterator_types = ["reduction"]}
    ins(%parts : memref<4xf32>) outs(%s : memref<f32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.addf %o, %a : f32
    linalg.yield %m : f32
  }
  return
}
func.func private @square(%parts: memref<4xf32> {llvm.align = 16 : i64}, %s: memref<4xf32> {llvm.align = 16 : i64},
                          %begin: index, %end: index) attributes {pdq.kernel} {
  linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]}
    ins(%parts : memref<4xf32>) outs(%s : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.mulf %a, %a : f32
    linalg.yield %m : f32
  }
  return
}
