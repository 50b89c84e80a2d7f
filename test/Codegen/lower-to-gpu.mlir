// Functions on tensors become a list of launches and the code of one thread.

// RUN: pdq-opt %s --pdq-lower-to-gpu | FileCheck %s

#id = affine_map<(n, c) -> (n, c)>
#row = affine_map<(n, c) -> (n)>
#col = affine_map<(n, c) -> (c)>

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<64x96xf32>, %[[B:[a-z0-9_]+]]: memref<96xf32>, %[[Y:[a-z0-9]*]]: memref<64x96xf32> {plan.result = 0 : i64}
// One launch for both: a block of threads for each of 64 rows, in which 24 threads
// have four neighbouring elements each.
// CHECK: %[[BLOCKS:.*]] = arith.constant 64 : index
// CHECK: %[[THREADS:.*]] = arith.constant 32 : index
// CHECK: gpu.launch_func @kernels::@[[ROWS:.*]] blocks in (%[[BLOCKS]], {{.*}}) threads in (%[[THREADS]], {{.*}}) args(%[[X]] : memref<64x96xf32>, %[[B]] : memref<96xf32>, %[[Y]] : memref<64x96xf32>,
// CHECK: return
// CHECK: gpu.module @kernels
// CHECK: gpu.func @[[ROWS]](%{{.*}}: memref<64x96xf32> {llvm.align = 16 : i64}
// CHECK-SAME: workgroup(%[[SHARED:.*]] : memref<32xf32, #gpu.address_space<workgroup>>)
// CHECK-SAME: known_block_size = array<i32: 32, 1, 1>
// CHECK: scf.for
// CHECK: vector.load {{.*}} {alignment = 16 : i64} : memref<6144xf32>, vector<4xf32>
// The CPU's polynomial, not a device library.
// CHECK-NOT: math.exp
// CHECK: vector.store {{.*}} {alignment = 16 : i64} : memref<6144xf32>, vector<4xf32>
// Threads combine in shared memory.
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
