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
  // expected-error@+1 {{has no derivative rule for 'math.tan'}}
  %y = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
    ins(%x : tensor<f32>) outs(%e : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %t = math.tan %a : f32
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
  // expected-error@+1 {{reduces a computed value by maximum or minimum, which has no derivative rule}}
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
    ins(%x : tensor<4xf32>) outs(%z : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %t = arith.mulf %a, %a : f32
    %m = arith.maximumf %o, %t : f32
    linalg.yield %m : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: tensor<4xf32>, %z: tensor<f32>) -> tensor<4xf32> {
  %l, %d = pdq.value_and_grad @f(%x, %z) wrt [0] : (tensor<4xf32>, tensor<f32>) -> (tensor<f32>, tensor<4xf32>)
  return %d : tensor<4xf32>
}

// -----

func.func private @f(%x: tensor<4xf32>, %z: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{differentiates the initial value of a maximum or minimum, which has no derivative rule}}
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
    ins(%x : tensor<4xf32>) outs(%z : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %o, %a : f32
    linalg.yield %m : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}
func.func @main(%x: tensor<4xf32>, %z: tensor<f32>) -> tensor<f32> {
  %l, %d = pdq.value_and_grad @f(%x, %z) wrt [1] : (tensor<4xf32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}

// -----

func.func private @f(%x: tensor<4xf32>, %z: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{combines its initial value in a way that has no derivative rule; sums, maxima and minima have one}}
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
    ins(%x : tensor<4xf32>) outs(%z : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.mulf %o, %a : f32
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
