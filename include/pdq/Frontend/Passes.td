// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stage 1, Frontend: the forms of all frontends -> one network on static tensors.

#ifndef PDQ_FRONTEND_PASSES_TD
#define PDQ_FRONTEND_PASSES_TD

include "pdq/Frontend/Options.td"

def NormalizeFrontend : PDQPass<"pdq-normalize-frontend", "::mlir::ModuleOp"> {
  let summary = "Bring the output of a frontend into one form";
  let description = [{
    Recognizes what a frontend emitted (linalg on tensors or TOSA, static or
    dynamic batch) and leaves one function on static tensors in linalg: TOSA is
    lowered, calls are inlined, `ml_program.global` variables that nobody writes
    become constants, softmax, packings, scans and sorts (`tm_tensor` of torch-mlir)
    become operations with loops, assertions on constants are evaluated and
    removed, a dynamic batch gets a size. The module attribute `pdq.batch` keeps
    the user's batch (-1: dynamic), which the exported module has again.

    Other sizes that are dynamic (height and width) become those of `sample-shape`, which a
    remark says. The module attribute `pdq.input_types` keeps the types as they came.
    Constants are computed from these sizes, so `pdq-check-sizes` finds out whether the
    exported module can have them open again.

    f16 and bf16 are taken as f32, weights, arithmetic, inputs and results, which a
    remark says; f64 stays.

    ```mlir
    func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {...}
    // becomes
    module attributes {pdq.batch = -1 : i64} {
      func.func @main(%x: tensor<32x4xf32>) -> tensor<32x4xf32> {...}
    }
    ```

    The network is the public function with a body that no other one calls, or what
    `entry` names.

    Declines, with an error, modules with no or several such functions,
    arguments without a batch as dimension 0 (statistics of batch norms that the export
    turned into arguments), control flow, operations of other dialects, variables
    that are written, and assertions that fail or depend on data.
  }];
  let options = normalizeFrontendOptions;
  let dependentDialects = ["affine::AffineDialect", "arith::ArithDialect", "func::FuncDialect",
                           "linalg::LinalgDialect", "math::MathDialect", "tensor::TensorDialect"];
}

#endif // PDQ_FRONTEND_PASSES_TD
