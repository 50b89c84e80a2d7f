// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Addresses of the variables in shared memory.

#include "DeviceMemory.h"
#include "Lowering.h"
#include "Monitor.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace llvm;

namespace pdq::sim {

namespace {
constexpr unsigned kShared = 3;
/// Bytes after each variable that belong to nobody.
constexpr uint32_t kGuard = 16;

/// The functions that contain `value` or call one that does.
void collectUsers(const Value *value,
                  SmallPtrSetImpl<const Function *> &users) {
  SetVector<const Value *> work;
  work.insert(value);
  for (unsigned i = 0; i < work.size(); ++i)
    for (const User *user : work[i]->users()) {
      if (auto *instruction = dyn_cast<Instruction>(user)) {
        const Function *function = instruction->getFunction();
        if (users.insert(function).second)
          work.insert(function);
      } else {
        work.insert(user);
      }
    }
}

struct Variable {
  GlobalVariable *global;
  std::vector<Kernel *> users;
  uint32_t bytes = 0;
  uint32_t alignment = 1;
  uint32_t offset = 0;
};

/// Places variables one after the other, here with guards.
struct Cursor {
  uint32_t offset = 0;
  uint32_t deviceBytes = 0;

  void place(Variable &variable) {
    offset = alignTo(offset, std::max<uint32_t>(variable.alignment, kGranule));
    variable.offset = offset;
    offset += variable.bytes + kGuard;
    deviceBytes = alignTo(deviceBytes, variable.alignment) + variable.bytes;
  }
};
} // namespace

static std::vector<Variable>
collectVariables(Module &module, const DataLayout &layout, KernelMap &kernels) {
  std::vector<Variable> variables;
  for (GlobalVariable &global : module.globals()) {
    if (global.getAddressSpace() != kShared)
      continue;
    SmallPtrSet<const Function *, 8> users;
    collectUsers(&global, users);
    Variable variable{&global, {}};
    variable.bytes = layout.getTypeAllocSize(global.getValueType());
    variable.alignment = global.getAlign().valueOrOne().value();
    for (auto &entry : kernels)
      if (users.contains(module.getFunction(entry.first)))
        variable.users.push_back(&entry.second);
    variables.push_back(std::move(variable));
  }
  return variables;
}

/// What several kernels use lies first, then each kernel's own.
static void placeStatic(std::vector<Variable> &variables,
                        std::map<Kernel *, Cursor> &cursors) {
  Cursor common;
  for (Variable &variable : variables)
    if (variable.bytes != 0 && variable.users.size() > 1)
      common.place(variable);
  for (auto &entry : cursors)
    entry.second = common;
  for (Variable &variable : variables)
    if (variable.bytes != 0 && variable.users.size() == 1)
      cursors[variable.users.front()].place(variable);
}

/// Variables without a size are the begin of dynamic memory, after the static
/// memory of all kernels.
static uint32_t placeDynamic(std::vector<Variable> &variables,
                             const std::map<Kernel *, Cursor> &cursors) {
  uint32_t offset = 0, alignment = kGranule;
  for (const auto &entry : cursors)
    offset = std::max(offset, entry.second.offset);
  for (const Variable &variable : variables)
    if (variable.bytes == 0)
      alignment = std::max(alignment, variable.alignment);
  offset = alignTo(offset, alignment);
  for (Variable &variable : variables)
    if (variable.bytes == 0)
      variable.offset = offset;
  return offset;
}

static void replace(const Variable &variable) {
  GlobalVariable *global = variable.global;
  Type *i64 = Type::getInt64Ty(global->getContext());
  uint64_t address = monitor.getBase() + variable.offset;
  global->replaceAllUsesWith(ConstantExpr::getIntToPtr(
      ConstantInt::get(i64, address), global->getType()));
  global->eraseFromParent();
}

Status assignSharedMemory(Module &module, const DataLayout &layout,
                          KernelMap &kernels) {
  std::map<Kernel *, Cursor> cursors;
  for (auto &entry : kernels)
    cursors[&entry.second];
  std::vector<Variable> variables = collectVariables(module, layout, kernels);
  placeStatic(variables, cursors);
  uint32_t dynamicOffset = placeDynamic(variables, cursors);
  for (auto &entry : kernels) {
    Kernel &kernel = entry.second;
    auto shared = std::make_shared<SharedLayout>();
    shared->staticBytes = cursors[&kernel].deviceBytes;
    shared->dynamicOffset = dynamicOffset;
    if (shared->staticBytes > kDefaultSharedBytes)
      return Status::error(CUDA_ERROR_INVALID_IMAGE,
                           "kernel '" + kernel.name + "' has " +
                               Twine(shared->staticBytes) +
                               " bytes of static shared memory, at most " +
                               Twine(kDefaultSharedBytes) +
                               " are possible; use dynamic shared memory");
    for (const Variable &variable : variables)
      if (variable.bytes != 0 && is_contained(variable.users, &kernel))
        shared->symbols.push_back({variable.global->getName().str(),
                                   variable.offset, variable.bytes});
    kernel.shared = std::move(shared);
    kernel.maxDynamicSharedBytes =
        kDefaultSharedBytes - kernel.shared->staticBytes;
  }
  for (const Variable &variable : variables)
    replace(variable);
  return Status::success();
}

} // namespace pdq::sim
