// Input that the stage cannot take: every message.

// RUN: pdq-opt %s --split-input-file --verify-diagnostics --pdq-annotate

// expected-error @below {{no public function with a body; expected one, the network}}
module {
  func.func private @callee(%x: tensor<4x4xf32>) -> tensor<4x4xf32>
}

// -----

module {
  // expected-note @below {{first one is here}}
  func.func @first(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
    return %x : tensor<4x4xf32>
  }
  // expected-error @below {{module has 2 public functions, 'first', 'second'; say with entry=NAME which is the network}}
  func.func @second(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
    return %x : tensor<4x4xf32>
  }
}

// -----

// expected-error @below {{network has 3 arguments, of which argument 0, 'tensor<4xf32>', is no tensor [N, ...] with a batch}}
// expected-note @below {{running statistics of batch norms may have become arguments; register buffers as parameters without gradient before exporting}}
func.func @statistics(%mean: tensor<4xf32>, %variance: tensor<4xf32>, %x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  return %x : tensor<4x4xf32>
}

// -----

// expected-error @below {{network has no arguments, expected its input}}
func.func @no_input() -> tensor<4x4xf32> {
  %c = arith.constant dense<0.0> : tensor<4x4xf32>
  return %c : tensor<4x4xf32>
}

// -----

// expected-error @below {{network takes 'f32', expected a tensor [N, ...] with the batch as dimension 0 and at least one more}}
func.func @scalar(%x: f32) -> f32 {
  return %x : f32
}

// -----

// expected-error @below {{network takes 'tensor<4xf32>', expected a tensor [N, ...] with the batch as dimension 0 and at least one more}}
func.func @vector(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{arguments 0 and 1 are 'tensor<4x2xf32>' and 'tensor<2x4xf32>', expected the same batch as dimension 0 of all inputs}}
func.func @batch_in_another_place(%x: tensor<4x2xf32>, %y: tensor<2x4xf32>) -> tensor<4x2xf32> {
  return %x : tensor<4x2xf32>
}

// -----

func.func @scatter_of_tosa_without_sizes(%x: tensor<?x4x1xf32>, %i: tensor<?x4xi32>) -> tensor<?x4x1xf32> {
  // expected-error @below {{operation 'tosa.scatter' is not supported: upstream has no lowering of it to linalg; export to linalg on tensors}}
  %y = tosa.scatter %x, %i, %x : (tensor<?x4x1xf32>, tensor<?x4xi32>, tensor<?x4x1xf32>) -> tensor<?x4x1xf32>
  return %y : tensor<?x4x1xf32>
}

// -----

func.func @scatter_without_yield(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %places = arith.constant dense<[[0], [1]]> : tensor<2x1xi32>
  // expected-error @below {{operation 'tm_tensor.scatter' is not supported; one is that writes the same number of updates to each sample of the batch, inside of the tensor: choose elements with torch.where instead}}
  %y = "tm_tensor.scatter"(%x, %places, %x) ({
  ^bb0(%update: f32, %old: f32):
  }) {dimension_map = array<i64: 0>} : (tensor<2x4xf32>, tensor<2x1xi32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @scatter_into_nothing(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %places = arith.constant dense<[[0], [1]]> : tensor<2x1xi32>
  %updates = tensor.cast %x : tensor<2x4xf32> to tensor<?x4xf32>
  // expected-error @below {{operation 'tm_tensor.scatter' is not supported; one is that writes the same number of updates to each sample of the batch, inside of the tensor: choose elements with torch.where instead}}
  %y = "tm_tensor.scatter"(%updates, %places) ({
  ^bb0(%update: f32, %old: f32):
    "tm_tensor.yield"(%update) : (f32) -> ()
  }) {dimension_map = array<i64: 0>} : (tensor<?x4xf32>, tensor<2x1xi32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @branch(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %zero = arith.constant 0 : index
  %limit = arith.constant 1.0 : f32
  %first = tensor.extract %x[%zero, %zero] : tensor<4x4xf32>
  %c = arith.cmpf ogt, %first, %limit : f32
  // expected-error @below {{operation 'scf.if' is not supported; export the network without branches and loops}}
  %y = scf.if %c -> tensor<4x4xf32> {
    scf.yield %x : tensor<4x4xf32>
  } else {
    %n = arith.negf %x : tensor<4x4xf32>
    scf.yield %n : tensor<4x4xf32>
  }
  return %y : tensor<4x4xf32>
}

// -----

// expected-error @below {{network takes 'tensor<4x?xf32>', with dynamic sizes behind the batch (dimension 0); give those of a sample with sample-shape=AxBx..., or the data that they are taken from}}
func.func @dynamic_size(%x: tensor<4x?xf32>) -> tensor<4x?xf32> {
  return %x : tensor<4x?xf32>
}

// -----

func.func @unknown_operation(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error @below {{operation 'bufferization.alloc_tensor' is not supported; expected linalg on tensors or tosa}}
  %y = bufferization.alloc_tensor() copy(%x) : tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

// expected-error @below {{network has control flow; expected a function with one block}}
func.func @control_flow(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %zero = arith.constant 0 : index
  %limit = arith.constant 1.0 : f32
  %first = tensor.extract %x[%zero, %zero] : tensor<4x4xf32>
  %c = arith.cmpf ogt, %first, %limit : f32
  cf.cond_br %c, ^yes, ^no
^yes:
  return %x : tensor<4x4xf32>
^no:
  %e = tensor.empty() : tensor<4x4xf32>
  return %e : tensor<4x4xf32>
}

// -----

func.func @failing_assertion(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %variance = arith.constant dense<[1.0, 0.0]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<2xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%variance : tensor<2xf32>) outs(%empty : tensor<2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf one, %in, %zero : f32
    // expected-error @below {{assertion is false: zero element}}
    cf.assert %0, "zero element"
    linalg.yield %in : f32
  } -> tensor<2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %r : tensor<4x2xf32>, tensor<2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%in: f32, %v: f32, %out: f32):
    %0 = arith.mulf %in, %v : f32
    linalg.yield %0 : f32
  } -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

func.func @assertion_on_data(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.cmpf one, %in, %zero : f32
    // expected-error @below {{assertion depends on data and cannot be evaluated at compile time: zero element}}
    cf.assert %0, "zero element"
    linalg.yield %in : f32
  } -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// A network that was annotated before.
func.func @annotated(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error @below {{network is annotated already, with region @layer0; expected it as the frontend wrote it, or -pdq-calibrate next}}
  %y = pdq.region @layer0 ins(%x : tensor<4x4xf32>) -> (tensor<4x4xf32>) float {
  ^bb0(%in: tensor<4x4xf32>):
    pdq.yield %in : tensor<4x4xf32>
  } quantized {
  ^bb0(%in: tensor<4x4xf32>):
    pdq.yield %in : tensor<4x4xf32>
  }
  return %y : tensor<4x4xf32>
}
