// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The executor on the machine's own cores: buffers are host memory, a call is a
// loop over kernel pointers.

#include "ConstantPool.h"
#include "mlir/IR/BuiltinTypes.h"
#include "pdq/Codegen/CPU/Pipelines.h"
#include "pdq/Plan/Buffer/LaunchPlan.h"
#include "pdq/Plan/Pipelines.h"
#include "pdq/Runtime/BindPlans.h"
#include "pdq/Runtime/CPU/KernelCompiler.h"
#include "pdq/Runtime/CheckBuffers.h"
#include "pdq/Runtime/Dialects.h"
#include "pdq/Runtime/Executor.h"
#include "pdq/Support/MemoryLimit.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// Host memory, or a part of it.
class CPUBuffer : public Buffer {
public:
  CPUBuffer(std::shared_ptr<HostTensor> owner, char *memory,
            ArrayRef<int64_t> shape, ElementType type)
      : owner(std::move(owner)), memory(memory), shape(shape), type(type) {}

  ArrayRef<int64_t> getShape() const override { return shape; }
  ElementType getElementType() const override { return type; }
  void write(const HostTensor &source) override;
  HostTensor read() const override;
  BufferRef slice(int64_t first, int64_t count) override;
  char *data() const { return memory; }

private:
  std::shared_ptr<HostTensor> owner;
  char *memory;
  SmallVector<int64_t> shape;
  ElementType type;
};

/// A launch whose operands are known up to what the caller binds.
struct BoundLaunch {
  const CompiledKernel *kernel;
  SmallVector<Place> operands;
};

/// One function that can be called.
struct CompiledFunction {
  LaunchPlan plan;
  std::vector<BoundLaunch> launches;
  std::vector<std::shared_ptr<HostTensor>> constants;
  /// Values that depend on constants only, computed when it was compiled.
  std::vector<BufferRef> persistent;
};

/// Memory for the temporaries of all functions of one executor: calls do not
/// overlap, so they share it.
struct Scratch {
  HostTensor memory;
  void reserve(int64_t bytes) {
    if (!memory.data() || memory.getNumElements() < bytes)
      memory = HostTensor({std::max<int64_t>(bytes, 1)}, ElementType::I8);
  }
};

/// What executables need from their executor, which may go before them.
struct Machine {
  explicit Machine(unsigned threads) : pool(threads) {}
  ThreadPool pool;
  std::unique_ptr<KernelCompiler> compiler;
  ConstantPool constants;
  Scratch scratch;
};

class CPUExecutable : public Executable {
public:
  explicit CPUExecutable(std::shared_ptr<Machine> machine)
      : machine(std::move(machine)) {}
  void call(StringRef name, ArrayRef<BufferRef> arguments,
            ArrayRef<BufferRef> results) override;
  size_t getArenaBytes(StringRef name) const override {
    return get(name).plan.arenaBytes;
  }
  SmallVector<StringRef> getKernelForms(StringRef name) const override {
    return SmallVector<StringRef>(get(name).launches.size(), "loops");
  }

  /// Compiles the kernels of all plans at once and initializes what is
  /// persistent.
  LogicalResult add(std::vector<LaunchPlan> plans);

private:
  LogicalResult bind(LaunchPlan plan, ArrayRef<const CompiledKernel *> code);
  void initialize(CompiledFunction &function);
  const CompiledFunction &get(StringRef name) const;

  std::shared_ptr<Machine> machine;
  llvm::StringMap<CompiledFunction> functions;
  SmallVector<void *> slots;
};

class CPUExecutor : public Executor {
public:
  CPUExecutor(MLIRContext *context, CPUTarget target, unsigned threads,
              bool inOrder)
      : context(context), target(target), inOrder(inOrder),
        machine(std::make_shared<Machine>(threads)) {
    machine->compiler = KernelCompiler::create(target, threads, inOrder);
  }
  FailureOr<std::unique_ptr<Executable>> compile(ModuleOp module) override;
  BufferRef allocate(ArrayRef<int64_t> shape, ElementType type) override;
  std::string describe() const override;

private:
  MLIRContext *context;
  CPUTarget target;
  bool inOrder;
  std::shared_ptr<Machine> machine;
};

} // namespace

void CPUBuffer::write(const HostTensor &source) {
  if (source.getShape() != getShape() || source.getElementType() != type)
    llvm::report_fatal_error("tensor does not fit into the buffer");
  std::memcpy(memory, source.data(), source.getNumBytes());
}

HostTensor CPUBuffer::read() const {
  HostTensor tensor(shape, type);
  std::memcpy(tensor.data(), memory, tensor.getNumBytes());
  return tensor;
}

BufferRef CPUBuffer::slice(int64_t first, int64_t count) {
  if (shape.empty() || first < 0 || count < 0 || first > shape[0] - count)
    llvm::report_fatal_error("slice lies outside of the buffer");
  int64_t stride = getByteSize(type);
  for (int64_t size : ArrayRef(shape).drop_front())
    stride *= size;
  SmallVector<int64_t> sliced(shape);
  sliced[0] = count;
  return std::make_shared<CPUBuffer>(owner, memory + first * stride, sliced,
                                     type);
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

const CompiledFunction &CPUExecutable::get(StringRef name) const {
  auto it = functions.find(name);
  if (it == functions.end())
    llvm::report_fatal_error("module has no function '" + Twine(name) + "'");
  return it->second;
}

static void *getAddress(const BufferRef &buffer) {
  return static_cast<CPUBuffer &>(*buffer).data();
}

void CPUExecutable::call(StringRef name, ArrayRef<BufferRef> arguments,
                         ArrayRef<BufferRef> results) {
  const CompiledFunction &function = get(name);
  checkBuffers(name, "argument", arguments, function.plan.arguments);
  checkBuffers(name, "result", results, function.plan.results);
  auto resolve = [&](const Place &place) -> void * {
    void *base = nullptr;
    switch (place.space) {
    case Place::Arena:
      base = machine->scratch.memory.data();
      break;
    case Place::Argument:
      base = getAddress(arguments[place.index]);
      break;
    case Place::Result:
      base = getAddress(results[place.index]);
      break;
    case Place::Constant:
      base = function.constants[place.index]->data();
      break;
    case Place::Persistent:
      base = getAddress(function.persistent[place.index]);
      break;
    }
    return static_cast<char *>(base) + place.offset;
  };
  for (const BoundLaunch &launch : function.launches) {
    slots.clear();
    for (const Place &place : launch.operands)
      slots.push_back(resolve(place));
    machine->pool.run(launch.kernel->entry, slots.data(), launch.kernel->range);
  }
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

static BufferRef allocateBuffer(ArrayRef<int64_t> shape, ElementType type) {
  auto owner = std::make_shared<HostTensor>(shape, type);
  char *memory = static_cast<char *>(owner->data());
  return std::make_shared<CPUBuffer>(owner, memory, shape, type);
}

/// Binds the launches of one function to code and constants.
LogicalResult CPUExecutable::bind(LaunchPlan plan,
                                  ArrayRef<const CompiledKernel *> code) {
  CompiledFunction function{plan, {}, {}, {}};
  for (ElementsAttr value : plan.constants) {
    auto constant = machine->constants.get(value);
    if (failed(constant))
      return emitError(plan.loc, "cannot be executed: a constant of type ")
             << value.getType() << " has no data in memory";
    function.constants.push_back(*constant);
  }
  for (auto [launch, kernel] : llvm::zip(plan.launches, code))
    function.launches.push_back({kernel, std::move(launch.operands)});
  function.plan.launches.clear();
  machine->scratch.reserve(plan.arenaBytes);
  functions.try_emplace(plan.name, std::move(function));
  return success();
}

void CPUExecutable::initialize(CompiledFunction &function) {
  std::string name = function.plan.initializer;
  if (name.empty())
    return;
  for (RankedTensorType type : get(name).plan.results)
    function.persistent.push_back(allocateBuffer(
        type.getShape(), *pdq::getElementType(type.getElementType())));
  call(name, {}, function.persistent);
  functions.erase(name);
}

/// Checks that what a function needs at once can be in memory, before any of it
/// is allocated.
static LogicalResult checkMemory(const LaunchPlan &plan) {
  uint64_t needed = plan.arenaBytes;
  auto add = [&](ShapedType type) {
    auto element = pdq::getElementType(type.getElementType());
    if (succeeded(element))
      needed = llvm::SaturatingAdd<uint64_t>(
          needed,
          getCheckedByteSize(type.getShape(), *element).value_or(UINT64_MAX));
  };
  for (RankedTensorType type : plan.persistent)
    add(type);
  for (ElementsAttr constant : plan.constants)
    add(constant.getShapedType());
  return checkMemoryLimit(plan.loc, needed, "cannot be executed: it",
                          "take a smaller batch, or give more");
}

LogicalResult CPUExecutable::add(std::vector<LaunchPlan> plans) {
  if (llvm::any_of(plans, [](const LaunchPlan &plan) {
        return failed(checkMemory(plan));
      }))
    return failure();
  SmallVector<plan::KernelOp> kernels = collectKernels(plans);
  SmallVector<std::string> names = getNames(plans);
  auto code = machine->compiler->compile(kernels);
  if (failed(code))
    return failure();
  auto bindOne = [&](LaunchPlan plan, ArrayRef<const CompiledKernel *> part) {
    return bind(std::move(plan), part);
  };
  if (failed(bindPlans(std::move(plans), ArrayRef(*code), bindOne)))
    return failure();
  for (const std::string &name : names)
    if (auto it = functions.find(name); it != functions.end())
      initialize(it->second);
  return success();
}

FailureOr<std::unique_ptr<Executable>> CPUExecutor::compile(ModuleOp module) {
  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager passes(context);
  if (inOrder)
    buildInOrderPlanPipeline(passes);
  else
    buildPlanPipeline(passes);
  if (failed(passes.run(*copy)))
    return failure();
  FailureOr<std::vector<LaunchPlan>> plans = buildLaunchPlans(*copy);
  if (failed(plans))
    return failure();
  auto executable = std::make_unique<CPUExecutable>(machine);
  if (failed(executable->add(std::move(*plans))))
    return failure();
  return std::unique_ptr<Executable>(std::move(executable));
}

BufferRef CPUExecutor::allocate(ArrayRef<int64_t> shape, ElementType type) {
  return allocateBuffer(shape, type);
}

std::string CPUExecutor::describe() const {
  StringRef name = target == CPUTarget::AVX512 ? "avx512"
                   : target == CPUTarget::AVX2 ? "avx2"
                                               : "generic";
  return ("cpu (" + name + ", " + Twine(machine->pool.getNumThreads()) +
          " threads)")
      .str();
}

void Executor::getDependentDialects(DialectRegistry &registry) {
  registerExecutorDialects(registry);
}

bool Executor::isSupported(CPUTarget target) {
  return pdq::isSupported(target);
}

std::unique_ptr<Executor> Executor::createCPU(MLIRContext *context,
                                              const ExecutorOptions &options) {
  CPUTarget target =
      options.cpu == CPUTarget::Host ? getHostTarget() : options.cpu;
  if (!pdq::isSupported(target))
    return nullptr;
  unsigned threads =
      options.threads ? options.threads : std::thread::hardware_concurrency();
  return std::make_unique<CPUExecutor>(context, target, std::max(threads, 1u),
                                       options.inOrder);
}
