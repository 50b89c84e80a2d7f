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

static gpu::GPUFuncOp convertKernel(plan::KernelOp kernel,
                                    gpu::GPUModuleOp code) {
  Block &source = kernel.getBody().front();
  OpBuilder b = OpBuilder::atBlockEnd(code.getBody());
  auto type = b.getFunctionType(source.getArgumentTypes(), {});
  auto function =
      gpu::GPUFuncOp::create(b, kernel.getLoc(), kernel.getName(), type);
  function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  plan::LaunchConfigAttr launch = *kernel.getLaunch();
  function.setKnownBlockSizeAttr(b.getDenseI32ArrayAttr(
      llvm::map_to_vector(launch.getBlock().asArrayRef(),
                          [](int64_t size) { return int32_t(size); })));
  if (int64_t blocks = launch.getMinBlocks())
    function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                      b.getI32IntegerAttr(blocks));
  for (unsigned i = 0; i < type.getNumInputs(); ++i)
    if (DictionaryAttr attributes = kernel.getArgAttrDict(i))
      for (NamedAttribute attribute : attributes)
        if (attribute.getName() != plan::registerOnlyName)
          function.setArgAttr(i, attribute.getName(), attribute.getValue());

  Block &target = function.getBody().front();
  IRRewriter rewriter(b);
  Operation *end = source.getTerminator();
  rewriter.setInsertionPoint(end);
  gpu::ReturnOp::create(rewriter, end->getLoc());
  rewriter.eraseOp(end);
  rewriter.inlineBlockBefore(&source, &target, target.end(),
                             target.getArguments());
  if (launch.getSharedBytes() > 0)
    placeShared(function);
  else
    attributeShared(function);
  return function;
}

/// `buffer` as an argument of type `type`: its offset goes into the address.
static Value castOffset(OpBuilder &b, Location loc, Value buffer,
                        MemRefType type) {
  if (buffer.getType() == type)
    return buffer;
  return UnrealizedConversionCastOp::create(b, loc, type, buffer).getResult(0);
}

static void convertLaunch(plan::LaunchOp op, gpu::GPUFuncOp function,
                          plan::LaunchConfigAttr launch) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  auto build = [&](DenseI64ArrayAttr extent) -> gpu::KernelDim3 {
    auto buildSize = [&](int64_t size) -> Value {
      return arith::ConstantIndexOp::create(b, loc, size);
    };
    Value x = buildSize(extent[0]), y = buildSize(extent[1]);
    return {x, y, buildSize(extent[2])};
  };
  gpu::KernelDim3 blocks = build(launch.getGrid());
  gpu::KernelDim3 threads = build(launch.getBlock());
  Value bytes;
  if (launch.getSharedBytes() > 0)
    bytes = arith::ConstantOp::create(
        b, loc, b.getI32IntegerAttr(launch.getSharedBytes()));
  SmallVector<Value> operands;
  for (auto [buffer, type] :
       llvm::zip_equal(op.getOperands(), function.getArgumentTypes()))
    operands.push_back(castOffset(b, loc, buffer, cast<MemRefType>(type)));
  gpu::LaunchFuncOp::create(b, loc, function, blocks, threads, bytes, operands);
  op.erase();
}

/// A program, whose launches are those of the gpu dialect, as a function.
static void convertProgram(plan::ProgramOp program) {
  OpBuilder b(program);
  auto function = func::FuncOp::create(b, program.getLoc(), program.getName(),
                                       program.getFunctionType());
  if (ArrayAttr attributes = program.getArgAttrsAttr())
    function.setArgAttrsAttr(attributes);
  if (FlatSymbolRefAttr name = program.getInitializerAttr())
    function->setAttr(plan::initializerName, name);
  function.getBody().takeBody(program.getBody());
  Operation *end = function.getBody().front().getTerminator();
  b.setInsertionPoint(end);
  func::ReturnOp::create(b, end->getLoc());
  end->erase();
  program.erase();
}

namespace {
struct ConvertKernelsToGPU
    : pdq::impl::ConvertKernelsToGPUBase<ConvertKernelsToGPU> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto kernels = llvm::to_vector(module.getOps<plan::KernelOp>());
    if (kernels.empty())
      return;
    OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
    auto code = gpu::GPUModuleOp::create(b, module.getLoc(), "kernels");
    module->setAttr(gpu::GPUDialect::getContainerModuleAttrName(),
                    b.getUnitAttr());
    SymbolTableCollection symbols;
    SymbolUserMap users(symbols, module);
    for (plan::KernelOp kernel : kernels) {
      std::optional<plan::LaunchConfigAttr> launch = kernel.getLaunch();
      if (!launch) {
        kernel.emitOpError("has no launch: run pdq-emit-gpu-kernels");
        return signalPassFailure();
      }
      gpu::GPUFuncOp function = convertKernel(kernel, code);
      for (Operation *user : users.getUsers(kernel))
        if (auto op = dyn_cast<plan::LaunchOp>(user))
          convertLaunch(op, function, *launch);
      kernel.erase();
    }
    for (auto program : llvm::to_vector(module.getOps<plan::ProgramOp>()))
      convertProgram(program);
  }
};
} // namespace
