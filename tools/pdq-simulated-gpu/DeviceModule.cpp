// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an image to kernels that can be launched.

#include "DeviceModule.h"
#include "Chip.h"
#include "Fiber.h"
#include "Lowering.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Transforms/Scalar/ScalarizeMaskedMemIntrin.h"

using namespace llvm;

namespace pdq::sim {

static Status failed(Error error, const Twine &what) {
  return Status::error(CUDA_ERROR_UNKNOWN,
                       what + ": " + toString(std::move(error)));
}

void optimizeDeviceCode(Module &module) {
  PassBuilder builder;
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager callGraph;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  ModulePassManager passes =
      builder.buildPerModuleDefaultPipeline(OptimizationLevel::O1);
  // Masked accesses become scalar ones, which are checked one by one.
  passes.addPass(
      createModuleToFunctionPassAdaptor(ScalarizeMaskedMemIntrinPass()));
  passes.run(module, modules);
}

/// "128,1,1" of a function attribute.
static void readExtents(const Function &function, StringRef attribute,
                        uint32_t (&extents)[3]) {
  SmallVector<StringRef, 3> parts;
  function.getFnAttribute(attribute).getValueAsString().split(parts, ',');
  for (size_t i = 0; i < 3 && i < parts.size(); ++i)
    if (!parts[i].empty() && parts[i].trim().getAsInteger(10, extents[i]))
      extents[i] = 0;
}

static uint32_t measureLocal(const Function &function,
                             const DataLayout &layout) {
  uint64_t bytes = 0;
  for (const Instruction &instruction : llvm::instructions(function))
    if (auto *memory = dyn_cast<AllocaInst>(&instruction))
      if (auto size = memory->getAllocationSize(layout))
        bytes += size->getFixedValue();
  return std::min<uint64_t>(bytes, UINT32_MAX);
}

Status collectKernels(const Module &module, const DataLayout &layout,
                      KernelMap &kernels) {
  for (const Function &function : module) {
    bool isKernel = function.getCallingConv() == CallingConv::PTX_Kernel;
    if (function.isDeclaration() || !isKernel)
      continue;
    Kernel kernel;
    kernel.name = function.getName().str();
    for (const Argument &argument : function.args()) {
      Type *type = argument.hasByValAttr() ? argument.getParamByValType()
                                           : argument.getType();
      kernel.parameters.push_back(
          {static_cast<uint32_t>(layout.getTypeAllocSize(type)),
           type->isPointerTy()});
    }
    readExtents(function, "nvvm.reqntid", kernel.requiredBlock);
    uint32_t most[3] = {1, 1, 1};
    readExtents(function, "nvvm.maxntid", most);
    bool hasMost = function.hasFnAttribute("nvvm.maxntid");
    kernel.maxThreads =
        hasMost ? most[0] * most[1] * most[2] : kMaxThreadsPerBlock;
    kernel.localBytes = measureLocal(function, layout);
    if (kernel.localBytes > FiberStack::kBytes / 2)
      return Status::error(
          CUDA_ERROR_INVALID_IMAGE,
          "kernel '" + kernel.name + "' has " + Twine(kernel.localBytes) +
              " bytes of local memory, at most " +
              Twine(FiberStack::kBytes / 2) + " are simulated");
    kernels[kernel.name] = std::move(kernel);
  }
  if (kernels.empty())
    return Status::error(CUDA_ERROR_INVALID_IMAGE,
                         "the module has no kernel (a function with the "
                         "calling convention ptx_kernel)");
  return Status::success();
}

DeviceModule::DeviceModule() = default;
DeviceModule::~DeviceModule() = default;

Kernel *DeviceModule::find(const std::string &name) {
  auto it = kernels.find(name);
  return it == kernels.end() ? nullptr : &it->second;
}

std::string DeviceModule::listKernels() const {
  std::string text;
  for (const auto &entry : kernels)
    text += (text.empty() ? "'" : ", '") + entry.first + "'";
  return text;
}

/// Steps of a load that need the module under construction.
class ModuleLoader {
public:
  Status createCompiler();
  Status lower(const void *image);
  Status compile();
  std::unique_ptr<DeviceModule> take() { return std::move(result); }

private:
  Status defineSymbols();

  std::unique_ptr<DeviceModule> result{new DeviceModule};
  std::unique_ptr<LLVMContext> context = std::make_unique<LLVMContext>();
  std::unique_ptr<Module> module;
  std::vector<std::pair<std::string, uint64_t>> constants;
};

Status ModuleLoader::createCompiler() {
  static const bool isReady = [] {
    return !InitializeNativeTarget() && !InitializeNativeTargetAsmPrinter();
  }();
  if (!isReady)
    return Status::error(CUDA_ERROR_UNKNOWN,
                         "LLVM generates no code for this host");
  auto jit = orc::LLJITBuilder().create();
  if (!jit)
    return failed(jit.takeError(), "the compiler does not start");
  result->jit = std::move(*jit);
  return Status::success();
}

Status ModuleLoader::lower(const void *image) {
  if (Status status = parseImage(image, *context, module); status.failed())
    return status;
  if (Status status = checkDeviceCode(*module); status.failed())
    return status;
  optimizeDeviceCode(*module);
  const DataLayout &layout = result->jit->getDataLayout();
  if (Status status = collectKernels(*module, layout, result->kernels);
      status.failed())
    return status;
  instrumentAccesses(*module, layout);
  if (Status status = assignSharedMemory(*module, layout, result->kernels);
      status.failed())
    return status;
  lowerToHost(*module, layout, result->jit->getTargetTriple());
  for (GlobalVariable &global : module->globals()) {
    if (!global.hasName())
      global.setName("constant");
    global.setLinkage(GlobalValue::ExternalLinkage);
    constants.emplace_back(global.getName().str(),
                           layout.getTypeAllocSize(global.getValueType()));
  }
  std::string errors;
  raw_string_ostream stream(errors);
  if (verifyModule(*module, &stream))
    return Status::error(CUDA_ERROR_INVALID_IMAGE,
                         "the module cannot be run on the host: " + errors);
  return Status::success();
}

Status ModuleLoader::defineSymbols() {
  orc::ExecutionSession &session = result->jit->getExecutionSession();
  orc::JITDylib &library = result->jit->getMainJITDylib();
  orc::SymbolMap symbols;
  for (const auto &entry : getHostSymbols())
    symbols[session.intern(entry.first())] = {
        orc::ExecutorAddr::fromPtr(entry.second),
        JITSymbolFlags::Exported | JITSymbolFlags::Callable};
  if (Error error = library.define(orc::absoluteSymbols(std::move(symbols))))
    return failed(std::move(error), "the simulator's functions");
  // What code generation itself calls: copies, and functions of libm.
  auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      result->jit->getDataLayout().getGlobalPrefix());
  if (!process)
    return failed(process.takeError(), "the functions of the host");
  library.addGenerator(std::move(*process));
  return Status::success();
}

Status ModuleLoader::compile() {
  if (Status status = defineSymbols(); status.failed())
    return status;
  if (Error error = result->jit->addIRModule(
          orc::ThreadSafeModule(std::move(module), std::move(context))))
    return failed(std::move(error), "the module is not compiled");
  for (auto &entry : result->kernels) {
    auto address = result->jit->lookup((kLaunchPrefix + entry.first).str());
    if (!address)
      return failed(address.takeError(), "kernel '" + entry.first + "'");
    entry.second.entry = address->toPtr<void (*)(void **)>();
  }
  for (const auto &[name, bytes] : constants) {
    auto address = result->jit->lookup(name);
    if (!address)
      return failed(address.takeError(), "constant '" + name + "'");
    result->variables.emplace_back(address->getValue(),
                                   address->getValue() + bytes);
  }
  return Status::success();
}

Status DeviceModule::load(const void *image,
                          std::unique_ptr<DeviceModule> &module) {
  ModuleLoader loader;
  if (Status status = loader.createCompiler(); status.failed())
    return status;
  if (Status status = loader.lower(image); status.failed())
    return status;
  if (Status status = loader.compile(); status.failed())
    return status;
  module = loader.take();
  return Status::success();
}

} // namespace pdq::sim
