// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// torch-mlir leaves what linalg has no operation for in a dialect of its own,
// printed in a form that only this dialect can parse. All of its operations
// have the same form, which one parser reads.

#include "pdq/Frontend/Lower/TMTensorDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace mlir::pdq;

MLIR_DEFINE_EXPLICIT_TYPE_ID(mlir::pdq::TMTensorDialect)

TMTensorDialect::TMTensorDialect(MLIRContext *context)
    : Dialect(getDialectNamespace(), context, TypeID::get<TMTensorDialect>()) {
  allowUnknownOperations();
}

/// `%a, %b : type, type`
static ParseResult parseOperands(OpAsmParser &parser, OperationState &state) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SmallVector<Type> types;
  SMLoc loc = parser.getCurrentLocation();
  return failure(parser.parseOperandList(operands) ||
                 parser.parseColonTypeList(types) ||
                 parser.resolveOperands(operands, types, loc, state.operands));
}

/// `keyword(attribute)`, any number of them, then `ins(...)` and `outs(...)`.
static ParseResult parseGroups(OpAsmParser &parser, OperationState &state) {
  int32_t segments[2] = {0, 0};
  StringRef keyword;
  while (succeeded(parser.parseOptionalKeyword(&keyword))) {
    size_t before = state.operands.size();
    if (parser.parseLParen())
      return failure();
    if (keyword == "ins" || keyword == "outs") {
      if (parseOperands(parser, state))
        return failure();
      segments[keyword == "outs"] += state.operands.size() - before;
    } else {
      Attribute value;
      if (parser.parseAttribute(value))
        return failure();
      state.addAttribute(keyword, value);
    }
    if (parser.parseRParen())
      return failure();
  }
  state.addAttribute("operandSegmentSizes",
                     parser.getBuilder().getDenseI32ArrayAttr(segments));
  return success();
}

/// `tm_tensor.name {attributes} keyword(...) ins(...) outs(...) {region} ->
/// types`
static ParseResult parseAggregate(OpAsmParser &parser, OperationState &state) {
  if (parser.parseOptionalAttrDict(state.attributes) ||
      parseGroups(parser, state))
    return failure();
  auto body = std::make_unique<Region>();
  OptionalParseResult parsed = parser.parseOptionalRegion(*body);
  if (parsed.has_value()) {
    if (*parsed)
      return failure();
    state.addRegion(std::move(body));
  }
  if (failed(parser.parseOptionalArrow()))
    return success();
  return parser.parseTypeList(state.types);
}

/// `tm_tensor.yield %a, %b : type, type`
static ParseResult parseYield(OpAsmParser &parser, OperationState &state) {
  return parseOperands(parser, state);
}

std::optional<Dialect::ParseOpHook>
TMTensorDialect::getParseOperationHook(StringRef name) const {
  if (name == "tm_tensor.yield")
    return ParseOpHook(parseYield);
  return ParseOpHook(parseAggregate);
}
