// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of the dialect.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/InliningUtils.h"
#include "pdq/IR/PDQ.h"

using namespace mlir;
using namespace mlir::pdq;

#include "pdq/IR/PDQDialect.cpp.inc"

namespace {
/// All operations are pure, so functions and regions with them may be inlined.
struct PDQInlinerInterface : public DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void PDQDialect::initialize() {
  addInterfaces<PDQInlinerInterface>();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "pdq/IR/PDQOps.cpp.inc"
      >();
}

/// An error where the attribute is not what the dialect declares.
template <typename AttrT>
static LogicalResult verifyKind(Operation *op, NamedAttribute attribute,
                                StringRef expected) {
  if (isa<AttrT>(attribute.getValue()))
    return success();
  return op->emitOpError("has '")
         << attribute.getName().getValue() << "' = " << attribute.getValue()
         << ", expected " << expected;
}

/// An error where the attribute is no list of tensor types.
static LogicalResult verifyTypes(Operation *op, NamedAttribute attribute) {
  auto types = dyn_cast<ArrayAttr>(attribute.getValue());
  if (types && llvm::all_of(types, [](Attribute element) {
        auto type = dyn_cast<TypeAttr>(element);
        return type && isa<RankedTensorType>(type.getValue());
      }))
    return success();
  return op->emitOpError("has '")
         << attribute.getName().getValue() << "' = " << attribute.getValue()
         << ", expected a list of tensor types";
}

/// An error where the attribute is not the name of an order of products.
static LogicalResult verifyProducts(Operation *op, NamedAttribute attribute) {
  auto name = dyn_cast<StringAttr>(attribute.getValue());
  if (name && (name == stringifyEnum(ProductArithmetic::Float) ||
               name == stringifyEnum(ProductArithmetic::Factored)))
    return success();
  return op->emitOpError("has '")
         << attribute.getName().getValue() << "' = " << attribute.getValue()
         << ", expected \"float\" or \"factored\"";
}

LogicalResult PDQDialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == inRegionName)
    return verifyKind<StringAttr>(op, attribute, "the name of a region");
  if (name == batchName || name == numberName)
    return verifyKind<IntegerAttr>(op, attribute, "an integer");
  if (name == inputTypesName)
    return verifyTypes(op, attribute);
  if (name == productsName)
    return verifyProducts(op, attribute);
  if (name == optionsName || name == checkpointName)
    return verifyKind<DictionaryAttr>(op, attribute, "a dictionary");
  if (name == vjpOfName)
    return verifyKind<FlatSymbolRefAttr>(op, attribute,
                                         "the name of a function");
  if (name == wrtName)
    return verifyKind<DenseI64ArrayAttr>(op, attribute, "numbers of arguments");
  return op->emitOpError("has '") << name << "', which is no attribute of pdq";
}

Operation *PDQDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

ProductArithmetic mlir::pdq::getProductArithmetic(Operation *op) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!module)
    module = op->getParentOfType<ModuleOp>();
  auto name =
      module ? module->getAttrOfType<StringAttr>(productsName) : StringAttr();
  return (name ? symbolizeProductArithmetic(name) : std::nullopt)
      .value_or(ProductArithmetic::Float);
}
