// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// torch-mlir's dialect for scans and sorts, as far as reading it.

#ifndef PDQ_FRONTEND_LOWER_TMTENSORDIALECT_H
#define PDQ_FRONTEND_LOWER_TMTENSORDIALECT_H

#include "mlir/IR/Dialect.h"

namespace mlir::pdq {

/// `tm_tensor`: operations are parsed in the form that torch-mlir prints and
/// have no definition here; `pdq-normalize-frontend` lowers those it knows.
/// Operands are told apart by `operandSegmentSizes` (ins, outs), parameters are
/// attributes of their keywords.
class TMTensorDialect : public Dialect {
public:
  explicit TMTensorDialect(MLIRContext *context);
  static constexpr StringLiteral getDialectNamespace() { return "tm_tensor"; }

  std::optional<ParseOpHook>
  getParseOperationHook(StringRef name) const override;
};

} // namespace mlir::pdq

MLIR_DECLARE_EXPLICIT_TYPE_ID(mlir::pdq::TMTensorDialect)

#endif // PDQ_FRONTEND_LOWER_TMTENSORDIALECT_H
