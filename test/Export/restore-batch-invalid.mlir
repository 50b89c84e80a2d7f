// Modules whose batch cannot be restored.

// RUN: pdq-opt %s --split-input-file --verify-diagnostics --pdq-restore-batch

module attributes {pdq.batch = 0 : i64} {
  // expected-error @below {{attribute 'pdq.batch' is 0, expected a size or -1}}
  func.func @size_is_zero(%x: tensor<32x4xf32>) -> tensor<32x4xf32> {
    return %x : tensor<32x4xf32>
  }
}

// -----

module attributes {pdq.batch = 1 : i64} {
  // expected-error @below {{network has no tensor as first argument, whose batch could be restored}}
  func.func @no_argument() {
    return
  }
}

// -----

module attributes {pdq.batch = 1 : i64} {
  func.func @first(%x: tensor<32x4xf32>) -> tensor<32x4xf32> {
    return %x : tensor<32x4xf32>
  }
  // expected-error @below {{second public function @second beside @first; expected one network}}
  func.func @second(%x: tensor<32x4xf32>) -> tensor<32x4xf32> {
    return %x : tensor<32x4xf32>
  }
}

// -----

// expected-error @below {{module has no public function}}
module attributes {pdq.batch = 1 : i64} {
}
