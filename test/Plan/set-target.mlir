// The target is an attribute of the module; a second one takes its place. What it
// may be: Codegen/target-options-invalid.mlir.

// RUN: pdq-opt %s --pdq-set-target | FileCheck %s --check-prefix=ANY
// RUN: pdq-opt %s --pdq-set-target="chip=sm_80 math=bf16" --pdq-set-target="chip=sm_90a math=tf32" | FileCheck %s

// ANY:   module attributes {plan.target = #plan.target<chip = "", math = fp32>}
// CHECK: module attributes {plan.target = #plan.target<chip = "sm_90a", math = tf32>}
func.func @f() {
  return
}
