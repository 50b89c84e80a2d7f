// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect of launch plans: what it is for and how its operations fit together.

#ifndef PDQ_PLAN_IR_PLANDIALECT_TD
#define PDQ_PLAN_IR_PLANDIALECT_TD

include "mlir/IR/OpBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::mlir::pdq::plan";
  let summary = "Launch plans: lists of kernel launches on memory whose places are known";
  let description = [{
    A function on tensors becomes a `plan.program` before code is generated: a list of
    `plan.launch`, each of a `plan.kernel` on views of buffers. A program computes
    nothing itself, so it needs no code: the executor reads it once. The same program
    serves the CPU and a GPU; only the code inside of the kernels differs.

    ```mlir
    plan.program @relu(%x: memref<8x16xf32>, %y: memref<16xf32> {plan.result = 0 : i64}) {
      %t = memref.alloc() : memref<8x16xf32>
      %row = memref.subview %t[3, 0] [1, 16] [1, 1] : memref<8x16xf32> to memref<16xf32, strided<[1], offset: 48>>
      plan.launch @max(%x, %t) : memref<8x16xf32>, memref<8x16xf32>
      plan.launch @copy(%row, %y) : memref<16xf32, strided<[1], offset: 48>>, memref<16xf32>
      plan.return
    }
    ```

    Beside programs, launches and kernels a plan holds `memref.alloc` (a temporary, which
    gets its place in the arena from the launches that use it), `memref.get_global` (a
    constant, stored once) and views (`memref.subview`, `collapse_shape`, `expand_shape`,
    `cast`, `reinterpret_cast`), whose offset is added to the address.

    Attributes that functions carry on their way to a program:

    | attribute | where | meaning |
    |---|---|---|
    | `plan.in_place = i` | result of a function on tensors | the result is stored in argument `i` |
    | `plan.result = i` | argument | the buffer of result `i` |
    | `plan.persistent = i` | argument | result `i` of the initializer; calls leave it as it is |
    | `plan.initializer = @f` | function | the function that computes what is persistent, called once |
    | `plan.register_only` | argument of a kernel | a result that nothing outside of the kernel reads |
    | `plan.target` | module | what kernels are made for |
  }];
  let dependentDialects = ["memref::MemRefDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let discardableAttrs = (ins
    "::mlir::IntegerAttr":$in_place,
    "::mlir::IntegerAttr":$result,
    "::mlir::IntegerAttr":$persistent,
    "::mlir::FlatSymbolRefAttr":$initializer,
    "::mlir::UnitAttr":$register_only,
    "::mlir::pdq::plan::TargetAttr":$target
  );
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
}

#endif // PDQ_PLAN_IR_PLANDIALECT_TD
