// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes of launch plans: targets, tiles, launches.

#ifndef PDQ_PLAN_IR_PLANATTRS_TD
#define PDQ_PLAN_IR_PLANATTRS_TD

include "pdq/Plan/IR/PlanDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Plan_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Plan_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Plan_Math : I32EnumAttr<"Math", "precision of contractions on tensor cores", [
    I32EnumAttrCase<"FP32", 0, "fp32">,
    I32EnumAttrCase<"TF32", 1, "tf32">,
    I32EnumAttrCase<"BF16", 2, "bf16">]> {
  let cppNamespace = "::mlir::pdq::plan";
  let genSpecializedAttr = 0;
}

def Plan_Form : I32EnumAttr<"Form", "form of a kernel's code", [
    I32EnumAttrCase<"Elementwise", 0, "elementwise">,
    I32EnumAttrCase<"Transpose", 1, "transpose">,
    I32EnumAttrCase<"Reduction", 2, "reduction">,
    I32EnumAttrCase<"SharedReduction", 3, "shared_reduction">,
    I32EnumAttrCase<"Matrix", 4, "matrix">,
    I32EnumAttrCase<"Direct", 5, "direct">,
    I32EnumAttrCase<"Rows", 6, "rows">,
    I32EnumAttrCase<"Vector", 7, "vector">,
    I32EnumAttrCase<"Scalar", 8, "scalar">]> {
  let cppNamespace = "::mlir::pdq::plan";
  let genSpecializedAttr = 0;
}

def Plan_FormAttr : EnumAttr<Plan_Dialect, Plan_Form, "form"> {
  let summary = "The form of code that a kernel got";
  let description = [{
    | form | what a thread does |
    |---|---|
    | `elementwise` | four neighbouring elements where they are contiguous, else one |
    | `transpose` | elements of a tile of 32 x 32 that is transposed in shared memory |
    | `reduction` | one element, with all of its terms |
    | `shared_reduction` | a share of the terms; threads combine through shared memory |
    | `matrix` | a part of a tile of a contraction, on tensor cores |
    | `direct` | a tile of a contraction in registers |
    | `rows` | a part of a row, with the other threads of its block |
    | `vector` | on a CPU: vectors of its share of the outermost parallel loop |
    | `scalar` | scalar loops: correct for everything, and slow |
  }];
  let assemblyFormat = "`<` $value `>`";
}

def Plan_TargetAttr : Plan_Attr<"Target", "target"> {
  let summary = "What kernels are made for";
  let description = [{
    The chip of a GPU, whose sizes and instructions are used (empty: those that every
    supported chip has), and the precision of contractions on tensor cores: `fp32` (that
    of f32, from three products of parts in tf32), `tf32` (10 bits of mantissa) or
    `bf16` (7 bits), rounded to nearest; sums are f32. Stands on the module, where
    every pass that chooses tiles reads it.

    Example:

    ```mlir
    module attributes {plan.target = #plan.target<chip = "sm_90a", math = tf32>} {
    ```
  }];
  let parameters = (ins StringRefParameter<"chip">:$chip,
                        EnumParameter<Plan_Math>:$math);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether `chip` is empty or the name of a chip that has the instructions of
    /// sm_80; chips that came later than pdq's table of limits are supported.
    static bool isSupported(::llvm::StringRef chip);
  }];
}

def Plan_TileAttr : Plan_Attr<"Tile", "tile"> {
  let summary = "What a block of threads computes of a contraction";
  let description = [{
    M rows and N columns of the result, with K terms of the reduction at a time, as in
    `C[m, n] += A[m, k] * B[k, n]`. All are positive.

    Example:

    ```mlir
    #plan.tile<128x64x32>
    ```
  }];
  let parameters = (ins "int64_t":$m, "int64_t":$n, "int64_t":$k);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Plan_LaunchConfigAttr : Plan_Attr<"LaunchConfig", "launch_config"> {
  let summary = "Blocks and threads of a launch on a GPU";
  let description = [{
    `grid` are the blocks and `block` the threads of a block along x, y and z; a block
    has at most 1024 threads. `shared_bytes` is shared memory that comes with the launch,
    where a kernel needs more than what can be declared (48 KiB). `min_blocks` limits
    the registers of a thread so that this many blocks fit on a multiprocessor
    (`.minnctapersm` of PTX); 0: no limit.

    Example:

    ```mlir
    #plan.launch_config<grid = [49, 2, 1], block = [256, 1, 1]>
    #plan.launch_config<grid = [49, 2, 1], block = [256, 1, 1], shared_bytes = 98304, min_blocks = 2>
    ```
  }];
  let parameters = (ins "::mlir::DenseI64ArrayAttr":$grid,
                        "::mlir::DenseI64ArrayAttr":$block,
                        DefaultValuedParameter<"int64_t", "0">:$shared_bytes,
                        DefaultValuedParameter<"int64_t", "0">:$min_blocks);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // PDQ_PLAN_IR_PLANATTRS_TD
