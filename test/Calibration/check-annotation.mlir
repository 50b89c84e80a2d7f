// A network that annotation has changed is an error that names the region.

// RUN: pdq-opt %s --split-input-file --verify-diagnostics --pdq-check-annotation

func.func @same(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %y = pdq.region @layer0 ins(%x : tensor<4x2xf32>) -> (tensor<4x2xf32>) float {
  ^bb0(%in: tensor<4x2xf32>):
    pdq.yield %in : tensor<4x2xf32>
  } quantized {
  ^bb0(%in: tensor<4x2xf32>):
    %q = pdq.fake_quant %in to <bits = 4> : tensor<4x2xf32>
    pdq.yield %q : tensor<4x2xf32>
  }
  return %y : tensor<4x2xf32>
}

// -----

// Twice as much is a difference of the whole norm; the region in front and the
// one behind are right.
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @doubled(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %a = pdq.region @layer0 ins(%x : tensor<4x2xf32>) -> (tensor<4x2xf32>) float {
  ^bb0(%in: tensor<4x2xf32>):
    pdq.yield %in : tensor<4x2xf32>
  } quantized {
  ^bb0(%in: tensor<4x2xf32>):
    pdq.yield %in : tensor<4x2xf32>
  }
  // expected-error @below {{annotation has changed region @layer1: its quantized body, without quantizers, differs from its float body by 1 of its norm; check=0 goes on without this check}}
  %b = pdq.region @layer1 ins(%a : tensor<4x2xf32>) -> (tensor<4x2xf32>) float {
  ^bb0(%in: tensor<4x2xf32>):
    pdq.yield %in : tensor<4x2xf32>
  } quantized {
  ^bb0(%in: tensor<4x2xf32>):
    %e = tensor.empty() : tensor<4x2xf32>
    %d = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%in : tensor<4x2xf32>) outs(%e : tensor<4x2xf32>) {
    ^bb0(%v: f32, %o: f32):
      %s = arith.addf %v, %v : f32
      linalg.yield %s : f32
    } -> tensor<4x2xf32>
    pdq.yield %d : tensor<4x2xf32>
  }
  %c = pdq.region @layer2 ins(%b : tensor<4x2xf32>) -> (tensor<4x2xf32>) float {
  ^bb0(%in: tensor<4x2xf32>):
    pdq.yield %in : tensor<4x2xf32>
  } quantized {
  ^bb0(%in: tensor<4x2xf32>):
    pdq.yield %in : tensor<4x2xf32>
  }
  return %c : tensor<4x2xf32>
}
