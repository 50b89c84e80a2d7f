// The forms of GPU kernels: what one thread does, and the launch. Products on tensor
// cores: emit-matrix-kernels.mlir. Messages: emit-gpu-kernels-invalid.mlir. What the
// code computes: test/unit/DeviceCodeTest.cpp and others.

// RUN: pdq-opt %s --pdq-set-target="chip=sm_80 math=tf32" --pdq-emit-gpu-kernels --canonicalize --cse --verify-diagnostics | FileCheck %s

#i = affine_map<(i) -> (i)>
#pair = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>
#row = affine_map<(i, j) -> (i)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>

// 4096 elements, four a thread: 1024 threads in four blocks.
// CHECK-LABEL: plan.kernel @neighbours(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4096xf32> {{.*}}, %[[Y:[a-z0-9]+]]: memref<4096xf32>
// CHECK-SAME:    form(elementwise) launch(<grid = [4, 1, 1], block = [256, 1, 1]>)
// CHECK-DAG:     %[[C4:.+]] = arith.constant 4 : index
// CHECK-DAG:     %[[C256:.+]] = arith.constant 256 : index
// CHECK-DAG:     %[[C1024:.+]] = arith.constant 1024 : index
// CHECK-DAG:     %[[THREAD:.+]] = gpu.thread_id x
// CHECK-DAG:     %[[BLOCK:.+]] = gpu.block_id x
// CHECK:         %[[B:.+]] = arith.muli %[[BLOCK]], %[[C256]]
// CHECK-NEXT:    %[[T:.+]] = arith.addi %[[B]], %[[THREAD]]
// CHECK-NEXT:    %[[INSIDE:.+]] = arith.cmpi ult, %[[T]], %[[C1024]]
// CHECK-NEXT:    scf.if %[[INSIDE]] {
// CHECK-NEXT:      %[[P:.+]] = arith.muli %[[T]], %[[C4]]
// CHECK-NEXT:      %[[V:.+]] = vector.load %[[X]][%[[P]]] {alignment = 16 : i64} : memref<4096xf32>, vector<4xf32>
// CHECK-NEXT:      %[[R:.+]] = arith.negf %[[V]]
// CHECK-NEXT:      vector.store %[[R]], %[[Y]][%[[P]]] {alignment = 16 : i64}
// CHECK-NOT:     linalg
plan.kernel @neighbours(%x: memref<4096xf32> {llvm.align = 16 : i64}, %y: memref<4096xf32> {llvm.align = 16 : i64}) {
  linalg.generic {indexing_maps = [#i, #i], iterator_types = ["parallel"]} ins(%x : memref<4096xf32>) outs(%y : memref<4096xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  plan.return
}

// Every other element is read: one a thread, in two blocks, the second not full.
// CHECK-LABEL: plan.kernel @every_other(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<300xf32, strided<[2]>>, %[[Y:[a-z0-9]+]]: memref<300xf32>
// CHECK-SAME:    form(elementwise) launch(<grid = [2, 1, 1], block = [256, 1, 1]>)
// CHECK-DAG:     %[[C2:.+]] = arith.constant 2 : index
// CHECK-DAG:     %[[C300:.+]] = arith.constant 300 : index
// CHECK-DAG:     %[[F:.+]] = memref.reinterpret_cast %[[X]] to offset: [0], sizes: [599], strides: [1]
// CHECK:         %[[INSIDE:.+]] = arith.cmpi ult, %[[T:.+]], %[[C300]]
// CHECK-NEXT:    scf.if %[[INSIDE]] {
// CHECK-NEXT:      %[[P:.+]] = arith.muli %[[T]], %[[C2]]
// CHECK-NEXT:      %[[A:.+]] = memref.load %[[F]][%[[P]]]
// CHECK-NEXT:      %[[R:.+]] = arith.negf %[[A]]
// CHECK-NEXT:      memref.store %[[R]], %[[Y]][%[[T]]]
plan.kernel @every_other(%x: memref<300xf32, strided<[2]>>, %y: memref<300xf32>) {
  linalg.generic {indexing_maps = [#i, #i], iterator_types = ["parallel"]} ins(%x : memref<300xf32, strided<[2]>>) outs(%y : memref<300xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  plan.return
}

// Sums of 8 terms: one thread walks them, from what the result holds.
// CHECK-LABEL: plan.kernel @short_sums(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<512x8xf32>, %[[Y:[a-z0-9]+]]: memref<512xf32>
// CHECK-SAME:    form(reduction) launch(<grid = [2, 1, 1]
// CHECK-DAG:     %[[C0:.+]] = arith.constant 0 : index
// CHECK-DAG:     %[[C8:.+]] = arith.constant 8 : index
// CHECK-DAG:     %[[F:.+]] = memref.reinterpret_cast %[[X]] to offset: [0], sizes: [4096], strides: [1]
// CHECK:         %[[O:.+]] = memref.load %[[Y]][%[[T:.+]]]
// CHECK-NEXT:    %[[S:.+]] = scf.for %[[K:.+]] = %[[C0]] to %[[C8]] {{.*}} iter_args(%[[SUM:.+]] = %[[O]])
// CHECK-NEXT:      %[[B:.+]] = arith.muli %[[T]], %[[C8]]
// CHECK-NEXT:      %[[P:.+]] = arith.addi %[[B]], %[[K]]
// CHECK-NEXT:      %[[A:.+]] = memref.load %[[F]][%[[P]]]
// CHECK-NEXT:      %[[N:.+]] = arith.addf %[[SUM]], %[[A]]
// CHECK-NEXT:      scf.yield %[[N]]
// CHECK:         memref.store %[[S]], %[[Y]][%[[T]]]
plan.kernel @short_sums(%x: memref<512x8xf32>, %y: memref<512xf32>) {
  linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<512x8xf32>) outs(%y : memref<512xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  }
  plan.return
}

// Four sums of 1024 terms: a block each, in which 256 threads have four terms and
// combine in halves. The sum starts from the 1 of the fill, and %y is not read.
// CHECK-LABEL: plan.kernel @long_sums(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x1024xf32>, %[[Y:[a-z0-9]+]]: memref<4xf32>
// CHECK-SAME:    form(shared_reduction) launch(<grid = [4, 1, 1], block = [256, 1, 1]>)
// CHECK-DAG:     %[[C128:.+]] = arith.constant 128 : index
// CHECK-DAG:     %[[C256:.+]] = arith.constant 256 : index
// CHECK-DAG:     %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG:     %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
// CHECK-NOT:     memref.load %[[Y]]
// CHECK:         %[[PART:.+]] = scf.for {{.*}} step %[[C256]] iter_args(%{{.+}} = %[[ZERO]])
// CHECK:         %[[SHARED:.+]] = memref.alloc() : memref<256xf32, #gpu.address_space<workgroup>>
// CHECK:         memref.store %[[PART]], %[[SHARED]][%[[PLACE:.+]]]
// CHECK-NEXT:    gpu.barrier
// CHECK-NEXT:    %[[LOW:.+]] = arith.cmpi ult, %[[T:.+]], %[[C128]]
// CHECK-NEXT:    scf.if %[[LOW]] {
// CHECK-NEXT:      %[[OTHER:.+]] = arith.addi %[[T]], %[[C128]]
// CHECK-NEXT:      %[[A:.+]] = memref.load %[[SHARED]][%[[PLACE]]]
// CHECK-NEXT:      %[[Q:.+]] = arith.addi %[[OTHER]],
// CHECK-NEXT:      %[[B:.+]] = memref.load %[[SHARED]][%[[Q]]]
// CHECK-NEXT:      %[[AB:.+]] = arith.addf %[[A]], %[[B]]
// CHECK-NEXT:      memref.store %[[AB]], %[[SHARED]][%[[PLACE]]]
// CHECK-NEXT:    }
// CHECK-COUNT-7: gpu.barrier
// CHECK:         %[[SUM:.+]] = arith.addf %{{.+}}, %[[ONE]]
// CHECK-NEXT:    memref.store %[[SUM]], %[[Y]]
plan.kernel @long_sums(%x: memref<4x1024xf32>, %y: memref<4xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%y : memref<4xf32>)
  linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<4x1024xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  }
  plan.return
}

// [64, 96] turned round in 2 x 3 tiles of 32 x 32. Rows of a tile are 33 numbers apart
// so that columns lie in different banks; it is written by rows, 8 at a time, and
// read by columns.
// CHECK-LABEL: plan.kernel @turned(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x96xf32>, %[[Y:[a-z0-9]+]]: memref<96x64xf32>
// CHECK-SAME:    form(transpose) launch(<grid = [6, 1, 1], block = [256, 1, 1]>)
// CHECK-DAG:     %[[C32:.+]] = arith.constant 32 : index
// CHECK-DAG:     %[[C33:.+]] = arith.constant 33 : index
// CHECK-DAG:     %[[FX:.+]] = memref.reinterpret_cast %[[X]]
// CHECK-DAG:     %[[FY:.+]] = memref.reinterpret_cast %[[Y]]
// CHECK:         %[[COLUMN:.+]] = arith.remui %{{.+}}, %[[C32]]
// CHECK-NEXT:    %[[ROW:.+]] = arith.divui %{{.+}}, %[[C32]]
// CHECK:         %[[TILE:.+]] = memref.alloc() : memref<1056xf32, #gpu.address_space<workgroup>>
// CHECK:         %[[V:.+]] = memref.load %[[FX]]
// CHECK-NEXT:    %[[B:.+]] = arith.muli %[[ROW]], %[[C33]]
// CHECK-NEXT:    %[[P:.+]] = arith.addi %[[B]], %[[COLUMN]]
// CHECK-NEXT:    memref.store %[[V]], %[[TILE]][%[[P]]]
// CHECK-COUNT-3: memref.load %[[FX]]
// CHECK:         gpu.barrier
// CHECK:         %[[C:.+]] = arith.muli %[[COLUMN]], %[[C33]]
// CHECK-NEXT:    %[[Q:.+]] = arith.addi %[[C]], %[[ROW]]
// CHECK-NEXT:    %[[W:.+]] = memref.load %[[TILE]][%[[Q]]]
// CHECK:         memref.store %[[W]], %[[FY]]
// CHECK-COUNT-3: memref.store %{{.+}}, %[[FY]]
plan.kernel @turned(%x: memref<64x96xf32>, %y: memref<96x64xf32>) {
  linalg.generic {indexing_maps = [#turned, #pair], iterator_types = ["parallel", "parallel"]} ins(%x : memref<64x96xf32>) outs(%y : memref<96x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  plan.return
}

// A depthwise window of two pixels, four channels a thread: 2 * 6 * 16 / 4 = 48
// threads. The window is unrolled, and what the result held is added last.
// CHECK-LABEL: plan.kernel @depthwise(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<2x7x16xf32>, %[[W:[a-z0-9]+]]: memref<2x16xf32>, %[[Y:[a-z0-9]+]]: memref<2x6x16xf32>
// CHECK-SAME:    form(direct) launch(<grid = [1, 1, 1]
// CHECK-DAG:     %[[C16:.+]] = arith.constant 16 : index
// CHECK-DAG:     %[[C48:.+]] = arith.constant 48 : index
// CHECK-DAG:     %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : vector<4xf32>
// CHECK:         %[[INSIDE:.+]] = arith.cmpi ult, %{{.+}}, %[[C48]]
// CHECK:         %[[FX:.+]] = memref.reinterpret_cast %[[X]]
// CHECK:         %[[FW:.+]] = memref.reinterpret_cast %[[W]]
// CHECK:         %[[FY:.+]] = memref.reinterpret_cast %[[Y]]
// CHECK:         scf.if %[[INSIDE]] {
// CHECK-NEXT:      %[[X0:.+]] = vector.load %[[FX]][%[[P:.+]]]
// CHECK-NEXT:      %[[W0:.+]] = vector.load %[[FW]][%[[C:.+]]]
// CHECK-NEXT:      %[[S0:.+]] = vector.fma %[[X0]], %[[W0]], %[[ZERO]]
// CHECK-NEXT:      %[[P1:.+]] = arith.addi %[[P]], %[[C16]]
// CHECK-NEXT:      %[[X1:.+]] = vector.load %[[FX]][%[[P1]]]
// CHECK-NEXT:      %[[C1:.+]] = arith.addi %[[C]], %[[C16]]
// CHECK-NEXT:      %[[W1:.+]] = vector.load %[[FW]][%[[C1]]]
// CHECK-NEXT:      %[[S1:.+]] = vector.fma %[[X1]], %[[W1]], %[[S0]]
// CHECK-NEXT:      %[[O:.+]] = vector.load %[[FY]][%[[Q:.+]]]
// CHECK-NEXT:      %[[S:.+]] = arith.addf %[[O]], %[[S1]]
// CHECK-NEXT:      vector.store %[[S]], %[[FY]][%[[Q]]]
plan.kernel @depthwise(%x: memref<2x7x16xf32>, %w: memref<2x16xf32>, %y: memref<2x6x16xf32>) {
  linalg.generic {indexing_maps = [affine_map<(n, p, c, k) -> (n, p + k, c)>, affine_map<(n, p, c, k) -> (k, c)>, affine_map<(n, p, c, k) -> (n, p, c)>],
                  iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<2x7x16xf32>, memref<2x16xf32>) outs(%y : memref<2x6x16xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  plan.return
}

// A block for each of four rows, 32 threads with four elements each: the sum takes
// what the thread has just computed, and does not read %y.
// CHECK-LABEL: plan.kernel @rows(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x128xf32>, %[[Y:[a-z0-9]+]]: memref<4x128xf32>, %[[Z:[a-z0-9]+]]: memref<4xf32>
// CHECK-SAME:    form(rows) launch(<grid = [4, 1, 1], block = [32, 1, 1]>)
// CHECK-DAG:     %[[FX:.+]] = memref.reinterpret_cast %[[X]]
// CHECK-DAG:     %[[FY:.+]] = memref.reinterpret_cast %[[Y]]
// CHECK:         %[[BLOCK:.+]] = gpu.block_id x
// CHECK:         scf.for {{.*}} iter_args(%[[SUM:.+]] = %{{.+}}) -> (vector<4xf32>)
// CHECK:           %[[V:.+]] = vector.load %[[FX]][%[[P:.+]]]
// CHECK-NEXT:      %[[R:.+]] = arith.negf %[[V]]
// CHECK-NEXT:      vector.store %[[R]], %[[FY]][%[[P]]]
// CHECK-NEXT:      %[[N:.+]] = arith.addf %[[SUM]], %[[R]]
// CHECK-NEXT:      scf.yield %[[N]]
// CHECK-NOT:     vector.load %[[FY]]
// CHECK:         gpu.barrier
// CHECK:         %[[O:.+]] = memref.load %[[Z]][%[[BLOCK]]]
// CHECK:         memref.store %{{.+}}, %[[Z]][%[[BLOCK]]]
plan.kernel @rows(%x: memref<4x128xf32>, %y: memref<4x128xf32>, %z: memref<4xf32>) rows(1) {
  linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel"]} ins(%x : memref<4x128xf32>) outs(%y : memref<4x128xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "reduction"]} ins(%y : memref<4x128xf32>) outs(%z : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  }
  plan.return
}

// Two products take turns: of two neighbouring blocks one computes %z from %v, the
// other %y from %w.
// CHECK-LABEL: plan.kernel @turns(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<64x32xf32> {{.*}}, %[[W:[a-z0-9]+]]: memref<32x64xf32> {{.*}}, %[[V:[a-z0-9]+]]: memref<32x64xf32> {{.*}}, %[[Y:[a-z0-9]+]]: memref<64x64xf32> {{.*}}, %[[Z:[a-z0-9]+]]: memref<64x64xf32>
// CHECK-SAME:    form(matrix)
// CHECK-DAG:     %[[C2:.+]] = arith.constant 2 : index
// CHECK:         %[[BLOCK:.+]] = gpu.block_id x
// CHECK-NEXT:    %[[TURN:.+]] = arith.remui %[[BLOCK]], %[[C2]]
// CHECK-NEXT:    %[[TILE:.+]] = arith.divui %[[BLOCK]], %[[C2]]
// CHECK:         scf.index_switch %[[TURN]]
// CHECK-NEXT:    case 1 {
// CHECK:         memref.reinterpret_cast %[[X]]
// CHECK:         memref.reinterpret_cast %[[V]]
// CHECK:         nvvm.mma.sync
// CHECK:         memref.reinterpret_cast %[[Z]]
// CHECK:         default {
// CHECK:         memref.reinterpret_cast %[[X]]
// CHECK:         memref.reinterpret_cast %[[W]]
// CHECK:         nvvm.mma.sync
// CHECK:         memref.reinterpret_cast %[[Y]]
plan.kernel @turns(%x: memref<64x32xf32> {llvm.align = 16 : i64}, %w: memref<32x64xf32> {llvm.align = 16 : i64}, %v: memref<32x64xf32> {llvm.align = 16 : i64}, %y: memref<64x64xf32> {llvm.align = 16 : i64}, %z: memref<64x64xf32> {llvm.align = 16 : i64}) groups([1, 1]) {
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : memref<64x32xf32>, memref<32x64xf32>) outs(%y : memref<64x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %r = arith.addf %o, %m : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %v : memref<64x32xf32>, memref<32x64xf32>) outs(%z : memref<64x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %m = arith.mulf %a, %b : f32
    %r = arith.addf %o, %m : f32
    linalg.yield %r : f32
  }
  plan.return
}

// CHECK-LABEL: plan.kernel @every_place_twice(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>, %[[Y:[a-z0-9]+]]: memref<8xf32>
// CHECK-SAME:    form(scalar) declined("an operand is not indexed linearly") launch(<grid = [1, 1, 1], block = [128, 1, 1]>)
// CHECK-DAG:     %[[C8:.+]] = arith.constant 8 : index
// CHECK:         %[[INSIDE:.+]] = arith.cmpi ult, %[[T:.+]], %[[C8]]
// CHECK-NEXT:    scf.if %[[INSIDE]] {
// CHECK-NEXT:      %[[P:.+]] = affine.apply #{{.+}}()[%[[T]]]
// CHECK-NEXT:      %[[A:.+]] = memref.load %[[X]][%[[P]]]
// CHECK-NEXT:      memref.store %[[A]], %[[Y]][%[[T]]]
plan.kernel @every_place_twice(%x: memref<4xf32>, %y: memref<8xf32>) {
  // expected-remark @below {{kernel takes the slow fallback: an operand is not indexed linearly}}
  linalg.generic {indexing_maps = [affine_map<(i) -> (i floordiv 2)>, #i], iterator_types = ["parallel"]} ins(%x : memref<4xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  plan.return
}

// A kernel with a launch is code already; what is no kernel is none of ours.
// CHECK-LABEL: plan.kernel @has_a_launch(
// CHECK-NEXT:    linalg.copy
plan.kernel @has_a_launch(%x: memref<8xf32>, %y: memref<8xf32>) form(elementwise) launch(<grid = [1, 1, 1], block = [1, 1, 1]>) {
  linalg.copy ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  plan.return
}
// CHECK-LABEL: func.func @no_kernel(
// CHECK-NEXT:    linalg.copy
func.func @no_kernel(%x: memref<8xf32>, %y: memref<8xf32>) {
  linalg.copy ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  return
}
