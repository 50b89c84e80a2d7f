// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibration computes in f32, which holds every number of f16 and bf16. A
// network in half precision is taken as what it approximates: the same network
// in f32 with these weights.

#include "pdq/Frontend/Module/WidenFloats.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::pdq;

static bool isHalf(Type type) { return type.isF16() || type.isBF16(); }

/// The float types below f32 that a module uses.
static llvm::SmallSetVector<Type, 2> collectNarrowTypes(ModuleOp module) {
  llvm::SmallSetVector<Type, 2> narrow;
  AttrTypeWalker walker;
  walker.addWalk([&](FloatType type) {
    if (type.getWidth() < 32 && !type.isTF32())
      narrow.insert(type);
  });
  module.walk([&](Operation *op) {
    walker.walk(op->getAttrDictionary());
    for (Type type : op->getResultTypes())
      walker.walk(type);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Type type : block.getArgumentTypes())
          walker.walk(type);
  });
  return narrow;
}

/// The number with these bits.
static float widen(APInt bits, FloatType type) {
  return APFloat(type.getFloatSemantics(), bits).convertToFloat();
}

/// A resource of 16-bit numbers in f32; null where its size is not that of its
/// type.
static Attribute widenResource(DenseResourceElementsAttr resource) {
  auto type = cast<ShapedType>(resource.getType());
  auto half = cast<FloatType>(type.getElementType());
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  size_t count = type.getNumElements();
  if (!blob || blob->getData().size() != 2 * count)
    return Attribute();
  const char *data = blob->getData().data();
  SmallVector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    uint16_t bits;
    std::memcpy(&bits, data + 2 * i, 2);
    values[i] = widen(APInt(16, bits), half);
  }
  return DenseF32ResourceElementsAttr::get(
      type.clone(Float32Type::get(resource.getContext())),
      resource.getRawHandle().getKey(),
      HeapAsmResourceBlob::allocateAndCopyInferAlign(ArrayRef<float>(values)));
}

/// Types and constants of half precision -> those of f32.
static AttrTypeReplacer makeReplacer(MLIRContext *context) {
  AttrTypeReplacer replacer;
  Type single = Float32Type::get(context);
  using Replacement = std::optional<std::pair<Attribute, WalkResult>>;
  replacer.addReplacement([=](FloatType type) -> std::optional<Type> {
    return isHalf(type) ? single : type;
  });
  replacer.addReplacement([=](FloatAttr number) -> Replacement {
    if (!isHalf(number.getType()))
      return std::nullopt;
    APFloat value = number.getValue();
    return {
        {FloatAttr::get(single, value.convertToFloat()), WalkResult::skip()}};
  });
  replacer.addReplacement([=](DenseFPElementsAttr numbers) -> Replacement {
    if (!isHalf(numbers.getElementType()))
      return std::nullopt;
    Attribute wide = numbers.mapValues(single, [](const APFloat &value) {
      return APFloat(value.convertToFloat()).bitcastToAPInt();
    });
    return {{wide, WalkResult::skip()}};
  });
  replacer.addReplacement([](DenseResourceElementsAttr data) -> Replacement {
    Attribute wide;
    if (isHalf(data.getType().getElementType()))
      wide = widenResource(data);
    if (!wide)
      return std::nullopt;
    return {{wide, WalkResult::skip()}};
  });
  return replacer;
}

/// What has another meaning on wider numbers, or no data to widen.
static LogicalResult checkWidening(ModuleOp module) {
  auto isHalfValue = [](Value value) {
    return isHalf(getElementTypeOrSelf(value.getType()));
  };
  WalkResult result = module.walk([&](Operation *op) -> WalkResult {
    if (isa<arith::BitcastOp, tensor::BitcastOp>(op) &&
        (isHalfValue(op->getOperand(0)) || isHalfValue(op->getResult(0))))
      return op->emitError() << "operation '" << op->getName()
                             << "' works on the bits of half precision, which "
                                "is taken as f32; export the network in f32";
    for (NamedAttribute attribute : op->getAttrs()) {
      auto data = dyn_cast<DenseResourceElementsAttr>(attribute.getValue());
      if (data && isHalf(data.getType().getElementType()) &&
          !widenResource(data))
        return op->emitError()
               << "constant of type " << data.getType()
               << " has no data in the module or not as much as its type says";
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult mlir::pdq::widenFloats(ModuleOp module, func::FuncOp network) {
  llvm::SmallSetVector<Type, 2> narrow = collectNarrowTypes(module);
  if (narrow.empty())
    return success();
  for (Type type : narrow)
    if (!isHalf(type))
      return network.emitError()
             << "network holds " << type
             << ", expected f32, f16 or bf16; export it in one of them";
  if (failed(checkWidening(module)))
    return failure();
  makeReplacer(module.getContext())
      .recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                    /*replaceLocs=*/false,
                                    /*replaceTypes=*/true);
  module.walk([](Operation *op) {
    if (!isa<arith::ExtFOp, arith::TruncFOp>(op) ||
        op->getOperand(0).getType() != op->getResult(0).getType())
      return;
    op->getResult(0).replaceAllUsesWith(op->getOperand(0));
    op->erase();
  });
  InFlightDiagnostic diag = network.emitRemark("network holds ");
  llvm::interleave(narrow, diag, " and ");
  diag << ", which are taken as f32: weights, arithmetic, inputs and results";
  return success();
}
