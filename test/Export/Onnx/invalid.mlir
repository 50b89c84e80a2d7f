// One case for every message of the dialect.
// RUN: pdq-opt %s --split-input-file --verify-diagnostics

func.func @f() -> tensor<2xui3> {
  // initializer_c1
  // expected-error @below {{has a tensor of 'ui3', expected a type of ONNX: f16, bf16, f32, f64, i1, i8, i16, i32, i64, ui2, ui4, ui8, si2 or si4}}
  %c = onnx_graph.initializer dense<1> : tensor<2xui3>
  return %c : tensor<2xui3>
}

// -----

func.func @f() -> tensor<2xf32> {
  // initializer_c2
  // expected-error @below {{holds dense_resource<missing> : tensor<2xf32>, expected dense elements}}
  %c = onnx_graph.initializer dense_resource<missing> : tensor<2xf32>
  return %c : tensor<2xf32>
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // node_c1
  // expected-error @below {{has 'axis' = 1 : i32, expected an i64, an f32, a string or an array of i64}}
  %y = onnx_graph.node "Softmax"(%x) {axis = 1 : i32} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2xindex>) {
  // node_c2
  // expected-error @below {{has a tensor of 'index', expected a type of ONNX}}
  %y = onnx_graph.node "Neg"(%x) : (tensor<2xindex>) -> tensor<2xindex>
  return
}
