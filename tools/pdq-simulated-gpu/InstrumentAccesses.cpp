// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A check before every load, store and atomic operation of device code.

#include "Lowering.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace pdq::sim {

namespace {
constexpr unsigned kLocal = 5;

/// Inserts calls of the functions that `getHostSymbols` has by these names.
class Instrumenter {
public:
  Instrumenter(Module &module, const DataLayout &layout)
      : module(module), layout(layout) {}

  void visit(Instruction &instruction) {
    if (auto *load = dyn_cast<LoadInst>(&instruction))
      return access(load->isAtomic() ? "pdq_sim_atomic" : "pdq_sim_load", load,
                    load->getPointerOperand(), load->getType(),
                    load->getAlign());
    if (auto *store = dyn_cast<StoreInst>(&instruction))
      return access(store->isAtomic() ? "pdq_sim_atomic" : "pdq_sim_store",
                    store, store->getPointerOperand(),
                    store->getValueOperand()->getType(), store->getAlign());
    if (auto *atomic = dyn_cast<AtomicRMWInst>(&instruction))
      return access("pdq_sim_atomic", atomic, atomic->getPointerOperand(),
                    atomic->getType(), atomic->getAlign());
    if (auto *exchange = dyn_cast<AtomicCmpXchgInst>(&instruction))
      return access("pdq_sim_atomic", exchange, exchange->getPointerOperand(),
                    exchange->getCompareOperand()->getType(),
                    exchange->getAlign());
    if (auto *memory = dyn_cast<MemIntrinsic>(&instruction)) {
      range("pdq_sim_store_range", memory, memory->getRawDest(),
            memory->getLength());
      if (auto *transfer = dyn_cast<MemTransferInst>(memory))
        range("pdq_sim_load_range", memory, transfer->getRawSource(),
              memory->getLength());
    }
  }

private:
  /// Private memory and constants of the module need no check.
  static bool isDeviceMemory(const Value *pointer) {
    if (pointer->getType()->getPointerAddressSpace() == kLocal)
      return false;
    const Value *object = getUnderlyingObject(pointer);
    if (isa<AllocaInst>(object))
      return false;
    auto *global = dyn_cast<GlobalVariable>(object);
    return !global || !global->isConstant();
  }

  void access(StringRef function, Instruction *before, Value *pointer,
              Type *type, Align alignment) {
    if (!isDeviceMemory(pointer))
      return;
    IRBuilder<> builder(before);
    Type *i64 = builder.getInt64Ty(), *i32 = builder.getInt32Ty();
    FunctionCallee callee = module.getOrInsertFunction(
        function, FunctionType::get(builder.getVoidTy(), {i64, i32, i32},
                                    /*isVarArg=*/false));
    uint64_t bytes = layout.getTypeStoreSize(type);
    builder.CreateCall(callee, {builder.CreatePtrToInt(pointer, i64),
                                builder.getInt32(bytes),
                                builder.getInt32(alignment.value())});
  }

  void range(StringRef function, Instruction *before, Value *pointer,
             Value *length) {
    if (!isDeviceMemory(pointer))
      return;
    IRBuilder<> builder(before);
    Type *i64 = builder.getInt64Ty();
    FunctionCallee callee = module.getOrInsertFunction(
        function,
        FunctionType::get(builder.getVoidTy(), {i64, i64}, /*isVarArg=*/false));
    builder.CreateCall(callee, {builder.CreatePtrToInt(pointer, i64),
                                builder.CreateZExtOrTrunc(length, i64)});
  }

  Module &module;
  const DataLayout &layout;
};
} // namespace

void instrumentAccesses(Module &module, const DataLayout &layout) {
  std::vector<Instruction *> instructions;
  for (Function &function : module)
    for (Instruction &instruction : llvm::instructions(function))
      if (instruction.mayReadOrWriteMemory())
        instructions.push_back(&instruction);
  Instrumenter instrumenter(module, layout);
  for (Instruction *instruction : instructions)
    instrumenter.visit(*instruction);
}

} // namespace pdq::sim
