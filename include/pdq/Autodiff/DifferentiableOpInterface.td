// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interface of an operation that can be differentiated in reverse mode.

#ifndef PDQ_AUTODIFF_DIFFERENTIABLEOPINTERFACE_TD
#define PDQ_AUTODIFF_DIFFERENTIABLEOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def PDQ_DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::mlir::pdq";
  let description = [{
    Reverse-mode derivative of one operation: its vector-Jacobian product (VJP).
    Operations of other dialects get it through external models; see
    `registerAllVJPs`.
  }];
  let methods = [
    InterfaceMethod<[{
        Emits the adjoint at the builder's insertion point, where all primal
        values are visible. `cotangents[i]` is the cotangent of result i, null
        where it is zero. `needed[j]` says that operand j is active; set
        `operandCotangents[j]` to its cotangent or leave it null where it is
        zero, and never set an entry that is not needed. Emits its own
        diagnostic on failure.
      }],
      "::llvm::LogicalResult", "buildVJP",
      (ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<::mlir::Value>":$cotangents,
           "::llvm::ArrayRef<bool>":$needed,
           "::llvm::SmallVectorImpl<::mlir::Value> &":$operandCotangents)>,
    InterfaceMethod<[{
        The same for a tensor that the operation's region reads without an
        operand: returns its cotangent, null where it is zero. Emits its own
        diagnostic on failure.
      }],
      "::mlir::FailureOr<::mlir::Value>", "buildCapturedVJP",
      (ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<::mlir::Value>":$cotangents,
           "::mlir::Value":$captured),
      /*methodBody=*/"", /*defaultImplementation=*/[{
        $_op->emitOpError("captures a value that is differentiated; pass it as an operand");
        return ::mlir::failure();
      }]>,
    InterfaceMethod<[{
        Whether a change of the operand can reach the result (activity).
      }],
      "bool", "isDifferentiableThrough", (ins "unsigned":$operand, "unsigned":$result),
      /*methodBody=*/"", /*defaultImplementation=*/"return true;">
  ];
}

#endif // PDQ_AUTODIFF_DIFFERENTIABLEOPINTERFACE_TD
