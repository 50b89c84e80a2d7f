// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small networks, as front ends write them, around one block of each family.

#ifndef PDQ_TEST_UNIT_BLOCKNETWORKS_H
#define PDQ_TEST_UNIT_BLOCKNETWORKS_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include <cstring>
#include <string>

namespace mlir::pdq {

/// A value of a network under construction.
struct NetworkValue {
  std::string name;
  SmallVector<int64_t> shape;

  std::string getType() const { return getType(shape); }
  static std::string getType(ArrayRef<int64_t> shape) {
    std::string text = "tensor<";
    for (int64_t size : shape)
      text += std::to_string(size) + "x";
    return text + "f32>";
  }
};

/// Writes a network of 32-bit floats as MLIR text: images [N, C, H, W], signals
/// [N, C, W], volumes [N, C, D, H, W], or with channels last.
class NetworkText {
public:
  explicit NetworkText(ArrayRef<int64_t> shape, bool channelsLast = false)
      : input{"%x", SmallVector<int64_t>(shape)}, channelsLast(channelsLast) {
    text = "func.func @main(%x: " + input.getType() +
           ") -> RESULT {\n%zero = arith.constant 0.0 : f32\n";
  }

  NetworkValue getInput() const { return input; }

  /// A convolution with as much padding as keeps the size at stride 1, and its
  /// batch norm.
  NetworkValue convolve(const NetworkValue &value, int64_t outputs,
                        int64_t window, int64_t stride = 1);
  NetworkValue convolveGroups(const NetworkValue &value, int64_t groups,
                              int64_t outputs, int64_t window,
                              int64_t stride = 1);
  NetworkValue convolveDepthwise(const NetworkValue &value, int64_t window,
                                 int64_t stride = 1);

  NetworkValue rectify(const NetworkValue &value);
  /// relu6, with a smaller bound that some elements reach.
  NetworkValue clamp(const NetworkValue &value);
  NetworkValue add(const NetworkValue &lhs, const NetworkValue &rhs);

  /// Every second pixel, with channels of zeros on both sides.
  NetworkValue padShortcut(const NetworkValue &value, int64_t outputs);

  /// The network that classifies by the means of all channels.
  std::string finish(const NetworkValue &value, int64_t classes);

private:
  std::string makeName() { return "%v" + std::to_string(++number); }
  NetworkValue define(ArrayRef<int64_t> shape, const std::string &operation) {
    NetworkValue value{makeName(), SmallVector<int64_t>(shape)};
    text += value.name + " = " + operation + "\n";
    return value;
  }
  /// A constant without a pattern, in [offset - spread, offset + spread).
  NetworkValue draw(ArrayRef<int64_t> shape, double spread, double offset = 0);
  NetworkValue makeZeros(ArrayRef<int64_t> shape);
  NetworkValue pad(const NetworkValue &value, ArrayRef<int64_t> widths);
  NetworkValue reshape(StringRef direction, const NetworkValue &value,
                       ArrayRef<int64_t> shape, StringRef groups);
  NetworkValue slide(StringRef operation, const NetworkValue &image,
                     const NetworkValue &weight, ArrayRef<int64_t> shape,
                     int64_t stride);
  int64_t getChannelDim(const NetworkValue &value) const {
    return channelsLast ? value.shape.size() - 1 : 1;
  }
  bool isSpace(const NetworkValue &value, int64_t dim) const {
    return dim != 0 && dim != getChannelDim(value);
  }
  NetworkValue normalize(const NetworkValue &value);
  NetworkValue apply(ArrayRef<NetworkValue> values, const std::string &payload);

  NetworkValue input;
  bool channelsLast;
  std::string text;
  int number = 0;
  uint32_t seed = 1;
};

inline NetworkValue NetworkText::draw(ArrayRef<int64_t> shape, double spread,
                                      double offset) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  std::string bytes;
  for (int64_t i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    float value = static_cast<int32_t>(seed) / 2147483648.0 * spread + offset;
    char raw[sizeof(value)];
    std::memcpy(raw, &value, sizeof(value));
    bytes.append(raw, sizeof(value));
  }
  return define(shape, "arith.constant dense<\"0x" + llvm::toHex(bytes) +
                           "\"> : " + NetworkValue::getType(shape));
}

inline NetworkValue NetworkText::makeZeros(ArrayRef<int64_t> shape) {
  std::string type = NetworkValue::getType(shape);
  NetworkValue empty = define(shape, "tensor.empty() : " + type);
  return define(shape, "linalg.fill ins(%zero : f32) outs(" + empty.name +
                           " : " + type + ") -> " + type);
}

inline NetworkValue NetworkText::pad(const NetworkValue &value,
                                     ArrayRef<int64_t> widths) {
  SmallVector<int64_t> shape(value.shape);
  SmallVector<std::string> parts, indices;
  for (auto [dim, width] : llvm::enumerate(widths)) {
    shape[dim] += 2 * width;
    parts.push_back(std::to_string(width));
    indices.push_back("%i" + std::to_string(dim) + ": index");
  }
  std::string all = "[" + llvm::join(parts, ", ") + "]";
  return define(shape,
                "tensor.pad " + value.name + " low" + all + " high" + all +
                    " {\n^bb0(" + llvm::join(indices, ", ") +
                    "):\n  tensor.yield %zero : f32\n} : " + value.getType() +
                    " to " + NetworkValue::getType(shape));
}

inline NetworkValue NetworkText::reshape(StringRef direction,
                                         const NetworkValue &value,
                                         ArrayRef<int64_t> shape,
                                         StringRef groups) {
  std::string sizes;
  for (auto [dim, size] : llvm::enumerate(shape))
    sizes += (dim ? ", " : "") + std::to_string(size);
  std::string output =
      direction == "expand" ? " output_shape [" + sizes + "]" : "";
  return define(shape, "tensor." + direction.str() + "_shape " + value.name +
                           " " + groups.str() + output + " : " +
                           value.getType() + " into " +
                           NetworkValue::getType(shape));
}

inline NetworkValue NetworkText::slide(StringRef operation,
                                       const NetworkValue &image,
                                       const NetworkValue &weight,
                                       ArrayRef<int64_t> shape,
                                       int64_t stride) {
  NetworkValue zeros = makeZeros(shape);
  size_t space = operation.contains("_1d_")   ? 1
                 : operation.contains("_3d_") ? 3
                                              : 2;
  return define(shape, "linalg." + operation.str() + " {strides = dense<" +
                           std::to_string(stride) + "> : vector<" +
                           std::to_string(space) + "xi64>} ins(" + image.name +
                           ", " + weight.name + " : " + image.getType() + ", " +
                           weight.getType() + ") outs(" + zeros.name + " : " +
                           zeros.getType() + ") -> " + zeros.getType());
}

inline NetworkValue NetworkText::convolve(const NetworkValue &value,
                                          int64_t outputs, int64_t window,
                                          int64_t stride) {
  static constexpr const char *names[2][3] = {
      {"conv_1d_ncw_fcw", "conv_2d_nchw_fchw", "conv_3d_ncdhw_fcdhw"},
      {"conv_1d_nwc_wcf", "conv_2d_nhwc_hwcf", "conv_3d_ndhwc_dhwcf"}};
  int64_t channelDim = getChannelDim(value), inputs = value.shape[channelDim];
  SmallVector<int64_t> widths, windows, shape(value.shape);
  for (int64_t dim = 0, rank = shape.size(); dim < rank; ++dim) {
    widths.push_back(isSpace(value, dim) ? window / 2 : 0);
    if (!isSpace(value, dim))
      continue;
    windows.push_back(window);
    shape[dim] = (shape[dim] - 1) / stride + 1;
  }
  shape[channelDim] = outputs;
  SmallVector<int64_t> filter(windows);
  filter.insert(
      channelsLast ? filter.end() : filter.begin(),
      {channelsLast ? inputs : outputs, channelsLast ? outputs : inputs});
  const char *name = names[channelsLast][windows.size() - 1];
  return normalize(
      slide(name, pad(value, widths), draw(filter, 0.5), shape, stride));
}

inline NetworkValue NetworkText::convolveGroups(const NetworkValue &value,
                                                int64_t groups, int64_t outputs,
                                                int64_t window,
                                                int64_t stride) {
  static constexpr const char *channelGroups = "[[0], [1, 2], [3], [4]]",
                              *filterGroups = "[[0, 1], [2], [3], [4]]";
  NetworkValue image = pad(value, {0, 0, window / 2, window / 2});
  int64_t batch = value.shape[0], inputs = value.shape[1] / groups,
          padded = image.shape[2], size = (value.shape[2] - 1) / stride + 1;
  NetworkValue expanded = reshape(
      "expand", image, {batch, groups, inputs, padded, padded}, channelGroups);
  NetworkValue weight =
      reshape("expand", draw({outputs, inputs, window, window}, 0.5),
              {groups, outputs / groups, inputs, window, window}, filterGroups);
  NetworkValue result =
      slide("conv_2d_ngchw_gfchw", expanded, weight,
            {batch, groups, outputs / groups, size, size}, stride);
  return normalize(
      reshape("collapse", result, {batch, outputs, size, size}, channelGroups));
}

inline NetworkValue NetworkText::convolveDepthwise(const NetworkValue &value,
                                                   int64_t window,
                                                   int64_t stride) {
  NetworkValue image = pad(value, {0, 0, window / 2, window / 2});
  int64_t channels = value.shape[1], size = (value.shape[2] - 1) / stride + 1;
  NetworkValue weight = draw({channels, window, window}, 0.7);
  return normalize(slide("depthwise_conv_2d_nchw_chw", image, weight,
                         {value.shape[0], channels, size, size}, stride));
}

inline NetworkValue NetworkText::normalize(const NetworkValue &value) {
  int64_t axis = getChannelDim(value);
  SmallVector<int64_t> shape{value.shape[axis]};
  std::string mean = draw(shape, 0.2).name;
  std::string variance = draw(shape, 0.2, 0.5).name;
  std::string gamma = draw(shape, 0.3, 1).name;
  std::string beta = draw(shape, 0.3, 0.2).name;
  return define(value.shape,
                "pdq.batch_norm " + value.name + ", " + mean + ", " + variance +
                    ", " + gamma + ", " + beta +
                    " {axis = " + std::to_string(axis) +
                    " : i64, epsilon = 1.0e-05 : f64} : " + value.getType() +
                    ", " + NetworkValue::getType(shape));
}

inline NetworkValue NetworkText::apply(ArrayRef<NetworkValue> values,
                                       const std::string &payload) {
  SmallVector<std::string> loops, iterators;
  for (size_t dim = 0; dim < values[0].shape.size(); ++dim) {
    loops.push_back("d" + std::to_string(dim));
    iterators.push_back("\"parallel\"");
  }
  std::string all = "(" + llvm::join(loops, ", ") + ")";
  SmallVector<std::string> maps(values.size() + 1,
                                "affine_map<" + all + " -> " + all + ">"),
      names, types, scalars;
  for (auto [i, value] : llvm::enumerate(values)) {
    names.push_back(value.name);
    types.push_back(value.getType());
    scalars.push_back("%a" + std::to_string(i) + ": f32");
  }
  NetworkValue empty =
      define(values[0].shape, "tensor.empty() : " + types.front());
  return define(values[0].shape,
                "linalg.generic {indexing_maps = [" + llvm::join(maps, ", ") +
                    "], iterator_types = [" + llvm::join(iterators, ", ") +
                    "]} ins(" + llvm::join(names, ", ") + " : " +
                    llvm::join(types, ", ") + ") outs(" + empty.name + " : " +
                    empty.getType() + ") {\n^bb0(" + llvm::join(scalars, ", ") +
                    ", %out: f32):\n" + payload +
                    "  linalg.yield %r : f32\n} -> " + types.front());
}

inline NetworkValue NetworkText::rectify(const NetworkValue &value) {
  return apply(value, "  %c = arith.cmpf ugt, %a0, %zero : f32\n"
                      "  %r = arith.select %c, %a0, %zero : f32\n");
}

inline NetworkValue NetworkText::clamp(const NetworkValue &value) {
  return apply(value, "  %m = arith.constant 1.5 : f32\n"
                      "  %p = arith.maximumf %a0, %zero : f32\n"
                      "  %r = arith.minimumf %p, %m : f32\n");
}

inline NetworkValue NetworkText::add(const NetworkValue &lhs,
                                     const NetworkValue &rhs) {
  return apply({lhs, rhs}, "  %r = arith.addf %a0, %a1 : f32\n");
}

inline NetworkValue NetworkText::padShortcut(const NetworkValue &value,
                                             int64_t outputs) {
  SmallVector<int64_t> shape(value.shape);
  for (int dim : {2, 3})
    shape[dim] = (shape[dim] - 1) / 2 + 1;
  std::string sizes;
  for (auto [dim, size] : llvm::enumerate(shape))
    sizes += (dim ? ", " : "") + std::to_string(size);
  NetworkValue slice =
      define(shape, "tensor.extract_slice " + value.name + "[0, 0, 0, 0] [" +
                        sizes + "] [1, 1, 2, 2] : " + value.getType() + " to " +
                        NetworkValue::getType(shape));
  return pad(slice, {0, (outputs - shape[1]) / 2, 0, 0});
}

inline std::string NetworkText::finish(const NetworkValue &value,
                                       int64_t classes) {
  int64_t batch = value.shape[0], channels = value.shape[getChannelDim(value)];
  SmallVector<std::string> space;
  for (int64_t dim = 0, rank = value.shape.size(); dim < rank; ++dim)
    if (isSpace(value, dim))
      space.push_back(std::to_string(dim));
  NetworkValue zeros = makeZeros({batch, channels});
  NetworkValue sums = define(
      zeros.shape, "linalg.reduce ins(" + value.name + " : " + value.getType() +
                       ") outs(" + zeros.name + " : " + zeros.getType() +
                       ") dimensions = [" + llvm::join(space, ", ") +
                       "]\n  (%a: f32, %o: f32) {\n"
                       "    %t = arith.addf %a, %o : f32\n"
                       "    linalg.yield %t : f32\n  }");
  // The mean is part of the weight.
  NetworkValue weight = draw({channels, classes}, 0.2);
  NetworkValue start = makeZeros({batch, classes});
  NetworkValue logits = define(
      start.shape, "linalg.matmul ins(" + sums.name + ", " + weight.name +
                       " : " + sums.getType() + ", " + weight.getType() +
                       ") outs(" + start.name + " : " + start.getType() +
                       ") -> " + start.getType());
  text += "return " + logits.name + " : " + logits.getType() + "\n}\n";
  std::string place = "RESULT";
  return text.replace(text.find(place), place.size(), logits.getType());
}

} // namespace mlir::pdq

#endif // PDQ_TEST_UNIT_BLOCKNETWORKS_H
