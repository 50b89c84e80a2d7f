// Products on tensor cores: tiles, precisions, chips.

// RUN: pdq-opt %s --pdq-set-target="math=tf32" --pdq-emit-gpu-kernels | FileCheck %s
// RUN: pdq-opt %s --pdq-set-target="math=bf16 chip=sm_90a" --pdq-emit-gpu-kernels --pdq-convert-kernels-to-gpu | FileCheck %s --check-prefix=HOPPER

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (k, n)>
#y = affine_map<(m, n, k) -> (m, n)>

// Two tiles of 64 rows and four of 16 columns keep the most multiprocessors
// busy. Three stages of (64 x 36 + 32 x 24) numbers: 36864 bytes.
// CHECK-LABEL: plan.kernel @small(
// CHECK-SAME:    tile(<64x16x32>) form(matrix) launch(<grid = [8, 1, 1], block = [128, 1, 1]>)
// CHECK-NOT:     shared_bytes
// CHECK:         memref.alloc() {alignment = 16 : i64} : memref<6912xf32, #gpu.address_space<workgroup>>
// CHECK:         memref.alloc() {alignment = 16 : i64} : memref<2304xf32, #gpu.address_space<workgroup>>
// Rows of 16 bytes, terms of x and columns of w.
// CHECK:         nvgpu.device_async_copy {{.*}}, 4, {{.*}} {bypassL1}
// CHECK:         nvvm.mma.sync {{.*}} multiplicandAPtxType = #nvvm.mma_type<tf32>
// The sums go through the memory of the tiles; four columns are stored at once.
// CHECK:         nvgpu.device_async_wait {{.*}} {numGroups = 0 : i32}
// CHECK:         gpu.barrier
// CHECK:         vector.store {{.*}} {alignment = 8 : i64} : memref<6912xf32, #gpu.address_space<workgroup>>, vector<2xf32>
// CHECK:         gpu.barrier
// CHECK:         vector.load {{.*}} {alignment = 16 : i64} : memref<6912xf32, #gpu.address_space<workgroup>>, vector<4xf32>
// CHECK:         vector.store {{.*}} {alignment = 16 : i64} : memref<8192xf32>, vector<4xf32>

// With bf16, rows of 64 terms, 128 bytes. Two stages of (64 + 16) rows.
// HOPPER-LABEL: func.func @caller(
// HOPPER:         gpu.launch_func @kernels::@small blocks in {{.*}} dynamic_shared_memory_size %[[BYTES:.*]] args
// HOPPER:       memref.global @pdq_dynamic_shared : memref<0xi8, #gpu.address_space<workgroup>> {alignment = 1024 : i64}
// HOPPER:       gpu.func @small(
// HOPPER:         %[[BASE:.*]] = memref.get_global @pdq_dynamic_shared
// HOPPER:         memref.view %[[BASE]]{{.*}} to memref<4096xi32, #gpu.address_space<workgroup>>
// HOPPER:         memref.view %[[BASE]]{{.*}} to memref<1024xi32, #gpu.address_space<workgroup>>
// HOPPER:         nvvm.wgmma.mma_async {{.*}} <m = 64, n = 16, k = 16>
plan.kernel @small(%x: memref<128x64xf32> {llvm.align = 16 : i64}, %w: memref<64x64xf32> {llvm.align = 16 : i64}, %y: memref<128x64xf32> {llvm.align = 16 : i64}) {
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<128x64xf32>, memref<64x64xf32>) outs(%y : memref<128x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  plan.return
}
plan.program @caller(%x: memref<128x64xf32>, %w: memref<64x64xf32>, %y: memref<128x64xf32>) {
  plan.launch @small(%x, %w, %y) : memref<128x64xf32>, memref<64x64xf32>, memref<128x64xf32>
  plan.return
}

// A product that fills the chip takes large tiles: 782 times 1 of 128 x 64 are
// 8 for each of 108 multiprocessors. (128 + 32) rows of terms and columns.
// CHECK-LABEL: plan.kernel @large(
// CHECK-SAME:    tile(<128x64x32>) form(matrix) launch(<grid = [782, 1, 1], block = [256, 1, 1], shared_bytes = 82944
// HOPPER:       gpu.func @large(
plan.kernel @large(%x: memref<100000x576xf32> {llvm.align = 16 : i64}, %w: memref<576x64xf32> {llvm.align = 16 : i64}, %y: memref<100000x64xf32> {llvm.align = 16 : i64}) {
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<100000x576xf32>, memref<576x64xf32>) outs(%y : memref<100000x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  plan.return
}

// Without an alignment, and where rows are no multiple of four: number by
// number, and by single warps on every chip.
// CHECK-LABEL: plan.kernel @odd(
// CHECK:         nvgpu.device_async_copy {{.*}}, 1, {{.*}} : memref
// CHECK:         memref.store {{.*}} : memref<1702xf32>
// HOPPER:       gpu.func @odd(
// HOPPER-NOT:     wgmma
// HOPPER:         nvvm.mma.sync {{.*}} multiplicandAPtxType = #nvvm.mma_type<bf16>
plan.kernel @odd(%x: memref<37x70xf32>, %w: memref<70x46xf32>, %y: memref<37x46xf32>) {
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<37x70xf32>, memref<70x46xf32>) outs(%y : memref<37x46xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  plan.return
}

// A kernel may ask for a tile.
// CHECK-LABEL: plan.kernel @asked(
// CHECK-SAME:    tile(<128x128x32>)
// HOPPER:       gpu.func @asked(
plan.kernel @asked(%x: memref<37x70xf32>, %w: memref<70x46xf32>, %y: memref<37x46xf32>) tile(<128x128x32>) {
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<37x70xf32>, memref<70x46xf32>) outs(%y : memref<37x46xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  plan.return
}

// Columns are two loops; the sum of a block is as somebody may write it.
// CHECK-LABEL: plan.kernel @sums_of_two_columns(
// CHECK-SAME:    form(matrix)
plan.kernel @sums_of_two_columns(%x: memref<64x16xf32>, %w: memref<16x4x64xf32>, %y: memref<64x4x64xf32>, %s: memref<16xf32>) tile(<64x16x32>) {
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [affine_map<(m, g, n, k) -> (m, k)>, affine_map<(m, g, n, k) -> (k, g, n)>, affine_map<(m, g, n, k) -> (m, g, n)>],
                  iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<64x16xf32>, memref<16x4x64xf32>) outs(%y : memref<64x4x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %r = arith.addf %o, %m : f32
    linalg.yield %r : f32
  }
  linalg.fill ins(%zero : f32) outs(%s : memref<16xf32>)
  linalg.generic {indexing_maps = [affine_map<(m, g, n) -> (m, g, n)>, affine_map<(m, g, n) -> ((m floordiv 64) * 16 + g * 4 + n floordiv 16)>],
                  iterator_types = ["reduction", "reduction", "reduction"]}
    ins(%y : memref<64x4x64xf32>) outs(%s : memref<16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  }
  plan.return
}
