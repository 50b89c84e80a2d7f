// A network at its own batch is run as it is, whatever it holds; here a row that
// was sliced out of a batch of two goes to both samples.

// RUN: %python %S/Inputs/write_npy.py %t.npy f4 2x2 1,2,3,4
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy
// RUN: od -A n -t f4 -w16 -j 128 %t.out.npy | FileCheck %s
// CHECK: {{^ *}}3 4 3 4{{$}}

// RUN: not pdq-run %s --input=%t.npy --batch=1 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: error: 'tensor.extract_slice' op drops the dimension of the batch; keep the batch of 2 that the network was exported for, or export it with a dynamic batch

func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %row = tensor.extract_slice %x[1, 0] [1, 2] [1, 1] : tensor<2x2xf32> to tensor<2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %y = linalg.broadcast ins(%row : tensor<2xf32>) outs(%e : tensor<2x2xf32>) dimensions = [0]
  return %y : tensor<2x2xf32>
}
