// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Replaces what only a device can do by calls of the simulator.

#include "Block.h"
#include "Intrinsics.h"
#include "Lowering.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include <cstddef>

using namespace llvm;

namespace pdq::sim {

/// The place in `Thread` of a special register, or -1.
static int findRegister(StringRef name) {
  if (!name.consume_front("llvm.nvvm.read.ptx.sreg."))
    return -1;
  if (name == "laneid")
    return offsetof(Thread, lane);
  if (name == "warpid")
    return offsetof(Thread, warp);
  auto [base, dimension] = name.rsplit('.');
  int offset = StringSwitch<int>(base)
                   .Case("tid", offsetof(Thread, threadIndex))
                   .Case("ntid", offsetof(Thread, blockExtents))
                   .Case("ctaid", offsetof(Thread, blockIndex))
                   .Case("nctaid", offsetof(Thread, gridExtents))
                   .Default(-1);
  if (offset < 0 || dimension.size() != 1 || dimension[0] < 'x' ||
      dimension[0] > 'z')
    return -1;
  return offset + 4 * (dimension[0] - 'x');
}

static std::string getOperationName(const CallInst &call) {
  if (auto *code = dyn_cast<InlineAsm>(call.getCalledOperand()))
    return "asm:" + code->getAsmString().str();
  const Function *callee = call.getCalledFunction();
  return callee ? callee->getName().str() : "indirect call";
}

/// Letters of a function type as in `findMathFunction`; ? for other types.
static std::string getSignature(const FunctionType &type) {
  auto letter = [](Type *type) {
    if (type->isFloatTy())
      return 'f';
    if (type->isDoubleTy())
      return 'd';
    return type->isIntegerTy(32) ? 'i' : '?';
  };
  std::string text(1, letter(type.getReturnType()));
  for (Type *parameter : type.params())
    text.push_back(letter(parameter));
  return text;
}

static bool isMathFunction(const Function &callee) {
  StringRef signature;
  StringRef name = findMathFunction(callee.getName(), signature);
  return !name.empty() && signature == getSignature(*callee.getFunctionType());
}

/// Whether LLVM's own operation touches no memory, or only in ways that are
/// checked.
static bool isKnownOperation(const CallInst &call) {
  switch (call.getIntrinsicID()) {
  case llvm::Intrinsic::not_intrinsic:
    return false;
  case llvm::Intrinsic::lifetime_start:
  case llvm::Intrinsic::lifetime_end:
  case llvm::Intrinsic::invariant_start:
  case llvm::Intrinsic::invariant_end:
  case llvm::Intrinsic::prefetch:
  case llvm::Intrinsic::masked_load:
  case llvm::Intrinsic::masked_store:
  case llvm::Intrinsic::masked_gather:
  case llvm::Intrinsic::masked_scatter:
  case llvm::Intrinsic::masked_expandload:
  case llvm::Intrinsic::masked_compressstore:
    return true;
  default:
    return isa<MemIntrinsic>(call) || call.doesNotAccessMemory() ||
           call.onlyAccessesInaccessibleMemory();
  }
}

/// The text of assembly is free; arguments and results must be those of the
/// operation that it names.
static bool isKnownAssembly(const CallInst &call) {
  int id = findIntrinsic(getOperationName(call));
  if (id < 0)
    return false;
  const sim::Intrinsic &intrinsic = getIntrinsic(id);
  unsigned numResults = intrinsic.parameters[0] / 2;
  auto *type = dyn_cast<StructType>(call.getType());
  if (!type || type->getNumElements() != numResults ||
      call.arg_size() != numResults + intrinsic.parameters[3])
    return false;
  for (unsigned i = 0; i < numResults; ++i)
    if (!type->getElementType(i)->isFloatTy() ||
        !call.getArgOperand(i)->getType()->isFloatTy())
      return false;
  return call.getArgOperand(numResults)->getType()->isIntegerTy(64) &&
         call.getArgOperand(numResults + 1)->getType()->isIntegerTy(64);
}

static bool isKnown(const CallInst &call) {
  if (call.isInlineAsm())
    return isKnownAssembly(call);
  const Function *callee = call.getCalledFunction();
  if (!callee)
    return false;
  if (!callee->isDeclaration())
    return true;
  StringRef name = callee->getName();
  if (isMathFunction(*callee) || isHostFunction(name))
    return true;
  if (!name.starts_with("llvm.nvvm."))
    return isKnownOperation(call);
  return name == "llvm.nvvm.read.ptx.sreg.warpsize" ||
         findRegister(name) >= 0 || findIntrinsic(name) >= 0;
}

Status checkDeviceCode(const Module &module) {
  for (const Function &function : module)
    for (const Instruction &instruction : llvm::instructions(function)) {
      auto *call = dyn_cast<CallBase>(&instruction);
      if (!call)
        continue;
      auto *plain = dyn_cast<CallInst>(call);
      if (plain && isKnown(*plain))
        continue;
      std::string name = plain ? getOperationName(*plain) : "invoke";
      return Status::error(CUDA_ERROR_INVALID_IMAGE,
                           "function '" + function.getName() +
                               "' uses the device operation '" + name +
                               "', which is not simulated");
    }
  for (const GlobalVariable &global : module.globals())
    if (global.getAddressSpace() != 3 &&
        (global.isDeclaration() || !global.isConstant()))
      return Status::error(CUDA_ERROR_INVALID_IMAGE,
                           "the variable '" + global.getName() +
                               "' is neither in shared memory nor a constant, "
                               "which is not simulated");
  return Status::success();
}

namespace {
/// Rewrites the calls of one function.
class HostRewriter {
public:
  HostRewriter(Module &module, Function &function)
      : module(module), function(function), builder(module.getContext()),
        pointerType(PointerType::get(module.getContext(), 0)) {}

  void run() {
    std::vector<CallInst *> calls;
    for (Instruction &instruction : llvm::instructions(function))
      if (auto *call = dyn_cast<CallInst>(&instruction))
        if (call->isInlineAsm() || (call->getCalledFunction() &&
                                    call->getCalledFunction()->isDeclaration()))
          calls.push_back(call);
    for (CallInst *call : calls)
      rewrite(call);
  }

private:
  void rewrite(CallInst *call) {
    std::string name = getOperationName(*call);
    StringRef signature;
    StringRef math = findMathFunction(name, signature);
    if (!math.empty()) {
      call->setCalledFunction(module.getOrInsertFunction(
          ("math." + math).str(), call->getFunctionType()));
      call->setAttributes({});
      return;
    }
    if (!call->isInlineAsm() && !StringRef(name).starts_with("llvm.nvvm."))
      return;
    builder.SetInsertPoint(call);
    Value *value = nullptr;
    if (int offset = findRegister(name); offset >= 0)
      value = readRegister(offset);
    else if (StringRef(name).ends_with("sreg.warpsize"))
      value = builder.getInt32(kWarpSize);
    else
      value = callSimulator(call, findIntrinsic(name));
    if (value)
      call->replaceAllUsesWith(value);
    call->eraseFromParent();
  }

  Value *readRegister(int offset) {
    Constant *current = ConstantExpr::getIntToPtr(
        builder.getInt64(reinterpret_cast<uint64_t>(block.getCurrentAddress())),
        pointerType);
    Value *thread = builder.CreateLoad(pointerType, current);
    return builder.CreateLoad(
        builder.getInt32Ty(),
        builder.CreateConstGEP1_64(builder.getInt8Ty(), thread, offset));
  }

  AllocaInst *allocate(Type *type, Value *count = nullptr) {
    IRBuilder<> entry(&*function.getEntryBlock().getFirstInsertionPt());
    AllocaInst *memory = entry.CreateAlloca(type, count);
    memory->setAlignment(Align(16));
    return memory;
  }

  /// Arguments go through an array of slots, the result through memory.
  Value *callSimulator(CallInst *call, int id) {
    Type *type = call->getType(), *i64 = builder.getInt64Ty();
    Value *null = ConstantPointerNull::get(pointerType);
    Value *result = type->isVoidTy() ? null : allocate(type);
    Value *slots = null;
    if (unsigned count = call->arg_size())
      slots = allocate(ArrayType::get(i64, 2 * count));
    for (auto [index, argument] : enumerate(call->args())) {
      Value *value = argument.get();
      if (value->getType()->isMetadataTy())
        continue;
      if (value->getType()->isPointerTy())
        value = builder.CreatePtrToInt(value, i64);
      if (value->getType()->isIntegerTy() &&
          value->getType()->getIntegerBitWidth() < 32)
        value = builder.CreateZExt(value, builder.getInt32Ty());
      builder.CreateStore(value,
                          builder.CreateConstGEP1_64(i64, slots, 2 * index));
    }
    Type *i32 = builder.getInt32Ty();
    FunctionCallee simulator = module.getOrInsertFunction(
        "pdq_sim_call", FunctionType::get(builder.getVoidTy(),
                                          {i32, i32, pointerType, pointerType},
                                          /*isVarArg=*/false));
    builder.CreateCall(simulator, {builder.getInt32(id),
                                   builder.getInt32(++site), result, slots});
    return type->isVoidTy() ? nullptr : builder.CreateLoad(type, result);
  }

  Module &module;
  Function &function;
  IRBuilder<> builder;
  PointerType *pointerType;
  /// Numbers the operations of the module.
  static inline uint32_t site = 0;
};
} // namespace

static void addLaunchFunction(Function &kernel) {
  Module &module = *kernel.getParent();
  LLVMContext &context = module.getContext();
  auto *pointer = PointerType::get(context, 0);
  auto *launch = Function::Create(
      FunctionType::get(Type::getVoidTy(context), {pointer},
                        /*isVarArg=*/false),
      Function::ExternalLinkage, kLaunchPrefix + kernel.getName(), module);
  IRBuilder<> builder(BasicBlock::Create(context, "", launch));
  SmallVector<Value *> arguments;
  for (Argument &argument : kernel.args()) {
    Value *slot = builder.CreateLoad(
        pointer, builder.CreateConstGEP1_64(pointer, launch->getArg(0),
                                            argument.getArgNo()));
    bool isByValue = argument.hasByValAttr();
    arguments.push_back(
        isByValue ? slot : builder.CreateLoad(argument.getType(), slot));
  }
  builder.CreateCall(&kernel, arguments);
  builder.CreateRetVoid();
}

void lowerToHost(Module &module, const DataLayout &layout,
                 const Triple &triple) {
  module.setDataLayout(layout);
  module.setTargetTriple(triple);
  std::vector<Function *> functions;
  for (Function &function : module)
    if (!function.isDeclaration())
      functions.push_back(&function);
  for (Function *function : functions) {
    HostRewriter(module, *function).run();
    if (function->getCallingConv() == CallingConv::PTX_Kernel)
      addLaunchFunction(*function);
    function->setCallingConv(CallingConv::C);
    function->setAttributes({});
  }
  for (Function &function : make_early_inc_range(module))
    if (function.isDeclaration() && function.use_empty())
      function.eraseFromParent();
}

} // namespace pdq::sim
