// Every reason for which a derivative is refused, where it is.

// RUN: pdq-opt %s --pdq-differentiate --split-input-file --verify-diagnostics

func.func private @f(tensor<f32>) -> tensor<f32>
func.func @main(%x: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{calls @f, which is not a func.func with a body in this module}}
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}

// -----

// expected-error@+1 {{has control flow; only functions with one block are differentiated}}
func.func private @f(%x: tensor<f32>) -> tensor<f32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<f32>
}
func.func @main(%x: tensor<f32>) -> tensor<f32> {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}

// -----

func.func private @g(%x: tensor<f32>) -> tensor<f32> {
  return %x : tensor<f32>
}
func.func private @f(%x: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{has no derivative rule}}
  %y = call @g(%x) : (tensor<f32>) -> tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: tensor<f32>) -> tensor<f32> {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}

// -----

func.func private @f(%x: tensor<f32>) -> tensor<f32> {
  %e = tensor.empty() : tensor<f32>
  // expected-error@+1 {{has no derivative rule for 'scf.if' in its payload}}
  %y = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
    ins(%x : tensor<f32>) outs(%e : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %z = arith.constant 0.0 : f32
    %p = arith.cmpf ogt, %a, %z : f32
    %t = scf.if %p -> f32 {
      scf.yield %a : f32
    } else {
      scf.yield %z : f32
    }
    linalg.yield %t : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: tensor<f32>) -> tensor<f32> {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}

// -----

func.func private @f(%x: tensor<4xf32>, %z: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{combines its initial value in a way that has no derivative rule; sums, products, maxima and minima have one}}
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
    ins(%x : tensor<4xf32>) outs(%z : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.divf %a, %o : f32
    linalg.yield %m : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: tensor<4xf32>, %z: tensor<f32>) -> tensor<4xf32> {
  %l, %d = pdq.value_and_grad @f(%x, %z) wrt [0] : (tensor<4xf32>, tensor<f32>) -> (tensor<f32>, tensor<4xf32>)
  return %d : tensor<4xf32>
}

// -----

func.func private @f(%q: tensor<2x4xf32>, %p: tensor<2x4xf32>) -> tensor<f32> {
  // expected-error@+1 {{differentiates a fixed operand; only the first one is learned}}
  %l = pdq.prediction_difference %q, %p {temperature = 4.0 : f64, lambda = 0.1 : f64} : tensor<2x4xf32> -> tensor<f32>
  return %l : tensor<f32>
}
func.func @main(%q: tensor<2x4xf32>, %p: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %l, %d = pdq.value_and_grad @f(%q, %p) wrt [1] : (tensor<2x4xf32>, tensor<2x4xf32>) -> (tensor<f32>, tensor<2x4xf32>)
  return %d : tensor<2x4xf32>
}

// -----

func.func private @f(%w: tensor<2x3xf32>, %a: tensor<2x3xf32>, %s: tensor<2xf32>, %z: tensor<2xi32>) -> tensor<f32> {
  // expected-error@+1 {{differentiates weight or scale; only the rounding is learned}}
  %y = pdq.adaround %w, %a, %s, %z to <bits = 2, axis = 0> : tensor<2x3xf32>, tensor<2xf32>, tensor<2xi32>
  %l = pdq.reconstruction_loss %y, %a {axis = 1 : i64} : tensor<2x3xf32> -> tensor<f32>
  return %l : tensor<f32>
}
func.func @main(%w: tensor<2x3xf32>, %a: tensor<2x3xf32>, %s: tensor<2xf32>, %z: tensor<2xi32>) -> tensor<2xf32> {
  %l, %d = pdq.value_and_grad @f(%w, %a, %s, %z) wrt [2] : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
  return %d : tensor<2xf32>
}

// -----

func.func private @f(%x: tensor<8x4xf32>, %i: tensor<2xi32>, %t: tensor<2x4xf32>) -> tensor<f32> {
  // expected-error@+1 {{has no derivative: its source is data}}
  %y = pdq.gather %x[%i] : tensor<8x4xf32>, tensor<2xi32> -> tensor<2x4xf32>
  %l = pdq.reconstruction_loss %y, %t : tensor<2x4xf32> -> tensor<f32>
  return %l : tensor<f32>
}
func.func @main(%x: tensor<8x4xf32>, %i: tensor<2xi32>, %t: tensor<2x4xf32>) -> tensor<8x4xf32> {
  %l, %d = pdq.value_and_grad @f(%x, %i, %t) wrt [0] : (tensor<8x4xf32>, tensor<2xi32>, tensor<2x4xf32>) -> (tensor<f32>, tensor<8x4xf32>)
  return %d : tensor<8x4xf32>
}

// -----

// expected-error@+1 {{differentiates argument 0 of type 'f32', expected a ranked tensor}}
func.func private @f(%x: f32) -> tensor<f32> {
  %y = tensor.from_elements %x : tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: f32) -> f32 {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (f32) -> (tensor<f32>, f32)
  return %d : f32
}

// -----

func.func private @f(%x: tensor<f32>) -> tensor<f32> {
  %s = tensor.extract %x[] : tensor<f32>
  %e = tensor.empty() : tensor<f32>
  // expected-error@+1 {{fills with a scalar that is differentiated; broadcast a tensor of rank 0}}
  %y = linalg.fill ins(%s : f32) outs(%e : tensor<f32>) -> tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: tensor<f32>) -> tensor<f32> {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}

// -----

func.func private @f(%x: tensor<f32>) -> tensor<f32> {
  %s = tensor.extract %x[] : tensor<f32>
  %e = tensor.empty() : tensor<f32>
  // expected-error@+1 {{captures a value that is differentiated; pass it as an operand}}
  %y = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
    ins(%x : tensor<f32>) outs(%e : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %t = arith.mulf %a, %s : f32
    linalg.yield %t : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: tensor<f32>) -> tensor<f32> {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}

// -----

func.func private @f(%x: tensor<4xf32>) -> tensor<f32> {
  %e = tensor.empty() : tensor<f32>
  // expected-error@+1 {{overwrites elements of its result in other iterations, which has no derivative rule; sums, products, maxima and minima have one}}
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
    ins(%x : tensor<4xf32>) outs(%e : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return %d : tensor<4xf32>
}

// -----

// The second initial value changes from iteration to iteration.
func.func private @f(%x: tensor<4xf32>, %z: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{combines its initial value in a way that has no derivative rule; sums, products, maxima and minima have one}}
  %y:2 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
    ins(%x : tensor<4xf32>) outs(%z, %z : tensor<f32>, tensor<f32>) {
  ^bb0(%a: f32, %o: f32, %p: f32):
    %m = arith.maximumf %o, %p : f32
    %s = arith.addf %p, %a : f32
    linalg.yield %m, %s : f32, f32
  } -> (tensor<f32>, tensor<f32>)
  return %y#0 : tensor<f32>
}
func.func @main(%x: tensor<4xf32>, %z: tensor<f32>) -> tensor<f32> {
  %l, %d = pdq.value_and_grad @f(%x, %z) wrt [1] : (tensor<4xf32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}

// -----

func.func private @f(%x: tensor<f32>) -> tensor<f32> {
  %e = tensor.empty() : tensor<complex<f32>>
  %c = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
    ins(%x : tensor<f32>) outs(%e : tensor<complex<f32>>) {
  ^bb0(%a: f32, %o: complex<f32>):
    %t = complex.create %a, %a : complex<f32>
    linalg.yield %t : complex<f32>
  } -> tensor<complex<f32>>
  %r = tensor.empty() : tensor<f32>
  // expected-error@+1 {{computes with complex numbers, which have no derivative rule}}
  %y = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
    ins(%c : tensor<complex<f32>>) outs(%r : tensor<f32>) {
  ^bb0(%a: complex<f32>, %o: f32):
    %t = complex.abs %a : complex<f32>
    linalg.yield %t : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: tensor<f32>) -> tensor<f32> {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}

// -----

func.func private @f(%x: tensor<f32>) -> tensor<f32> {
  %m = memref.alloc() : memref<f32>
  %s = tensor.extract %x[] : tensor<f32>
  // expected-error@+1 {{writes a value that is differentiated to memory; a derivative needs operations on tensors}}
  memref.store %s, %m[] : memref<f32>
  %y = bufferization.to_tensor %m restrict : memref<f32> to tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: tensor<f32>) -> tensor<f32> {
  %l, %d = pdq.value_and_grad @f(%x) wrt [0] : (tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}

// -----

func.func private @f(%x: tensor<?xf32>, %n: index) -> tensor<f32> {
  %z = arith.constant 0.0 : f32
  // expected-error@+1 {{takes away from a dimension of unknown size; its derivative needs a static size}}
  %p = tensor.pad %x low[-1] high[1] {
  ^bb0(%i: index):
    tensor.yield %z : f32
  } : tensor<?xf32> to tensor<?xf32>
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %y = linalg.reduce { arith.addf } ins(%p : tensor<?xf32>) outs(%f : tensor<f32>) dimensions = [0]
  return %y : tensor<f32>
}
func.func @main(%x: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  %l, %d = pdq.value_and_grad @f(%x, %n) wrt [0] : (tensor<?xf32>, index) -> (tensor<f32>, tensor<?xf32>)
  return %d : tensor<?xf32>
}
