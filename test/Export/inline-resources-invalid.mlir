// Resources that cannot be read stay, and a remark says which.

// RUN: pdq-opt %s --pdq-inline-resources --verify-diagnostics | FileCheck %s

// CHECK: dense_resource<missing> : tensor<2xf32>
// CHECK: dense_resource<short> : tensor<2xf32>
// CHECK: dense_resource<narrow> : tensor<2xi4>
func.func @main() -> (tensor<2xf32>, tensor<2xf32>, tensor<2xi4>) {
  // expected-remark @below {{resource 'missing' of type 'tensor<2xf32>' stays a resource: its bytes are not those of the type}}
  %a = arith.constant dense_resource<missing> : tensor<2xf32>
  // expected-remark @below {{resource 'short' of type 'tensor<2xf32>' stays a resource: its bytes are not those of the type}}
  %b = arith.constant dense_resource<short> : tensor<2xf32>
  // expected-remark @below {{resource 'narrow' of type 'tensor<2xi4>' stays a resource: its bytes are not those of the type}}
  %c = arith.constant dense_resource<narrow> : tensor<2xi4>
  return %a, %b, %c : tensor<2xf32>, tensor<2xf32>, tensor<2xi4>
}

{-#
  dialect_resources: {
    builtin: {
      short: "0x040000000000803F",
      narrow: "0x0100000021"
    }
  }
#-}
