// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations of launch plans.

#ifndef PDQ_PLAN_IR_PLANOPS_TD
#define PDQ_PLAN_IR_PLANOPS_TD

include "pdq/Plan/IR/PlanAttrs.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Plan_Op<string mnemonic, list<Trait> traits = []>
    : Op<Plan_Dialect, mnemonic, traits>;

/// A function on buffers, with what FunctionOpInterface needs.
class Plan_FunctionOp<string mnemonic, list<Trait> traits = []>
    : Plan_Op<mnemonic, [FunctionOpInterface, IsolatedFromAbove, Symbol,
                         AutomaticAllocationScope] # traits> {
  let regions = (region AnyRegion:$body);
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::FunctionType":$type)>];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  code functionDeclaration = [{
    /// The block of a body that has one.
    ::mlir::Block *addEntryBlock() {
      ::mlir::Block &block = getBody().emplaceBlock();
      for (::mlir::Type type : getArgumentTypes())
        block.addArgument(type, getLoc());
      return &block;
    }
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def Plan_ProgramOp : Plan_FunctionOp<"program", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "List of launches on buffers";
  let description = [{
    What a function on tensors becomes: allocations, constants, views and launches, in the
    order in which they are executed. An argument with `plan.result = i` is the buffer of
    result `i` of the function, where it is not stored in an argument; one with
    `plan.persistent = i` holds result `i` of the program that `initializer` names, which the
    executor calls once. All other arguments are those of the function.

    Arguments are buffers of static shape and strides (program_c1) without an offset
    (program_c2), and there are no results (program_c3). A program has one block
    (program_c4), which ends with `plan.return`. No two arguments have the same number in
    `plan.result`, or in `plan.persistent` (program_c5); with `plan.persistent` there is
    an `initializer` (program_c6), and it is a program (program_c7).

    Example:

    ```mlir
    plan.program @step(%x: memref<4xf32>, %w: memref<4xf32> {plan.persistent = 0 : i64},
                       %loss: memref<f32> {plan.result = 0 : i64}) initializer(@step.constants) {
      plan.launch @dot(%x, %w, %loss) : memref<4xf32>, memref<4xf32>, memref<f32>
      plan.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<FlatSymbolRefAttr>:$initializer,
                       OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let extraClassDeclaration = functionDeclaration;
}

def Plan_KernelOp : Plan_FunctionOp<"kernel"> {
  let summary = "Code of a launch";
  let description = [{
    Before code is generated a kernel holds the `linalg` operations that one launch
    executes, on buffers that are its arguments, of static shape and strides that are at
    least 0 (kernel_c1) and without an offset (kernel_c2; the launch adds it to the
    address). It has a body (kernel_c4) and no results (kernel_c3). Equal kernels are one, so the text of a kernel is
    the key under which its code is kept. What else it states:

    | clause | meaning |
    |---|---|
    | `rows(n)` | the first `n` loops of all operations are rows: a block of threads does one of them; not negative (kernel_c5), and not together with `groups` (kernel_c7) |
    | `groups([n, ...])` | contractions that blocks take turns over, and how many operations each has: until an emitter replaces them, at least one (kernel_c10) and together all `linalg` operations of the kernel (kernel_c11) |
    | `tile(MxNxK)` | what a block of threads computes of the contraction; sums behind it are those of blocks of this tile |

    An emitter replaces the operations by code, and adds:

    | clause | meaning |
    |---|---|
    | `form(f)` | the form of the code, see `#plan.form` |
    | `declined("reason")` | why no fast form took the kernel |
    | `range(n)` | on a CPU: iterations that threads share, not negative (kernel_c6); `plan.range` is a thread's part |
    | `launch(...)` | on a GPU: blocks and threads, see `#plan.launch_config`; not together with `range` (kernel_c8) |

    A kernel with a `range` or a `launch` has a `form` (kernel_c9).

    A result argument with `plan.register_only` is not stored: nothing outside of the
    kernel reads it. `llvm.align` is the alignment of an argument in bytes.

    Example:

    ```mlir
    plan.kernel @negate(%x: memref<64xf32>, %y: memref<64xf32> {llvm.align = 16 : i64}) {
      linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
          ins(%x : memref<64xf32>) outs(%y : memref<64xf32>) {
      ^bb0(%in: f32, %out: f32):
        %0 = arith.negf %in : f32
        linalg.yield %0 : f32
      }
      plan.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<I64Attr>:$rows,
                       OptionalAttr<DenseI64ArrayAttr>:$groups,
                       OptionalAttr<Plan_TileAttr>:$tile,
                       OptionalAttr<Plan_FormAttr>:$form,
                       OptionalAttr<StrAttr>:$declined,
                       OptionalAttr<I64Attr>:$range,
                       OptionalAttr<Plan_LaunchConfigAttr>:$launch,
                       OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let extraClassDeclaration = functionDeclaration # [{
    /// Whether an emitter has replaced the operations by code.
    bool isEmitted() { return getForm().has_value(); }
  }];
}

def Plan_LaunchOp : Plan_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Launch a kernel on views of buffers";
  let description = [{
    Executes a kernel (launch_c1) with `operands` as its arguments, as many as it has
    (launch_c2). An operand has the shape, the element type, the memory space and the
    strides of the argument and a static offset (launch_c3), which is added to the
    address. Launches are executed one behind the other.

    Example:

    ```mlir
    plan.launch @copy(%row, %y) : memref<16xf32, strided<[1], offset: 48>>, memref<16xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyMemRef>:$operands);
  let assemblyFormat = "$kernel `(` $operands `)` attr-dict (`:` type($operands)^)?";
}

def Plan_RangeOp : Plan_Op<"range", [Pure, HasParent<"KernelOp">]> {
  let summary = "Part of a kernel's range that a thread executes";
  let description = [{
    The iterations [begin, end) of the `range` of a kernel, which the threads of a CPU
    share.

    Example:

    ```mlir
    %begin, %end = plan.range
    ```
  }];
  let results = (outs Index:$begin, Index:$end);
  let builders = [OpBuilder<(ins), [{
    ::mlir::Type index = $_builder.getIndexType();
    $_state.addTypes({index, index});
  }]>];
  let assemblyFormat = "attr-dict";
}

def Plan_ReturnOp : Plan_Op<"return", [Pure, Terminator, ParentOneOf<["ProgramOp", "KernelOp"]>]> {
  let summary = "End of a program or a kernel";
  let description = [{
    Programs and kernels have no results: they write buffers.

    Example:

    ```mlir
    plan.return
    ```
  }];
  let assemblyFormat = "attr-dict";
}

#endif // PDQ_PLAN_IR_PLANOPS_TD
