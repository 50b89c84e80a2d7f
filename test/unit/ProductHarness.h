// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of two tensors, from a description of their indices: executed
// through the GPU path, against plain loops in double precision.

#ifndef PDQ_TEST_UNIT_PRODUCTHARNESS_H
#define PDQ_TEST_UNIT_PRODUCTHARNESS_H

#include "ProgramHarness.h"
#include <cmath>

namespace pdqtest {

/// result[i] += sum over the others of lhs * rhs, as a linalg.generic.
struct Product {
  const char *name;
  /// Extents of the loops, and which of them are reductions.
  std::vector<int64_t> extents;
  std::vector<bool> isReduction;
  /// Indices of each operand as sums of loop * factor; the smallest is 0.
  using Index = std::vector<std::pair<int, int64_t>>;
  std::vector<Index> lhs, rhs, output;
};

inline std::vector<int64_t>
getShape(const Product &product, const std::vector<Product::Index> &indices) {
  std::vector<int64_t> shape;
  for (const Product::Index &index : indices) {
    int64_t last = 0;
    for (auto [loop, factor] : index)
      last += (product.extents[loop] - 1) * std::abs(factor);
    shape.push_back(last + 1);
  }
  return shape;
}

/// What is added to an index, so that the smallest is 0.
inline int64_t getShift(const Product &product, const Product::Index &index) {
  int64_t shift = 0;
  for (auto [loop, factor] : index)
    shift -= std::min<int64_t>(factor, 0) * (product.extents[loop] - 1);
  return shift;
}

inline std::string printType(llvm::ArrayRef<int64_t> shape,
                             llvm::StringRef kind) {
  std::string text = (kind + "<").str();
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + "f32>";
}

inline std::string printMap(const Product &product,
                            const std::vector<Product::Index> &indices) {
  std::string text = "affine_map<(";
  for (size_t i = 0; i < product.extents.size(); ++i)
    text += (i ? ", d" : "d") + std::to_string(i);
  text += ") -> (";
  for (auto [place, index] : llvm::enumerate(indices)) {
    text += place ? ", " : "";
    for (auto [number, term] : llvm::enumerate(index))
      text += (number ? " + d" : "d") + std::to_string(term.first) + " * " +
              std::to_string(term.second);
    text += " + " + std::to_string(getShift(product, index));
  }
  return text + ")>";
}

/// The operation on operands %x, %w, %y of this kind of type.
inline std::string printProduct(const Product &product, llvm::StringRef kind) {
  std::string types = printType(getShape(product, product.lhs), kind) + ", " +
                      printType(getShape(product, product.rhs), kind);
  std::string result = printType(getShape(product, product.output), kind);
  std::string text =
      "linalg.generic {indexing_maps = [" + printMap(product, product.lhs) +
      ", " + printMap(product, product.rhs) + ", " +
      printMap(product, product.output) + "], iterator_types = [";
  for (size_t i = 0; i < product.extents.size(); ++i)
    text += std::string(i ? ", " : "") +
            (product.isReduction[i] ? "\"reduction\"" : "\"parallel\"");
  text += "]} ins(%x, %w : " + types + ") outs(%y : " + result + R"() {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %m = arith.mulf %a, %b : f32
      %s = arith.addf %o, %m : f32
      linalg.yield %s : f32
    })";
  return text + (kind == "tensor" ? " -> " + result : "");
}

/// The operation with other names in the place of %x, %w and %y.
inline std::string printProductOf(const Product &product, const char *lhs,
                                  const char *rhs, const char *output) {
  std::string text = printProduct(product, "memref");
  for (auto [name, other] : {std::pair("%x", lhs), {"%w", rhs}, {"%y", output}})
    text.replace(text.find(name), 2, other);
  return text + "\n";
}

inline mlir::pdq::HostTensor makeRandom(llvm::ArrayRef<int64_t> shape,
                                        uint32_t seed) {
  mlir::pdq::HostTensor tensor(shape, mlir::pdq::ElementType::F32);
  for (float &value : tensor.values<float>()) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<int32_t>(seed) / 2147483648.0f;
  }
  return tensor;
}

/// The plain loops; `sums` starts as the result's initial value.
inline void compute(const Product &product, const mlir::pdq::HostTensor &lhs,
                    const mlir::pdq::HostTensor &rhs,
                    std::vector<double> &sums) {
  std::vector<int64_t> counter(product.extents.size(), 0);
  std::vector<int64_t> lhsShape = getShape(product, product.lhs),
                       rhsShape = getShape(product, product.rhs),
                       outputShape = getShape(product, product.output);
  llvm::ArrayRef<float> left = lhs.values<float>(), right = rhs.values<float>();
  auto at = [&](const std::vector<Product::Index> &indices,
                const std::vector<int64_t> &shape) {
    int64_t address = 0;
    for (auto [dim, index] : llvm::enumerate(indices)) {
      int64_t position = getShift(product, index);
      for (auto [loop, factor] : index)
        position += counter[loop] * factor;
      address = address * shape[dim] + position;
    }
    return address;
  };
  while (true) {
    sums[at(product.output, outputShape)] +=
        double(left[at(product.lhs, lhsShape)]) *
        right[at(product.rhs, rhsShape)];
    size_t loop = counter.size();
    while (loop > 0 && ++counter[loop - 1] == product.extents[loop - 1])
      counter[--loop] = 0;
    if (loop == 0)
      return;
  }
}

/// A tensor type as a function's argument or result.
inline std::string printTensor(const Product &product,
                               const std::vector<Product::Index> &indices) {
  return printType(getShape(product, indices), "tensor");
}

/// Runs @f of a module on the simulated device (or the one that
/// PDQ_CUDA_LIBRARY names); adds the forms of its kernels to `forms`.
inline mlir::pdq::HostTensor
runFunction(const std::string &source,
            llvm::ArrayRef<mlir::pdq::HostTensor> tensors,
            llvm::ArrayRef<int64_t> resultShape, llvm::StringRef math,
            std::vector<std::string> *forms = nullptr) {
  using namespace mlir;
  using namespace mlir::pdq;
  DialectRegistry registry;
  registerAllDialects(registry);
  Executor::getDependentDialects(registry);
  MLIRContext context(registry);
  setenv("PDQ_CUDA_LIBRARY", PDQ_SIMULATED_GPU, /*overwrite=*/0);
  ExecutorOptions options;
  options.math = math.str();
  auto executor = llvm::cantFail(Executor::createCUDA(&context, options));
  auto module = parseSourceString<ModuleOp>(source, &context);
  EXPECT_TRUE(module) << source;
  auto executable = executor->compile(*module);
  EXPECT_TRUE(succeeded(executable));
  for (StringRef form : (*executable)->getKernelForms("f"))
    if (forms)
      forms->push_back(form.str());
  SmallVector<BufferRef> arguments;
  for (const HostTensor &tensor : tensors) {
    arguments.push_back(
        executor->allocate(tensor.getShape(), ElementType::F32));
    arguments.back()->write(tensor);
  }
  BufferRef result = executor->allocate(resultShape, ElementType::F32);
  // The second and third call replay a graph.
  for (int call = 0; call < 3; ++call)
    (*executable)->call("f", arguments, {result});
  return result->read();
}

/// The largest difference, relative to the largest element.
inline double compareWith(const std::vector<double> &expected,
                          llvm::ArrayRef<float> found) {
  double largest = 0, error = 0;
  for (auto [value, exact] : llvm::zip_equal(found, expected)) {
    largest = std::max(largest, std::fabs(exact));
    // Not a number is no small error.
    double difference = std::fabs(value - exact);
    error = difference <= error ? error : difference;
  }
  return error / largest;
}
inline double compareWith(const std::vector<double> &expected,
                          const mlir::pdq::HostTensor &found) {
  return compareWith(expected, found.values<float>());
}

/// The largest error of the product on the device.
inline double findError(const Product &product, llvm::StringRef math,
                        std::vector<std::string> *forms = nullptr) {
  using namespace mlir::pdq;
  std::string type = printTensor(product, product.output);
  std::string source = "func.func @f(%x: " + printTensor(product, product.lhs) +
                       ", %w: " + printTensor(product, product.rhs) +
                       ", %y: " + type + ") -> " + type +
                       " {\n  %r = " + printProduct(product, "tensor") +
                       "\n  return %r : " + type + "\n}";
  HostTensor tensors[] = {makeRandom(getShape(product, product.lhs), 1),
                          makeRandom(getShape(product, product.rhs), 2),
                          makeRandom(getShape(product, product.output), 3)};
  HostTensor found = runFunction(
      source, tensors, getShape(product, product.output), math, forms);
  std::vector<double> expected(tensors[2].values<float>().begin(),
                               tensors[2].values<float>().end());
  compute(product, tensors[0], tensors[1], expected);
  return compareWith(expected, found);
}

/// The largest error of the product on the device, where it starts from zeros.
inline double findErrorFromZero(const Product &product, llvm::StringRef math,
                                std::vector<std::string> *forms = nullptr) {
  using namespace mlir::pdq;
  std::string type = printTensor(product, product.output);
  std::string source =
      "func.func @f(%x: " + printTensor(product, product.lhs) +
      ", %w: " + printTensor(product, product.rhs) + ") -> " + type + R"( {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : )" +
      type + R"(
  %y = linalg.fill ins(%zero : f32) outs(%empty : )" +
      type + ") -> " + type + "\n  %r = " + printProduct(product, "tensor") +
      "\n  return %r : " + type + "\n}";
  HostTensor tensors[] = {makeRandom(getShape(product, product.lhs), 1),
                          makeRandom(getShape(product, product.rhs), 2)};
  std::vector<int64_t> shape = getShape(product, product.output);
  HostTensor found = runFunction(source, tensors, shape, math, forms);
  std::vector<double> expected(found.values<float>().size());
  compute(product, tensors[0], tensors[1], expected);
  return compareWith(expected, found);
}

/// An argument of a kernel: an aligned buffer.
inline std::string printBuffer(const char *name, const Product &product,
                               const std::vector<Product::Index> &indices) {
  return std::string(name) + ": " +
         printType(getShape(product, indices), "memref") +
         " {llvm.align = 16 : i64}, ";
}

/// Operations around the product of a kernel.
struct KernelText {
  std::string name = "k";
  /// Clauses behind the arguments.
  std::string clauses;
  /// Arguments behind %x, %w and %y; operations before and after the product.
  std::string arguments, before, after;
};

/// The product as a kernel, with aligned buffers.
inline std::string printKernel(const Product &product,
                               const KernelText &text = {}) {
  std::string arguments = printBuffer("%x", product, product.lhs) +
                          printBuffer("%w", product, product.rhs) +
                          printBuffer("%y", product, product.output) +
                          text.arguments;
  arguments.resize(arguments.find_last_of(','));
  return "plan.kernel @" + text.name + "(" + arguments + ")" + text.clauses +
         " {\n" + text.before + printProduct(product, "memref") + "\n" +
         text.after + "  plan.return\n}\n";
}

/// The clause that asks for a tile.
inline std::string printTile(int64_t rows, int64_t columns, int64_t terms) {
  return " tile(<" + std::to_string(rows) + "x" + std::to_string(columns) +
         "x" + std::to_string(terms) + ">)";
}

} // namespace pdqtest

#endif // PDQ_TEST_UNIT_PRODUCTHARNESS_H
