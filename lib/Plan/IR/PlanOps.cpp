// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text and verification of operations, in the order of PlanOps.td. The labels
// in comments are those of the constraints in the descriptions there.

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "pdq/Plan/IR/Plan.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::pdq::plan;

#define GET_OP_CLASSES
#include "pdq/Plan/IR/PlanOps.cpp.inc"

//===----------------------------------------------------------------------===//
// What programs and kernels share
//===----------------------------------------------------------------------===//

/// Parses `@name(arguments)`; the caller parses clauses and then the body.
static ParseResult
parseSignature(OpAsmParser &parser, OperationState &result, StringAttr nameName,
               StringAttr typeName, StringAttr argsName,
               SmallVectorImpl<OpAsmParser::Argument> &arguments) {
  StringAttr name;
  bool isVariadic = false;
  SmallVector<Type> results;
  SmallVector<DictionaryAttr> resultAttributes;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseSymbolName(name, nameName, result.attributes) ||
      function_interface_impl::parseFunctionSignatureWithArguments(
          parser, /*allowVariadic=*/false, arguments, isVariadic, results,
          resultAttributes))
    return failure();
  if (!results.empty())
    return parser.emitError(loc, "has results, expected results as arguments");
  SmallVector<Type> types = llvm::map_to_vector(
      arguments, [](const OpAsmParser::Argument &a) { return a.type; });
  result.addAttribute(
      typeName, TypeAttr::get(parser.getBuilder().getFunctionType(types, {})));
  call_interface_impl::addArgAndResultAttrs(
      parser.getBuilder(), result, arguments, resultAttributes, argsName,
      StringAttr::get(parser.getContext(), "res_attrs"));
  return success();
}

/// Parses `attributes {...}`, if there is one, and the body.
static ParseResult parseBody(OpAsmParser &parser, OperationState &result,
                             ArrayRef<OpAsmParser::Argument> arguments) {
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  return parser.parseRegion(*result.addRegion(), arguments);
}

static void printSignature(OpAsmPrinter &printer, FunctionOpInterface op) {
  printer << ' ';
  printer.printSymbolName(op.getName());
  function_interface_impl::printFunctionSignature(
      printer, op, op.getArgumentTypes(), /*isVariadic=*/false, {});
}

static void printBody(OpAsmPrinter &printer, FunctionOpInterface op,
                      ArrayRef<StringRef> clauses) {
  SmallVector<StringRef> elided(clauses);
  elided.append({"arg_attrs", "res_attrs", "function_type"});
  function_interface_impl::printFunctionAttributes(printer, op, elided);
  printer << ' ';
  printer.printRegion(op.getFunctionBody(), /*printEntryBlockArgs=*/false,
                      /*printBlockTerminators=*/true);
}

static void buildFunction(OpBuilder &builder, OperationState &state,
                          StringRef name, FunctionType type) {
  state.addAttribute(SymbolTable::getSymbolAttrName(),
                     builder.getStringAttr(name));
  state.addAttribute("function_type", TypeAttr::get(type));
  state.addRegion();
}

/// An error where an argument is no buffer of static shape and strides
/// (program_c1, kernel_c1) or has an offset (program_c2, kernel_c2), or where
/// there are results (program_c3, kernel_c3).
static LogicalResult verifyBuffers(FunctionOpInterface op) {
  for (auto [number, type] : llvm::enumerate(op.getArgumentTypes())) {
    auto buffer = dyn_cast<MemRefType>(type);
    int64_t offset;
    SmallVector<int64_t> strides;
    if (!buffer || !buffer.hasStaticShape() ||
        failed(buffer.getStridesAndOffset(strides, offset)) ||
        llvm::any_of(strides, ShapedType::isDynamic))
      return op.emitOpError("argument ")
             << number << " has type " << type
             << ", expected a buffer of static shape and strides";
    if (llvm::any_of(strides, [](int64_t stride) { return stride < 0; }))
      return op.emitOpError("argument ") << number << " has type " << type
                                         << ", expected strides of at least 0";
    if (offset != 0)
      return op.emitOpError("argument ")
             << number << " has type " << type
             << ", expected no offset: launches add it to the address";
  }
  if (op.getNumResults() != 0)
    return op.emitOpError("has results, expected results as arguments");
  return success();
}

//===----------------------------------------------------------------------===//
// ProgramOp
//===----------------------------------------------------------------------===//

void ProgramOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                      FunctionType type) {
  buildFunction(builder, state, name, type);
}

ParseResult ProgramOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> arguments;
  if (parseSignature(parser, result, getSymNameAttrName(result.name),
                     getFunctionTypeAttrName(result.name),
                     getArgAttrsAttrName(result.name), arguments))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("initializer"))) {
    FlatSymbolRefAttr name;
    if (parser.parseLParen() ||
        parser.parseAttribute(name, getInitializerAttrName(result.name),
                              result.attributes) ||
        parser.parseRParen())
      return failure();
  }
  return parseBody(parser, result, arguments);
}

void ProgramOp::print(OpAsmPrinter &printer) {
  printSignature(printer, *this);
  if (FlatSymbolRefAttr name = getInitializerAttr())
    printer << " initializer(" << name << ')';
  printBody(printer, *this, {"initializer"});
}

/// program_c5: no two arguments have the same number in the attribute `name`.
static LogicalResult verifyNumbering(ProgramOp op, StringRef name) {
  llvm::SmallDenseSet<int64_t> numbers;
  for (unsigned i = 0; i < op.getNumArguments(); ++i) {
    auto number = op.getArgAttrOfType<IntegerAttr>(i, name);
    if (number && !numbers.insert(number.getInt()).second)
      return op.emitOpError("has two arguments with '")
             << name << "' = " << number.getInt();
  }
  return success();
}

LogicalResult ProgramOp::verify() {
  if (failed(verifyBuffers(*this)))
    return failure();
  if (!getBody().hasOneBlock()) // program_c4
    return emitOpError("has ")
           << getBody().getBlocks().size() << " blocks, expected one";
  if (failed(verifyNumbering(*this, resultName)) ||
      failed(verifyNumbering(*this, persistentName)))
    return failure();
  bool hasPersistent =
      llvm::any_of(llvm::seq(0u, getNumArguments()), [&](unsigned i) {
        return bool(getArgAttr(i, persistentName));
      });
  if (hasPersistent && !getInitializerAttr()) // program_c6
    return emitOpError("has arguments with '")
           << persistentName << "' but no initializer";
  return success();
}

LogicalResult ProgramOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FlatSymbolRefAttr name = getInitializerAttr();
  if (!name || symbols.lookupNearestSymbolFrom<ProgramOp>(*this, name))
    return success();
  return emitOpError("has initializer '") // program_c7
         << name.getValue() << "', which is no program";
}

//===----------------------------------------------------------------------===//
// KernelOp
//===----------------------------------------------------------------------===//

void KernelOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                     FunctionType type) {
  buildFunction(builder, state, name, type);
}

/// Parses what stands inside of the parentheses of the clause `keyword`.
static ParseResult parseClause(OpAsmParser &parser, StringRef keyword,
                               Attribute &value) {
  Builder &builder = parser.getBuilder();
  if (keyword == "rows" || keyword == "range") {
    int64_t number;
    if (parser.parseInteger(number))
      return failure();
    value = builder.getI64IntegerAttr(number);
    return success();
  }
  if (keyword == "groups")
    value = DenseI64ArrayAttr::parse(parser, {});
  else if (keyword == "tile")
    value = TileAttr::parse(parser, {});
  else if (keyword == "launch")
    value = LaunchConfigAttr::parse(parser, {});
  else if (keyword == "form") {
    SMLoc loc = parser.getCurrentLocation();
    StringRef name;
    if (parser.parseKeyword(&name))
      return failure();
    std::optional<Form> form = symbolizeForm(name);
    if (!form)
      return parser.emitError(loc, "there is no form '") << name << "'";
    value = FormAttr::get(parser.getContext(), *form);
  } else {
    std::string text;
    if (parser.parseString(&text))
      return failure();
    value = builder.getStringAttr(text);
  }
  return success(bool(value));
}

static constexpr StringLiteral clauses[] = {
    "rows", "groups", "tile", "form", "declined", "range", "launch"};

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> arguments;
  if (parseSignature(parser, result, getSymNameAttrName(result.name),
                     getFunctionTypeAttrName(result.name),
                     getArgAttrsAttrName(result.name), arguments))
    return failure();
  SmallVector<StringRef> keywords(std::begin(clauses), std::end(clauses));
  StringRef keyword;
  SMLoc loc = parser.getCurrentLocation();
  while (succeeded(parser.parseOptionalKeyword(&keyword, keywords))) {
    Attribute value;
    if (result.attributes.get(keyword))
      return parser.emitError(loc, "has two clauses '") << keyword << "'";
    if (parser.parseLParen() || parseClause(parser, keyword, value) ||
        parser.parseRParen())
      return failure();
    result.addAttribute(keyword, value);
    loc = parser.getCurrentLocation();
  }
  return parseBody(parser, result, arguments);
}

void KernelOp::print(OpAsmPrinter &printer) {
  printSignature(printer, *this);
  for (StringRef keyword : clauses) {
    Attribute value = (*this)->getAttr(keyword);
    if (!value)
      continue;
    printer << ' ' << keyword << '(';
    llvm::TypeSwitch<Attribute>(value)
        .Case([&](IntegerAttr number) { printer << number.getInt(); })
        .Case([&](FormAttr form) { printer << stringifyForm(form.getValue()); })
        .Case<DenseI64ArrayAttr, TileAttr, LaunchConfigAttr>(
            [&](auto attribute) { attribute.print(printer); })
        .Default([&](Attribute text) { printer << text; });
    printer << ')';
  }
  SmallVector<StringRef> elided(std::begin(clauses), std::end(clauses));
  printBody(printer, *this, elided);
}

/// An error where a group is empty (kernel_c10) or the groups are not the
/// operations of the body (kernel_c11).
static LogicalResult verifyGroups(KernelOp op) {
  std::optional<ArrayRef<int64_t>> groups = op.getGroups();
  if (!groups || op.isEmitted())
    return success();
  int64_t counted = 0, operations = 0;
  for (int64_t size : *groups) {
    if (size <= 0)
      return op.emitOpError("has a group of ")
             << size << " operations, expected at least one";
    counted += size;
  }
  for (Operation &inner : op.getBody().front())
    operations += isa<linalg::LinalgOp>(inner);
  if (counted != operations)
    return op.emitOpError("has groups of ")
           << counted << " operations but holds " << operations;
  return success();
}

LogicalResult KernelOp::verify() {
  if (failed(verifyBuffers(*this)))
    return failure();
  if (getBody().empty()) // kernel_c4
    return emitOpError("has no body");
  // kernel_c5
  if (IntegerAttr rows = getRowsAttr(); rows && rows.getInt() < 0)
    return emitOpError("has ")
           << rows.getInt() << " loops of rows, expected none or more";
  // kernel_c6
  if (IntegerAttr range = getRangeAttr(); range && range.getInt() < 0)
    return emitOpError("has a range of ")
           << range.getInt() << " iterations, expected none or more";
  if (getRows() && getGroups()) // kernel_c7
    return emitOpError("has rows and groups, expected one of them");
  if (getRange() && getLaunch()) // kernel_c8
    return emitOpError("has a range and a launch, expected that of one device");
  if ((getRange() || getLaunch()) && !getForm()) // kernel_c9
    return emitOpError("has a ")
           << (getRange() ? "range" : "launch") << " but no form";
  return verifyGroups(*this);
}

//===----------------------------------------------------------------------===//
// LaunchOp
//===----------------------------------------------------------------------===//

MemRefType mlir::pdq::plan::dropOffset(MemRefType type) {
  auto [strides, offset] = type.getStridesAndOffset();
  if (offset == 0)
    return type;
  auto layout = StridedLayoutAttr::get(type.getContext(), 0, strides);
  return MemRefType::get(type.getShape(), type.getElementType(), layout,
                         type.getMemorySpace());
}

/// launch_c3: whether a view of type `operand` can be passed as `argument`: its
/// offset is added to the address.
static bool isPassable(MemRefType operand, MemRefType argument) {
  SmallVector<int64_t> strides, expected;
  int64_t offset, none;
  return operand.getShape() == argument.getShape() &&
         operand.getElementType() == argument.getElementType() &&
         operand.getMemorySpace() == argument.getMemorySpace() &&
         succeeded(operand.getStridesAndOffset(strides, offset)) &&
         succeeded(argument.getStridesAndOffset(expected, none)) &&
         ShapedType::isStatic(offset) && strides == expected;
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel =
      symbols.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel) // launch_c1
    return emitOpError("launches '") << getKernel() << "', which is no kernel";
  ArrayRef<Type> types = kernel.getArgumentTypes();
  if (types.size() != getOperands().size()) { // launch_c2
    InFlightDiagnostic diag = emitOpError("has ")
                              << getOperands().size() << " operands but '"
                              << getKernel() << "' has " << types.size()
                              << " arguments";
    diag.attachNote(kernel.getLoc()) << "kernel is defined here";
    return diag;
  }
  for (auto [number, operand, type] : llvm::enumerate(getOperands(), types)) {
    if (isPassable(cast<MemRefType>(operand.getType()), cast<MemRefType>(type)))
      continue;
    InFlightDiagnostic diag = emitOpError("operand ")
                              << number << " has type " << operand.getType()
                              << ", expected a view with the strides of "
                              << type;
    diag.attachNote(kernel.getLoc()) << "kernel is defined here";
    return diag;
  }
  return success();
}
