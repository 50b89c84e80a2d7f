// Constants of the exported module are all dense elements.

// RUN: pdq-opt %s --split-input-file --pdq-inline-resources | FileCheck %s --implicit-check-not=dialect_resources
// RUN: pdq-opt %s --split-input-file --pdq-inline-resources --pdq-inline-resources | FileCheck %s
// RUN: pdq-opt %s --split-input-file --pdq-export | FileCheck %s --check-prefix=EXPORT

// Every type with whole bytes; booleans, which are bytes of a resource.
// CHECK-LABEL: func @types
// EXPORT-LABEL: func @types
// EXPORT-NOT:     dense_resource
func.func @types() -> (tensor<3xf32>, tensor<2xf64>, tensor<2xf16>, tensor<2x1xi64>, tensor<2xindex>, tensor<3xi8>, tensor<3xi1>, tensor<1xf32>) {
  // CHECK: dense<[0.000000e+00, 1.000000e+00, 2.000000e+00]> : tensor<3xf32>
  %f32 = arith.constant dense_resource<f32> : tensor<3xf32>
  // CHECK: dense<[1.000000e+00, -2.000000e+00]> : tensor<2xf64>
  %f64 = arith.constant dense_resource<f64> : tensor<2xf64>
  // CHECK: dense<[1.000000e+00, -2.000000e+00]> : tensor<2xf16>
  %f16 = arith.constant dense_resource<f16> : tensor<2xf16>
  // CHECK{LITERAL}: dense<[[1], [-1]]> : tensor<2x1xi64>
  %i64 = arith.constant dense_resource<i64> : tensor<2x1xi64>
  // CHECK: dense<[1, 2]> : tensor<2xindex>
  %index = arith.constant dense_resource<index> : tensor<2xindex>
  // CHECK: dense<[1, -1, 0]> : tensor<3xi8>
  %i8 = arith.constant dense_resource<i8> : tensor<3xi8>
  // CHECK: dense<[true, false, true]> : tensor<3xi1>
  %i1 = arith.constant dense_resource<i1> : tensor<3xi1>
  // CHECK: dense<1.000000e+00> : tensor<1xf32>
  %one = arith.constant dense_resource<one> : tensor<1xf32>
  return %f32, %f64, %f16, %i64, %index, %i8, %i1, %one : tensor<3xf32>, tensor<2xf64>, tensor<2xf16>, tensor<2x1xi64>, tensor<2xindex>, tensor<3xi8>, tensor<3xi1>, tensor<1xf32>
}

{-#
  dialect_resources: {
    builtin: {
      f32: "0x04000000000000000000803F00000040",
      f64: "0x08000000000000000000F03F00000000000000C0",
      f16: "0x02000000003C00C0",
      i64: "0x080000000100000000000000FFFFFFFFFFFFFFFF",
      index: "0x0800000001000000000000000200000000000000",
      i8: "0x0100000001FF00",
      i1: "0x01000000010001",
      one: "0x040000000000803F"
    }
  }
#-}
