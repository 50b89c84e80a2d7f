// Each sample is computed as if it were alone. A network that was exported for
// one sample may mix the batch with other dimensions; at another batch its
// operations are applied to one sample at a time. Exported for more samples, it
// really mixes them.

// RUN: split-file %s %t
// RUN: %python %S/Inputs/write_npy.py %t.npy f4 3x4 1,2,3,6,4,4,4,8,-1,-2,-3,-6

// x - mean(x)
// RUN: pdq-run %t/mean.mlir --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w48 -j 128 %t.out.npy | FileCheck %s --check-prefix=MEAN
// MEAN: {{^ *}}-2 -1 0 3 -1 -1 -1 3 2 1 0 -3{{$}}

// x / sum(x) of what was squeezed to one dimension.
// RUN: pdq-run %t/flat.mlir --input=%t.npy --output=%t.out.npy --batch=2
// RUN: od -A n -t f4 -w48 -j 128 %t.out.npy | FileCheck %s --check-prefix=FLAT
// FLAT: {{^ *}}0.083333336 0.16666667 0.25 0.5 0.2 0.2 0.2 0.4 0.083333336 0.16666667 0.25 0.5{{$}}

// A part of each sample that lost the batch dimension, a zero in front of it and
// a one behind it: [0, x1, x2, 1].
// RUN: pdq-run %t/parts.mlir --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w48 -j 128 %t.out.npy | FileCheck %s --check-prefix=PARTS
// PARTS: {{^ *}}0 2 3 1 0 4 4 1 0 -2 -3 1{{$}}

// A table [4] that is added to what was squeezed is shared.
// RUN: pdq-run %t/shared.mlir --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w48 -j 128 %t.out.npy | FileCheck %s --check-prefix=SHARED
// SHARED: {{^ *}}11 22 33 46 14 24 34 48 9 18 27 34{{$}}

// Two samples of a stack along the batch are two dimensions of one sample.
// RUN: pdq-run %t/stack.mlir --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w48 -j 128 %t.out.npy | FileCheck %s --check-prefix=STACK
// STACK: {{^ *}}11 12 13 16 14 14 14 18 9 8 7 4{{$}}

// The batch behind the tokens, as in recurrent networks: sums of the halves.
// RUN: pdq-run %t/tokens-first.mlir --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w24 -j 128 %t.out.npy | FileCheck %s --check-prefix=TOKENS
// TOKENS: {{^ *}}3 9 8 12 -3 -9{{$}}

// A constant that was repeated for two samples is the same for three, one that
// has something of its own for each sample is not.
// RUN: pdq-run %t/repeated.mlir --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w48 -j 128 %t.out.npy | FileCheck %s --check-prefix=SHARED
// RUN: sed 's/, \[10.0/, [11.0/' %t/repeated.mlir > %t.own.mlir
// RUN: not pdq-run %t.own.mlir --input=%t.npy 2>&1 | FileCheck %s --check-prefix=OWN
// OWN: error: value of type tensor<2x4xf32> has the batch size in its shape but does not come from data; keep the batch of 2

// Sizes that frontends forget between static ones (torch.roll).
// RUN: pdq-run %t/forgotten.mlir --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w48 -j 128 %t.out.npy | FileCheck %s --check-prefix=ROLLED
// ROLLED: {{^ *}}6 1 2 3 8 4 4 4 -6 -1 -2 -3{{$}}

// RUN: sed 's/1x4/2x4/g; s/tensor<4xf32>/tensor<8xf32>/' %t/mean.mlir > %t.two.mlir
// RUN: not pdq-run %t.two.mlir --input=%t.npy 2>&1 | FileCheck %s --check-prefix=MIXED
// MIXED: error: 'linalg.generic' op combines the samples of the batch; keep the batch of 2 that the network was exported for, or export it with a dynamic batch
// At its own batch it runs.
// RUN: pdq-run %t.two.mlir --input=%t.npy --batch=2

//--- mean.mlir
#id = affine_map<(n, c) -> (n, c)>
#all = affine_map<(n, c) -> ()>
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %zero = arith.constant 0.0 : f32
  %four = arith.constant 4.0 : f32
  %e0 = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%zero : f32) outs(%e0 : tensor<f32>) -> tensor<f32>
  %sum = linalg.generic {indexing_maps = [#id, #all], iterator_types = ["reduction", "reduction"]} ins(%x : tensor<1x4xf32>) outs(%f : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  // A scalar of each sample on its own.
  %mean = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%sum : tensor<f32>) outs(%e0 : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.divf %a, %four : f32
    linalg.yield %m : f32
  } -> tensor<f32>
  %e = tensor.empty() : tensor<1x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #all, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %mean : tensor<1x4xf32>, tensor<f32>) outs(%e : tensor<1x4xf32>) {
  ^bb0(%a: f32, %m: f32, %o: f32):
    %d = arith.subf %a, %m : f32
    linalg.yield %d : f32
  } -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

//--- flat.mlir
#id = affine_map<(c) -> (c)>
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %zero = arith.constant 0.0 : f32
  %q = tensor.collapse_shape %x [[0, 1]] : tensor<1x4xf32> into tensor<4xf32>
  %e0 = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%zero : f32) outs(%e0 : tensor<f32>) -> tensor<f32>
  %sum = linalg.reduce ins(%q : tensor<4xf32>) outs(%f : tensor<f32>) dimensions = [0]
    (%a: f32, %o: f32) {
      %s = arith.addf %a, %o : f32
      linalg.yield %s : f32
    }
  %one = tensor.expand_shape %sum [] output_shape [1] : tensor<f32> into tensor<1xf32>
  %e = tensor.empty() : tensor<4xf32>
  %r = linalg.generic {indexing_maps = [#id, affine_map<(c) -> (0)>, #id], iterator_types = ["parallel"]} ins(%q, %one : tensor<4xf32>, tensor<1xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.divf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<4xf32>
  %y = tensor.expand_shape %r [[0, 1]] output_shape [1, 4] : tensor<4xf32> into tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

//--- parts.mlir
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %zero = arith.constant 0.0 : f32
  %ones = arith.constant dense<1.0> : tensor<4xf32>
  %part = tensor.extract_slice %x[0, 1] [1, 2] [1, 1] : tensor<1x4xf32> to tensor<2xf32>
  %padded = tensor.pad %part low[1] high[0] {
  ^bb0(%i: index):
    tensor.yield %zero : f32
  } : tensor<2xf32> to tensor<3xf32>
  %all = tensor.insert_slice %padded into %ones[0] [3] [1] : tensor<3xf32> into tensor<4xf32>
  %e = tensor.empty() : tensor<1x4xf32>
  %y = linalg.broadcast ins(%all : tensor<4xf32>) outs(%e : tensor<1x4xf32>) dimensions = [0]
  return %y : tensor<1x4xf32>
}

//--- shared.mlir
#id = affine_map<(c) -> (c)>
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %table = arith.constant dense<[10.0, 20.0, 30.0, 40.0]> : tensor<4xf32>
  %q = tensor.collapse_shape %x [[0, 1]] : tensor<1x4xf32> into tensor<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%q, %table : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.addf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<4xf32>
  %y = tensor.expand_shape %r [[0, 1]] output_shape [1, 4] : tensor<4xf32> into tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

//--- stack.mlir
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %zero = arith.constant 0.0 : f32
  %tens = arith.constant dense<10.0> : tensor<1x4xf32>
  %both = tensor.concat dim(0) %x, %tens : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %sum = linalg.reduce ins(%both : tensor<2x4xf32>) outs(%f : tensor<4xf32>) dimensions = [0]
    (%a: f32, %o: f32) {
      %s = arith.addf %a, %o : f32
      linalg.yield %s : f32
    }
  %y = tensor.expand_shape %sum [[0, 1]] output_shape [1, 4] : tensor<4xf32> into tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

//--- tokens-first.mlir
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<2x2xf32>
  %tokens = tensor.expand_shape %x [[0], [1, 2]] output_shape [1, 2, 2] : tensor<1x4xf32> into tensor<1x2x2xf32>
  %e = tensor.empty() : tensor<2x1x2xf32>
  %first = linalg.transpose ins(%tokens : tensor<1x2x2xf32>) outs(%e : tensor<2x1x2xf32>) permutation = [1, 0, 2]
  %rows = tensor.collapse_shape %first [[0, 1], [2]] : tensor<2x1x2xf32> into tensor<2x2xf32>
  %e2 = tensor.empty() : tensor<2x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x2xf32>) -> tensor<2x2xf32>
  %product = linalg.matmul ins(%rows, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%f : tensor<2x2xf32>) -> tensor<2x2xf32>
  %steps = tensor.expand_shape %product [[0, 1], [2]] output_shape [2, 1, 2] : tensor<2x2xf32> into tensor<2x1x2xf32>
  // The last element of each step: x0 + x1 and x2 + x3.
  %part = tensor.extract_slice %steps[0, 0, 1] [2, 1, 1] [1, 1, 1] : tensor<2x1x2xf32> to tensor<2x1xf32>
  %e3 = tensor.empty() : tensor<1x2xf32>
  %sums = linalg.transpose ins(%part : tensor<2x1xf32>) outs(%e3 : tensor<1x2xf32>) permutation = [1, 0]
  return %sums : tensor<1x2xf32>
}

//--- repeated.mlir
#id = affine_map<(n, c) -> (n, c)>
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %table = arith.constant dense<[[10.0, 20.0, 30.0, 40.0], [10.0, 20.0, 30.0, 40.0]]> : tensor<2x4xf32>
  %e = tensor.empty() : tensor<2x4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %table : tensor<2x4xf32>, tensor<2x4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.addf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

//--- forgotten.mlir
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %last = tensor.extract_slice %x[0, 3] [1, 1] [1, 1] : tensor<1x4xf32> to tensor<1x1xf32>
  %others = tensor.extract_slice %x[0, 0] [1, 3] [1, 1] : tensor<1x4xf32> to tensor<1x3xf32>
  %a = tensor.cast %last : tensor<1x1xf32> to tensor<1x?xf32>
  %b = tensor.cast %others : tensor<1x3xf32> to tensor<1x?xf32>
  %y = tensor.concat dim(1) %a, %b : (tensor<1x?xf32>, tensor<1x?xf32>) -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}
