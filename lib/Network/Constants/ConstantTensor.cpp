// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements in and out of attributes.

#include "pdq/Network/Constants/ConstantTensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

bool mlir::pdq::isEvaluated(Type type) {
  if (isa<IndexType>(type) || type.isF32() || type.isF64() || type.isF16() ||
      type.isBF16())
    return true;
  auto integer = dyn_cast<IntegerType>(type);
  return integer && integer.getWidth() <= 64;
}

double mlir::pdq::roundTo(FloatType type, double value) {
  if (type.isF32())
    return static_cast<float>(value);
  if (type.isF64())
    return value;
  APFloat rounded(value);
  bool losesInfo;
  rounded.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
  return rounded.convertToDouble();
}

static unsigned getWidth(Type type) {
  return isa<IndexType>(type) ? 64 : type.getIntOrFloatBitWidth();
}

int64_t mlir::pdq::wrapTo(Type type, int64_t value) {
  unsigned width = getWidth(type);
  if (width == 1)
    return value & 1;
  return width == 64 ? value : llvm::SignExtend64(value, width);
}

TypedAttr mlir::pdq::getScalarAttribute(Type type, Scalar value) {
  if (isa<FloatType>(type))
    return FloatAttr::get(type, value.real);
  return IntegerAttr::get(type, APInt(getWidth(type), value.integer,
                                      /*isSigned=*/true,
                                      /*implicitTrunc=*/true));
}

static Scalar readInteger(const APInt &value) {
  Scalar scalar;
  scalar.integer =
      value.getBitWidth() == 1 ? value.getZExtValue() : value.getSExtValue();
  return scalar;
}

static Scalar readFloat(const APFloat &value) {
  Scalar scalar;
  APFloat wide = value;
  bool losesInfo;
  wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  scalar.real = wide.convertToDouble();
  return scalar;
}

std::optional<Scalar> mlir::pdq::readScalar(Attribute attribute) {
  auto typed = dyn_cast_or_null<TypedAttr>(attribute);
  if (!typed || !isEvaluated(typed.getType()))
    return std::nullopt;
  if (auto integer = dyn_cast<IntegerAttr>(attribute))
    return readInteger(integer.getValue());
  if (auto real = dyn_cast<FloatAttr>(attribute))
    return readFloat(real.getValue());
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

void mlir::pdq::advance(MutableArrayRef<int64_t> position,
                        ArrayRef<int64_t> shape) {
  for (size_t dim = shape.size(); dim-- > 0;) {
    if (++position[dim] < shape[dim])
      return;
    position[dim] = 0;
  }
}

ConstantTensor::ConstantTensor(RankedTensorType type)
    : type(type), elements(std::make_shared<std::vector<Scalar>>(
                      type.getNumElements(), Scalar{0.0})) {}

MutableArrayRef<Scalar> ConstantTensor::getMutableElements() {
  if (elements.use_count() > 1)
    elements = std::make_shared<std::vector<Scalar>>(*elements);
  return *elements;
}

/// Reads elements that lie in memory as the type says.
template <typename T, typename Convert>
static void readRaw(ArrayRef<char> data, MutableArrayRef<Scalar> elements,
                    Convert convert) {
  for (auto [i, element] : llvm::enumerate(elements)) {
    T raw;
    std::memcpy(&raw, data.data() + i * sizeof(T), sizeof(T));
    convert(element, raw);
  }
}

/// Reads a blob whose elements have whole bytes.
static bool readBlob(Type type, ArrayRef<char> data,
                     MutableArrayRef<Scalar> elements) {
  // A boolean fills a byte of a blob.
  unsigned bits = std::max(getWidth(type), 8u);
  if (data.size() != elements.size() * (bits / 8) || bits % 8)
    return false;
  auto real = [](Scalar &to, auto from) { to.real = from; };
  auto integer = [&](Scalar &to, auto from) {
    to.integer = wrapTo(type, static_cast<int64_t>(from));
  };
  if (auto small = dyn_cast<FloatType>(type); small && bits == 16)
    readRaw<uint16_t>(data, elements, [&](Scalar &to, uint16_t from) {
      to = readFloat(APFloat(small.getFloatSemantics(), APInt(16, from)));
    });
  else if (type.isF32())
    readRaw<float>(data, elements, real);
  else if (type.isF64())
    readRaw<double>(data, elements, real);
  else if (bits == 8)
    readRaw<int8_t>(data, elements, integer);
  else if (bits == 16)
    readRaw<int16_t>(data, elements, integer);
  else if (bits == 32)
    readRaw<int32_t>(data, elements, integer);
  else if (bits == 64)
    readRaw<int64_t>(data, elements, integer);
  else
    return false;
  return true;
}

std::optional<ConstantTensor> ConstantTensor::read(ElementsAttr attribute) {
  auto type = dyn_cast<RankedTensorType>(attribute.getType());
  if (!type || !type.hasStaticShape() || !isEvaluated(type.getElementType()))
    return std::nullopt;
  ConstantTensor tensor(type);
  MutableArrayRef<Scalar> elements = tensor.getMutableElements();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || !readBlob(type.getElementType(), blob->getData(), elements))
      return std::nullopt;
    return tensor;
  }
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!dense)
    return std::nullopt;
  if (isa<FloatType>(type.getElementType()))
    llvm::transform(dense.getValues<APFloat>(), elements.begin(), readFloat);
  else
    llvm::transform(dense.getValues<APInt>(), elements.begin(), readInteger);
  return tensor;
}

ConstantTensor ConstantTensor::reshape(ArrayRef<int64_t> shape) const {
  ConstantTensor result = *this;
  result.type = type.clone(shape);
  return result;
}

ConstantTensor ConstantTensor::transpose(ArrayRef<int64_t> order) const {
  SmallVector<int64_t> own = computeStrides(getShape()), shape, strides;
  for (int64_t dim : order) {
    shape.push_back(type.getDimSize(dim));
    strides.push_back(own[dim]);
  }
  ConstantTensor result(type.clone(shape));
  SmallVector<int64_t> position(shape.size(), 0);
  for (Scalar &element : result.getMutableElements()) {
    int64_t offset = 0;
    for (auto [index, stride] : llvm::zip_equal(position, strides))
      offset += index * stride;
    element = (*elements)[offset];
    advance(position, shape);
  }
  return result;
}

ConstantTensor
ConstantTensor::dropRepetitions(int64_t unit,
                                SmallVectorImpl<int64_t> &dims) const {
  SmallVector<int64_t> shape(getShape()), strides = computeStrides(shape);
  SmallVector<bool> repeats = llvm::map_to_vector(
      shape, [&](int64_t size) { return size > 1 && size % unit == 0; });
  SmallVector<int64_t> position(shape.size(), 0);
  for (int64_t i = 0, e = elements->size(); i < e; ++i) {
    for (size_t dim = 0; dim < shape.size(); ++dim)
      if (repeats[dim] && position[dim] > 0)
        repeats[dim] = (*elements)[i].integer ==
                       (*elements)[i - strides[dim] * position[dim]].integer;
    advance(position, shape);
  }
  for (size_t dim = 0; dim < shape.size(); ++dim)
    if (repeats[dim]) {
      dims.push_back(dim);
      shape[dim] = 1;
    }
  ConstantTensor result(type.clone(shape));
  position.assign(shape.size(), 0);
  for (Scalar &element : result.getMutableElements()) {
    int64_t offset = 0;
    for (auto [index, stride] : llvm::zip_equal(position, strides))
      offset += index * stride;
    element = (*elements)[offset];
    advance(position, shape);
  }
  return result;
}

DenseElementsAttr ConstantTensor::getAttribute() const {
  Type element = type.getElementType();
  auto make = [&](auto read) {
    auto values = llvm::map_to_vector(*elements, read);
    return DenseElementsAttr::get(type, ArrayRef(values));
  };
  if (element.isF32())
    return make([](Scalar scalar) { return static_cast<float>(scalar.real); });
  if (element.isF64())
    return make([](Scalar scalar) { return scalar.real; });
  if (isa<FloatType>(element))
    return make([&](Scalar scalar) {
      return cast<FloatAttr>(getScalarAttribute(element, scalar)).getValue();
    });
  return make([&](Scalar scalar) {
    return cast<IntegerAttr>(getScalarAttribute(element, scalar)).getValue();
  });
}
