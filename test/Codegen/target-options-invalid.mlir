// What the passes and pipelines for a GPU refuse as `math` and `chip`.

// RUN: not pdq-opt %s --pdq-lower-to-gpu-plan=math=fp16 2>&1 | FileCheck %s --check-prefix=MATH
// RUN: not pdq-opt %s --pdq-lower-to-gpu-plan=chip=sm_75 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: not pdq-opt %s --pdq-set-target=chip=H100 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not pdq-opt %s --pdq-lower-to-gpu="chip=sm_80 chip=sm_90a" 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not pdq-opt %s --pdq-lower-to-gpu=chips=sm_80 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: pdq-opt %s --pdq-set-target=chip=sm_103a --pdq-emit-gpu-kernels -o /dev/null

// MATH:    pdq-opt: error: option 'math' is 'fp16', expected 'fp32', 'tf32' or 'bf16'
// CHIP:    error: option 'chip' is 'sm_75', expected 'sm_80' or a later one
// NAME:    pdq-opt: error: option 'chip' is 'H100', expected 'sm_80' or a later one
// TWICE:   error: option 'chip' is given twice, expected once
// UNKNOWN: error: option 'chips' is unknown; did you mean 'chip'?
plan.kernel @k(%x: memref<64xf32>, %y: memref<64xf32>) {
  linalg.exp ins(%x : memref<64xf32>) outs(%y : memref<64xf32>)
  plan.return
}
