// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verification, text form and registration of the attributes.

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "pdq/IR/PDQ.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq;

#include "pdq/IR/PDQEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "pdq/IR/PDQAttrs.cpp.inc"

void PDQDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "pdq/IR/PDQAttrs.cpp.inc"
      >();
}

LogicalResult
QuantizerAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      unsigned bits, std::optional<int64_t> axis) {
  if (bits < 2 || bits > 8)
    return emitError() << "quantizer has " << bits << " bits, expected 2 to 8";
  if (axis && *axis < 0)
    return emitError() << "quantizer has axis " << *axis
                       << ", expected 0 or more";
  return success();
}

int64_t QuantizerAttr::getNumScales(ShapedType type) const {
  return getAxis() ? type.getDimSize(*getAxis()) : 1;
}

LogicalResult
CalibratedAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       int64_t iterations, FloatAttr lossBefore,
                       FloatAttr lossAfter, FloatAttr differenceBefore,
                       FloatAttr differenceAfter) {
  if (iterations < 0)
    return emitError() << "calibration has " << iterations
                       << " iterations, expected 0 or more";
  for (FloatAttr loss :
       {lossBefore, lossAfter, differenceBefore, differenceAfter})
    if (!loss.getType().isF64() || !loss.getValue().isFinite())
      return emitError() << "calibration has loss " << loss
                         << ", expected a finite number of type f64";
  return success();
}

/// Parses `keyword = before to after`.
static ParseResult parseChange(AsmParser &parser, StringRef keyword,
                               FloatAttr &before, FloatAttr &after) {
  double from, to;
  if (parser.parseComma() || parser.parseKeyword(keyword) ||
      parser.parseEqual() || parser.parseFloat(from) ||
      parser.parseKeyword("to") || parser.parseFloat(to))
    return failure();
  before = parser.getBuilder().getF64FloatAttr(from);
  after = parser.getBuilder().getF64FloatAttr(to);
  return success();
}

Attribute CalibratedAttr::parse(AsmParser &parser, Type) {
  int64_t iterations;
  FloatAttr lossBefore, lossAfter, differenceBefore, differenceAfter;
  if (parser.parseLess() || parser.parseKeyword("iterations") ||
      parser.parseEqual() || parser.parseInteger(iterations) ||
      parseChange(parser, "reconstruction_loss", lossBefore, lossAfter) ||
      parseChange(parser, "prediction_difference", differenceBefore,
                  differenceAfter) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<CalibratedAttr>(parser.getContext(), iterations,
                                           lossBefore, lossAfter,
                                           differenceBefore, differenceAfter);
}

void CalibratedAttr::print(AsmPrinter &printer) const {
  printer << "<iterations = " << getIterations()
          << ", reconstruction_loss = " << getLossBefore().getValue() << " to "
          << getLossAfter().getValue()
          << ", prediction_difference = " << getDifferenceBefore().getValue()
          << " to " << getDifferenceAfter().getValue() << ">";
}
