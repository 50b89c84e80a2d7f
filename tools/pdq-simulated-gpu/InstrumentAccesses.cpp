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
      return visitStore(store);
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

  /// The value goes along where it fits.
  void visitStore(StoreInst *store) {
    Value *value = store->getValueOperand();
    Type *type = value->getType();
    bool isScalar = (type->isIntegerTy() || type->isFloatingPointTy()) &&
                    type->getPrimitiveSizeInBits() <= 64;
    if (store->isAtomic() || !isScalar)
      return access(store->isAtomic() ? "pdq_sim_atomic" : "pdq_sim_store",
                    store, store->getPointerOperand(), type, store->getAlign());
    IRBuilder<> builder(store);
    Type *bits = builder.getIntNTy(type->getPrimitiveSizeInBits());
    access("pdq_sim_store_value", store, store->getPointerOperand(), type,
           store->getAlign(),
           builder.CreateZExt(builder.CreateBitCast(value, bits),
                              builder.getInt64Ty()));
  }

  void access(StringRef function, Instruction *before, Value *pointer,
              Type *type, Align alignment, Value *value = nullptr) {
    if (!isDeviceMemory(pointer))
      return;
    IRBuilder<> builder(before);
    Type *i64 = builder.getInt64Ty(), *i32 = builder.getInt32Ty();
    SmallVector<Type *> types = {i64, i32, i32};
    uint64_t bytes = layout.getTypeStoreSize(type);
    SmallVector<Value *> values = {builder.CreatePtrToInt(pointer, i64),
                                   builder.getInt32(bytes),
                                   builder.getInt32(alignment.value())};
    if (value) {
      types.push_back(i64);
      values.push_back(value);
    }
    FunctionCallee callee = module.getOrInsertFunction(
        function,
        FunctionType::get(builder.getVoidTy(), types, /*isVarArg=*/false));
    builder.CreateCall(callee, values);
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
