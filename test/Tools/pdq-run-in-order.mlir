// With --in-order sums and functions have the bits of upstream's lowering: the loops
// of every operation as they stand, products that are rounded before they are added,
// and the functions of the C library. Without the option they differ.

// DEFINE: %{cpu} = --canonicalize --convert-elementwise-to-linalg \
// DEFINE:   --one-shot-bufferize=bufferize-function-boundaries --convert-linalg-to-loops \
// DEFINE:   --expand-strided-metadata --lower-affine --convert-scf-to-cf --convert-math-to-llvm \
// DEFINE:   --convert-math-to-libm --convert-to-llvm --reconcile-unrealized-casts
// DEFINE: %{runner} = mlir-runner -e run --entry-point-result=void --shared-libs=%llvm_lib/libmlir_c_runner_utils.so
// DEFINE: %{images} = %examples/digits/test_images.npy

// RUN: mlir-opt %s -o %t.mlir
// RUN: %python %S/../Export/Inputs/add_main.py %t.mlir %{images} 8 > %t.run.mlir
// RUN: mlir-opt %t.run.mlir %{cpu} | %{runner} > %t.upstream
// RUN: count 6152 < %t.upstream
// RUN: pdq-run %s --in-order --threads=2 --batch=5 --input=%{images} --output=%t.npy
// RUN: %python %S/../Export/Inputs/print_bits.py %t.npy 8 | diff %t.upstream -
// RUN: pdq-run %s --input=%{images} --output=%t.vectors.npy
// RUN: %python %S/../Export/Inputs/print_bits.py %t.vectors.npy 8 | not diff %t.upstream - > %t.differences

// RUN: not pdq-run %s --in-order --target=auto --input=%{images} 2>&1 | FileCheck %s
// CHECK: error: option 'in-order' needs target=cpu

#id = affine_map<(n, i) -> (n, i)>

func.func @main(%images: tensor<4x1x8x8xf32>) -> tensor<4x769xf32> {
  %flat = tensor.collapse_shape %images [[0], [1, 2, 3]] : tensor<4x1x8x8xf32> into tensor<4x64xf32>
  %empty = tensor.empty() : tensor<4x64xf32>
  %zero = arith.constant 0.0 : f32
  // Both signs, no two alike in a row.
  %x = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%flat : tensor<4x64xf32>) outs(%empty : tensor<4x64xf32>) {
  ^bb0(%in: f32, %o: f32):
    %i = linalg.index 1 : index
    %n = arith.index_cast %i : index to i32
    %f = arith.sitofp %n : i32 to f32
    %step = arith.constant 0.137 : f32
    %center = arith.constant 4.3 : f32
    %scaled = arith.mulf %f, %step : f32
    %sum = arith.addf %scaled, %in : f32
    %y = arith.subf %sum, %center : f32
    linalg.yield %y : f32
  } -> tensor<4x64xf32>
  %a = math.absf %x : tensor<4x64xf32>
  %exp = math.exp %x : tensor<4x64xf32>
  %log1p = math.log1p %a : tensor<4x64xf32>
  %sqrt = math.sqrt %a : tensor<4x64xf32>
  %rsqrt = math.rsqrt %a : tensor<4x64xf32>
  %tanh = math.tanh %x : tensor<4x64xf32>
  %erf = math.erf %x : tensor<4x64xf32>
  %sin = math.sin %x : tensor<4x64xf32>
  %cos = math.cos %x : tensor<4x64xf32>
  %atan = math.atan %x : tensor<4x64xf32>
  %roundeven = math.roundeven %x : tensor<4x64xf32>
  %powf = math.powf %a, %x : tensor<4x64xf32>

  // A product whose terms are summed by the outermost loop.
  %table = arith.constant dense<0.0> : tensor<64x64xf32>
  %weight = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%table : tensor<64x64xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %ij = arith.muli %i, %j : index
    %n = arith.index_cast %ij : index to i32
    %f = arith.sitofp %n : i32 to f32
    %g = math.sin %f : f32
    linalg.yield %g : f32
  } -> tensor<64x64xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x64xf32>) -> tensor<4x64xf32>
  %product = linalg.generic {
      indexing_maps = [affine_map<(k, n, i) -> (n, k)>, affine_map<(k, n, i) -> (k, i)>, affine_map<(k, n, i) -> (n, i)>],
      iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%x, %weight : tensor<4x64xf32>, tensor<64x64xf32>) outs(%start : tensor<4x64xf32>) {
  ^bb0(%l: f32, %r: f32, %sum: f32):
    %p = arith.mulf %l, %r : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x64xf32>

  // A named operation behind it, and a sum of one row.
  %square = linalg.matmul ins(%product, %weight : tensor<4x64xf32>, tensor<64x64xf32>)
      outs(%start : tensor<4x64xf32>) -> tensor<4x64xf32>
  %none = tensor.empty() : tensor<4xf32>
  %nothing = linalg.fill ins(%zero : f32) outs(%none : tensor<4xf32>) -> tensor<4xf32>
  %row = linalg.reduce { arith.addf } ins(%square : tensor<4x64xf32>) outs(%nothing : tensor<4xf32>) dimensions = [1]
  %total = tensor.expand_shape %row [[0, 1]] output_shape [4, 1] : tensor<4xf32> into tensor<4x1xf32>

  %r0 = tensor.empty() : tensor<4x769xf32>
  %r1 = tensor.insert_slice %exp into %r0[0, 0] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r2 = tensor.insert_slice %log1p into %r1[0, 64] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r3 = tensor.insert_slice %sqrt into %r2[0, 128] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r4 = tensor.insert_slice %rsqrt into %r3[0, 192] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r5 = tensor.insert_slice %tanh into %r4[0, 256] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r6 = tensor.insert_slice %erf into %r5[0, 320] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r7 = tensor.insert_slice %sin into %r6[0, 384] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r8 = tensor.insert_slice %cos into %r7[0, 448] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r9 = tensor.insert_slice %atan into %r8[0, 512] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r10 = tensor.insert_slice %roundeven into %r9[0, 576] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r11 = tensor.insert_slice %powf into %r10[0, 640] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r12 = tensor.insert_slice %square into %r11[0, 704] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x769xf32>
  %r = tensor.insert_slice %total into %r12[0, 768] [4, 1] [1, 1] : tensor<4x1xf32> into tensor<4x769xf32>
  return %r : tensor<4x769xf32>
}
