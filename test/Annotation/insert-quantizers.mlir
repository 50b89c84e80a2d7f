// Which values are quantized, with how many bits.

// RUN: pdq-opt %s --split-input-file --pdq-form-regions --canonicalize --pdq-insert-quantizers="weight-bits=2 activation-bits=3" | FileCheck %s
// RUN: pdq-opt %s --split-input-file --pdq-form-regions --canonicalize --pdq-insert-quantizers="weight-bits=2 activation-bits=3 first-last=brecq" | FileCheck %s --check-prefix=BRECQ
// RUN: pdq-opt %s --split-input-file --pdq-form-regions --canonicalize --pdq-insert-quantizers="weight-bits=2 activation-bits=3 first-last=none" | FileCheck %s --check-prefix=NONE

// The float bodies stay as they are. A layer that feeds the sum has no quantizer
// of its own; the sum has. The last layer's input has 8 bits, its output none.
// CHECK-LABEL: func.func @residual
// CHECK: pdq.region @layer0
// CHECK-NOT: pdq.fake_quant
// CHECK: quantized
// CHECK: %[[W0:.+]] = pdq.fake_quant %{{.+}} to <bits = 8, axis = 0> : tensor<2x2x1x1xf32>
// CHECK: linalg.conv_2d_nchw_fchw ins(%{{.+}}, %[[W0]]
// CHECK: %[[R0:.+]] = linalg.generic
// CHECK: %[[A0:.+]] = pdq.fake_quant %[[R0]] to <bits = 3> : tensor<2x2x2x2xf32>
// CHECK: pdq.yield %[[A0]]
// CHECK: pdq.region @block0
// CHECK-NOT: pdq.fake_quant
// CHECK: quantized
// CHECK: pdq.fake_quant %{{.+}} to <bits = 2, axis = 0>
// CHECK: pdq.fake_quant %{{.+}} to <bits = 2, axis = 0>
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: pdq.fake_quant %{{.+}} to <bits = 3>
// CHECK: %[[C2:.+]] = linalg.conv_2d_nchw_fchw
// CHECK: %[[S:.+]] = linalg.generic {{.*}}ins(%[[C2]], %
// CHECK: %[[R2:.+]] = linalg.generic {{.*}}ins(%[[S]]
// CHECK: pdq.fake_quant %[[R2]] to <bits = 8> : tensor<2x2x2x2xf32>
// CHECK: pdq.region @layer1
// CHECK: quantized
// CHECK: pdq.fake_quant %{{.+}} to <bits = 8, axis = 0>
// CHECK-NOT: pdq.fake_quant
// CHECK: return
// BRECQ-LABEL: func.func @residual
// BRECQ: to <bits = 8, axis = 0>
// BRECQ: to <bits = 8>
// BRECQ: to <bits = 2, axis = 0>
// BRECQ: to <bits = 2, axis = 0>
// BRECQ: to <bits = 3>
// BRECQ: to <bits = 8>
// BRECQ: to <bits = 8, axis = 0>
// NONE-LABEL: func.func @residual
// NONE-NOT: bits = 8
// NONE: return

// What integer hardware reads: the network's input in 8 bits, as the first layer reads it,
// and both operands of the sum in front of it.
// RUN: pdq-opt %s --split-input-file --pdq-form-regions --canonicalize --pdq-insert-quantizers="weight-bits=2 activation-bits=3 input-bits=8 placement=full" | FileCheck %s --check-prefix=FULL
// FULL-LABEL: func.func @residual
// FULL: quantized
// FULL: ^bb0(%[[X:.+]]: tensor<2x2x2x2xf32>)
// FULL: %[[Q:.+]] = pdq.fake_quant %[[X]] to <bits = 8> : tensor<2x2x2x2xf32>
// FULL: linalg.conv_2d_nchw_fchw ins(%[[Q]],
// FULL: pdq.region @block0
// FULL: quantized
// FULL: ^bb0(%[[IN:.+]]: tensor<2x2x2x2xf32>)
// FULL: %[[C2:.+]] = linalg.conv_2d_nchw_fchw
// FULL: %[[C2:.+]] = linalg.conv_2d_nchw_fchw
// FULL: %[[A2:.+]] = pdq.fake_quant %[[C2]] to <bits = 3>
// FULL: linalg.generic {{.*}}ins(%[[A2]], %[[IN]] :
// FULL: return
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @residual(%x: tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %d = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c1 = linalg.conv_2d_nchw_fchw ins(%r0, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %r1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c1 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c2 = linalg.conv_2d_nchw_fchw ins(%r1, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c2, %r0 : tensor<2x2x2x2xf32>, tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %a1: f32, %out: f32):
    %0 = arith.addf %a0, %a1 : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %r2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.maximumf %a0, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c3 = linalg.conv_2d_nchw_fchw ins(%r2, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  return %c3 : tensor<2x2x2x2xf32>
}

// -----

// One quantizer behind x * sigmoid(x), none inside.
// CHECK-LABEL: func.func @swish
// CHECK: quantized
// CHECK: to <bits = 8, axis = 0>
// CHECK-NOT: pdq.fake_quant
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NOT: pdq.fake_quant
// CHECK: %[[P:.+]] = linalg.generic
// CHECK: arith.mulf
// CHECK: pdq.fake_quant %[[P]] to <bits = 8>
// CHECK: quantized
// CHECK: to <bits = 8, axis = 0>
// CHECK-NOT: pdq.fake_quant
// CHECK: return
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @swish(%x: tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %d = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %empty = tensor.empty() : tensor<2x2x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %c0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  %g = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0 : tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %out: f32):
    %0 = arith.negf %a0 : f32
    %1 = math.exp %0 : f32
    %2 = arith.addf %1, %one : f32
    %3 = arith.divf %one, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<2x2x2x2xf32>
  %m = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c0, %g : tensor<2x2x2x2xf32>, tensor<2x2x2x2xf32>) outs(%empty : tensor<2x2x2x2xf32>) {
  ^bb0(%a0: f32, %a1: f32, %out: f32):
    %0 = arith.mulf %a0, %a1 : f32
    linalg.yield %0 : f32
  } -> tensor<2x2x2x2xf32>
  %c1 = linalg.conv_2d_nchw_fchw ins(%m, %w : tensor<2x2x2x2xf32>, tensor<2x2x1x1xf32>) outs(%init : tensor<2x2x2x2xf32>) -> tensor<2x2x2x2xf32>
  return %c1 : tensor<2x2x2x2xf32>
}

// -----

// The output channels of a linear layer are dimension 0 of its weight, which the
// layer reads transposed.
// CHECK-LABEL: func.func @linear
// CHECK: quantized
// CHECK: %[[W:.+]] = arith.constant dense<{{.*}}> : tensor<3x2xf32>
// CHECK: %[[Q:.+]] = pdq.fake_quant %[[W]] to <bits = 8, axis = 0> : tensor<3x2xf32>
// CHECK: linalg.transpose ins(%[[Q]]
func.func @linear(%x: tensor<4x2xf32>) -> tensor<4x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %e = tensor.empty() : tensor<2x3xf32>
  %t = linalg.transpose ins(%w : tensor<3x2xf32>) outs(%e : tensor<2x3xf32>) permutation = [1, 0]
  %empty = tensor.empty() : tensor<4x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x3xf32>) -> tensor<4x3xf32>
  %y = linalg.matmul ins(%x, %t : tensor<4x2xf32>, tensor<2x3xf32>) outs(%init : tensor<4x3xf32>) -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}

// -----

// The weight of two groups is a constant without a view: output channels are one
// dimension of it again.
// CHECK-LABEL: func.func @grouped
// CHECK: quantized
// CHECK: %[[W:.+]] = arith.constant dense<{{.*}}> : tensor<4x1x1x1xf32>
// CHECK: %[[Q:.+]] = pdq.fake_quant %[[W]] to <bits = 8, axis = 0> : tensor<4x1x1x1xf32>
// CHECK: %[[V:.+]] = tensor.expand_shape %[[Q]] {{.*}} : tensor<4x1x1x1xf32> into tensor<2x2x1x1x1xf32>
// CHECK: linalg.conv_2d_ngchw_gfchw ins(%{{.+}}, %[[V]]
func.func @grouped(%x: tensor<1x2x1x3x3xf32>) -> tensor<1x2x2x3x3xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[[[1.0]]], [[[2.0]]]], [[[[3.0]]], [[[4.0]]]]]> : tensor<2x2x1x1x1xf32>
  %empty = tensor.empty() : tensor<1x2x2x3x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2x2x3x3xf32>) -> tensor<1x2x2x3x3xf32>
  %c = linalg.conv_2d_ngchw_gfchw ins(%x, %w : tensor<1x2x1x3x3xf32>, tensor<2x2x1x1x1xf32>) outs(%init : tensor<1x2x2x3x3xf32>) -> tensor<1x2x2x3x3xf32>
  return %c : tensor<1x2x2x3x3xf32>
}

// -----

// What a layer norm gives is quantized, since a layer reads it, and nothing inside
// of it. The value in front is read by the norm and by a sum, and by no product.
// CHECK-LABEL: func.func @layer_norm
// CHECK: quantized
// CHECK: %[[H:.+]] = linalg.matmul
// CHECK-NEXT: pdq.yield %[[H]]
// CHECK: quantized
// CHECK: pdq.fake_quant %{{.+}} to <bits = 2, axis = 1>
// CHECK-NOT: pdq.fake_quant
// CHECK: math.rsqrt
// CHECK-NOT: pdq.fake_quant
// CHECK: %[[G:.+]] = linalg.generic {{.*}} : tensor<4x2xf32>, tensor<2xf32>)
// CHECK: %[[QG:.+]] = pdq.fake_quant %[[G]] to <bits = 3> : tensor<4x2xf32>
// CHECK: linalg.matmul ins(%[[QG]]
// CHECK: %[[S:.+]] = linalg.generic {{.*}} : tensor<4x2xf32>, tensor<4x2xf32>)
// CHECK: pdq.fake_quant %[[S]] to <bits = 8> : tensor<4x2xf32>
#id2 = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#channel = affine_map<(d0, d1) -> (d1)>
func.func @layer_norm(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %gamma = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %er = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  %initr = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %h = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  %mean = linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["parallel", "reduction"]} ins(%h : tensor<4x2xf32>) outs(%initr : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.mulf %a, %half : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  %c = linalg.generic {indexing_maps = [#id2, #row, #id2], iterator_types = ["parallel", "parallel"]} ins(%h, %mean : tensor<4x2xf32>, tensor<4xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4x2xf32>
  %var = linalg.generic {indexing_maps = [#id2, #row], iterator_types = ["parallel", "reduction"]} ins(%c : tensor<4x2xf32>) outs(%initr : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.mulf %a, %a : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%var : tensor<4xf32>) outs(%er : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = math.rsqrt %a : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %n = linalg.generic {indexing_maps = [#id2, #row, #id2], iterator_types = ["parallel", "parallel"]} ins(%c, %r : tensor<4x2xf32>, tensor<4xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4x2xf32>
  %g = linalg.generic {indexing_maps = [#id2, #channel, #id2], iterator_types = ["parallel", "parallel"]} ins(%n, %gamma : tensor<4x2xf32>, tensor<2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4x2xf32>
  %m = linalg.matmul ins(%g, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  %s = linalg.generic {indexing_maps = [#id2, #id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%m, %h : tensor<4x2xf32>, tensor<4x2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4x2xf32>
  %y = linalg.matmul ins(%s, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// Attention: the product of two data tensors is quantized behind its softmax, and
// the product with that is quantized where the next layer reads it.
// CHECK-LABEL: func.func @attention
// CHECK: quantized
// CHECK: %[[H:.+]] = linalg.generic
// CHECK: %[[QH:.+]] = pdq.fake_quant %[[H]] to <bits = 3> : tensor<2x3x4xf32>
// CHECK: linalg.generic {{.*}} ins(%[[QH]], %
// CHECK-NOT: pdq.fake_quant
// CHECK: math.exp
// CHECK-NOT: pdq.fake_quant
// CHECK: arith.divf
// CHECK: pdq.fake_quant %{{.+}} to <bits = 3> : tensor<2x3x3xf32>
// CHECK: %[[V:.+]] = linalg.batch_matmul
// CHECK: pdq.fake_quant %[[V]] to <bits = 8> : tensor<2x3x4xf32>
// CHECK: quantized
// CHECK: pdq.fake_quant %{{.+}} to <bits = 8, axis = 1>
// CHECK-NOT: pdq.fake_quant
// CHECK: return
#tokens = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
#filter = affine_map<(d0, d1, d2, d3) -> (d3, d2)>
#other = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
#product = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#id3 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row3 = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @attention(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.5> : tensor<4x4xf32>
  %e = tensor.empty() : tensor<2x3x4xf32>
  %es = tensor.empty() : tensor<2x3x3xf32>
  %er = tensor.empty() : tensor<2x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %inits = linalg.fill ins(%zero : f32) outs(%es : tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %initr = linalg.fill ins(%zero : f32) outs(%er : tensor<2x3xf32>) -> tensor<2x3xf32>
  %h = linalg.generic {indexing_maps = [#tokens, #filter, #product], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%x, %w : tensor<2x3x4xf32>, tensor<4x4xf32>) outs(%init : tensor<2x3x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<2x3x4xf32>
  %scores = linalg.generic {indexing_maps = [#tokens, #other, #product], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%h, %x : tensor<2x3x4xf32>, tensor<2x3x4xf32>) outs(%inits : tensor<2x3x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<2x3x3xf32>
  %exp = linalg.generic {indexing_maps = [#id3, #id3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%scores : tensor<2x3x3xf32>) outs(%es : tensor<2x3x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<2x3x3xf32>
  %sum = linalg.generic {indexing_maps = [#id3, #row3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%exp : tensor<2x3x3xf32>) outs(%initr : tensor<2x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.addf %out, %a : f32
    linalg.yield %0 : f32
  } -> tensor<2x3xf32>
  %p = linalg.generic {indexing_maps = [#id3, #row3, #id3], iterator_types = ["parallel", "parallel", "parallel"]} ins(%exp, %sum : tensor<2x3x3xf32>, tensor<2x3xf32>) outs(%es : tensor<2x3x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<2x3x3xf32>
  %v = linalg.batch_matmul ins(%p, %x : tensor<2x3x3xf32>, tensor<2x3x4xf32>) outs(%init : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %y = linalg.generic {indexing_maps = [#tokens, #filter, #product], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%v, %w : tensor<2x3x4xf32>, tensor<4x4xf32>) outs(%init : tensor<2x3x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}
