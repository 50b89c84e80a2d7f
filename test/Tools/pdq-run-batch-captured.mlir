// What a payload reads by tensor.extract of a network that was exported for one
// sample: the position in the batch, 0 as a constant or as the counter of a loop
// of one step, becomes the number of the sample.

// RUN: split-file %s %t
// RUN: %python %S/Inputs/write_npy.py %t.npy f4 3x3 1,2,3,4,5,6,7,8,9

// x + x * x of each sample.
// RUN: pdq-run %t/constant.mlir --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w36 -j 128 %t.out.npy | FileCheck %s --check-prefix=SQUARES
// RUN: pdq-run %t/counter.mlir --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w36 -j 128 %t.out.npy | FileCheck %s --check-prefix=SQUARES
// SQUARES: {{^ *}}2 6 12 20 30 42 56 72 90{{$}}

// The reverse of each sample, of data that lost its batch dimension.
// RUN: pdq-run %t/squeezed.mlir --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w36 -j 128 %t.out.npy | FileCheck %s --check-prefix=REVERSED
// REVERSED: {{^ *}}3 2 1 6 5 4 9 8 7{{$}}

// A table that all samples share, at positions that depend on data.
// RUN: pdq-run %t/table.mlir --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w36 -j 128 %t.out.npy | FileCheck %s --check-prefix=TABLE
// TABLE: {{^ *}}10 20 30 40 50 60 70 80 90{{$}}

// Exported for three samples, a payload that reads another sample.
// RUN: not pdq-run %t/neighbour.mlir --input=%t.npy --batch=2 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: error: 'linalg.generic' op reads data at a computed position of the batch; keep the batch of 3 that the network was exported for, or export it with a dynamic batch
// RUN: not pdq-run %t/number.mlir --input=%t.npy --batch=2 2>&1 | FileCheck %s --check-prefix=NUMBER
// NUMBER: error: 'linalg.generic' op computes with the number of the sample; keep the batch of 3

//--- constant.mlir
#id = affine_map<(n, c) -> (n, c)>
func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %zero = arith.constant 0 : index
  %e = tensor.empty() : tensor<1x3xf32>
  %squares = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<1x3xf32>) {
  ^bb0(%out: f32):
    %c = linalg.index 1 : index
    %v = tensor.extract %x[%zero, %c] : tensor<1x3xf32>
    %w = arith.mulf %v, %v : f32
    linalg.yield %w : f32
  } -> tensor<1x3xf32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %squares : tensor<1x3xf32>, tensor<1x3xf32>) outs(%e : tensor<1x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

//--- counter.mlir
#id = affine_map<(n, c) -> (n, c)>
func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %e = tensor.empty() : tensor<1x3xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<1x3xf32>) outs(%e : tensor<1x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %n = linalg.index 0 : index
    %c = linalg.index 1 : index
    // Computed by the counter: it was 0.
    %k = arith.addi %n, %c : index
    %v = tensor.extract %x[%n, %k] : tensor<1x3xf32>
    %w = arith.mulf %v, %v : f32
    %s = arith.addf %a, %w : f32
    linalg.yield %s : f32
  } -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

//--- squeezed.mlir
func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %last = arith.constant 2 : index
  %one = arith.constant 1.0 : f32
  %flat = tensor.collapse_shape %x [[0, 1]] : tensor<1x3xf32> into tensor<3xf32>
  %e = tensor.empty() : tensor<3xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(c) -> (c)>], iterator_types = ["parallel"]} outs(%e : tensor<3xf32>) {
  ^bb0(%out: f32):
    %c = linalg.index 0 : index
    %k = arith.subi %last, %c : index
    %v = tensor.extract %flat[%k] : tensor<3xf32>
    %w = arith.mulf %v, %one : f32
    linalg.yield %w : f32
  } -> tensor<3xf32>
  %rows = tensor.expand_shape %y [[0, 1]] output_shape [1, 3] : tensor<3xf32> into tensor<1x3xf32>
  return %rows : tensor<1x3xf32>
}

//--- table.mlir
#id = affine_map<(n, c) -> (n, c)>
func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %table = arith.constant dense<[0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]> : tensor<10xf32>
  %e = tensor.empty() : tensor<1x3xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<1x3xf32>) outs(%e : tensor<1x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %i = arith.fptosi %a : f32 to i64
    %k = arith.index_cast %i : i64 to index
    %v = tensor.extract %table[%k] : tensor<10xf32>
    linalg.yield %v : f32
  } -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

//--- neighbour.mlir
#id = affine_map<(n, c) -> (n, c)>
func.func @main(%x: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %last = arith.constant 2 : index
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<3x3xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<3x3xf32>) outs(%e : tensor<3x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %n = linalg.index 0 : index
    %c = linalg.index 1 : index
    %k = arith.subi %last, %n : index
    %v = tensor.extract %x[%k, %c] : tensor<3x3xf32>
    %s = arith.addf %a, %v : f32
    linalg.yield %s : f32
  } -> tensor<3x3xf32>
  return %y : tensor<3x3xf32>
}

//--- number.mlir
#id = affine_map<(n, c) -> (n, c)>
func.func @main(%x: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %e = tensor.empty() : tensor<3x3xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<3x3xf32>) outs(%e : tensor<3x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %n = linalg.index 0 : index
    %i = arith.index_cast %n : index to i64
    %f = arith.sitofp %i : i64 to f32
    %s = arith.addf %a, %f : f32
    linalg.yield %s : f32
  } -> tensor<3x3xf32>
  return %y : tensor<3x3xf32>
}
