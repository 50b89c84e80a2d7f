// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The border between kernels as functions and kernels of a device: from here on
// upstream's gpu dialect describes both the code and the launches.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "pdq/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_CONVERTKERNELSTOGPU
#include "pdq/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Operands behind the buffers of a kernel: its range, which a GPU has in its
/// grid.
static constexpr unsigned numRangeOperands = 2;

/// Buffers in shared memory -> attributions of the function.
static void attributeShared(gpu::GPUFuncOp function) {
  SmallVector<memref::AllocOp> shared;
  function.walk([&](memref::AllocOp alloc) {
    if (gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(alloc.getType()))
      shared.push_back(alloc);
  });
  for (memref::AllocOp alloc : shared) {
    alloc.replaceAllUsesWith(
        function.addWorkgroupAttribution(alloc.getType(), alloc.getLoc()));
    alloc.erase();
  }
}

static gpu::GPUFuncOp convertKernel(func::FuncOp kernel,
                                    gpu::GPUModuleOp code) {
  Block &source = kernel.getBody().front();
  for (unsigned i = 0; i < numRangeOperands; ++i) {
    BlockArgument range = source.getArguments().back();
    if (!range.use_empty()) {
      OpBuilder b = OpBuilder::atBlockBegin(&source);
      range.replaceAllUsesWith(
          arith::ConstantIndexOp::create(b, kernel.getLoc(), 0).getResult());
    }
    source.eraseArgument(range.getArgNumber());
  }
  OpBuilder b = OpBuilder::atBlockEnd(code.getBody());
  auto type = b.getFunctionType(source.getArgumentTypes(), {});
  auto function =
      gpu::GPUFuncOp::create(b, kernel.getLoc(), kernel.getName(), type);
  function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  auto block = kernel->getAttrOfType<DenseI64ArrayAttr>("pdq.block");
  function.setKnownBlockSizeAttr(b.getDenseI32ArrayAttr(llvm::map_to_vector(
      block.asArrayRef(), [](int64_t size) { return int32_t(size); })));
  for (unsigned i = 0; i < type.getNumInputs(); ++i)
    if (DictionaryAttr attributes = kernel.getArgAttrDict(i))
      for (NamedAttribute attribute : attributes)
        function.setArgAttr(i, attribute.getName(), attribute.getValue());

  Block &target = function.getBody().front();
  IRRewriter rewriter(b);
  Operation *end = source.getTerminator();
  rewriter.setInsertionPoint(end);
  gpu::ReturnOp::create(rewriter, end->getLoc());
  rewriter.eraseOp(end);
  rewriter.inlineBlockBefore(&source, &target, target.end(),
                             target.getArguments());
  attributeShared(function);
  return function;
}

static void convertCall(func::CallOp call, gpu::GPUFuncOp function,
                        ArrayRef<int64_t> grid, ArrayRef<int64_t> block) {
  OpBuilder b(call);
  auto build = [&](int64_t size) -> Value {
    return arith::ConstantIndexOp::create(b, call.getLoc(), size);
  };
  gpu::KernelDim3 blocks{build(grid[0]), build(grid[1]), build(grid[2])};
  gpu::KernelDim3 threads{build(block[0]), build(block[1]), build(block[2])};
  gpu::LaunchFuncOp::create(b, call.getLoc(), function, blocks, threads,
                            /*dynamicSharedMemorySize=*/Value(),
                            call.getOperands().drop_back(numRangeOperands));
  call.erase();
}

namespace {
struct ConvertKernelsToGPU
    : pdq::impl::ConvertKernelsToGPUBase<ConvertKernelsToGPU> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> kernels;
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr("pdq.kernel"))
        kernels.push_back(function);
    if (kernels.empty())
      return;
    OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
    auto code = gpu::GPUModuleOp::create(b, module.getLoc(), "kernels");
    module->setAttr(gpu::GPUDialect::getContainerModuleAttrName(),
                    b.getUnitAttr());
    SymbolTableCollection symbols;
    SymbolUserMap users(symbols, module);
    for (func::FuncOp kernel : kernels) {
      auto grid = kernel->getAttrOfType<DenseI64ArrayAttr>("pdq.grid");
      auto block = kernel->getAttrOfType<DenseI64ArrayAttr>("pdq.block");
      if (!grid || !block || grid.size() != 3 || block.size() != 3) {
        kernel.emitOpError("kernel has no launch: run pdq-emit-gpu-kernels");
        return signalPassFailure();
      }
      gpu::GPUFuncOp function = convertKernel(kernel, code);
      for (Operation *user : users.getUsers(kernel))
        if (auto call = dyn_cast<func::CallOp>(user))
          convertCall(call, function, grid, block);
      kernel.erase();
    }
  }
};
} // namespace
