// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verification and text of attributes, in the order of PlanAttrs.td.

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "pdq/Plan/IR/Plan.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq::plan;

#include "pdq/Plan/IR/PlanEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "pdq/Plan/IR/PlanAttrs.cpp.inc"

void PlanDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "pdq/Plan/IR/PlanAttrs.cpp.inc"
      >();
}

bool TargetAttr::isSupported(StringRef chip) {
  constexpr unsigned oldest = 80;
  StringRef number = chip;
  unsigned capability = 0;
  bool isKnown = number.consume_front("sm_") &&
                 !number.consumeInteger(10, capability) &&
                 capability >= oldest &&
                 (number.empty() || number == "a" || number == "f");
  return chip.empty() || isKnown;
}

LogicalResult TargetAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 StringRef chip, Math) {
  if (isSupported(chip))
    return success();
  return emitError() << "chip is '" << chip
                     << "', expected 'sm_80' or a later one";
}

Attribute TileAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> sizes;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(sizes, /*allowDynamic=*/false,
                                /*withTrailingX=*/false) ||
      parser.parseGreater())
    return {};
  if (sizes.size() != 3) {
    parser.emitError(loc, "tile has ")
        << sizes.size() << " sizes, expected M x N x K";
    return {};
  }
  return parser.getChecked<TileAttr>(loc, parser.getContext(), sizes[0],
                                     sizes[1], sizes[2]);
}

void TileAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printer.printDimensionList({getM(), getN(), getK()});
  printer << '>';
}

LogicalResult TileAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t m, int64_t n, int64_t k) {
  if (m > 0 && n > 0 && k > 0)
    return success();
  return emitError() << "tile is " << m << "x" << n << "x" << k
                     << ", expected positive sizes";
}

/// An error where `sizes` are not three positive numbers.
static LogicalResult verifyExtent(function_ref<InFlightDiagnostic()> emitError,
                                  StringRef name, ArrayRef<int64_t> sizes) {
  if (sizes.size() != 3)
    return emitError() << name << " has " << sizes.size()
                       << " sizes, expected x, y and z";
  for (int64_t size : sizes)
    if (size <= 0)
      return emitError() << name << " has size " << size
                         << ", expected positive sizes";
  return success();
}

LogicalResult
LaunchConfigAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                         DenseI64ArrayAttr grid, DenseI64ArrayAttr block,
                         int64_t sharedBytes, int64_t minBlocks) {
  constexpr int64_t mostThreads = 1024;
  if (failed(verifyExtent(emitError, "grid", grid)) ||
      failed(verifyExtent(emitError, "block", block)))
    return failure();
  int64_t threads = block[0] * block[1] * block[2];
  if (threads > mostThreads)
    return emitError() << "block has " << threads
                       << " threads, expected at most " << mostThreads;
  if (sharedBytes < 0)
    return emitError() << "shared_bytes is " << sharedBytes
                       << ", expected no negative number";
  if (minBlocks < 0)
    return emitError() << "min_blocks is " << minBlocks
                       << ", expected no negative number";
  return success();
}
