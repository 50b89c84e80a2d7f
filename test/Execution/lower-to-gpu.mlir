// Functions on tensors become a list of launches and the code of one thread.

// RUN: pdq-opt %s --pdq-lower-to-gpu | FileCheck %s

#id = affine_map<(n, c) -> (n, c)>
#row = affine_map<(n, c) -> (n)>
#col = affine_map<(n, c) -> (c)>

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:.*]]: memref<64x96xf32>, %[[B:.*]]: memref<96xf32>, %[[Y:[a-z0-9]*]]: memref<64x96xf32> {pdq.result = 0 : i64}
// Four neighbouring elements a thread: 1536 threads.
// CHECK: %[[BLOCKS:.*]] = arith.constant 6 : index
// CHECK: %[[THREADS:.*]] = arith.constant 256 : index
// CHECK: gpu.launch_func @kernels::@[[ELEMENTWISE:.*]] blocks in (%[[BLOCKS]], {{.*}}) threads in (%[[THREADS]], {{.*}}) args(%[[X]] : memref<64x96xf32>, %[[B]] : memref<96xf32>, %[[Y]] : memref<64x96xf32>)
// The sum starts from the value of its fill: no launch for that.
// CHECK-NOT: @kernels::@fill
// CHECK: gpu.launch_func @kernels::@[[SUM:generic.*]] blocks
// CHECK: return
// CHECK: gpu.module @kernels
// CHECK: gpu.func @[[ELEMENTWISE]](%{{.*}}: memref<64x96xf32> {llvm.align = 16 : i64}
// CHECK-SAME: known_block_size = array<i32: 256, 1, 1>
// CHECK: scf.if
// CHECK: vector.load {{.*}} {alignment = 16 : i64} : memref<6144xf32>, vector<4xf32>
// The CPU's polynomial, not a device library.
// CHECK-NOT: math.exp
// CHECK: vector.store {{.*}} {alignment = 16 : i64} : memref<6144xf32>, vector<4xf32>
// Rows are shared by groups of threads, which combine in shared memory.
// CHECK: gpu.func @[[SUM]]({{.*}}) workgroup(%[[SHARED:.*]] : memref<256xf32, #gpu.address_space<workgroup>>)
// CHECK: gpu.barrier
// CHECK: gpu.return
func.func @f(%x: tensor<64x96xf32>, %b: tensor<96xf32>) -> (tensor<64x96xf32>, tensor<64xf32>) {
  %e = tensor.empty() : tensor<64x96xf32>
  %y = linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x, %b : tensor<64x96xf32>, tensor<96xf32>) outs(%e : tensor<64x96xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.addf %a, %c : f32
    %t = math.exp %s : f32
    linalg.yield %t : f32
  } -> tensor<64x96xf32>
  %z = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<64xf32>
  %f1 = linalg.fill ins(%z : f32) outs(%e1 : tensor<64xf32>) -> tensor<64xf32>
  %r = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
    ins(%y : tensor<64x96xf32>) outs(%f1 : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<64xf32>
  return %y, %r : tensor<64x96xf32>, tensor<64xf32>
}
