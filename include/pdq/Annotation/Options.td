// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of passes of this stage that pipelines have as well.

#ifndef PDQ_ANNOTATION_OPTIONS_TD
#define PDQ_ANNOTATION_OPTIONS_TD

include "pdq/IR/PassBase.td"

defvar formRegionsOptions = [
  EnumOption<"granularity", "granularity", "::mlir::pdq::RegionGranularity", /*default=*/"Block",
             "Size of a region", [
    OptionValue<"Block", "block", "a residual block, or a layer outside of one">,
    OptionValue<"Layer", "layer", "one layer">,
    OptionValue<"Network", "network", "all of it">]>
];

defvar insertQuantizersOptions = [
  Option<"weightBits", "weight-bits", "unsigned", /*default=*/"4", "Bits of weights, 2 to 8">,
  Option<"activationBits", "activation-bits", "unsigned", /*default=*/"4",
         "Bits of activations, 2 to 8">,
  EnumOption<"firstLast", "first-last", "::mlir::pdq::FirstLastPolicy", /*default=*/"QDrop",
             "8-bit policy of the first and the last layer", [
    OptionValue<"QDrop", "qdrop", "weights of both and the input of the last">,
    OptionValue<"BRECQ", "brecq", "the output of the first, too">,
    OptionValue<"None", "none", "nothing in 8 bits">]>,
  Option<"inputBits", "input-bits", "unsigned", /*default=*/"0",
         "Bits of the network's inputs as products read them, 2 to 8; 0 leaves them in floating point">,
  EnumOption<"placement", "placement", "::mlir::pdq::QuantizerPlacement", /*default=*/"Paper",
             "Which activations are quantized", [
    OptionValue<"Paper", "paper", "what products read, in front of poolings">,
    OptionValue<"Full", "full", "what sums of two activations, averages and products behind them read, as integer hardware does">]>,
  Option<"strict", "strict", "bool", /*default=*/"false",
         "Error where a product reads floating point and no policy says so">
];

#endif // PDQ_ANNOTATION_OPTIONS_TD
