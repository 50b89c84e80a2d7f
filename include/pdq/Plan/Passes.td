// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stage 4, Plan: functions on tensors -> launch plans. The passes in the order of the flow.

#ifndef PDQ_PLAN_PASSES_TD
#define PDQ_PLAN_PASSES_TD

include "pdq/IR/PassBase.td"

def SetTarget : PDQPass<"pdq-set-target", "ModuleOp"> {
  let summary = "State what kernels of a module are made for";
  let description = [{
    Sets `plan.target` of the module, which fusion, emitters and the cost model read.
    Without it kernels are for every supported chip, in fp32.

    ```mlir
    module {
    // becomes, with chip=sm_90a math=tf32
    module attributes {plan.target = #plan.target<chip = "sm_90a", math = tf32>} {
    ```
  }];
  let options = [
    Option<"math", "math", "std::string", /*default=*/"\"fp32\"",
           "Precision of contractions on tensor cores: fp32 (three products of tf32 parts), tf32 or bf16">,
    Option<"chip", "chip", "std::string", /*default=*/"",
           "Chip whose sizes and instructions are used, such as sm_90a; empty: those that every chip has">
  ];
  let dependentDialects = ["plan::PlanDialect"];
}

def CheckExecutable : PDQPass<"pdq-check-executable", "ModuleOp"> {
  let summary = "Check that every function of a module can be executed";
  let description = [{
    The executor compiles functions of one block on tensors with static shapes,
    made of linalg, tensor, arith and math operations. This pass changes
    nothing; it reports everything else where it stands, so that the passes
    behind it may rely on it:

    ```mlir
    // error: 'pdq.fake_quant' op cannot be executed: pdq operations are
    //        removed by -pdq-decompose
    %q = pdq.fake_quant %x ...
    ```

    A result attribute `plan.in_place = i : i64` must name an argument of the
    result's type that no other result names.
  }];
}

def Generalize : PDQPass<"pdq-generalize", "func::FuncOp"> {
  let summary = "Spell named linalg operations as linalg.generic";
  let description = [{
    Everything behind recognizes operations by their maps and payloads, whatever
    a frontend called them. Fills keep their name: fusion folds them.

    ```mlir
    linalg.add ins(%a, %b : ...) outs(%c : ...)
    // becomes
    linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%a, %b : ...) outs(%c : ...) { ... }
    ```
  }];
  let dependentDialects = ["linalg::LinalgDialect"];
}

def ScatterToGather : PDQPass<"pdq-scatter-to-gather", "func::FuncOp"> {
  let summary = "Compute the gradient of a sliding window element by element";
  let description = [{
    The derivative of a convolution (or of a pooling) with respect to its input
    adds every element of the output's gradient to several elements of the
    result. This pass turns it round: each element of the result sums what
    reaches it, so that it stays in a register and loops are parallel.

    ```mlir
    %0 = linalg.generic {maps = [(i, k) -> (k), (i, k) -> (i), (i, k) -> (i + k)],
                         iterator_types = ["reduction", "reduction"]}
      ins(%w, %dy : tensor<3xf32>, tensor<8xf32>) outs(%zero : tensor<10xf32>) { mulf, addf }
    %dx = tensor.extract_slice %0[1] [8] [1]
    // becomes
    %padded = tensor.pad %dy low[1] high[1] { zero }
    %dx = linalg.generic {maps = [(j, t) -> (t), (j, t) -> (j - t + 2), (j, t) -> (j)],
                          iterator_types = ["parallel", "reduction"]}
      ins(%w, %padded : tensor<3xf32>, tensor<10xf32>) outs(%zero : tensor<8xf32>) { mulf, addf }
    ```

    With a stride s the elements of the result whose index has the same remainder
    modulo s (a phase) are reached by the same taps. Each phase becomes an
    operation on a slice of the filter, whose result is inserted with stride s;
    a phase without taps keeps the initial values.

    With `form=elementwise` an element loads what the windows over it have for it: an
    elementwise operation, which is fused with whatever reads its result, so that the
    result need not be stored. A window that the image does not have counts nothing.

    For a maximum of three elements, every second of which starts a window, with
    the place of the maximum in its window:

    ```mlir
    %0 = linalg.generic {maps = [(i, k) -> (i), (i, k) -> (i), (i, k) -> (i * 2 + k)],
                         iterator_types = ["reduction", "reduction"]}
      ins(%argmax, %dy : tensor<8xi8>, tensor<8xf32>) outs(%zero : tensor<18xf32>)
      { addf %out, (select (cmpi eq %argmax, k), %dy, 0) }
    %dx = tensor.extract_slice %0[1] [16] [1]
    // becomes
    %dx = linalg.generic {maps = [(j) -> (j)], iterator_types = ["parallel"]} outs(%empty : tensor<16xf32>) {
      %j = linalg.index 0
      // The window before that of the element, if there is one ...
      %dy0 = tensor.extract %dy[(%j + 1) / 2 - 1]
      // ... and the element's own.
      %dy1 = tensor.extract %dy[(%j + 1) / 2]
      ...
    }
    ```

    Contractions become reductions in every form, and so does, with
    `form=elementwise`, what has more than 16 windows over an element, windows with
    holes, or a result that starts from other than a constant.

    Declines payloads that are no sums or whose terms do not vanish where the
    gradient is padded, and indices of another form; of reductions, more than 16
    phases, and results where summing zeros of the padding would take most of the
    time (windows larger than the image).
  }];
  let options = [
    EnumOption<"form", "form", "::mlir::pdq::GatherForm", /*default=*/"Reductions",
               "What a sum over sliding windows becomes", [
      OptionValue<"Reductions", "reductions", "reductions over taps">,
      OptionValue<"Contractions", "contractions",
                  "reductions over taps where it is a contraction; others stay">,
      OptionValue<"Elementwise", "elementwise",
                  "an elementwise operation where that is possible, or reductions over taps">]>
  ];
  let statistics = [
    Statistic<"numGathered", "num-gathered", "Sums over sliding windows rewritten">
  ];
  let dependentDialects = ["arith::ArithDialect", "linalg::LinalgDialect", "tensor::TensorDialect"];
}

def AssignLayout : PDQPass<"pdq-assign-layout", "func::FuncOp"> {
  let summary = "Let images and filters lie channels-last";
  let description = [{
    Convolutions and their gradients are recognized by their maps (pooling by
    the images it stands between), and say the order of dimensions that each of
    their operands wants:

    | operand | order |
    |---|---|
    | image, output | batch, space, groups, channels |
    | filter | window, input channels, groups, output channels |

    Values that elementwise operations, pads and slices connect get one order.
    Types, maps, offsets and reshapes are rewritten; a `linalg.transpose` stays
    where orders meet, mostly on the borders of the function:

    ```mlir
    func.func @f(%x: tensor<32x16x8x8xf32>) -> ...
      %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] { ... }
    // becomes
      %t = linalg.transpose ins(%x) outs(%e : tensor<32x8x8x16xf32>) permutation = [0, 2, 3, 1]
      %p = tensor.pad %t low[0, 1, 1, 0] high[0, 1, 1, 0] { ... }
    ```

    Elementwise loops are interchanged so that they write memory in order.
    Expects generic operations (`-pdq-generalize`); others, and reshapes that
    would move elements, keep their order.
  }];
  let statistics = [Statistic<"numPermuted", "num-permuted", "Values in another order">];
  let dependentDialects = ["linalg::LinalgDialect", "tensor::TensorDialect"];
}

def HoistConstants : PDQPass<"pdq-hoist-constants", "ModuleOp"> {
  let summary = "Compute what depends on constants only once";
  let description = [{
    Moves operations whose inputs are all constants to a function of their own,
    which the executor calls once when it compiles the module. Their results
    become arguments `plan.persistent = k` (result k of that function), which the
    executor binds:

    ```mlir
    func.func @f(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
      %w = arith.constant dense<...> : tensor<2x3xf32>
      %t = linalg.generic ... ins(%w) { transposes } -> tensor<3x2xf32>
      ...
    // becomes
    func.func @f(%x: tensor<4x3xf32>, %t: tensor<3x2xf32> {plan.persistent = 0 : i64})
        -> tensor<4x2xf32> attributes {plan.initializer = @f.constants}
    func.func @f.constants() -> tensor<3x2xf32>
    ```

    Run again, it adds what depends on persistent arguments to the same function.

    Declines results of more than 4096 elements that are larger than twice their
    inputs: broadcasts are cheaper to compute than to read. Numbers that are no
    tensors, such as a computed padding, are computed in both functions.
  }];
  let statistics = [Statistic<"numHoisted", "num-hoisted", "Values computed once">];
  let dependentDialects = ["func::FuncDialect", "plan::PlanDialect"];
}

def FuseElementwise : PDQPass<"pdq-fuse-elementwise", "func::FuncOp"> {
  let summary = "Fuse elementwise operations where memory traffic falls";
  let description = [{
    Upstream's fusion of producers into elementwise consumers and into
    reductions. Declines where a loop of the consumer would compute the same
    element again (operands of contractions, broadcasts of computed values), and
    where a producer with other users is expensive or reads several tensors.

    ```mlir
    %a = linalg.generic ... ins(%x, %y) { mulf }
    %b = linalg.generic ... ins(%a) { maximumf }
    // becomes
    %b = linalg.generic ... ins(%x, %y) { mulf, maximumf }
    ```

    With `recompute` random draws and gathered rows, which read no tensor of their
    size, are computed in each operation that reads them and never stored: on a GPU
    arithmetic is cheaper than memory. What gathers from two tensors and is stored for
    a contraction is loaded again.
  }];
  let options = [
    Option<"recompute", "recompute", "bool", /*default=*/"false",
           "Compute again what reads no tensor of its size, in all users">
  ];
  let dependentDialects = ["linalg::LinalgDialect", "tensor::TensorDialect"];
}

def FusePoolingArgmax : PDQPass<"pdq-fuse-pooling-argmax", "func::FuncOp"> {
  let summary = "Fuse a pooling with the argmax that its derivative needs";
  let description = [{
    The derivative of a maximum over windows looks for the place of the maximum in each
    window, for which all windows are read again, far from the pooling. Both become
    one elementwise operation with two results: it loads the elements of a window,
    and does what the one and the other do with them, in the same order. An
    elementwise operation that computes the image, which is not stored then, is done
    for each element of a window: windows that overlap compute some elements again.

    ```mlir
    %image = linalg.generic ... ins(%x, %scale) { quantization }
    %padded = tensor.pad %image low[0, 1, 1, 0] high[0, 1, 1, 0] { -inf }
    %max = linalg.generic {maps = [(n, h, w, c, i, k) -> (n, h * 2 + i, w * 2 + k, c), ...], ...}
      ins(%padded) outs(%lowest) { maximumf }
    %argmax = linalg.generic ... ins(%padded, %max) outs(%last)
      { minsi %out, (select (cmpf oeq %in, %max), i * 3 + k, last) }
    // becomes
    %max, %argmax = linalg.generic ... ins(%scale) outs(%empty, %none) {
      // For each element of the window:
      %x00 = tensor.extract %x[%n, ...]
      ... quantization, or -inf outside of the image ...
      // Then:
      maximumf, maximumf, ...
      select, minsi, select, minsi, ...
    }
    ```

    Declines windows of more than 16 elements, poolings whose windows nothing reads
    again, and what starts from other than constants.
  }];
  let statistics = [
    Statistic<"numUnrolled", "num-unrolled", "Poolings rewritten">
  ];
  let dependentDialects = ["affine::AffineDialect", "arith::ArithDialect", "linalg::LinalgDialect",
                           "tensor::TensorDialect"];
}

def ExpandPads : PDQPass<"pdq-expand-pads", "func::FuncOp"> {
  let summary = "Make the producer of a padded tensor write into the padded buffer";
  let description = [{
    ```mlir
    %y = linalg.generic ... outs(%e : tensor<32x8x8x16xf32>)
    %p = tensor.pad %y low[0, 1, 1, 0] high[0, 1, 1, 0] { zero }
    // becomes
    %b = tensor.empty() : tensor<32x10x10x16xf32>
    ... the four sides of %b are filled with zero ...
    %y = linalg.generic ... outs(%e : tensor<32x8x8x16xf32>)
    %p = tensor.insert_slice %y into %b[0, 1, 1, 0] [32, 8, 8, 16] [1, 1, 1, 1]
    ```

    from which `-pdq-bufferize` makes a producer that writes the interior of the
    padded buffer: no copy, and only the border is filled. Declines pads that
    are not constant, not static or negative.

    With `read-padded`, operations behind %p that read a slice which %y was put
    together from, or %y if there are such slices, take it from %p: two halves of a
    batch, of which others read one, would be stored twice.
  }];
  let options = [
    Option<"readPadded", "read-padded", "bool", /*default=*/"false",
           "Read slices of a padded tensor from it, not from a buffer of their own">
  ];
  let dependentDialects = ["linalg::LinalgDialect", "tensor::TensorDialect"];
}

def SimplifySlices : PDQPass<"pdq-simplify-slices", "func::FuncOp"> {
  let summary = "Put tensors together from slices, and take them apart, without zeros and copies";
  let description = [{
    The gradient of a slice is that slice in a tensor of zeros, and gradients are
    summed. Sums of such tensors become one tensor whose slices are computed in
    their place; slices that meet are added, and where no zero is left none is
    written. A concatenation is put together in the same way, and a slice that is
    one of the pieces is the piece itself.

    ```mlir
    %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
    %a = tensor.insert_slice %x into %zeros[0, 0] [4, 4] [1, 1]
    %b = tensor.insert_slice %y into %zeros[4, 0] [4, 4] [1, 1]
    %sum = linalg.add ins(%a, %b) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
    // becomes
    %a = tensor.insert_slice %x into %e[0, 0] [4, 4] [1, 1]
    %sum = tensor.insert_slice %y into %a[4, 0] [4, 4] [1, 1]
    ```

    Slices keep their values, up to the sign of zeros: -0 + 0 is 0, and the sum is
    not computed any more. Declines slices that meet in a part, and what is not
    static. Expects sums as `linalg.generic` (`-pdq-generalize`).

    With `split` an elementwise operation that reads a tensor put together from up to
    four slices, and one all of whose users take slices, is done for each slice on its
    own. Each part can then be fused with what makes or takes its slice.

    ```mlir
    %y = linalg.generic ... ins(%x : tensor<64x16xf32>) { payload }
    %a = tensor.extract_slice %y[0, 0] [32, 16] [1, 1]
    %b = tensor.extract_slice %y[32, 0] [32, 16] [1, 1]
    // becomes
    %x0 = tensor.extract_slice %x[0, 0] [32, 16] [1, 1]
    %a = linalg.generic ... ins(%x0 : tensor<32x16xf32>) { payload }
    %x1 = tensor.extract_slice %x[32, 0] [32, 16] [1, 1]
    %b = linalg.generic ... ins(%x1 : tensor<32x16xf32>) { payload }
    ```

    The slices are dense (the halves of a batch), or computed by contractions: the
    gradient of a strided convolution, every other row and column of which is a
    contraction. Elementwise operations are fused into those and store elements
    wherever they lie (`-pdq-fuse-kernels`); what no contraction computes is better
    done on neighbours, and so is what is fused into the contraction behind another
    operand. A reduction of everything that reads such slices becomes a chain of
    reductions. A contraction is done for each slice on its own, too, where elementwise
    operations read the slices: each part can have its own. It stays whole where a
    factor is put together from slices.

    Every element is computed as before. Declines slices that meet, and operations
    that would be computed twice.
  }];
  let options = [
    Option<"split", "split", "bool", /*default=*/"false",
           "Compute elementwise operations and contractions slice by slice">
  ];
  let dependentDialects = ["arith::ArithDialect", "linalg::LinalgDialect",
                           "tensor::TensorDialect"];
  let statistics = [Statistic<"numRewritten", "num-rewritten",
                              "Operations on slices that were rewritten">];
}

def AccumulateIntoInit : PDQPass<"pdq-accumulate-into-init", "func::FuncOp"> {
  let summary = "Accumulate into what is added to a contraction";
  let description = [{
    Where an elementwise operation adds two contractions that nothing else reads (the end
    of a residual block whose shortcut has a convolution), the later one starts from
    the earlier one: one kernel can compute both (`-pdq-fuse-kernels`). And where it
    adds a smaller tensor, a bias, to a contraction of at least 4096 elements, the contraction
    starts from that.

    ```mlir
    %p = linalg.generic ... ins(%a, %b) outs(%bias0) { mulf, addf }
    %q = linalg.generic ... ins(%c, %d) outs(%bias1) { mulf, addf }
    %y = linalg.generic ... ins(%p, %q) { addf; relu }
    // becomes
    %bias = linalg.generic ... ins(%bias0, %bias1) { addf }
    %p = linalg.generic ... ins(%a, %b) outs(%bias) { mulf, addf }
    %q = linalg.generic ... ins(%c, %d) outs(%p) { mulf, addf }
    %y = linalg.generic ... ins(%q) { relu }
    ```

    Sums are in another order. Declines where the new start would be the sum of two
    tensors that have to be read: zeros and what repeats a smaller tensor need not.
  }];
  let statistics = [
    Statistic<"numChained", "num-chained", "Sums that became the start of a contraction">
  ];
  let dependentDialects = ["arith::ArithDialect", "linalg::LinalgDialect", "tensor::TensorDialect"];
}

def PackOperands : PDQPass<"pdq-pack-operands", "::mlir::func::FuncOp"> {
  let summary = "Give contractions operands that vectors are loaded from";
  let description = [{
    A contraction is vectorized along the innermost dimension of its result. An
    operand that has this dimension elsewhere gets a transposed copy: the filter in
    the gradient of a convolution's input, mostly, which is small.

    ```mlir
    linalg.generic {maps = [(n, k, i) -> (n, k), (n, k, i) -> (i, k), (n, k, i) -> (n, i)], ...}
      ins(%dy, %w : tensor<8x10xf32>, tensor<64x10xf32>) outs(%dx : tensor<8x64xf32>)
    // becomes
    %t = linalg.transpose ins(%w : tensor<64x10xf32>) outs(%e : tensor<10x64xf32>) permutation = [1, 0]
    linalg.generic {maps = [(n, k, i) -> (n, k), (n, k, i) -> (k, i), (n, k, i) -> (n, i)], ...}
      ins(%dy, %t : tensor<8x10xf32>, tensor<10x64xf32>) outs(%dx : tensor<8x64xf32>)
    ```
  }];
  let statistics = [
    Statistic<"numPacked", "num-packed", "Contractions with packed operands">
  ];
  let dependentDialects = ["linalg::LinalgDialect", "tensor::TensorDialect"];
}

def SplitReductions : PDQPass<"pdq-split-reductions", "::mlir::func::FuncOp"> {
  let summary = "Split long reductions into partial ones";
  let description = [{
    A reduction with few results and very many iterations (the gradient of a
    weight, a loss) becomes eight partial reductions over contiguous parts,
    and the sum of these. The number is fixed, so the result does not depend on
    the number of threads.

    With `multiprocessors`, contractions are split by their shape (split-K): one whose
    factors both have the reduced dimension outermost (the gradient of a filter) gets
    as many parts as give that many blocks of 64 x 64 results something to do, of at
    least 512 terms each. The number follows from the extents; other contractions, and
    those with enough blocks, stay whole.

    ```mlir
    %l = linalg.generic ... ins(%x : tensor<64x1024xf32>) outs(%z : tensor<f32>)
    // becomes
    %p = linalg.generic ... ins(%x, %bound : tensor<64x1024xf32>, tensor<8xi8>) outs(%zs : tensor<8xf32>)
    %l = linalg.generic ... ins(%p : tensor<8xf32>) outs(%z : tensor<f32>)
    ```

    With `full-reductions=rows` a reduction of at least 4096 elements to one number,
    such as a loss or the gradient of a scale, becomes the reductions of rows first.
    Rows are made of the outermost dimensions in memory, and their loops come first,
    as in elementwise operations on the same tensors: one block of a GPU's threads
    reduces a row, and `-pdq-fuse-kernels` launches both together.

    ```mlir
    %l = linalg.generic {maps = [(n, c, h) -> (n, h, c), (n, c, h) -> ()], ...}
      ins(%x : tensor<32x56x64xf32>) outs(%z : tensor<f32>)
    // becomes
    %p = linalg.generic {maps = [(n, h, c) -> (n, h, c), (n, h, c) -> (n, h)], ...}
      ins(%x : tensor<32x56x64xf32>) outs(%zs : tensor<32x56xf32>)
    %l = linalg.generic ... ins(%p : tensor<32x56xf32>) outs(%z : tensor<f32>)
    ```

    Declines

    - parts where the size of the outermost reduced dimension is no multiple of their
      number,
    - parts of scatters and of payloads with `linalg.index`,
    - rows where none of the inputs is indexed by all loops.
  }];
  let options = [
    EnumOption<"fullReductions", "full-reductions", "::mlir::pdq::FullReductionSplit",
               /*default=*/"Parts", "What reductions to one number are split into", [
      OptionValue<"Parts", "parts", "eight parts, like others">,
      OptionValue<"Rows", "rows", "rows of the tensor in memory">]>,
    Option<"multiprocessors", "multiprocessors", "int64_t", /*default=*/"0",
           "Blocks of threads that contractions keep busy; 0: eight parts of any reduction">
  ];
  let statistics = [
    Statistic<"numSplit", "num-split", "Reductions split">
  ];
  let dependentDialects = ["arith::ArithDialect", "linalg::LinalgDialect", "tensor::TensorDialect"];
}

def SaveComparisonMasks : PDQPass<"pdq-save-comparison-masks", "::mlir::func::FuncOp"> {
  let summary = "Save comparison masks for the derivative";
  let description = [{
    The derivative of ReLU only asks whether the input was positive. Where all that an
    operation does with a tensor's elements is to compare them with constants, at most
    two of them, it reads masks instead, a byte an element, which are computed beside
    the tensor. Then nothing far away reads the tensor, and where its only other user
    is an elementwise operation it is never stored (`-pdq-fuse-kernels`). Slices that
    are only compared become slices of the mask.

    ```mlir
    %y = linalg.generic ... ins(%x) { maximumf %x, 0 }
    ... %dy is computed from %y ...
    %dx = linalg.generic ... ins(%x, %dy) { select (cmpf ugt %x, 0), %dy, 0 }
    // becomes
    %m = linalg.generic ... ins(%x) { cmpf ugt %x, 0 } -> tensor<32x56x56x64xi1>
    %y = linalg.generic ... ins(%x) { maximumf %x, 0 }
    ... %dy is computed from %y ...
    %dx = linalg.generic ... ins(%m, %dy) { select %m, %dy, 0 }
    ```

    Declines tensors of fewer than 4096 elements or of another type than f32, and
    tensors with other users.
  }];
  let statistics = [
    Statistic<"numReplaced", "num-replaced", "Operations that read masks">
  ];
  let dependentDialects = ["arith::ArithDialect", "linalg::LinalgDialect", "tensor::TensorDialect"];
}

def ScheduleASAP : PDQPass<"pdq-schedule-asap", "::mlir::func::FuncOp"> {
  let summary = "Schedule elementwise operations as soon as possible";
  let description = [{
    An elementwise operation, or a sum over elements of a tensor, moves up behind the
    last of its operands. Operations on the same elements become neighbours, which
    `-pdq-fuse-kernels` can launch together, however far apart the derivative has put
    them: the gradient of a loss stands beside the loss.

    ```mlir
    %loss = linalg.generic ... ins(%y, %t)
    ... the rest of the network ...
    %dy = linalg.generic ... ins(%y, %t)
    // becomes
    %loss = linalg.generic ... ins(%y, %t)
    %dy = linalg.generic ... ins(%y, %t)
    ... the rest of the network ...
    ```

    Other operations keep their order. Slices that a tensor is put together from
    are inserted in the order in which they are computed.
  }];
  let statistics = [
    Statistic<"numMoved", "num-moved", "Operations moved">
  ];
}

def StoreResults : PDQPass<"pdq-store-results", "ModuleOp"> {
  let summary = "Give every result of a function the buffer it is stored in";
  let description = [{
    A result with `plan.in_place = i` goes to argument i, every other one to a
    new argument `plan.result = j`. Arguments that no result goes to are marked
    as not writable.

    ```mlir
    func.func @step(%g: tensor<4xf32>, %w: tensor<4xf32>)
        -> (tensor<4xf32> {plan.in_place = 1 : i64}, tensor<f32>)
    // becomes
    func.func @step(%g: tensor<4xf32> {bufferization.writable = false},
                    %w: tensor<4xf32> {bufferization.writable = true},
                    %loss: tensor<f32> {bufferization.writable = true, plan.result = 1 : i64})
    ```

    with a `bufferization.materialize_in_destination` a result in front of the
    return. Declines nothing: `pdq-check-executable` has checked the attributes.
  }];
  let dependentDialects = ["bufferization::BufferizationDialect",
                           "linalg::LinalgDialect", "tensor::TensorDialect"];
}

def Bufferize : PDQPass<"pdq-bufferize", "ModuleOp"> {
  let summary = "One-shot bufferization where every copy is a linalg operation";
  let description = [{
    Upstream's one-shot bufferization after its elimination of empty tensors,
    with static identity layouts on function borders. Copies become
    `linalg.copy`, hence kernels; results become arguments only
    (`pdq-store-results` runs before). Every user of a fill or an empty tensor
    gets its own, so that none has to be copied. Allocations stay in the function:
    the launch plan gives them their place in the arena.

    ```mlir
    func.func @f(%x: tensor<4xf32>, %y: tensor<4xf32> {plan.result = 0}) {
      %e = linalg.exp ins(%x : tensor<4xf32>) outs(%y : tensor<4xf32>) -> tensor<4xf32>
      ...
    // becomes
    func.func @f(%x: memref<4xf32>, %y: memref<4xf32> {plan.result = 0}) {
      linalg.exp ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
    ```

    Errors: those of upstream's bufferization.
  }];
  let dependentDialects = ["bufferization::BufferizationDialect",
                           "linalg::LinalgDialect", "memref::MemRefDialect"];
}

def HoistPaddingFills : PDQPass<"pdq-hoist-padding-fills", "ModuleOp"> {
  let summary = "Hoist fills of padding out of calls";
  let description = [{
    A temporary that is filled in parts which nothing else writes (padding) becomes
    a persistent buffer: the function `plan.initializer`, which the executor calls once,
    fills those parts, and calls leave them as they are. Temporaries with the same
    type and borders that are never in use at the same time share one buffer, unless
    one is computed from the other: `-pdq-fuse-kernels` may do both in one launch.

    ```mlir
    func.func @f(%x: memref<4xf32>) {
      %p = memref.alloc() : memref<6xf32>
      %low = memref.subview %p[0] [1] [1] : ...
      linalg.fill ins(%zero : f32) outs(%low : ...)
      %inside = memref.subview %p[1] [4] [1] : ...
      linalg.generic ... ins(%x) outs(%inside)
    // becomes
    func.func @f(%x: memref<4xf32>, %p: memref<6xf32> {plan.persistent = 0 : i64})
        attributes {plan.initializer = @f.constants} {
      %inside = memref.subview %p[1] [4] [1] : ...
      linalg.generic ... ins(%x) outs(%inside)
    func.func @f.constants(%p: memref<6xf32> {plan.result = 0 : i64}) {
      %low = memref.subview %p[0] [1] [1] : ...
      linalg.fill ins(%zero : f32) outs(%low : ...)
    ```

    Declines fills that another operation overwrites in part, and buffers with users
    other than views and linalg operations.
  }];
  let statistics = [
    Statistic<"numFills", "num-fills", "Fills that are done once">,
    Statistic<"numBuffers", "num-buffers", "Buffers that became persistent">
  ];
  let dependentDialects = ["func::FuncDialect", "plan::PlanDialect"];
}

def OutlineKernels : PDQPass<"pdq-outline-kernels", "ModuleOp"> {
  let summary = "Move every linalg operation on buffers to a kernel function";
  let description = [{
    Structurally equal kernels become one function, named after its content, so
    that its code can be kept and shared between modules.

    ```mlir
    func.func @f(%a: memref<4xf32>, %b: memref<4xf32, strided<[1], offset: 8>>) {
      linalg.copy ins(%a : memref<4xf32>) outs(%b : memref<4xf32, strided<[1], offset: 8>>)
      return
    }
    // becomes
    plan.program @f(%a: memref<4xf32>, %b: memref<4xf32, strided<[1], offset: 8>>) {
      plan.launch @copy_41c0(%a, %b) : memref<4xf32>, memref<4xf32, strided<[1], offset: 8>>
      plan.return
    }
    plan.kernel @copy_41c0(%a: memref<4xf32>, %b: memref<4xf32, strided<[1]>>) {
      linalg.copy ins(%a : memref<4xf32>) outs(%b : memref<4xf32, strided<[1]>>)
      plan.return
    }
    ```

    Offsets of views are left to the launch, which adds them to the address. With
    `alignment` the arguments of kernels state how their buffers are aligned
    (`llvm.align`). With `absorb-fills` a kernel holds a reduction together with the
    `linalg.fill` of its result. Constants move into the kernel. Functions become
    programs. Fails on operations with memory semantics that are not linalg operations.
  }];
  let options = [
    Option<"alignment", "alignment", "unsigned", /*default=*/"0",
           "Bytes that allocations and arguments are aligned to; 0 promises nothing">,
    Option<"absorbFills", "absorb-fills", "bool", /*default=*/"false",
           "Whether the fill that a reduction starts from moves into its kernel">
  ];
  let statistics = [
    Statistic<"numLaunches", "num-launches", "Kernel launches">,
    Statistic<"numKernels", "num-kernels", "Distinct kernels">];
  let dependentDialects = ["LLVM::LLVMDialect", "memref::MemRefDialect", "plan::PlanDialect"];
}

#endif // PDQ_PLAN_PASSES_TD
