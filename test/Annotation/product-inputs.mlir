// What a product reads is quantized where it is computed, whatever computes it and
// however regions are formed.

// RUN: pdq-opt %s --split-input-file --pdq-form-regions --pdq-insert-quantizers="first-last=none strict=true" 2> %t.block | FileCheck %s
// RUN: pdq-opt %s --split-input-file --pdq-form-regions=granularity=layer --pdq-insert-quantizers="first-last=none strict=true" 2> %t.layer | FileCheck %s
// RUN: pdq-opt %s --split-input-file --pdq-form-regions=granularity=network --pdq-insert-quantizers="first-last=none strict=true" 2> %t.network | FileCheck %s
// RUN: FileCheck %s --check-prefix=TABLE < %t.block
// RUN: FileCheck %s --check-prefix=TABLE < %t.layer
// RUN: FileCheck %s --check-prefix=TABLE < %t.network

// Centering between two layers (a part of a layer norm) reduces what it reads.
// TABLE: remark: 2 of 2 weights and 1 of 2 inputs of products are quantized, 1 float by policy
// TABLE: linalg.matmul input float (the network's input), weight 4
// TABLE-NEXT: linalg.matmul input 4, weight 4
// CHECK: func.func @centering
// CHECK: quantized
// CHECK: %[[CENTERED:.+]] = linalg.generic {{.*}} : tensor<4x2xf32>, tensor<4xf32>)
// CHECK: pdq.fake_quant %[[CENTERED]] to <bits = 4> : tensor<4x2xf32>
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
func.func @centering(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %er = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  %initr = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %h = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  %mean = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%h : tensor<4x2xf32>) outs(%initr : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.mulf %a, %half : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  %c = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%h, %mean : tensor<4x2xf32>, tensor<4xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4x2xf32>
  %y = linalg.matmul ins(%c, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// A pooling between layer and activation function: quantized behind the function.
// TABLE: remark: 2 of 2 weights and 1 of 2 inputs
// CHECK: func.func @pooled_activation
// CHECK: quantized
// CHECK: %[[POOLED:.+]] = linalg.pooling_nchw_max
// CHECK: %[[SILU:.+]] = linalg.generic {{.*}} ins(%[[POOLED]] : tensor<1x1x2x2xf32>)
// CHECK: pdq.fake_quant %[[SILU]] to <bits = 4> : tensor<1x1x2x2xf32>
#id4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
func.func @pooled_activation(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %w = arith.constant dense<2.0> : tensor<1x1x1x1xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  %e4 = tensor.empty() : tensor<1x1x4x4xf32>
  %e2 = tensor.empty() : tensor<1x1x2x2xf32>
  %init4 = linalg.fill ins(%zero : f32) outs(%e4 : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %init2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %lowest = linalg.fill ins(%low : f32) outs(%e2 : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %c = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) outs(%init4 : tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  %p = linalg.pooling_nchw_max {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>} ins(%c, %window : tensor<1x1x4x4xf32>, tensor<2x2xf32>) outs(%lowest : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %s = linalg.generic {indexing_maps = [#id4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p : tensor<1x1x2x2xf32>) outs(%e2 : tensor<1x1x2x2xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.negf %a : f32
    %1 = math.exp %0 : f32
    %2 = arith.addf %1, %one : f32
    %3 = arith.divf %a, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<1x1x2x2xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%s, %w : tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) outs(%init2 : tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// -----

// Pre-activation: the sum is read by the next sum and by a function whose result a
// layer reads; that result alone is quantized.
// TABLE: remark: 3 of 3 weights and 2 of 3 inputs
// CHECK: func.func @pre_activation
// CHECK: quantized
// CHECK: pdq.fake_quant %{{.+}} to <bits = 4, axis = 1>
// CHECK-NOT: pdq.fake_quant %{{.+}} to <bits = 4> : tensor<4x2xf32>
// CHECK: linalg.matmul
// CHECK-NOT: pdq.fake_quant %{{.+}} to <bits = 4> : tensor<4x2xf32>
// CHECK: arith.maximumf
// CHECK: pdq.fake_quant %{{.+}} to <bits = 4> : tensor<4x2xf32>
// CHECK: linalg.matmul
// CHECK-NOT: pdq.fake_quant %{{.+}} to <bits = 4> : tensor<4x2xf32>
// CHECK: arith.addf
// CHECK: arith.maximumf
// CHECK: pdq.fake_quant %{{.+}} to <bits = 4> : tensor<4x2xf32>
// CHECK: linalg.matmul
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @pre_activation(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  %h = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  %a1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%h : tensor<4x2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.maximumf %a, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<4x2xf32>
  %b1 = linalg.matmul ins(%a1, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%h, %b1 : tensor<4x2xf32>, tensor<4x2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4x2xf32>
  %a2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<4x2xf32>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = arith.maximumf %a, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<4x2xf32>
  %y = linalg.matmul ins(%a2, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// Two slices of one value that are multiplied with each other are quantized apart;
// a layer that reads slices shares the quantizer in front of them.
// TABLE: remark: 2 of 2 weights and 3 of 4 inputs
// CHECK: func.func @slices
// CHECK: linalg.matmul
// CHECK: pdq.fake_quant %extracted_slice{{.*}} to <bits = 4> : tensor<2x3x2xf32>
// CHECK: pdq.fake_quant %extracted_slice{{.*}} to <bits = 4> : tensor<2x3x2xf32>
// CHECK: arith.addf
// CHECK-NOT: pdq.fake_quant %extracted_slice
// CHECK: pdq.fake_quant %{{.+}} to <bits = 4> : tensor<2x3x3xf32>
#q = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
#k = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
#s = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
func.func @slices(%x: tensor<2x6xf32>) -> tensor<2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<0.5> : tensor<6x12xf32>
  %v = arith.constant dense<0.5> : tensor<6x2xf32>
  %e = tensor.empty() : tensor<2x12xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x12xf32>) -> tensor<2x12xf32>
  %es = tensor.empty() : tensor<2x3x3xf32>
  %inits = linalg.fill ins(%zero : f32) outs(%es : tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  %ey = tensor.empty() : tensor<2x2xf32>
  %inity = linalg.fill ins(%zero : f32) outs(%ey : tensor<2x2xf32>) -> tensor<2x2xf32>
  %h = linalg.matmul ins(%x, %w : tensor<2x6xf32>, tensor<6x12xf32>) outs(%init : tensor<2x12xf32>) -> tensor<2x12xf32>
  %t = tensor.expand_shape %h [[0], [1, 2]] output_shape [2, 3, 4] : tensor<2x12xf32> into tensor<2x3x4xf32>
  %left = tensor.extract_slice %t[0, 0, 0] [2, 3, 2] [1, 1, 1] : tensor<2x3x4xf32> to tensor<2x3x2xf32>
  %right = tensor.extract_slice %t[0, 0, 2] [2, 3, 2] [1, 1, 1] : tensor<2x3x4xf32> to tensor<2x3x2xf32>
  %p = linalg.generic {indexing_maps = [#q, #k, #s], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%left, %right : tensor<2x3x2xf32>, tensor<2x3x2xf32>) outs(%inits : tensor<2x3x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %out, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<2x3x3xf32>
  %part = tensor.extract_slice %p[0, 0, 0] [2, 3, 2] [1, 1, 1] : tensor<2x3x3xf32> to tensor<2x3x2xf32>
  %flat = tensor.collapse_shape %part [[0], [1, 2]] : tensor<2x3x2xf32> into tensor<2x6xf32>
  %y = linalg.matmul ins(%flat, %v : tensor<2x6xf32>, tensor<6x2xf32>) outs(%inity : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
