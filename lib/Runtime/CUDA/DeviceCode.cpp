// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Code generation for a GPU. The only place that knows LLVM's NVPTX target.

#include "pdq/Runtime/CUDA/DeviceCode.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "pdq/Codegen/GPU/Pipelines.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Runtime/Dialects.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::pdq;

std::string Chip::getFeatures() const {
  StringRef number = StringRef(name).drop_front(3);
  unsigned capability = 0;
  number.consumeInteger(10, capability);
  return capability >= 100 ? "+ptx86" : "+ptx80";
}

static MLIRContext *createContext() {
  DialectRegistry registry;
  registerExecutorDialects(registry);
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  return new MLIRContext(registry, MLIRContext::Threading::DISABLED);
}

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createMachine(const Chip &chip) {
  static const bool initialized = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  (void)initialized;
  std::string reason;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, reason);
  if (!target)
    return llvm::createStringError("LLVM has no NVPTX target: " + reason);
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, chip.name, chip.getFeatures(), {}, {},
                                  {}, llvm::CodeGenOptLevel::Aggressive));
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, modules);
}

/// LLVM IR -> the text of the image.
static llvm::Expected<std::string>
generate(llvm::Module &module, llvm::TargetMachine &machine, ImageForm form) {
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple());
  optimize(module, machine);
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (form == ImageForm::LLVMIR) {
    module.print(stream, nullptr);
    return text;
  }
  llvm::SmallString<0> assembly;
  llvm::raw_svector_ostream output(assembly);
  llvm::legacy::PassManager emitter;
  if (machine.addPassesToEmitFile(emitter, output, nullptr,
                                  llvm::CodeGenFileType::AssemblyFile))
    return llvm::createStringError("LLVM cannot write PTX");
  emitter.run(module);
  return assembly.str().str();
}

static std::array<unsigned, 3> getExtent(DenseI64ArrayAttr extent) {
  return {unsigned(extent[0]), unsigned(extent[1]), unsigned(extent[2])};
}

/// Names of functions are hashes of kernels; symbols are numbered.
static LogicalResult emitAndDescribe(ModuleOp module, StringRef math,
                                     const Chip &chip, DeviceImage &image) {
  module->setAttr(plan::targetName,
                  plan::TargetAttr::get(module.getContext(), chip.name,
                                        *plan::symbolizeMath(math)));
  PassManager emit(module.getContext());
  buildEmitGPUKernelsPipeline(emit);
  if (failed(emit.run(module)))
    return failure();
  for (auto kernel : module.getOps<plan::KernelOp>()) {
    KernelLaunch launch;
    launch.symbol = kernel.getName().str();
    plan::LaunchConfigAttr config = *kernel.getLaunch();
    launch.grid = getExtent(config.getGrid());
    launch.block = getExtent(config.getBlock());
    launch.sharedBytes = config.getSharedBytes();
    launch.form = plan::stringifyForm(*kernel.getForm()).str();
    image.kernels.push_back(std::move(launch));
  }
  PassManager lower(module.getContext());
  buildGPUKernelsToNVVMPipeline(lower);
  return lower.run(module);
}

llvm::Expected<DeviceImage>
mlir::pdq::compileKernels(ArrayRef<std::string> kernels, const Chip &chip,
                          ImageForm form, StringRef math) {
  std::unique_ptr<MLIRContext> context(createContext());
  DeviceImage image;
  std::string errors;
  ScopedDiagnosticHandler handler(context.get(), [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      errors += diagnostic.str() + "; ";
    if (diagnostic.getSeverity() == DiagnosticSeverity::Remark)
      image.remarks.push_back(diagnostic.str());
    return success();
  });
  auto fail = [&](StringRef what) {
    return llvm::createStringError(errors.empty() ? what.str() : errors);
  };
  std::string text;
  for (const std::string &kernel : kernels)
    text += kernel + "\n";
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(text, context.get());
  if (!module || failed(emitAndDescribe(*module, math, chip, image)))
    return fail("code generation failed");
  auto code = *module->getOps<gpu::GPUModuleOp>().begin();
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(code, llvmContext);
  if (!translated)
    return fail("translation to LLVM IR failed");
  auto machine = createMachine(chip);
  if (!machine)
    return machine.takeError();
  auto generated = generate(*translated, **machine, form);
  if (!generated)
    return generated.takeError();
  image.text = std::move(*generated);
  return image;
}
