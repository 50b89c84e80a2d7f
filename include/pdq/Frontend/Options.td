// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of passes of this stage that pipelines have as well.

#ifndef PDQ_FRONTEND_OPTIONS_TD
#define PDQ_FRONTEND_OPTIONS_TD

include "pdq/IR/PassBase.td"

defvar normalizeFrontendOptions = [
  Option<"entry", "entry", "std::string", /*default=*/"",
         "Function that is the network, where a module has several">,
  Option<"sampleShape", "sample-shape", "std::string", /*default=*/"",
         "Sizes behind the batch where they are dynamic, such as 3x32x32; for several "
         "inputs separated by commas">
];

#endif // PDQ_FRONTEND_OPTIONS_TD
