// The cost of launches, by hand.

// RUN: pdq-opt %s --pdq-lower-to-gpu-plan --pdq-set-target=chip=sm_90a --pdq-print-plan-cost -o /dev/null 2>&1 | FileCheck %s
// RUN: pdq-opt %s --pdq-lower-to-gpu-plan --pdq-set-target="chip=sm_80 math=tf32" --pdq-print-plan-cost -o /dev/null 2>&1 | FileCheck %s --check-prefix=A100
// RUN: not pdq-opt %s --pdq-lower-to-gpu-plan --pdq-set-target=chip=sm_86 --pdq-print-plan-cost -o /dev/null 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: not pdq-opt %S/Inputs/tensors.mlir --pdq-print-plan-cost 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: chip of 'plan.target' is '' (-pdq-set-target), expected one of sm_80, sm_90a, sm_100
// CHIP: error: chip of 'plan.target' is 'sm_86' (-pdq-set-target), expected one of sm_80, sm_90a, sm_100

// t = x w + b, y = relu(t), 512x256 times 256x128, and s = sum of the rows of y.
// One launch for the product with its bias:
//   read    x: 512 * 256 * 4 = 524288, w: 256 * 128 * 4 = 131072, b: 128 * 4 = 512
//   written t: 512 * 128 * 4 = 262144
//   flops   2 * 512 * 128 * 256 = 33554432
//   time    918016 bytes at 3.35 TB/s: 0.274 us; 33554432 flops at 494/3 TFLOP/s: 0.204 us
// One for the rows: t is read, y and 512 * 4 = 2048 bytes are written; 65536 maxima,
// and as many additions; 526336 bytes at 3.35 TB/s: 0.157 us.
// The product alone reads and writes 524288 + 131072 + 262144 = 917504 bytes.
// CHECK:      plan of @f on sm_90a (H100, fp32)
// CHECK-NEXT: kernel form bytes read bytes written flops us
// CHECK-NEXT: fused_{{[0-9a-f]+}} matrix 655872 262144 33554432 0.274
// CHECK-NEXT: fused_{{[0-9a-f]+}} rows 262144 264192 131072 0.157
// CHECK-NEXT: launches: 2
// CHECK-NEXT: bytes: 1444352
// CHECK-NEXT: flops: 33685504
// CHECK-NEXT: roofline: 0.431 us
// CHECK-NEXT: product bytes: 917504 (all: 1.57x)
// CHECK-NEXT: arena bytes: 262144
// CHECK-NEXT: live bytes: 262144 (arena: 1.00x)

// 918016 bytes at 2.039 TB/s: 0.450 us; 526336 bytes: 0.258 us.
// A100: fused_{{.*}} 0.450
// A100: fused_{{.*}} 0.258
func.func @f(%x: tensor<512x256xf32>, %w: tensor<256x128xf32>, %b: tensor<128xf32>) -> (tensor<512x128xf32>, tensor<512xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<512x128xf32>
  %init = linalg.broadcast ins(%b : tensor<128xf32>) outs(%e : tensor<512x128xf32>) dimensions = [0]
  %p = linalg.matmul ins(%x, %w : tensor<512x256xf32>, tensor<256x128xf32>) outs(%init : tensor<512x128xf32>) -> tensor<512x128xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]}
    ins(%p : tensor<512x128xf32>) outs(%e : tensor<512x128xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  } -> tensor<512x128xf32>
  %es = tensor.empty() : tensor<512xf32>
  %is = linalg.fill ins(%zero : f32) outs(%es : tensor<512xf32>) -> tensor<512xf32>
  %s = linalg.reduce { arith.addf } ins(%y : tensor<512x128xf32>) outs(%is : tensor<512xf32>) dimensions = [1]
  return %y, %s : tensor<512x128xf32>, tensor<512xf32>
}
