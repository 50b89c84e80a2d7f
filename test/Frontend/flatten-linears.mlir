// A linear layer on tokens, whose weight the frontend repeats for every sample,
// is one product of all rows; it computes the same.

// RUN: pdq-opt %s --pdq-normalize-frontend | FileCheck %s
// RUN: %python %S/../Tools/Inputs/write_npy.py %t.npy f4 2x3x4 1,-2,3,5,0,7,-1,2,4,4,6,-3,8,1,2,-5,9
// RUN: sed 's/%[r]epeated :/%%other :/' %s > %t.other.mlir
// RUN: pdq-opt %t.other.mlir --pdq-normalize-frontend | FileCheck %s --check-prefix=OTHER
// RUN: pdq-run %s --input=%t.npy --compare=%t.other.mlir | FileCheck %s --check-prefix=SAME
// RUN: pdq-run %s --input=%t.npy --output=%t.out.npy
// RUN: %python -c "import struct; print(struct.unpack('<12f', open(r'%t.out.npy', 'rb').read()[-48:]))" | FileCheck %s --check-prefix=VALUES
// RUN: pdq-opt %s --pdq-annotate="weight-bits=4 activation-bits=4" | FileCheck %s --check-prefix=WEIGHT

// CHECK-LABEL: func.func @main
// CHECK-SAME:  (%[[X:.+]]: tensor<2x3x4xf32>)
// CHECK-DAG:   %[[W:.+]] = arith.constant dense<{{.*}}> : tensor<4x2xf32>
// CHECK-DAG:   %[[ROWS:.+]] = tensor.collapse_shape %[[X]] {{\[}}[0, 1], [2]]
// CHECK:       %[[Y:.+]] = linalg.matmul ins(%[[ROWS]], %[[W]]
// CHECK:       tensor.expand_shape %[[Y]] {{\[}}[0, 1], [2]] output_shape [2, 3, 2]
// CHECK-NOT:   linalg.batch_matmul

// A factor of its own for every sample is no linear layer.
// OTHER:       linalg.batch_matmul

// SAME: max difference: 0{{$}}

// Row (1, -2, 3, 5) times ((1, 2), (3, 4), (5, 6), (7, 8)).
// VALUES:      (45.0, 52.0,

// WEIGHT:      pdq.{{.*}}quant{{.*}}bits = {{[48]}}, axis = 1{{.*}}tensor<4x2xf32>
func.func @main(%x: tensor<2x3x4xf32>) -> tensor<2x3x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf32>
  %other = arith.constant dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]]> : tensor<2x4x2xf32>
  %zero = arith.constant 0.0 : f32
  %wide = tensor.empty() : tensor<2x4x2xf32>
  %repeated = linalg.broadcast ins(%w : tensor<4x2xf32>) outs(%wide : tensor<2x4x2xf32>) dimensions = [0]
  %e = tensor.empty() : tensor<2x3x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %y = linalg.batch_matmul ins(%x, %repeated : tensor<2x3x4xf32>, tensor<2x4x2xf32>)
      outs(%init : tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  return %y : tensor<2x3x2xf32>
}
