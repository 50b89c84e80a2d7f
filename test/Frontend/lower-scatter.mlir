// Scatters, as torch-mlir and TOSA write them, at any batch: each position of the
// result reads the update that is written to it.

// RUN: split-file %s %t
// RUN: %python %S/../Tools/Inputs/write_npy.py %t/x.npy f4 3x4 1,2,3,4,5,6,7,8,9,10,11,12
// DEFINE: %{module} =
// DEFINE: %{options} = --batch=3
// DEFINE: %{run} = pdq-run %t/%{module}.mlir --input=%t/x.npy --output=%t/y.npy %{options}
// DEFINE: %{print} = od -A n -t f4 -w16 -j 128 %t/y.npy

// Elements 3 and 1 become 10 and 20; nothing compares where positions are known.
// RUN: pdq-opt %t/known.mlir --pdq-normalize-frontend | FileCheck %s --check-prefix=TABLE
// TABLE-NOT: tm_tensor
// TABLE-NOT: reduction
// TABLE: tensor.extract
// REDEFINE: %{module} = known
// RUN: %{run} && %{print} | FileCheck %s --check-prefix=KNOWN
// REDEFINE: %{module} = dynamic
// RUN: %{run} && %{print} | FileCheck %s --check-prefix=KNOWN
// REDEFINE: %{module} = tosa
// RUN: %{run} && %{print} | FileCheck %s --check-prefix=KNOWN
// RUN: env PDQ_CUDA_LIBRARY=%simulated_gpu %{run} --target=cuda && %{print} | FileCheck %s --check-prefix=KNOWN
// KNOWN: {{^ *}}1 20 3 10{{$}}
// KNOWN: {{^ *}}5 20 7 10{{$}}
// KNOWN: {{^ *}}9 20 11 10{{$}}

// Of two updates of one element the second one stays, or both are added.
// REDEFINE: %{module} = twice
// RUN: %{run} && %{print} | FileCheck %s --check-prefix=TWICE
// TWICE: {{^ *}}1 20 3 4{{$}}
// TWICE: {{^ *}}5 20 7 8{{$}}
// TWICE: {{^ *}}9 20 11 12{{$}}
// REDEFINE: %{module} = sum
// RUN: %{run} && %{print} | FileCheck %s --check-prefix=SUM
// SUM: {{^ *}}1 32 3 4{{$}}
// SUM: {{^ *}}5 36 7 8{{$}}
// SUM: {{^ *}}9 40 11 12{{$}}

// Positions from data: element (first element rounded down) mod 4 becomes 10,
// then element 0 becomes 20.
// REDEFINE: %{module} = computed
// RUN: %{run} && %{print} | FileCheck %s --check-prefix=COMPUTED
// REDEFINE: %{options} = --batch=1
// RUN: %{run} && %{print} | FileCheck %s --check-prefix=COMPUTED
// REDEFINE: %{options} = --batch=2
// RUN: %{run} && %{print} | FileCheck %s --check-prefix=COMPUTED
// RUN: env PDQ_CUDA_LIBRARY=%simulated_gpu %{run} --target=cuda && %{print} | FileCheck %s --check-prefix=COMPUTED
// COMPUTED: {{^ *}}20 10 3 4{{$}}
// COMPUTED: {{^ *}}20 10 7 8{{$}}
// COMPUTED: {{^ *}}20 10 11 12{{$}}

//--- known.mlir
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %i = arith.constant dense<[[0, 3], [0, 1], [1, 3], [1, 1]]> : tensor<4x2xi64>
  %u = arith.constant dense<[10.0, 20.0, 10.0, 20.0]> : tensor<4xf32>
  %y = tm_tensor.scatter {dimension_map = array<i64: 0, 1>} unique_indices(true) ins(%u, %i : tensor<4xf32>, tensor<4x2xi64>) outs(%x : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: f32):
    tm_tensor.yield %a : f32
  } -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

//--- dynamic.mlir
func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %v = arith.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %k = arith.constant dense<[3, 1]> : tensor<2xi64>
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%n) : tensor<?x2xi64>
  %samples = linalg.generic {indexing_maps = [affine_map<(n, w) -> (n, w)>], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<?x2xi64>) {
  ^bb0(%o: i64):
    %s = linalg.index 0 : index
    %t = arith.index_cast %s : index to i64
    linalg.yield %t : i64
  } -> tensor<?x2xi64>
  %places = linalg.broadcast ins(%k : tensor<2xi64>) outs(%e : tensor<?x2xi64>) dimensions = [0]
  %ef = tensor.empty(%n) : tensor<?x2xf32>
  %values = linalg.broadcast ins(%v : tensor<2xf32>) outs(%ef : tensor<?x2xf32>) dimensions = [0]
  %w = arith.muli %n, %c2 : index
  %f0 = tensor.collapse_shape %samples [[0, 1]] : tensor<?x2xi64> into tensor<?xi64>
  %f1 = tensor.collapse_shape %places [[0, 1]] : tensor<?x2xi64> into tensor<?xi64>
  %f2 = tensor.collapse_shape %values [[0, 1]] : tensor<?x2xf32> into tensor<?xf32>
  %g0 = tensor.expand_shape %f0 [[0, 1]] output_shape [%w, 1] : tensor<?xi64> into tensor<?x1xi64>
  %g1 = tensor.expand_shape %f1 [[0, 1]] output_shape [%w, 1] : tensor<?xi64> into tensor<?x1xi64>
  %i = tensor.concat dim(1) %g0, %g1 : (tensor<?x1xi64>, tensor<?x1xi64>) -> tensor<?x2xi64>
  %y = tm_tensor.scatter {dimension_map = array<i64: 0, 1>} unique_indices(true) ins(%f2, %i : tensor<?xf32>, tensor<?x2xi64>) outs(%x : tensor<?x4xf32>) {
  ^bb0(%a: f32, %b: f32):
    tm_tensor.yield %a : f32
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

//--- tosa.mlir
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %i = "tosa.const"() <{values = dense<[[3, 1, 7, 5]]> : tensor<1x4xi32>}> : () -> tensor<1x4xi32>
  %u = "tosa.const"() <{values = dense<[[[10.0], [20.0], [10.0], [20.0]]]> : tensor<1x4x1xf32>}> : () -> tensor<1x4x1xf32>
  %s = tosa.const_shape {values = dense<[1, 8, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %t = tosa.const_shape {values = dense<[2, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %rows = tosa.reshape %x, %s : (tensor<2x4xf32>, !tosa.shape<3>) -> tensor<1x8x1xf32>
  %w = tosa.scatter %rows, %i, %u : (tensor<1x8x1xf32>, tensor<1x4xi32>, tensor<1x4x1xf32>) -> tensor<1x8x1xf32>
  %y = tosa.reshape %w, %t : (tensor<1x8x1xf32>, !tosa.shape<2>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

//--- twice.mlir
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %i = arith.constant dense<[[0, 1], [0, 1], [1, 1], [1, 1]]> : tensor<4x2xi64>
  %u = arith.constant dense<[10.0, 20.0, 10.0, 20.0]> : tensor<4xf32>
  %y = tm_tensor.scatter {dimension_map = array<i64: 0, 1>} unique_indices(false) ins(%u, %i : tensor<4xf32>, tensor<4x2xi64>) outs(%x : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: f32):
    tm_tensor.yield %a : f32
  } -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

//--- sum.mlir
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %i = arith.constant dense<[[0, 1], [0, 1], [1, 1], [1, 1]]> : tensor<4x2xi64>
  %u = arith.constant dense<[10.0, 20.0, 10.0, 20.0]> : tensor<4xf32>
  %y = tm_tensor.scatter {dimension_map = array<i64: 0, 1>} unique_indices(false) ins(%u, %i : tensor<4xf32>, tensor<4x2xi64>) outs(%x : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    tm_tensor.yield %s : f32
  } -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

//--- computed.mlir
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %four = arith.constant 4 : i64
  %samples = arith.constant dense<[0, 0, 1, 1]> : tensor<4xi64>
  %zeros = arith.constant dense<0> : tensor<2x2xi64>
  %u = arith.constant dense<[10.0, 20.0, 10.0, 20.0]> : tensor<4xf32>
  %first = tensor.extract_slice %x[0, 0] [2, 1] [1, 1] : tensor<2x4xf32> to tensor<2x1xf32>
  %e = tensor.empty() : tensor<2x1xi64>
  %k = linalg.generic {indexing_maps = [affine_map<(n, i) -> (n, i)>, affine_map<(n, i) -> (n, i)>], iterator_types = ["parallel", "parallel"]} ins(%first : tensor<2x1xf32>) outs(%e : tensor<2x1xi64>) {
  ^bb0(%a: f32, %o: i64):
    %b = arith.fptosi %a : f32 to i64
    %c = arith.remsi %b, %four : i64
    linalg.yield %c : i64
  } -> tensor<2x1xi64>
  %both = tensor.insert_slice %k into %zeros[0, 0] [2, 1] [1, 1] : tensor<2x1xi64> into tensor<2x2xi64>
  %flat = tensor.collapse_shape %both [[0, 1]] : tensor<2x2xi64> into tensor<4xi64>
  %p = tensor.expand_shape %flat [[0, 1]] output_shape [4, 1] : tensor<4xi64> into tensor<4x1xi64>
  %s = tensor.expand_shape %samples [[0, 1]] output_shape [4, 1] : tensor<4xi64> into tensor<4x1xi64>
  %i = tensor.concat dim(1) %s, %p : (tensor<4x1xi64>, tensor<4x1xi64>) -> tensor<4x2xi64>
  %y = tm_tensor.scatter {dimension_map = array<i64: 0, 1>} unique_indices(false) ins(%u, %i : tensor<4xf32>, tensor<4x2xi64>) outs(%x : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: f32):
    tm_tensor.yield %a : f32
  } -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
