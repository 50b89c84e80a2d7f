// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The executor on a CUDA device: buffers are device memory, a call is a CUDA
// graph that was captured once for the buffers it works on.

#include "Device.h"
#include "GPUBuffer.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Pass/PassManager.h"
#include "pdq/Codegen/GPU/Pipelines.h"
#include "pdq/Plan/Buffer/LaunchPlan.h"
#include "pdq/Runtime/BindPlans.h"
#include "pdq/Runtime/CUDA/ImageStore.h"
#include "pdq/Runtime/CheckBuffers.h"
#include "pdq/Runtime/Executor.h"
#include "pdq/Support/TensorAttributes.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// A kernel that is loaded.
struct LoadedKernel {
  cuda::Function function;
  KernelLaunch launch;
};

struct BoundLaunch {
  const LoadedKernel *kernel;
  SmallVector<Place> operands;
};

/// A captured call: what it works on, and the graph.
struct CapturedCall {
  std::vector<cuda::Pointer> pointers;
  cuda::GraphExec graph = nullptr;
};

struct CompiledFunction {
  LaunchPlan plan;
  std::vector<BoundLaunch> launches;
  std::vector<std::shared_ptr<DeviceMemory>> constants;
  std::vector<BufferRef> persistent;
  /// Recent calls, the latest last.
  std::vector<CapturedCall> captured;
};

/// Graphs that are kept for one function.
constexpr size_t maxCaptured = 4;

/// What executables need from their executor, which may go before them.
struct Machine {
  Machine(std::shared_ptr<Device> opened, StringRef math)
      : device(std::move(opened)),
        images(device->getChip(), device->getImageForm(), math,
               ContentCache::openDefault()) {}

  std::shared_ptr<Device> device;
  ImageStore images;
  /// Temporaries of all functions: calls do not overlap.
  std::shared_ptr<DeviceMemory> scratch;
  /// Text of a kernel -> what it became.
  llvm::StringMap<std::unique_ptr<LoadedKernel>> kernels;
  llvm::DenseMap<Attribute, std::weak_ptr<DeviceMemory>> constants;

  void reserve(size_t bytes) {
    if (scratch && scratch->bytes >= bytes)
      return;
    // Not both at a time.
    scratch.reset();
    scratch = std::make_shared<DeviceMemory>(device, bytes);
  }
  LogicalResult compile(ArrayRef<plan::KernelOp> functions,
                        SmallVectorImpl<const LoadedKernel *> &loaded);
  LogicalResult load(ArrayRef<std::string> texts, Location loc);
  FailureOr<std::shared_ptr<DeviceMemory>> getConstant(ElementsAttr value);
};

class GPUExecutable : public Executable {
public:
  explicit GPUExecutable(std::shared_ptr<Machine> machine)
      : machine(std::move(machine)) {}
  ~GPUExecutable() override;
  void call(StringRef name, ArrayRef<BufferRef> arguments,
            ArrayRef<BufferRef> results) override;
  size_t getArenaBytes(StringRef name) const override;
  SmallVector<StringRef> getKernelForms(StringRef name) const override;
  LogicalResult add(std::vector<LaunchPlan> plans);

private:
  const CompiledFunction &get(StringRef name) const;
  CompiledFunction &get(StringRef name) {
    return const_cast<CompiledFunction &>(std::as_const(*this).get(name));
  }
  LogicalResult bind(LaunchPlan plan, ArrayRef<const LoadedKernel *> kernels);
  void initialize(CompiledFunction &function);
  cuda::Pointer resolve(const CompiledFunction &function, const Place &place,
                        ArrayRef<cuda::Pointer> pointers) const;
  void launch(const CompiledFunction &function,
              ArrayRef<cuda::Pointer> pointers) const;
  CapturedCall &remember(CompiledFunction &function,
                         ArrayRef<cuda::Pointer> pointers, bool &isKnown);
  void capture(const CompiledFunction &function, CapturedCall &call) const;
  void forget(CapturedCall &call) const;

  std::shared_ptr<Machine> machine;
  llvm::StringMap<CompiledFunction> functions;
};

class GPUExecutor : public Executor {
public:
  GPUExecutor(MLIRContext *context, std::shared_ptr<Device> device,
              StringRef math)
      : context(context), math(math),
        machine(std::make_shared<Machine>(std::move(device), math)) {}
  /// Takes the assembler that is installed, if machine code can be used.
  llvm::Error findAssembler();
  FailureOr<std::unique_ptr<Executable>> compile(ModuleOp module) override;
  BufferRef allocate(ArrayRef<int64_t> shape, ElementType type) override {
    return allocateDeviceBuffer(machine->device, shape, type);
  }
  BufferRef allocateOnHost(ArrayRef<int64_t> shape, ElementType type) override {
    return allocateDeviceBuffer(machine->device, shape, type, /*onHost=*/true);
  }
  std::optional<size_t> getFreeBytes() const override {
    return machine->device->getFreeBytes();
  }
  std::string describe() const override {
    return (machine->device->getName() + " (" +
            machine->device->getChip().name + ")")
        .str();
  }

private:
  MLIRContext *context;
  std::string math;
  std::shared_ptr<Machine> machine;
};

} // namespace

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

const CompiledFunction &GPUExecutable::get(StringRef name) const {
  auto it = functions.find(name);
  if (it == functions.end())
    llvm::report_fatal_error("module has no function '" + Twine(name) + "'");
  return it->second;
}

size_t GPUExecutable::getArenaBytes(StringRef name) const {
  return get(name).plan.arenaBytes;
}

SmallVector<StringRef> GPUExecutable::getKernelForms(StringRef name) const {
  return llvm::map_to_vector(get(name).launches, [](const BoundLaunch &launch) {
    return StringRef(launch.kernel->launch.form);
  });
}

/// `pointers` are those of arguments, then results.
cuda::Pointer GPUExecutable::resolve(const CompiledFunction &function,
                                     const Place &place,
                                     ArrayRef<cuda::Pointer> pointers) const {
  switch (place.space) {
  case Place::Arena:
    return machine->scratch->pointer + place.offset;
  case Place::Argument:
    return pointers[place.index] + place.offset;
  case Place::Result:
    return pointers[function.plan.arguments.size() + place.index] +
           place.offset;
  case Place::Constant:
    return function.constants[place.index]->pointer + place.offset;
  case Place::Persistent:
    return getDevicePointer(function.persistent[place.index]) + place.offset;
  }
  llvm_unreachable("unknown space");
}

void GPUExecutable::launch(const CompiledFunction &function,
                           ArrayRef<cuda::Pointer> pointers) const {
  const Device &device = *machine->device;
  SmallVector<cuda::Pointer> values;
  SmallVector<void *> parameters;
  for (const BoundLaunch &launch : function.launches) {
    values.clear();
    parameters.clear();
    for (const Place &place : launch.operands)
      values.push_back(resolve(function, place, pointers));
    for (cuda::Pointer &value : values)
      parameters.push_back(&value);
    const KernelLaunch &how = launch.kernel->launch;
    device.check(device.getDriver().cuLaunchKernel(
                     launch.kernel->function, how.grid[0], how.grid[1],
                     how.grid[2], how.block[0], how.block[1], how.block[2],
                     how.sharedBytes, device.getStream(), parameters.data(),
                     nullptr),
                 "cuLaunchKernel of kernel '" + how.symbol + "' in '" +
                     function.plan.name + "'");
  }
}

void GPUExecutable::forget(CapturedCall &call) const {
  if (!call.graph)
    return;
  const Device &device = *machine->device;
  device.check(device.getDriver().cuStreamSynchronize(device.getStream()),
               "cuStreamSynchronize");
  device.check(device.getDriver().cuGraphExecDestroy(call.graph),
               "cuGraphExecDestroy");
}

/// The entry of a call on these buffers, as the latest one.
CapturedCall &GPUExecutable::remember(CompiledFunction &function,
                                      ArrayRef<cuda::Pointer> pointers,
                                      bool &isKnown) {
  std::vector<CapturedCall> &calls = function.captured;
  auto known = llvm::find_if(calls, [&](const CapturedCall &call) {
    return ArrayRef(call.pointers) == pointers;
  });
  isKnown = known != calls.end();
  if (isKnown) {
    std::rotate(known, known + 1, calls.end());
    return calls.back();
  }
  if (calls.size() == maxCaptured) {
    forget(calls.front());
    calls.erase(calls.begin());
  }
  calls.push_back({pointers.vec()});
  return calls.back();
}

void GPUExecutable::capture(const CompiledFunction &function,
                            CapturedCall &call) const {
  const Device &device = *machine->device;
  const cuda::Driver &driver = device.getDriver();
  std::string what = " of '" + function.plan.name + "'";
  device.check(driver.cuStreamBeginCapture_v2(device.getStream(),
                                              cuda::CaptureThreadLocal),
               "cuStreamBeginCapture" + what);
  launch(function, call.pointers);
  cuda::Graph graph = nullptr;
  device.check(driver.cuStreamEndCapture(device.getStream(), &graph),
               "cuStreamEndCapture" + what);
  device.check(driver.cuGraphInstantiateWithFlags(&call.graph, graph, 0),
               "cuGraphInstantiate" + what);
  device.check(driver.cuGraphDestroy(graph), "cuGraphDestroy" + what);
}

/// The first call on some buffers is launched kernel by kernel, which finds
/// errors where they are; the second is captured, and replayed from then on.
void GPUExecutable::call(StringRef name, ArrayRef<BufferRef> arguments,
                         ArrayRef<BufferRef> results) {
  CompiledFunction &function = get(name);
  checkBuffers(name, "argument", arguments, function.plan.arguments);
  checkBuffers(name, "result", results, function.plan.results);
  AlignedBuffers aligned(machine->device, arguments, results, deviceAlignment);
  std::vector<cuda::Pointer> pointers = aligned.getPointers();
  // Not when it is compiled, so that the caller can make room for it. Graphs
  // hold the address of the arena.
  machine->reserve(function.plan.arenaBytes);
  pointers.push_back(machine->scratch->pointer);
  bool isKnown = false;
  CapturedCall &call = remember(function, pointers, isKnown);
  if (!isKnown)
    return launch(function, pointers);
  if (!call.graph)
    capture(function, call);
  const Device &device = *machine->device;
  device.check(device.getDriver().cuGraphLaunch(call.graph, device.getStream()),
               "cuGraphLaunch of '" + function.plan.name + "'");
}

GPUExecutable::~GPUExecutable() {
  for (auto &entry : functions)
    for (CapturedCall &call : entry.second.captured)
      forget(call);
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

/// Compiles kernels that are new. Machine code that the driver does not take is
/// left to the driver's own compiler.
LogicalResult Machine::load(ArrayRef<std::string> texts, Location loc) {
  llvm::Expected<DeviceImage> image = images.get(texts);
  if (!image)
    return emitError(loc, "kernels cannot be compiled: ")
           << llvm::toString(image.takeError());
  for (const std::string &remark : image->remarks)
    emitRemark(loc) << remark;
  auto code = device->load(*image);
  if (!code && !image->object.empty()) {
    emitRemark(loc) << "the driver does not take the machine code of ptxas ("
                    << llvm::toString(code.takeError())
                    << "); it compiles PTX instead";
    images.dropAssembler();
    image->object.clear();
    code = device->load(*image);
  }
  if (!code)
    return emitError(loc, "kernels cannot be loaded: ")
           << llvm::toString(code.takeError());
  for (auto [text, function, launch] :
       llvm::zip_equal(texts, *code, image->kernels))
    kernels[text] = std::make_unique<LoadedKernel>(
        LoadedKernel{function, std::move(launch)});
  return success();
}

LogicalResult Machine::compile(ArrayRef<plan::KernelOp> functions,
                               SmallVectorImpl<const LoadedKernel *> &loaded) {
  SmallVector<std::string> texts, pending;
  for (plan::KernelOp function : functions) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    // By default the whole module around the function is verified and numbered.
    function.print(stream, OpPrintingFlags().assumeVerified().useLocalScope());
    if (kernels.try_emplace(text).second)
      pending.push_back(text);
    texts.push_back(std::move(text));
  }
  if (!pending.empty() &&
      failed(load(pending, functions.front()->getParentOp()->getLoc())))
    return failure();
  for (const std::string &text : texts)
    loaded.push_back(kernels[text].get());
  return success();
}

FailureOr<std::shared_ptr<DeviceMemory>>
Machine::getConstant(ElementsAttr value) {
  std::weak_ptr<DeviceMemory> &slot = constants[value];
  if (std::shared_ptr<DeviceMemory> known = slot.lock())
    return known;
  FailureOr<HostTensor> elements = getElements(value);
  if (failed(elements))
    return failure();
  auto memory = std::make_shared<DeviceMemory>(device, elements->getNumBytes());
  device->write(memory->pointer, elements->data(), elements->getNumBytes());
  slot = memory;
  return memory;
}

LogicalResult GPUExecutable::bind(LaunchPlan plan,
                                  ArrayRef<const LoadedKernel *> kernels) {
  CompiledFunction function{plan, {}, {}, {}, {}};
  for (ElementsAttr value : plan.constants) {
    auto constant = machine->getConstant(value);
    if (failed(constant))
      return emitError(plan.loc, "cannot be executed: a constant of type ")
             << value.getType() << " has no data in memory";
    function.constants.push_back(*constant);
  }
  for (auto [launch, kernel] : llvm::zip_equal(plan.launches, kernels))
    function.launches.push_back({kernel, std::move(launch.operands)});
  function.plan.launches.clear();
  functions.try_emplace(plan.name, std::move(function));
  return success();
}

void GPUExecutable::initialize(CompiledFunction &function) {
  std::string name = function.plan.initializer;
  if (name.empty())
    return;
  for (RankedTensorType type : get(name).plan.results)
    function.persistent.push_back(
        allocateDeviceBuffer(machine->device, type.getShape(),
                             *pdq::getElementType(type.getElementType())));
  call(name, {}, function.persistent);
  functions.erase(name);
}

LogicalResult GPUExecutable::add(std::vector<LaunchPlan> plans) {
  SmallVector<plan::KernelOp> kernels = collectKernels(plans);
  SmallVector<std::string> names = getNames(plans);
  SmallVector<const LoadedKernel *> loaded;
  if (!kernels.empty() && failed(machine->compile(kernels, loaded)))
    return failure();
  auto bindOne = [&](LaunchPlan plan, ArrayRef<const LoadedKernel *> part) {
    return bind(std::move(plan), part);
  };
  if (failed(bindPlans(std::move(plans), ArrayRef(loaded), bindOne)))
    return failure();
  for (const std::string &name : names)
    if (auto it = functions.find(name); it != functions.end())
      initialize(it->second);
  return success();
}

FailureOr<std::unique_ptr<Executable>> GPUExecutor::compile(ModuleOp module) {
  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager passes(context);
  buildGPUPlanPipeline(passes, math, machine->device->getChip().name);
  if (failed(passes.run(*copy)))
    return failure();
  FailureOr<std::vector<LaunchPlan>> plans = buildLaunchPlans(*copy);
  if (failed(plans))
    return failure();
  auto executable = std::make_unique<GPUExecutable>(machine);
  if (failed(executable->add(std::move(*plans))))
    return failure();
  return std::unique_ptr<Executable>(std::move(executable));
}

llvm::Error GPUExecutor::findAssembler() {
  if (!machine->device->takesMachineCode())
    return llvm::Error::success();
  auto assembler = PTXAssembler::find();
  if (!assembler)
    return assembler.takeError();
  if (*assembler)
    machine->images.useAssembler(std::move(**assembler));
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Executor>>
Executor::createCUDA(MLIRContext *context, const ExecutorOptions &options) {
  auto device = Device::open(options.chip);
  if (!device)
    return device.takeError();
  auto executor =
      std::make_unique<GPUExecutor>(context, std::move(*device), options.math);
  if (llvm::Error error = executor->findAssembler())
    return std::move(error);
  return executor;
}
