// Tokens: integers from a file of integers choose rows of a table. A number that is
// not in the table reads its border, as nothing can stop in the middle of a kernel.

// RUN: %python %S/Inputs/write_npy.py %t.npy i8 4x2 0,1,2,2,1,0,-7,9
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy 2>&1 | FileCheck %s
// CHECK: remark: positions that come from data are not checked: one outside of the tensor reads the element at its border
// RUN: pdq-run %s --input=%t.npy --batch=1 --compare=%s 2> /dev/null | FileCheck %s --check-prefix=SAME
// SAME: max difference: 0{{$}}
// The sum of the rows 1 10, 2 20 and 3 30.
// RUN: od -A n -t f4 -w32 -j 128 %t.out.npy | FileCheck %s --check-prefix=SUMS
// SUMS: {{^ *}}3 30 6 60 3 30 4 40{{$}}
// RUN: %python %S/Inputs/write_npy.py %t.f.npy f4 4x2 0.5
// RUN: not pdq-run %s --input=%t.f.npy 2>&1 | FileCheck %s --check-prefix=FLOATS
// FLOATS: error: {{.+}}samples are f32, expected integers, since the network takes i64

#token = affine_map<(d0, d1, d2) -> (d0, d1)>
#row = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#sum = affine_map<(d0, d1, d2) -> (d0, d2)>
func.func @main(%t: tensor<?x2xi64>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c0_i64 = arith.constant 0 : i64
  %zero = arith.constant 0.0 : f32
  %table = arith.constant dense<[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]> : tensor<3x2xf32>
  %n = tensor.dim %t, %c0 : tensor<?x2xi64>
  %e = tensor.empty(%n) : tensor<?x2x2xf32>
  %rows = linalg.generic {indexing_maps = [#token, #row], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%t : tensor<?x2xi64>) outs(%e : tensor<?x2x2xf32>) {
  ^bb0(%in: i64, %out: f32):
    %i = arith.index_cast %in : i64 to index
    %d = linalg.index 2 : index
    %below = arith.cmpi slt, %i, %c3 : index
    cf.assert %below, "index must be smaller than dim size"
    %above = arith.cmpi sge, %in, %c0_i64 : i64
    cf.assert %above, "index must be larger or equal to 0"
    %v = tensor.extract %table[%i, %d] : tensor<3x2xf32>
    linalg.yield %v : f32
  } -> tensor<?x2x2xf32>
  %es = tensor.empty(%n) : tensor<?x2xf32>
  %fs = linalg.fill ins(%zero : f32) outs(%es : tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = linalg.generic {indexing_maps = [#row, #sum], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%rows : tensor<?x2x2xf32>) outs(%fs : tensor<?x2xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.addf %a, %out : f32
    linalg.yield %0 : f32
  } -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
