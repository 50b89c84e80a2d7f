// What has no form in ONNX is one error at the operation.

// RUN: pdq-opt %s --split-input-file --verify-diagnostics --convert-quant-to-onnx

// expected-error @below {{argument 0 of the network is 'index', expected a tensor of a type of ONNX}}
func.func @scalar_argument(%i: index) -> tensor<2xf32> {
  %c = arith.constant dense<1.0> : tensor<2xf32>
  return %c : tensor<2xf32>
}

// -----

func.func @call(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // expected-error @below {{'func.call' has no form in ONNX: it is not among the operations that are known}}
  %y = func.call @other(%x) : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
func.func private @other(tensor<?x2xf32>) -> tensor<?x2xf32>

// -----

func.func @payload(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %y = linalg.map ins(%x : tensor<?x2xf32>) outs(%x : tensor<?x2xf32>)
    (%in: f32, %out: f32) {
      // expected-error @below {{'math.cbrt' has no form in ONNX: no operator computes it}}
      %0 = math.cbrt %in : f32
      linalg.yield %0 : f32
    }
  return %y : tensor<?x2xf32>
}

// -----

func.func @integers_from_elsewhere(%x: tensor<?x2xi8>) -> tensor<?x2xf32> {
  %q = quant.scast %x : tensor<?x2xi8> to tensor<?x2x!quant.uniform<i8:f32, 0.5>>
  // expected-error @below {{'quant.dcast' has no form in ONNX: its integers are neither constant nor computed as 'convert-pdq-to-quant' does}}
  %y = quant.dcast %q : tensor<?x2x!quant.uniform<i8:f32, 0.5>> to tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
