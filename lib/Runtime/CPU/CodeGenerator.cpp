// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Target selection, the short optimization pipeline and the list of symbols.

#include "CodeGenerator.h"
#include "pdq/Runtime/CPU/KernelCompiler.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::pdq;

/// The features that distinguish our targets, beside those of x86-64.
static ArrayRef<StringRef> getNeededFeatures(CPUTarget target) {
  static const StringRef avx2[] = {"avx2", "fma", "f16c", "bmi", "bmi2"};
  static const StringRef avx512[] = {
      "avx2",    "fma",      "f16c",     "bmi",      "bmi2",
      "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"};
  if (target == CPUTarget::AVX512)
    return avx512;
  if (target == CPUTarget::AVX2)
    return avx2;
  return {};
}

bool mlir::pdq::isSupported(CPUTarget target) {
  static const llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  return llvm::all_of(getNeededFeatures(target), [&](StringRef feature) {
    return features.lookup(feature);
  });
}

CPUTarget mlir::pdq::getHostTarget() {
  for (CPUTarget target : {CPUTarget::AVX512, CPUTarget::AVX2})
    if (isSupported(target))
      return target;
  return CPUTarget::Generic;
}

unsigned mlir::pdq::getVectorWidth(CPUTarget target) {
  if (target == CPUTarget::Host)
    target = getHostTarget();
  switch (target) {
  case CPUTarget::AVX512:
    return 16;
  case CPUTarget::AVX2:
    return 8;
  default:
    return 4;
  }
}

llvm::orc::JITTargetMachineBuilder
mlir::pdq::getTargetMachineBuilder(CPUTarget target) {
  static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialized;
  llvm::Triple triple(llvm::sys::getProcessTriple());
  llvm::orc::JITTargetMachineBuilder builder(triple);
  if (triple.isX86()) {
    builder.setCPU(target == CPUTarget::AVX512 ? "x86-64-v4"
                   : target == CPUTarget::AVX2 ? "x86-64-v3"
                                               : "x86-64");
    builder.addFeatures({"-prefer-256-bit"});
  }
  builder.setCodeGenOptLevel(llvm::CodeGenOptLevel::Aggressive);
  // Fuses what reductions say (vector.fma), never a product and a sum of a
  // payload: elementwise results have the same bits on every CPU.
  builder.getOptions().AllowFPOpFusion = llvm::FPOpFusion::Standard;
  builder.setRelocationModel(llvm::Reloc::PIC_);
  return builder;
}

/// The passes behind MLIR's: vectorized kernels gain nothing from -O3.
static llvm::Error optimize(llvm::Module &module,
                            llvm::TargetMachine &machine) {
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
  llvm::ModulePassManager passes;
  if (llvm::Error error = builder.parsePassPipeline(
          passes, "function(sroa,early-cse,instcombine<no-verify-fixpoint>,"
                  "simplifycfg,loop-mssa(licm),early-cse)"))
    return error;
  passes.run(module, modules);
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
mlir::pdq::generateCode(llvm::Module &module,
                        const llvm::orc::JITTargetMachineBuilder &target) {
  auto builder = target;
  auto machine = builder.createTargetMachine();
  if (!machine)
    return machine.takeError();
  module.setDataLayout((*machine)->createDataLayout());
  module.setTargetTriple((*machine)->getTargetTriple());
  if (llvm::Error error = optimize(module, **machine))
    return std::move(error);
  llvm::SmallVector<char, 0> code;
  llvm::raw_svector_ostream stream(code);
  llvm::legacy::PassManager emitter;
  llvm::MCContext *context;
  if ((*machine)->addPassesToEmitMC(emitter, context, stream))
    return llvm::createStringError("this CPU has no code generator");
  emitter.run(module);
  return std::make_unique<llvm::SmallVectorMemoryBuffer>(
      std::move(code), /*RequiresNullTerminator=*/false);
}

/// All that code may call: what LLVM makes of intrinsics, and the functions of
/// math that have no polynomial.
static llvm::orc::SymbolMap
getAllowedSymbols(llvm::orc::ExecutionSession &session,
                  const llvm::DataLayout &layout) {
  llvm::orc::MangleAndInterner mangle(session, layout);
  llvm::orc::SymbolMap symbols;
  auto allow = [&](StringRef name, auto *function) {
    symbols[mangle(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                             llvm::JITSymbolFlags::Exported};
  };
  allow("memcpy", static_cast<void *(*)(void *, const void *, size_t)>(memcpy));
  allow("memmove",
        static_cast<void *(*)(void *, const void *, size_t)>(memmove));
  allow("memset", static_cast<void *(*)(void *, int, size_t)>(memset));
#define PDQ_ALLOW(name)                                                        \
  allow(#name, static_cast<double (*)(double)>(::name));                       \
  allow(#name "f", static_cast<float (*)(float)>(::name##f));
  PDQ_ALLOW(exp)
  PDQ_ALLOW(exp2)
  PDQ_ALLOW(expm1)
  PDQ_ALLOW(log)
  PDQ_ALLOW(log2)
  PDQ_ALLOW(log10)
  PDQ_ALLOW(log1p)
  PDQ_ALLOW(sqrt)
  PDQ_ALLOW(cbrt)
  PDQ_ALLOW(erf)
  PDQ_ALLOW(erfc)
  PDQ_ALLOW(sin)
  PDQ_ALLOW(cos)
  PDQ_ALLOW(tan)
  PDQ_ALLOW(asin)
  PDQ_ALLOW(acos)
  PDQ_ALLOW(atan)
  PDQ_ALLOW(sinh)
  PDQ_ALLOW(cosh)
  PDQ_ALLOW(tanh)
  PDQ_ALLOW(asinh)
  PDQ_ALLOW(acosh)
  PDQ_ALLOW(atanh)
  PDQ_ALLOW(floor)
  PDQ_ALLOW(ceil)
  PDQ_ALLOW(trunc)
  PDQ_ALLOW(round)
  PDQ_ALLOW(rint)
  PDQ_ALLOW(nearbyint)
  PDQ_ALLOW(roundeven)
#undef PDQ_ALLOW
#define PDQ_ALLOW(name)                                                        \
  allow(#name, static_cast<double (*)(double, double)>(::name));               \
  allow(#name "f", static_cast<float (*)(float, float)>(::name##f));
  PDQ_ALLOW(pow)
  PDQ_ALLOW(atan2)
  PDQ_ALLOW(fmod)
  PDQ_ALLOW(copysign)
#undef PDQ_ALLOW
  allow("fma", static_cast<double (*)(double, double, double)>(::fma));
  allow("fmaf", static_cast<float (*)(float, float, float)>(::fmaf));
  // LLVM joins the sine and the cosine of one number.
  allow("sincos", static_cast<void (*)(double, double *, double *)>(::sincos));
  allow("sincosf", static_cast<void (*)(float, float *, float *)>(::sincosf));
  return symbols;
}

llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>>
mlir::pdq::createLinker(const llvm::orc::JITTargetMachineBuilder &target) {
  auto linker = llvm::orc::LLJITBuilder()
                    .setJITTargetMachineBuilder(target)
                    .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
                    .setLinkProcessSymbolsByDefault(false)
                    .create();
  if (!linker)
    return linker.takeError();
  llvm::orc::JITDylib &library = (*linker)->getMainJITDylib();
  if (llvm::Error error =
          library.define(llvm::orc::absoluteSymbols(getAllowedSymbols(
              (*linker)->getExecutionSession(), (*linker)->getDataLayout()))))
    return std::move(error);
  return linker;
}
