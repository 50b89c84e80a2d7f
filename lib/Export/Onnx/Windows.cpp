// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions and poolings, whatever the order of their dimensions: ONNX has
// batch and channels in front.

#include "Conversion.h"
#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AffineExprVisitor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::pdq;

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

namespace {
/// A dimension of the image that windows go over.
struct Window {
  /// The loops over windows and over the elements of one.
  unsigned place, element;
  int64_t dim;
  int64_t stride = 1, dilation = 1, size = 0, padLow = 0, padHigh = 0;
  /// Sizes of image and result; dynamic where they are not known.
  int64_t image = ShapedType::kDynamic, result = ShapedType::kDynamic;

  /// Windows that fit into the image.
  int64_t getNumFitting() const {
    return (image + padLow + padHigh - dilation * (size - 1) - 1) / stride + 1;
  }
};

/// The windows of an operation, in the order of the image's dimensions, and the
/// image without the padding that windows take in.
struct Windows {
  SmallVector<Window> dims;
  Value image;
  /// For each loop the image's dimension that it alone indexes, or -1.
  SmallVector<int64_t> plainDims;

  SmallVector<int64_t> collect(int64_t Window::*member) const {
    return llvm::map_to_vector(
        dims, [&](const Window &window) { return window.*member; });
  }
  /// All paddings in front, then all behind, as ONNX has them.
  SmallVector<int64_t> getPads() const {
    SmallVector<int64_t> pads = collect(&Window::padLow);
    llvm::append_range(pads, collect(&Window::padHigh));
    return pads;
  }
};
} // namespace

/// Takes the padding of the image into the windows where it is only around
/// them, of known sizes and of a number that `isPadding` accepts.
static void takeInPadding(Windows &windows,
                          function_ref<bool(Value)> isPadding) {
  auto pad = windows.image.getDefiningOp<tensor::PadOp>();
  if (!pad)
    return;
  Value number = pad.getConstantPaddingValue();
  ArrayRef<int64_t> low = pad.getStaticLow(), high = pad.getStaticHigh();
  auto isKnown = [](int64_t size) { return !ShapedType::isDynamic(size); };
  if (!number || !isPadding(number) || !llvm::all_of(low, isKnown) ||
      !llvm::all_of(high, isKnown))
    return;
  for (int64_t dim = 0, e = low.size(); dim < e; ++dim)
    if ((low[dim] != 0 || high[dim] != 0) &&
        llvm::none_of(windows.dims,
                      [&](const Window &w) { return w.dim == dim; }))
      return;
  windows.image = pad.getSource();
  for (Window &window : windows.dims) {
    window.padLow = low[window.dim];
    window.padHigh = high[window.dim];
  }
}

/// The windows of `op`, which `inferConvolutionDims` knows.
static Windows getWindows(linalg::LinalgOp op,
                          function_ref<bool(Value)> isPadding) {
  Windows windows;
  windows.image = op->getOperand(0);
  windows.plainDims.assign(op.getNumLoops(), -1);
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  for (auto [dim, index] : llvm::enumerate(map.getResults())) {
    if (auto loop = dyn_cast<AffineDimExpr>(index)) {
      windows.plainDims[loop.getPosition()] = dim;
      continue;
    }
    SmallVector<int64_t> factors;
    if (failed(getFlattenedAffineExpr(index, map.getNumDims(), 0, &factors)))
      continue;
    Window window{0, 0, int64_t(dim)};
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
      if (factors[loop] == 0)
        continue;
      bool isElement =
          op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction;
      (isElement ? window.element : window.place) = loop;
      (isElement ? window.dilation : window.stride) = factors[loop];
    }
    window.size = sizes[window.element];
    window.result = sizes[window.place];
    windows.dims.push_back(window);
  }
  takeInPadding(windows, isPadding);
  for (Window &window : windows.dims)
    window.image =
        cast<ShapedType>(windows.image.getType()).getDimSize(window.dim);
  return windows;
}

/// Where rounding up gave the result fewer windows than fit.
static Value dropSurplus(GraphBuilder &graph, const Windows &windows,
                         Value value) {
  if (!value)
    return {};
  SmallVector<int64_t> axes, ends, shape(getTensorType(value).getShape());
  int64_t first = shape.size() - windows.dims.size();
  for (auto [i, window] : llvm::enumerate(windows.dims)) {
    bool isKnown = !ShapedType::isDynamic(window.image) &&
                   !ShapedType::isDynamic(window.result);
    if (!isKnown || window.getNumFitting() == window.result)
      continue;
    axes.push_back(first + i);
    ends.push_back(window.result);
    shape[first + i] = window.result;
  }
  SmallVector<int64_t> starts(axes.size(), 0), steps(axes.size(), 1);
  if (axes.empty())
    return value;
  return graph.slice(value, axes, graph.integers(starts), graph.integers(ends),
                     graph.integers(steps), shape);
}

static SmallVector<NamedAttribute> getAttributes(GraphBuilder &graph,
                                                 const Windows &windows) {
  return {graph.attribute("kernel_shape", windows.collect(&Window::size)),
          graph.attribute("strides", windows.collect(&Window::stride)),
          graph.attribute("dilations", windows.collect(&Window::dilation)),
          graph.attribute("pads", windows.getPads())};
}

/// Sizes of the result of windows, before those that are too many are dropped.
static void appendResultSizes(const Windows &windows,
                              SmallVectorImpl<int64_t> &shape) {
  for (const Window &window : windows.dims)
    shape.push_back(ShapedType::isDynamic(window.image)
                        ? ShapedType::kDynamic
                        : window.getNumFitting());
}

static SmallVector<int64_t> toIntegers(ArrayRef<unsigned> values) {
  return SmallVector<int64_t>(values.begin(), values.end());
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// Joins dimensions [axis, axis + count) to one.
static Value merge(GraphBuilder &graph, Value value, int64_t axis,
                   int64_t count) {
  if (!value || count == 1)
    return value;
  if (count == 0)
    return graph.unsqueeze(value, axis);
  SmallVector<Size> sizes = graph.getSizes(value);
  ArrayRef<int64_t> merged = getTensorType(value).getShape().slice(axis, count);
  sizes.erase(sizes.begin() + axis, sizes.begin() + axis + count);
  sizes.insert(sizes.begin() + axis, Size(ShapedType::getNumElements(merged)));
  return graph.reshape(value, sizes);
}

/// The places of the dimensions that `loops` index alone.
static SmallVector<int64_t> getPlaces(AffineMap map, ArrayRef<int64_t> loops) {
  return llvm::map_to_vector(loops, [&](int64_t loop) -> int64_t {
    return *map.getResultPosition(getAffineDimExpr(loop, map.getContext()));
  });
}

Value Conversion::convertConvolution(linalg::LinalgOp op) {
  auto loops = *linalg::inferConvolutionDims(op);
  Windows windows = getWindows(
      op, [](Value number) { return matchPattern(number, m_AnyZeroFloat()); });
  if (loops.batch.size() != 1 || loops.depth.size() > 1 ||
      loops.outputChannel.size() > 1 || loops.inputChannel.size() > 1 ||
      windows.dims.size() != loops.outputImage.size() ||
      windows.dims.size() + loops.batch.size() + loops.depth.size() +
              loops.inputChannel.size() !=
          op.getMatchingIndexingMap(op.getDpsInputOperand(0)).getNumResults())
    return fail(op, "it has several dimensions of batches, groups or channels");
  SmallVector<int64_t> groups = toIntegers(loops.depth);
  SmallVector<int64_t> imageLoops = toIntegers(loops.batch);
  llvm::append_range(imageLoops, groups);
  llvm::append_range(imageLoops, loops.inputChannel);
  SmallVector<int64_t> order = llvm::map_to_vector(
      imageLoops, [&](int64_t loop) { return windows.plainDims[loop]; });
  llvm::append_range(order, windows.collect(&Window::dim));
  int64_t numInput = groups.size() + loops.inputChannel.size();
  int64_t numOutput = groups.size() + loops.outputChannel.size();
  Value image =
      merge(graph, graph.transpose(get(windows.image), order), 1, numInput);

  // Weights are [groups and output channels, input channels, window].
  AffineMap weightMap = op.getMatchingIndexingMap(op.getDpsInputOperand(1));
  SmallVector<int64_t> weightLoops = groups;
  llvm::append_range(weightLoops, loops.outputChannel);
  llvm::append_range(weightLoops, loops.inputChannel);
  for (const Window &window : windows.dims)
    weightLoops.push_back(window.element);
  Value weight = graph.transpose(get(op->getOperand(1)),
                                 getPlaces(weightMap, weightLoops));
  weight = merge(graph, weight, 0, numOutput);
  if (loops.inputChannel.empty())
    weight = graph.unsqueeze(weight, 1);
  if (!image || !weight)
    return {};

  SmallVector<int64_t> shape = {getTensorType(image).getDimSize(0),
                                getTensorType(weight).getDimSize(0)};
  appendResultSizes(windows, shape);
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  SmallVector<NamedAttribute> attributes = getAttributes(graph, windows);
  attributes.push_back(
      graph.attribute("group", groups.empty() ? 1 : ranges[groups[0]]));
  Value value = graph.node("Conv", {image, weight},
                           getTensorType(image).clone(shape), attributes);
  value = dropSurplus(graph, windows, value);

  SmallVector<int64_t> resultLoops = toIntegers(loops.batch);
  llvm::append_range(resultLoops, groups);
  llvm::append_range(resultLoops, loops.outputChannel);
  SmallVector<Size> sizes = graph.getSizes(value);
  sizes.erase(sizes.begin() + 1);
  for (int64_t i = numOutput; i > 0; --i)
    sizes.insert(sizes.begin() + 1, Size(ranges[resultLoops[i]]));
  for (const Window &window : windows.dims)
    resultLoops.push_back(window.place);
  if (numOutput != 1)
    value = graph.reshape(value, sizes);
  return addStart(op, orderResult(op, 0, value, resultLoops));
}

//===----------------------------------------------------------------------===//
// Poolings
//===----------------------------------------------------------------------===//

/// Whether there is one window, which is the whole image.
static bool isGlobal(const Windows &windows) {
  return llvm::all_of(windows.dims, [](const Window &window) {
    return window.padLow == 0 && window.padHigh == 0 &&
           window.size == window.image && window.dilation == 1 &&
           window.result == 1;
  });
}

/// Sums of windows: the mean times their size, or one sum of everything.
static Value buildSumPool(GraphBuilder &graph, const Windows &windows,
                          Value image, RankedTensorType type) {
  int64_t rank = type.getRank(), first = rank - windows.dims.size();
  if (isGlobal(windows)) {
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq(first, rank));
    return graph.unsqueeze(graph.reduce("ReduceSum", image, axes), axes);
  }
  SmallVector<NamedAttribute> attributes = getAttributes(graph, windows);
  attributes.push_back(graph.attribute("count_include_pad", int64_t(1)));
  Value mean = graph.node("AveragePool", image, type, attributes);
  int64_t count = ShapedType::getNumElements(windows.collect(&Window::size));
  return graph.elementwise(
      "Mul",
      {mean, graph.scalar(graph.b.getFloatAttr(type.getElementType(), count))});
}

static bool isLowest(Value number) {
  FloatAttr value;
  return matchPattern(number, m_Constant(&value)) &&
         value.getValue().isNegative() &&
         (value.getValue().isInfinity() || value.getValue().isLargest());
}

Value Conversion::convertPooling(linalg::LinalgOp op) {
  auto loops = *linalg::inferConvolutionDims(op);
  Operation *combiner =
      op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  bool isSum = isa_and_nonnull<arith::AddFOp>(combiner);
  bool isMax = isa_and_nonnull<arith::MaximumFOp, arith::MaxNumFOp>(combiner);
  if (op->getNumResults() != 1 || (!isSum && !isMax) ||
      !llvm::all_of(combiner->getOperands(),
                    [](Value v) { return isa<BlockArgument>(v); }))
    return fail(op, "its windows are reduced by something else than a sum or a "
                    "maximum of floating point numbers");
  Windows windows = getWindows(op, [&](Value number) {
    return isSum ? matchPattern(number, m_AnyZeroFloat()) : isLowest(number);
  });
  SmallVector<int64_t> order, resultLoops;
  for (auto [loop, dim] : llvm::enumerate(windows.plainDims))
    if (dim >= 0) {
      order.push_back(dim);
      resultLoops.push_back(loop);
    }
  if (order.size() != 2 || windows.dims.size() != loops.outputImage.size())
    return fail(op, "it has " + Twine(order.size()) +
                        " dimensions without windows, expected batch and "
                        "channels");
  llvm::append_range(order, windows.collect(&Window::dim));
  for (const Window &window : windows.dims)
    resultLoops.push_back(window.place);
  Value image = graph.transpose(get(windows.image), order);
  if (!image)
    return {};
  SmallVector<int64_t> shape(getTensorType(image).getShape().take_front(2));
  appendResultSizes(windows, shape);
  auto type = getTensorType(image).clone(shape);
  Value value =
      isSum ? buildSumPool(graph, windows, image, type)
            : graph.node("MaxPool", image, type, getAttributes(graph, windows));
  value = orderResult(op, 0, dropSurplus(graph, windows, value), resultLoops);
  if (isSum)
    return addStart(op, value);
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  if (!value || (fill && isLowest(fill.getInputs()[0])))
    return value;
  return graph.elementwise("Max", {value, getCompact(op.getDpsInits()[0])});
}
