// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every pass, in the order of the flow. Read this first.

#ifndef PDQ_PASSES_TD
#define PDQ_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// 1 Annotation: frontend IR -> annotated IR
//===----------------------------------------------------------------------===//

//===----------------------------------------------------------------------===//
// 2 Autodiff: losses and gradients as IR
//===----------------------------------------------------------------------===//

//===----------------------------------------------------------------------===//
// 3 Execution: functions -> machine code
//===----------------------------------------------------------------------===//

//===----------------------------------------------------------------------===//
// 4 Calibration: data + gradients -> calibrated parameters
//===----------------------------------------------------------------------===//

//===----------------------------------------------------------------------===//
// 5 Export: calibrated IR -> quant dialect
//===----------------------------------------------------------------------===//

#endif // PDQ_PASSES_TD
