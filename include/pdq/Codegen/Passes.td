// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stage 5, Codegen: kernels of launch plans -> machine code. The passes in the order of
// the flow.

#ifndef PDQ_CODEGEN_PASSES_TD
#define PDQ_CODEGEN_PASSES_TD

include "pdq/IR/PassBase.td"

def FuseKernels : PDQPass<"pdq-fuse-kernels", "ModuleOp"> {
  let summary = "Fuse the kernels of launch plans for a GPU";
  let description = [{
    Puts one launch in the place of several. Which kernels can be one, the form of their
    code decides (`pdq-emit-gpu-kernels`): it is asked before anything is fused.

    `elementwise`: elementwise kernels with the same loops become one operation, with
    the payloads behind each other, where one reads what the other computes, both
    read the same buffer, or there are few elements. A result that nothing else reads is
    not stored. Every element is computed as before, to the bit.

    ```mlir
    plan.launch @add(%x, %t)
    plan.launch @max(%t, %y)
    // becomes
    plan.launch @fused(%x, %y)
    plan.kernel @fused(%x, %y) {
      linalg.generic ... ins(%x) outs(%y) { add, max }
    ```

    `rows`: kernels whose first loops are the same rows (images, lines of images, the rows
    of a matrix) become one kernel, in which one block of threads does everything
    for its row: an elementwise operation with the sums over what it reads or
    computes, or a whole softmax. `rows` is the number of loops of the rows.
    What is so small that one block does all of it (schedules, scalars, the last
    step of a sum) becomes one kernel with `rows(0)`, whatever depends on what.

    ```mlir
    plan.launch @gradient(%x, %dy, %dx)
    plan.launch @sum_of_rows(%x, %dy, %sums)
    // becomes
    plan.launch @fused(%x, %dy, %dx, %sums)
    plan.kernel @fused(%x, %dy, %dx, %sums) rows(2) {
      linalg.generic ...
      linalg.generic ...
    ```

    Both decline kernels that can be epilogues of different contractions,
    that share nothing, unless they are small, that read other rows or elements
    of what the other writes, those whose rows are shorter than a warp unless all of
    them are small, and those that other launches must stay between.

    `contractions`: a contraction (forms `matrix` and `direct`) is fused with the
    elementwise kernel that computes where its sums start (a bias), and with its epilogue,
    the kernel that reads its result (ReLU, the derivative of it, a residual sum): their
    payloads run on the elements while a thread has them.

    ```mlir
    plan.launch @broadcast(%bias, %t)
    plan.launch @matmul(%x, %w, %t)
    plan.launch @relu(%t, %y)
    // becomes
    plan.launch @fused(%bias, %t, %x, %w, %y)
    ```

    The epilogue of a contraction on tensor cores can be a kernel of rows that
    computes elements and sums over them, a loss with its gradient or the gradient
    of a scale, if the sums of rows are only summed up further. They become sums over
    what a block of threads has, and their buffer gets one element for each block;
    the tile is chosen here, for the target of the module, and stated by the kernel.

    ```mlir
    plan.launch @matmul(%x, %w, %t)
    plan.launch @rows(%t, %y, %parts) // %parts: memref<4xf32>, a sum for each image
    plan.launch @last(%parts, %s)
    // becomes
    plan.launch @fused(%x, %w, %t, %y, %parts) // %parts: memref<12xf32>
    plan.launch @last(%parts, %s)
    #block = affine_map<(n, p, c) -> (((n * 50 + p) floordiv 64) * 3 + c floordiv 16)>
    plan.kernel @fused(%x, %w, %t, %y, %parts) tile(<64x16x32>) {
      ... // the contraction, and what computes %y
      linalg.fill ins(%zero : f32) outs(%parts : memref<12xf32>)
      linalg.generic {indexing_maps = [#id, #block], iterator_types = ["reduction", "reduction", "reduction"]}
          ins(%y : memref<4x50x48xf32>) outs(%parts : memref<12xf32>) { addf }
    ```

    A contraction on tensor cores that adds to another one (`pdq-accumulate-into-init`)
    is fused with it if both walk the result alike: both sums are in the same registers.

    `plan.register_only` marks the argument of a result that nothing else reads and that
    no operation behind the contraction stores to itself. Declines payloads of more than
    256 operations (64 in the form `direct`, which repeats them), kernels that read
    other elements of the result, those that other launches must stay between, and
    those that store to memory which the contraction reads: blocks of one launch have no
    order.

    `groups`: contractions that read the same operand block by block, with what was fused
    into them, become one launch: its blocks take turns
    over the kernels, so that those which run at the same time read the same elements.
    They are the phases of the gradient of a strided convolution, branches of a
    network, or queries, keys and values. `groups` is the number of operations
    of each of them. No block reads what another one writes: the order of the
    kernels has no meaning.

    ```mlir
    plan.launch @even(%dy, %w0, %t)
    plan.launch @other(%z)
    plan.launch @odd(%dy, %w1, %t1)
    // becomes
    plan.launch @fused(%dy, %w0, %t, %w1, %t1)
    plan.launch @other(%z)
    plan.kernel @fused(%dy, %w0, %t, %w1, %t1) groups([2, 2]) tile(<64x16x32>) {
      linalg.fill ins(%zero : f32) outs(%t : memref<4x7x7x64xf32>)
      linalg.generic ... // %t += %dy * %w0
      linalg.fill ins(%zero : f32) outs(%t1 : memref<4x7x7x64xf32>)
      linalg.generic ... // %t1 += %dy * %w1
    ```

    The kernels have one form and one tile (that of the target where none is asked for),
    and a launch has at most eight. Declines kernels that other
    launches must stay between, and those that touch what another one writes: slices of one
    buffer that do not meet are different memory.
  }];
  let options = [
    Option<"fusesElementwise", "elementwise", "bool", /*default=*/"true",
           "Fuse elementwise operations with the same loops">,
    Option<"fusesRows", "rows", "bool", /*default=*/"true",
           "Fuse operations on the same rows">,
    Option<"fusesContractions", "contractions", "bool", /*default=*/"true",
           "Fuse contractions with what they start from and their epilogues">,
    Option<"groupsContractions", "groups", "bool", /*default=*/"true",
           "Group contractions of one operand">
  ];
  let statistics = [
    Statistic<"numElementwise", "num-elementwise",
              "Launches saved by fusing elementwise operations">,
    Statistic<"numRows", "num-rows", "Launches saved by fusing rows">,
    Statistic<"numContractions", "num-contractions",
              "Launches saved by fusing into contractions">,
    Statistic<"numGrouped", "num-grouped", "Launches saved by grouping contractions">
  ];
  let dependentDialects = ["plan::PlanDialect"];
}

def PrintPlanCost : PDQPass<"pdq-print-plan-cost", "ModuleOp"> {
  let summary = "Print what the kernels of launch plans move and compute";
  let description = [{
    For each launch of each program, in the form that
    `pdq-fuse-kernels` leaves: bytes read and written (each element that is
    touched once), floating point operations (a multiply-add is two), and the time
    that the named chip takes at least: the larger of bytes by its bandwidth and
    operations by its peak, that of tensor cores for contractions (data sheets
    of A100, H100 and B200).

    Then the totals, the bytes of contractions (operands read and results written once)
    and how many times as much is moved in all, and the bytes of the arena beside
    those of the largest live set. Goes to the standard error; the module stays as it is.

    ```
    plan of @f on sm_90a (H100, fp32)
    kernel                   form      bytes read bytes written       flops      us
    fused_14F0C72C1A93B9A8   matrix        655872        262144    33554432   0.274
    fused_B1E9A9C35FBF1E4D   rows          262144        264192      131072   0.157
    launches: 2
    bytes: 1444352
    flops: 33685504
    roofline: 0.431 us
    product bytes: 917504 (all: 1.57x)
    arena bytes: 262144
    live bytes: 262144 (arena: 1.00x)
    ```

    Errors: the module has no target with one of the known chips (`pdq-set-target`), or a
    kernel is code already.
  }];
  let dependentDialects = ["plan::PlanDialect"];
}

def EmitCPUKernels : PDQPass<"pdq-emit-cpu-kernels", "::mlir::pdq::plan::KernelOp"> {
  let summary = "Turn linalg kernels into loop nests over vectors";
  let description = [{
    Replaces the operation of a kernel (see `pdq-outline-kernels`) by explicit
    loops: one loop is vectorized, reductions keep a register tile of
    accumulators, and the outermost parallel loop runs over the range that the
    caller gives. Convolutions in all three directions, matrix products,
    elementwise operations and reductions are one form, `vector`: a loop nest in
    which every address is linear.

    ```mlir
    plan.kernel @k(%x: memref<64xf32>, %y: memref<64xf32>) {
      linalg.generic ... ins(%x : memref<64xf32>) outs(%y : memref<64xf32>) { negf }
      plan.return
    }
    // becomes
    plan.kernel @k(...) form(vector) range(2) {
      %begin, %end = plan.range
      scf.for %i = %begin to %end step %c1 {
        %v = vector.load %x[...] : memref<64xf32>, vector<16xf32>
        ...
    ```

    Kernels whose operands are not indexed linearly or that reduce by something other
    than a sum, maximum or minimum get, with a remark, scalar loops (form `scalar`, with
    the reason as `declined`), which are always correct and never fast:

    ```mlir
    plan.kernel @k(...) form(scalar) range(8) declined("...") {
      %begin, %end = plan.range
      scf.for %i = %begin to %end step %c1 {
        scf.for %j = %c0 to %c4 step %c1 {
          %a = memref.load %x[%i, %j] : memref<8x4xf32>
          ...
    ```

    A parallel outermost loop is the range of the kernel; otherwise the range is 1. The
    order of sums depends on shapes and the vector width only; with scalar loops it is
    that of the operation's loops.
  }];
  let options = [
    Option<"vectorWidth", "vector-width", "unsigned", /*default=*/"16",
           "32-bit elements of a vector register: 4, 8 or 16; 0: scalar loops">
  ];
  let statistics = [
    Statistic<"numVectorized", "num-vectorized", "Kernels vectorized">,
    Statistic<"numDeclined", "num-declined", "Kernels with the scalar fallback">
  ];
  let dependentDialects = ["affine::AffineDialect", "arith::ArithDialect",
                           "LLVM::LLVMDialect", "math::MathDialect",
                           "memref::MemRefDialect", "scf::SCFDialect",
                           "vector::VectorDialect"];
}

def ConvertKernelsToFunc : PDQPass<"pdq-convert-kernels-to-func", "ModuleOp"> {
  let summary = "Make kernels with a range func.func";
  let description = [{
    A kernel that is loops of a CPU becomes a function, whose last two arguments are the
    range that a thread executes, in the place of `plan.range`.

    ```mlir
    plan.kernel @k(%x: memref<64xf32>) form(vector) range(4) {
      %begin, %end = plan.range
      ...
    // becomes
    func.func @k(%x: memref<64xf32>, %begin: index, %end: index) {
    ```

    Fails on kernels without a range.
  }];
  let dependentDialects = ["func::FuncDialect"];
}

def ApproximateMath : PDQPass<"pdq-approximate-math"> {
  let summary = "Replace transcendental functions by polynomials";
  let description = [{
    f32 `exp`, `log`, `tanh`, `erf`, ... on scalars and vectors become upstream's
    polynomial approximations:

    ```mlir
    %y = math.exp %x : vector<8xf32>
    // becomes
    %0 = arith.mulf %x, %inverse_ln2 : vector<8xf32>
    %k = math.floor %0 : vector<8xf32>   // exp(x) = 2^k p(x - k log 2)
    %1 = arith.mulf %k, %ln2_high : vector<8xf32>
    %2 = arith.addf %1, %x : vector<8xf32>
    ...
    ```

     `powf` becomes exp(y log |x|) with the cases of
    the C function (0 for base 0 and positive exponent, the sign of odd integer
    exponents, NaN for a negative base otherwise, 1 for base 1 or exponent 0). `fpowi` becomes
    multiplications or, where its exponent is no constant, `powf`.

    `sin`, `cos` and `tan` take multiples of pi / 2 off the angle in f64: they are right to
    a few units in the last place up to |x| = 1e9 (`tan`: 1e5), beyond that anything within
    their bounds. `sinh`, `cosh`, the inverses of hyperbolic functions and `cbrt` are right to a
    few units everywhere, infinities included.

    Multiplications and additions
    of the approximations are rounded one by one, never fused: elementwise
    results have the same bits on every CPU. A `math.fma` that the function
    already holds stays one rounding. Functions of f64 are left to the C library.
  }];
  let dependentDialects = ["arith::ArithDialect", "math::MathDialect",
                           "vector::VectorDialect", "LLVM::LLVMDialect"];
}

def EmitGPUKernels : PDQPass<"pdq-emit-gpu-kernels", "::mlir::pdq::plan::KernelOp"> {
  let summary = "Turn linalg kernels into what one thread of a GPU does";
  let description = [{
    Replaces the operation of a kernel (see `pdq-outline-kernels`) by the code of
    one thread, and states the launch and the form that was taken.

    - `elementwise`: one thread for four neighbouring elements where they are
      contiguous, else for one;
    - `transpose`: an elementwise operation with an input whose neighbours are
      far apart where those of the results are not: tiles of 32 x 32 elements of it
      are turned round in shared memory;
    - `reduction`: one thread walks all terms of an element;
    - `matrix`: a contraction on tensor cores. Loops of the left operand and the
      result number the rows, those of the right one the columns, those of
      both operands the terms, all others are a batch, so that convolutions in
      all three directions and matrix products are one form. A block of threads
      computes a tile of the result, chosen from a table by the extents and the chip
      (a kernel may also ask for one). The sums go through shared memory, so that
      neighbouring threads store neighbours, 16 bytes each, and apply the epilogue to them.
      Tiles of operands are copied to shared memory asynchronously, one
      multiplied and two travelling, and warps multiply (`mma.sync`). With
      `chip=sm_90a`, where operands can be loaded 16 bytes at a time, they travel
      through registers, which round and transpose them, and warpgroups multiply
      (`wgmma`). Shared memory beyond 48 KiB is stated as `shared_bytes` of the launch;
    - `direct`: a contraction of f32 that is too small for tensor cores and whose
      factors both move with a loop of the result: depthwise convolutions and those
      of narrow groups in all three directions. A thread holds a tile of results,
      four channels wide, over a window that is unrolled, so that both factors are
      read once for many multiplications. Where the terms are pixels (the
      gradient of a filter), up to 128 threads share them and combine their tiles
      through shared memory in a fixed order;
    - `shared_reduction`: the threads of a group walk a share each and combine
      through shared memory in a fixed order;
    - `rows`: kernels of rows (`-pdq-fuse-kernels`); one block of threads for each row;
    - `scalar`: scalar loops, for operations that are not linear in memory.

    ```mlir
    plan.kernel @k(%x: memref<4096xf32>, %y: memref<4096xf32>) {
      linalg.generic ... ins(%x : memref<4096xf32>) outs(%y : memref<4096xf32>) { negf }
      plan.return
    }
    // becomes
    plan.kernel @k(...) form(elementwise) launch(<grid = [4, 1, 1], block = [256, 1, 1]>) {
      %t = gpu.thread_id x
      ...
      scf.if %inside {
        %v = vector.load %x[%i] {alignment = 16 : i64} : memref<4096xf32>, vector<4xf32>
    ```

    A reduction behind the `linalg.fill` of its result starts from the value of
    the fill, and its result is not read. A remark says which kernels take the
    fallback, and why. Errors: a kernel of several operations that no form takes (notes
    say why not), functions of f64 for which a GPU has no instruction, a tile that the
    target has not.
  }];
  let statistics = [
    Statistic<"numEmitted", "num-emitted", "Kernels emitted">,
    Statistic<"numFallback", "num-fallback", "Kernels that take the slow fallback">
  ];
  let dependentDialects = ["arith::ArithDialect", "gpu::GPUDialect", "LLVM::LLVMDialect",
                           "math::MathDialect", "memref::MemRefDialect", "nvgpu::NVGPUDialect",
                           "NVVM::NVVMDialect", "scf::SCFDialect", "vector::VectorDialect"];
}

def ConvertKernelsToGPU : PDQPass<"pdq-convert-kernels-to-gpu", "ModuleOp"> {
  let summary = "Make kernels with a launch gpu.func, and their calls gpu.launch_func";
  let description = [{
    The kernels that `pdq-emit-gpu-kernels` wrote move to `gpu.module @kernels`;
    buffers in shared memory become workgroup attributions, those of kernels with
    `shared_bytes` parts of what the launch gives. Programs become functions: launch plans in
    upstream's terms.

    ```mlir
    plan.launch @k(%a, %b)
    // becomes
    gpu.launch_func @kernels::@k blocks in (%c4, %c1, %c1) threads in (%c256, %c1, %c1) args(%a, %b)
    gpu.module @kernels {
      gpu.func @k(%x: memref<4096xf32> {llvm.align = 16}, %y: ...) kernel
          attributes {known_block_size = array<i32: 256, 1, 1>} {...}
    }
    ```

    Fails on kernels without a launch.
  }];
  let dependentDialects = ["arith::ArithDialect", "func::FuncDialect", "gpu::GPUDialect", "memref::MemRefDialect"];
}

def LowerDeviceMath : PDQPass<"pdq-lower-device-math", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Lower math to LLVM's intrinsics where a GPU has an instruction";
  let description = [{
    Roots, rounding, signs and fused multiply-add of the math dialect become
    `llvm.call_intrinsic`. `convert-gpu-to-nvvm` would call NVIDIA's device library
    for them, which needs a CUDA toolkit on the user's machine.

    ```mlir
    %r = math.roundeven %x : vector<4xf32>
    // becomes
    %r = llvm.call_intrinsic "llvm.roundeven"(%x) : (vector<4xf32>) -> vector<4xf32>
    ```

    Other functions are left alone: those of f32 are polynomials by then
    (`pdq-approximate-math`), those of f64 are refused by `pdq-emit-gpu-kernels`.
  }];
  let dependentDialects = ["LLVM::LLVMDialect"];
}

#endif // PDQ_CODEGEN_PASSES_TD
