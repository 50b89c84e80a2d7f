// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes: what a quantizer is, and what calibrating a region achieved.

#ifndef PDQ_IR_PDQATTRS_TD
#define PDQ_IR_PDQATTRS_TD

include "pdq/IR/PDQDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class PDQ_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<PDQ_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

/// What products of quantized tensors are computed on (integer_1). With
/// `unit_scale` it is q - z as quantized types of scale 1 say it.
def PDQ_ProductArithmetic : I32EnumAttr<"ProductArithmetic",
    "what products of quantized tensors are computed on", [
  I32EnumAttrCase<"Float", 0, "float">,
  I32EnumAttrCase<"Factored", 1, "factored">,
  I32EnumAttrCase<"Integer", 2, "integer">,
  I32EnumAttrCase<"UnitScale", 3, "unit_scale">
]> {
  let cppNamespace = "::mlir::pdq";
  let genSpecializedAttr = 0;
}

def PDQ_QuantizerAttr : PDQ_Attr<"Quantizer", "quantizer"> {
  let summary = "What a quantizer is: its width and its axis";
  let description = [{
    An asymmetric, unsigned, uniform quantizer of `bits` bits (2 to 8): its
    integers are 0 to `2^bits - 1`. Without `axis` one scale and zero point
    serve the whole tensor; with it there is one pair per index of that
    dimension. What a quantizer learned stands in the operands of the operation
    that carries this attribute.

    Example:

    ```mlir
    #pdq.quantizer<bits = 4>            // per tensor
    #pdq.quantizer<bits = 2, axis = 0>  // per axis
    ```
  }];
  let parameters = (ins "unsigned":$bits, OptionalParameter<"std::optional<int64_t>">:$axis);
  let assemblyFormat = "`<` `bits` `=` $bits (`,` `axis` `=` $axis^)? `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Largest integer of the quantizer, 2^bits - 1; the smallest is 0.
    int64_t getMaxValue() const { return (int64_t(1) << getBits()) - 1; }
    /// Number of scales for a tensor of `type`: 1, or the size of the axis.
    int64_t getNumScales(::mlir::ShapedType type) const;
  }];
}

def PDQ_CalibratedAttr : PDQ_Attr<"Calibrated", "calibrated"> {
  let summary = "What the calibration of a region achieved";
  let description = [{
    The status of a calibrated `pdq.region`: how many iterations were run (0 or
    more), and both losses before and after them, evaluated with nothing
    dropped. Losses are finite 64-bit floats.

    Example:

    ```mlir
    #pdq.calibrated<iterations = 300, reconstruction_loss = 1.3e-01 to 2.1e-02,
                    prediction_difference = 4.0e-01 to 9.0e-02>
    ```
  }];
  let parameters = (ins "int64_t":$iterations,
    "::mlir::FloatAttr":$lossBefore, "::mlir::FloatAttr":$lossAfter,
    "::mlir::FloatAttr":$differenceBefore, "::mlir::FloatAttr":$differenceAfter);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // PDQ_IR_PDQATTRS_TD
