// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole story as one pipeline.

#ifndef PDQ_LIB_PIPELINES_QUANTIZE_H
#define PDQ_LIB_PIPELINES_QUANTIZE_H

namespace mlir::pdq {

/// Registers `pdq-quantize`: `pdq-annotate`, `pdq-calibrate` and `pdq-export`
/// in a row. It takes the options of all three, under the same names.
void registerQuantizePipeline();

} // namespace mlir::pdq

#endif // PDQ_LIB_PIPELINES_QUANTIZE_H
