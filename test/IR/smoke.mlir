// RUN: pdq-opt %s | FileCheck %s

// CHECK-LABEL: func @nothing_happens_without_a_pass
// CHECK-NEXT:    return
func.func @nothing_happens_without_a_pass() {
  return
}
