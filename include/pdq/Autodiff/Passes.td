// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stage 3, Autodiff: losses and gradients as IR. The passes in the order of the flow.

#ifndef PDQ_AUTODIFF_PASSES_TD
#define PDQ_AUTODIFF_PASSES_TD

include "pdq/IR/PassBase.td"

def Differentiate : PDQPass<"pdq-differentiate", "::mlir::ModuleOp"> {
  let summary = "Resolve pdq.value_and_grad by reverse-mode differentiation";
  let description = [{
    Replaces every `pdq.value_and_grad` by a call of a generated private function
    that computes the results and the gradients together. What the backward
    part reads of the forward part are ordinary values; arguments that are not
    listed cost nothing.

    ```mlir
    %loss, %dw = pdq.value_and_grad @objective(%x, %w) wrt [1]
       : (tensor<8x4xf32>, tensor<4x4xf32>) -> (tensor<f32>, tensor<4x4xf32>)
    // becomes
    %0:2 = call @objective__vjp_1(%x, %w)
       : (tensor<8x4xf32>, tensor<4x4xf32>) -> (tensor<f32>, tensor<4x4xf32>)
    ```

    A structured operation may add up what it computes, take its maximum or
    minimum (the first of equal elements gets the gradient), or store it; without
    a reduction loop it may do anything with its initial values. Tensors that a
    payload reads at computed positions (`tensor.extract`: selected rows,
    interpolations, embeddings) have a gradient, too: where the positions are
    constant, each element finds what was read of it in a table, else it compares
    its place with all positions. Both sum in a fixed order.

    Declines, with an error at the operation, functions with control flow or
    calls (inline first), writes to memory, complex numbers, and operations
    without a derivative rule on the path from a listed argument to the result:
    other reductions than the above, scalars that are computed outside of
    a payload.
  }];
  let statistics = [
    Statistic<"numResolved", "num-resolved", "Derivatives resolved">
  ];
  let dependentDialects = ["arith::ArithDialect", "func::FuncDialect", "linalg::LinalgDialect",
                           "math::MathDialect", "tensor::TensorDialect"];
}

def Decompose : PDQPass<"pdq-decompose"> {
  let summary = "Rewrite pdq operations to linalg on tensors";
  let description = [{
    Rewrites quantizers, batch norms, losses and random draws to the formulas
    of their descriptions. A quantizer without parameters becomes the identity.

    ```mlir
    %l = pdq.reconstruction_loss %y, %t {axis = 1 : i64} : tensor<8x4xf32> -> tensor<f32>
    // becomes
    %sum = linalg.generic {...} ins(%y, %t : ...) outs(%zero : tensor<f32>) { (y - t)^2, addf }
    %l = linalg.generic {...} ins(%sum : tensor<f32>) outs(%empty : tensor<f32>) { mulf 0.125 }
    ```

    `pdq.region` and `pdq.value_and_grad` stay.
  }];
  let dependentDialects = ["arith::ArithDialect", "linalg::LinalgDialect", "math::MathDialect",
                           "tensor::TensorDialect"];
}

#endif // PDQ_AUTODIFF_PASSES_TD
