// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of passes of this stage that pipelines have as well.

#ifndef PDQ_EXPORT_OPTIONS_TD
#define PDQ_EXPORT_OPTIONS_TD

include "pdq/IR/PassBase.td"

defvar freezeOptions = [
  Option<"allowInitialized", "allow-initialized", "bool", /*default=*/"false",
         "Accept regions that were initialized but never calibrated">
];

/// Of passes that compute products on integers.
defvar productRemarksOption = EnumOption<"remarks", "remarks", "::mlir::pdq::ProductRemarks", /*default=*/"All",
  "Which products that stay in floating point are told", [
    OptionValue<"All", "all", "all of them">,
    OptionValue<"Quantized", "quantized", "those of two quantized operands">,
    OptionValue<"None", "none", "none of them">]>;

/// Options of `pdq-export` and what ends with it.
defvar exportOptions = !listconcat(freezeOptions, [
  Option<"packConstants", "pack-constants", "bool", /*default=*/"false",
         "Store weights narrower than 8 bits in their bits, with operations that unpack them">
]);

#endif // PDQ_EXPORT_OPTIONS_TD
