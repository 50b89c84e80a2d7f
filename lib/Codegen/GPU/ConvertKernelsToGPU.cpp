// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The border between kernels as functions and kernels of a device: from here on
// upstream's gpu dialect describes both the code and the launches.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "pdq/Codegen/Passes.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_CONVERTKERNELSTOGPU
#include "pdq/Codegen/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

/// Operands behind the buffers of a kernel: its range, which a GPU has in its
/// grid.
static constexpr unsigned numRangeOperands = 2;
/// Bytes that the begin of dynamic shared memory is aligned to: what swizzled
/// tiles need.
static constexpr int64_t dynamicAlignment = 1024;

/// The buffers of a kernel in shared memory.
static SmallVector<memref::AllocOp> getShared(gpu::GPUFuncOp function) {
  SmallVector<memref::AllocOp> shared;
  function.walk([&](memref::AllocOp alloc) {
    if (gpu::GPUDialect::hasWorkgroupMemoryAddressSpace(alloc.getType()))
      shared.push_back(alloc);
  });
  return shared;
}

/// Buffers in shared memory -> attributions of the function.
static void attributeShared(gpu::GPUFuncOp function) {
  for (memref::AllocOp alloc : getShared(function)) {
    alloc.replaceAllUsesWith(
        function.addWorkgroupAttribution(alloc.getType(), alloc.getLoc()));
    alloc.erase();
  }
}

/// What the launch gives a kernel as shared memory: a variable without a size
/// that is defined elsewhere. (`gpu.dynamic_shared_memory` becomes one that is
/// defined here, with one byte.)
static memref::GlobalOp getDynamicMemory(gpu::GPUModuleOp code) {
  constexpr StringLiteral name = "pdq_dynamic_shared";
  if (auto known = code.lookupSymbol<memref::GlobalOp>(name))
    return known;
  OpBuilder b = OpBuilder::atBlockBegin(code.getBody());
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  auto type =
      MemRefType::get({0}, b.getI8Type(), MemRefLayoutAttrInterface(), space);
  return memref::GlobalOp::create(b, code.getLoc(), name,
                                  /*sym_visibility=*/nullptr, type,
                                  /*initial_value=*/nullptr, /*constant=*/false,
                                  b.getI64IntegerAttr(dynamicAlignment));
}

/// Buffers in shared memory -> places one behind the other in what the launch
/// gives.
static void placeShared(gpu::GPUFuncOp function) {
  memref::GlobalOp memory =
      getDynamicMemory(function->getParentOfType<gpu::GPUModuleOp>());
  OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
  Value base = memref::GetGlobalOp::create(b, function.getLoc(),
                                           memory.getType(), memory.getName());
  int64_t offset = 0;
  for (memref::AllocOp alloc : getShared(function)) {
    MemRefType type = alloc.getType();
    int64_t bytes = type.getElementTypeBitWidth() / 8;
    offset = llvm::alignTo(offset, alloc.getAlignment().value_or(bytes));
    b.setInsertionPoint(alloc);
    Value begin = arith::ConstantIndexOp::create(b, alloc.getLoc(), offset);
    alloc.replaceAllUsesWith(memref::ViewOp::create(b, alloc.getLoc(), type,
                                                    base, begin,
                                                    /*sizes=*/ValueRange())
                                 .getResult());
    alloc.erase();
    offset += type.getNumElements() * bytes;
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
  if (auto blocks = kernel->getAttrOfType<IntegerAttr>("pdq.min_blocks"))
    function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                      b.getI32IntegerAttr(blocks.getInt()));
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
  if (kernel->hasAttr("pdq.shared_bytes"))
    placeShared(function);
  else
    attributeShared(function);
  return function;
}

static void convertCall(func::CallOp call, gpu::GPUFuncOp function,
                        ArrayRef<int64_t> grid, ArrayRef<int64_t> block,
                        IntegerAttr sharedBytes) {
  OpBuilder b(call);
  auto build = [&](int64_t size) -> Value {
    return arith::ConstantIndexOp::create(b, call.getLoc(), size);
  };
  gpu::KernelDim3 blocks{build(grid[0]), build(grid[1]), build(grid[2])};
  gpu::KernelDim3 threads{build(block[0]), build(block[1]), build(block[2])};
  Value bytes;
  if (sharedBytes)
    bytes = arith::ConstantOp::create(
        b, call.getLoc(), b.getI32IntegerAttr(sharedBytes.getInt()));
  gpu::LaunchFuncOp::create(b, call.getLoc(), function, blocks, threads, bytes,
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
      auto sharedBytes = kernel->getAttrOfType<IntegerAttr>("pdq.shared_bytes");
      gpu::GPUFuncOp function = convertKernel(kernel, code);
      for (Operation *user : users.getUsers(kernel))
        if (auto call = dyn_cast<func::CallOp>(user))
          convertCall(call, function, grid, block, sharedBytes);
      kernel.erase();
    }
  }
};
} // namespace
