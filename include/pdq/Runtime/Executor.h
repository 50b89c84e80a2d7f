// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compile a module once, call its functions often on resident buffers. The one
// door to machine code: nothing but Codegen and Runtime knows LLVM, the JIT or
// a device.

#ifndef PDQ_RUNTIME_EXECUTOR_H
#define PDQ_RUNTIME_EXECUTOR_H

#include "mlir/IR/BuiltinOps.h"
#include "pdq/Support/HostTensor.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace mlir::pdq {

/// Memory of the executor's device that holds one tensor, row major.
class Buffer {
public:
  virtual ~Buffer() = default;
  virtual llvm::ArrayRef<int64_t> getShape() const = 0;
  virtual ElementType getElementType() const = 0;

  /// Copies a whole tensor in or out; shapes and types must agree (asserted).
  virtual void write(const HostTensor &source) = 0;
  virtual HostTensor read() const = 0;

  /// A view of `count` slices of dimension 0 from `first` on; it shares memory
  /// with this buffer and keeps it alive.
  virtual std::shared_ptr<Buffer> slice(int64_t first, int64_t count) = 0;

  /// Keeps the contents in the host's memory from now on, as
  /// `Executor::allocateOnHost` does; nothing where they are there already.
  virtual void moveToHost() {}
};
using BufferRef = std::shared_ptr<Buffer>;

/// Instruction set that code is generated for. `Host` takes the best one that
/// the machine has.
enum class CPUTarget { Host, Generic, AVX2, AVX512 };

/// Where programs run. `Auto` takes a CUDA device if there is one, else the
/// CPU.
enum class Target { CPU, CUDA, Auto };

/// Options of all targets; those of others are ignored.
struct ExecutorOptions {
  /// Worker threads of the CPU; 0 takes one per core. Results do not depend on
  /// it.
  unsigned threads = 0;
  CPUTarget cpu = CPUTarget::Host;
  /// Of the CPU: sums in the order of the module's own loops, one product and
  /// one addition at a time, and mathematical functions of the C library. Slow;
  /// results have the bits of a module that upstream's tools compile.
  bool inOrder = false;
  Target target = Target::CPU;
  /// Chip that code is generated for ("sm_80"); empty takes the device's own.
  std::string chip;
  /// Precision of products on a GPU's tensor cores: "fp32", "tf32" or
  /// "bf16".
  std::string math = "fp32";
};

/// Compiled functions of one module.
class Executable {
public:
  virtual ~Executable() = default;

  /// Calls function `name`. `arguments` are bound in order; results that are
  /// stored in place (see `Executor::compile`) go to their arguments, the
  /// others to `results`, in order. Types must agree with the signature (a
  /// mismatch is a programming error and ends the program with a message).
  virtual void call(llvm::StringRef name, llvm::ArrayRef<BufferRef> arguments,
                    llvm::ArrayRef<BufferRef> results) = 0;

  /// Bytes of the arena that holds all temporaries of `name`. Programs of one
  /// executor share it; it is allocated at the first call.
  virtual size_t getArenaBytes(llvm::StringRef name) const = 0;

  /// The form of each kernel that a call of `name` launches, in order: what
  /// the code generator made of it ("matrix", "elementwise", ...).
  virtual llvm::SmallVector<llvm::StringRef>
  getKernelForms(llvm::StringRef name) const = 0;
};

/// A device with its memory, its threads and its compiled kernels. Kernels are
/// kept by content, so that modules with equal kernels compile them once.
class Executor {
public:
  virtual ~Executor() = default;

  /// Compiles every public function of `module`, which stays unchanged. They
  /// have one block, static shapes and pure tensor semantics, without pdq
  /// operations (`-pdq-decompose` removes them).
  ///
  /// A result with the attribute `plan.in_place = i : i64` is stored in the
  /// buffer of argument i, after the last use of that argument; all other
  /// arguments are only read. Calls allocate nothing.
  ///
  /// Errors: emits located diagnostics on operations that cannot be compiled.
  virtual FailureOr<std::unique_ptr<Executable>> compile(ModuleOp module) = 0;

  /// A zero-filled buffer.
  virtual BufferRef allocate(llvm::ArrayRef<int64_t> shape,
                             ElementType type) = 0;

  /// A zero-filled buffer in the host's memory. Calls take it like any other:
  /// a whole buffer is read where it is, over the device's bus, and a slice is
  /// copied to the device for the time of the call.
  virtual BufferRef allocateOnHost(llvm::ArrayRef<int64_t> shape,
                                   ElementType type) {
    return allocate(shape, type);
  }

  /// Bytes of device memory that are free; nothing where programs run in the
  /// host's memory.
  virtual std::optional<size_t> getFreeBytes() const { return std::nullopt; }

  /// The device, for messages and reports.
  virtual std::string describe() const = 0;

  /// True where this machine can run code for `target`.
  static bool isSupported(CPUTarget target);

  /// Registers the dialects and interfaces that `compile` needs; a pass that
  /// calls it adds them to its dependent dialects.
  static void getDependentDialects(DialectRegistry &registry);

  /// The executor for this machine's CPU, or null where `options.cpu` is not
  /// supported; `context` must outlive it. Calls of the executables of one
  /// executor must not overlap: they share its memory and its threads.
  static std::unique_ptr<Executor> createCPU(MLIRContext *context,
                                             const ExecutorOptions &options);

  /// The executor for a CUDA device, through its driver (found at run time) and
  /// MLIR's GPU lowering. `context` must outlive it.
  ///
  /// Errors: no driver, no device, a device that is too old, in words for the
  /// user. Later errors of the driver cannot be recovered from and end the
  /// program with a message that names the call.
  static llvm::Expected<std::unique_ptr<Executor>>
  createCUDA(MLIRContext *context, const ExecutorOptions &options);

  /// The executor for `options.target`. `Auto` says in a remark why it takes
  /// the CPU. Errors: the target is not there, in words for the user.
  static llvm::Expected<std::unique_ptr<Executor>>
  create(MLIRContext *context, const ExecutorOptions &options);
};

} // namespace mlir::pdq

#endif // PDQ_RUNTIME_EXECUTOR_H
