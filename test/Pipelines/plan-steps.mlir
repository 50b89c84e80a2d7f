// The way from functions on tensors to kernels in six steps. Each can be stopped at;
// in a row they are the pipelines that do all of it.

// RUN: pdq-opt %s --pdq-canonicalize-tensors -o %t.1.mlir && FileCheck %s --check-prefix=ONE < %t.1.mlir
// RUN: pdq-opt %t.1.mlir --pdq-choose-layouts -o %t.2.mlir && FileCheck %s --check-prefix=TWO < %t.2.mlir
// RUN: pdq-opt %t.2.mlir --pdq-fuse-tensors -o %t.3.mlir && FileCheck %s --check-prefix=THREE < %t.3.mlir
// RUN: pdq-opt %t.3.mlir --pdq-bufferize-tensors -o %t.4.mlir && FileCheck %s --check-prefix=FOUR < %t.4.mlir
// RUN: pdq-opt %t.4.mlir --pdq-form-kernels -o %t.5.mlir && FileCheck %s --check-prefix=FIVE < %t.5.mlir
// RUN: pdq-opt %t.5.mlir --pdq-emit-kernels -o %t.6.mlir && FileCheck %s --check-prefix=SIX < %t.6.mlir
// RUN: pdq-opt %s --pdq-lower-to-cpu | diff - %t.6.mlir

// RUN: pdq-opt %s --pdq-set-target=chip=sm_90a --pdq-canonicalize-tensors="gpu chip=sm_90a" --pdq-choose-layouts="gpu chip=sm_90a" --pdq-fuse-tensors="gpu chip=sm_90a" --pdq-bufferize-tensors="gpu chip=sm_90a" -o %t.buffers.mlir
// RUN: pdq-opt %t.buffers.mlir --pdq-outline-kernels="alignment=16 absorb-fills" --cse -o %t.gpu.mlir
// RUN: FileCheck %s --check-prefix=GPU < %t.gpu.mlir
// RUN: pdq-opt %t.buffers.mlir --pdq-form-kernels="gpu chip=sm_90a" -o %t.fused.mlir && FileCheck %s --check-prefix=FUSED < %t.fused.mlir
// RUN: pdq-opt %t.gpu.mlir --pdq-fuse-kernels | diff - %t.fused.mlir
// RUN: pdq-opt %s --pdq-lower-to-gpu-plan=chip=sm_90a | diff - %t.fused.mlir
// RUN: pdq-opt %t.fused.mlir --pdq-emit-kernels="gpu chip=sm_90a" --pdq-convert-kernels-to-gpu -o %t.code.mlir
// RUN: pdq-opt %s --pdq-lower-to-gpu=chip=sm_90a | diff - %t.code.mlir
// RUN: not pdq-opt %s --pdq-choose-layouts=gpus 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: option 'gpus' is unknown; did you mean 'gpu'?

// Called functions are part of the caller, named operations generic.
// ONE-LABEL: func.func @main(
// ONE-SAME:    %[[X:[a-z0-9]+]]: tensor<2x16x8x8xf32>, %[[W:[a-z0-9]+]]: tensor<32x16x1x1xf32>, %[[B:[a-z0-9]+]]: tensor<32xf32>)
// ONE-NOT:     call
// ONE:         linalg.generic {{.*}} ins(%[[B]] :
// ONE:         %[[CONV:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[W]] :
// ONE:         linalg.generic {{.*}} ins(%[[CONV]] :
// ONE-NOT:     func.func

// The image is channels last, the filter has its output channels innermost.
// TWO-LABEL: func.func @main(
// TWO-SAME:    %[[X:[a-z0-9]+]]: tensor<2x16x8x8xf32>, %[[W:[a-z0-9]+]]: tensor<32x16x1x1xf32>,
// TWO-DAG:     linalg.generic {{.*}} ins(%[[X]] : {{.*}}) outs(%{{.+}} : tensor<2x8x8x16xf32>)
// TWO-DAG:     linalg.generic {{.*}} ins(%[[W]] : {{.*}}) outs(%{{.+}} : tensor<1x1x16x32xf32>)

// ReLU reads the convolution, and writes in the order that the caller's type asks for.
// THREE-LABEL: func.func @main(
// THREE:         %[[CONV:.+]] = linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<2x8x8x16xf32>, tensor<1x1x16x32xf32>)
// THREE:         linalg.generic {{.*}} ins(%[[CONV]] : tensor<2x8x8x32xf32>) outs(%{{.+}} : tensor<2x32x8x8xf32>)
// THREE-NEXT:    ^bb0(
// THREE-NEXT:      arith.maximumf

// FOUR-LABEL: func.func @main(
// FOUR-SAME:    %{{.+}}: memref<2x16x8x8xf32>, {{.*}} %{{.+}}: memref<2x32x8x8xf32> {plan.result = 0 : i64})
// FOUR:         memref.alloc
// FOUR-NOT:     tensor

// FIVE-LABEL: plan.program @main(
// FIVE-COUNT-4: plan.launch @
// FIVE:         plan.return
// FIVE:       plan.kernel @

// SIX-LABEL: plan.program @main(
// SIX:       plan.kernel @{{.+}} form(vector) range(
// SIX:         plan.range
// SIX-NOT:     linalg.generic

// GPU-LABEL: plan.program @main(
// GPU:         plan.launch @generic_{{.*}}
// GPU:         plan.kernel @{{.+}} {llvm.align = 16 : i64}

// The convolution has its bias in front and ReLU behind in one kernel.
// FUSED-LABEL: plan.program @main(
// FUSED:         plan.launch @fused_{{.*}}
// FUSED:       plan.kernel @fused_
// FUSED:         arith.mulf
// FUSED:         arith.maximumf
func.func @main(%x: tensor<2x16x8x8xf32>, %w: tensor<32x16x1x1xf32>, %b: tensor<32xf32>) -> tensor<2x32x8x8xf32> {
  %e = tensor.empty() : tensor<2x32x8x8xf32>
  %init = linalg.broadcast ins(%b : tensor<32xf32>) outs(%e : tensor<2x32x8x8xf32>) dimensions = [0, 2, 3]
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x16x8x8xf32>, tensor<32x16x1x1xf32>) outs(%init : tensor<2x32x8x8xf32>) -> tensor<2x32x8x8xf32>
  %y = call @relu(%c) : (tensor<2x32x8x8xf32>) -> tensor<2x32x8x8xf32>
  return %y : tensor<2x32x8x8xf32>
}
func.func private @relu(%x: tensor<2x32x8x8xf32>) -> tensor<2x32x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x32x8x8xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, c, h, w) -> (n, c, h, w)>, affine_map<(n, c, h, w) -> (n, c, h, w)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%x : tensor<2x32x8x8xf32>) outs(%e : tensor<2x32x8x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<2x32x8x8xf32>
  return %y : tensor<2x32x8x8xf32>
}
