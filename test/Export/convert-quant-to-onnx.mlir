// Every kind of operation as nodes of ONNX. run-onnx.test and
// test/python/test_onnx_export.py execute the result.

// RUN: pdq-opt %s --split-input-file --convert-quant-to-onnx 2>/dev/null | FileCheck %s

!x = !quant.uniform<u4:f32, 0.5:3>
!w = !quant.uniform<u4:f32:0, {0.25:8, 0.125:7}>

// CHECK:       module attributes {{.*}}onnx_graph.opset = 21 : i64
// CHECK-LABEL: func.func @padded_convolution
// CHECK:         %[[V0:[a-z0-9_]+]] = onnx_graph.node "QuantizeLinear"(%{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x1x2x2xf32>, tensor<f32>, tensor<ui4>) -> tensor<?x1x2x2xui4>
// CHECK:         %[[V1:[a-z0-9_]+]] = onnx_graph.node "DequantizeLinear"(%[[V0]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x1x2x2xui4>, tensor<f32>, tensor<ui4>) -> tensor<?x1x2x2xf32>
// CHECK:         %[[V2:[a-z0-9_]+]] = onnx_graph.node "DequantizeLinear"(%{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) {axis = 0 : i64} : (tensor<2x1x2x2xui4>, tensor<2xf32>, tensor<2xui4>) -> tensor<2x1x2x2xf32>
// CHECK:         %[[V3:[a-z0-9_]+]] = onnx_graph.node "Conv"(%[[V1]], %[[V2]]) {dilations = array<i64: 1, 1>, group = 1 : i64, kernel_shape = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<?x1x2x2xf32>, tensor<2x1x2x2xf32>) -> tensor<?x2x3x3xf32>
// CHECK:         %[[V4:[a-z0-9_]+]] = onnx_graph.node "Mul"(%[[V3]], %{{[a-z0-9_]+}}) : (tensor<?x2x3x3xf32>, tensor<1x2x1x1xf32>) -> tensor<?x2x3x3xf32>
// CHECK:         %[[V5:[a-z0-9_]+]] = onnx_graph.node "Add"(%[[V4]], %{{[a-z0-9_]+}}) : (tensor<?x2x3x3xf32>, tensor<1x2x1x1xf32>) -> tensor<?x2x3x3xf32>
func.func @padded_convolution(%x: tensor<?x1x2x2xf32>) -> tensor<?x2x3x3xf32> {
  %bias = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x1x2x2xf32>
  %q = quant.qcast %x : tensor<?x1x2x2xf32> to tensor<?x1x2x2x!x>
  %d = quant.dcast %q : tensor<?x1x2x2x!x> to tensor<?x1x2x2xf32>
  %p = tensor.pad %d low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %e: index):
    tensor.yield %zero : f32
  } : tensor<?x1x2x2xf32> to tensor<?x1x4x4xf32>
  %w = arith.constant dense<[[[[0, 1], [2, 3]]], [[[4, 5], [6, 7]]]]> : tensor<2x1x2x2xi4>
  %wq = quant.scast %w : tensor<2x1x2x2xi4> to tensor<2x1x2x2x!w>
  %wf = quant.dcast %wq : tensor<2x1x2x2x!w> to tensor<2x1x2x2xf32>
  %empty = tensor.empty(%n) : tensor<?x2x3x3xf32>
  %start = linalg.broadcast ins(%bias : tensor<2xf32>) outs(%empty : tensor<?x2x3x3xf32>) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw ins(%p, %wf : tensor<?x1x4x4xf32>, tensor<2x1x2x2xf32>) outs(%start : tensor<?x2x3x3xf32>) -> tensor<?x2x3x3xf32>
  return %y : tensor<?x2x3x3xf32>
}

// -----

!relu = !quant.uniform<u4:f32, 0.5>
!raised = !quant.uniform<u4:f32, 0.5:1>

// CHECK:       module attributes {{.*}}onnx_graph.opset = 21 : i64
// CHECK-LABEL: func.func @relu_before_raised_zero_point
// CHECK:         %[[V0:[a-z0-9_]+]] = onnx_graph.node "Max"(%{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
// CHECK:         %[[V1:[a-z0-9_]+]] = onnx_graph.node "QuantizeLinear"(%[[V0]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x2xf32>, tensor<f32>, tensor<ui4>) -> tensor<?x2xui4>
// CHECK:         %[[V2:[a-z0-9_]+]] = onnx_graph.node "DequantizeLinear"(%[[V1]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x2xui4>, tensor<f32>, tensor<ui4>) -> tensor<?x2xf32>
func.func @relu_before_raised_zero_point(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %zero = arith.constant 0.0 : f32
  %r = linalg.map ins(%x : tensor<?x2xf32>) outs(%x : tensor<?x2xf32>)
    (%in: f32, %out: f32) {
      %0 = arith.cmpf ugt, %in, %zero : f32
      %1 = arith.select %0, %in, %zero : f32
      linalg.yield %1 : f32
    }
  %q = quant.qcast %r : tensor<?x2xf32> to tensor<?x2x!raised>
  %d = quant.dcast %q : tensor<?x2x!raised> to tensor<?x2xf32>
  return %d : tensor<?x2xf32>
}

// -----

// CHECK:       module attributes {{.*}}onnx_graph.opset = 21 : i64
// CHECK-LABEL: func.func @channels_last_convolution
// CHECK:         %[[V0:[a-z0-9_]+]] = onnx_graph.node "Transpose"(%{{[a-z0-9_]+}}) {perm = array<i64: 0, 3, 1, 2>} : (tensor<?x6x6x4xf32>) -> tensor<?x4x6x6xf32>
// CHECK:         %[[V1:[a-z0-9_]+]] = onnx_graph.node "Transpose"(%{{[a-z0-9_]+}}) {perm = array<i64: 3, 2, 0, 1>} : (tensor<3x3x4x8xf32>) -> tensor<8x4x3x3xf32>
// CHECK:         %[[V2:[a-z0-9_]+]] = onnx_graph.node "Conv"(%[[V0]], %[[V1]]) {dilations = array<i64: 1, 1>, group = 1 : i64, kernel_shape = array<i64: 3, 3>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : (tensor<?x4x6x6xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x2x2xf32>
// CHECK:         %[[V3:[a-z0-9_]+]] = onnx_graph.node "Transpose"(%[[V2]]) {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x8x2x2xf32>) -> tensor<?x2x2x8xf32>
func.func @channels_last_convolution(%x: tensor<?x6x6x4xf32>, %w: tensor<3x3x4x8xf32>) -> tensor<?x2x2x8xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x6x6x4xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%n) : tensor<?x2x2x8xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x2x2x8xf32>) -> tensor<?x2x2x8xf32>
  %y = linalg.conv_2d_nhwc_hwcf {strides = dense<2> : tensor<2xi64>} ins(%x, %w : tensor<?x6x6x4xf32>, tensor<3x3x4x8xf32>) outs(%start : tensor<?x2x2x8xf32>) -> tensor<?x2x2x8xf32>
  return %y : tensor<?x2x2x8xf32>
}

// -----

// CHECK:       module attributes {{.*}}onnx_graph.opset = 21 : i64
// CHECK-LABEL: func.func @poolings
// CHECK:         %[[V0:[a-z0-9_]+]] = onnx_graph.node "ReduceSum"(%{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) {keepdims = 0 : i64} : (tensor<?x3x4x4xf32>, tensor<2xi64>) -> tensor<?x3xf32>
// CHECK:         %[[V1:[a-z0-9_]+]] = onnx_graph.node "Unsqueeze"(%[[V0]], %{{[a-z0-9_]+}}) : (tensor<?x3xf32>, tensor<2xi64>) -> tensor<?x3x1x1xf32>
// CHECK:         %[[V2:[a-z0-9_]+]] = onnx_graph.node "AveragePool"(%{{[a-z0-9_]+}}) {count_include_pad = 1 : i64, dilations = array<i64: 1, 1>, kernel_shape = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x3x4x4xf32>) -> tensor<?x3x3x3xf32>
// CHECK:         %[[V3:[a-z0-9_]+]] = onnx_graph.node "Mul"(%[[V2]], %{{[a-z0-9_]+}}) : (tensor<?x3x3x3xf32>, tensor<f32>) -> tensor<?x3x3x3xf32>
// CHECK:         %[[V4:[a-z0-9_]+]] = onnx_graph.node "MaxPool"(%{{[a-z0-9_]+}}) {dilations = array<i64: 1, 1>, kernel_shape = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x3x4x4xf32>) -> tensor<?x3x3x3xf32>
func.func @poolings(%x: tensor<?x3x4x4xf32>) -> (tensor<?x3x1x1xf32>, tensor<?x3x3x3xf32>, tensor<?x3x3x3xf32>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3x4x4xf32>
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %whole = tensor.empty() : tensor<4x4xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  %one = tensor.empty(%n) : tensor<?x3x1x1xf32>
  %nine = tensor.empty(%n) : tensor<?x3x3x3xf32>
  %zero_one = linalg.fill ins(%zero : f32) outs(%one : tensor<?x3x1x1xf32>) -> tensor<?x3x1x1xf32>
  %zero_nine = linalg.fill ins(%zero : f32) outs(%nine : tensor<?x3x3x3xf32>) -> tensor<?x3x3x3xf32>
  %lowest_nine = linalg.fill ins(%lowest : f32) outs(%nine : tensor<?x3x3x3xf32>) -> tensor<?x3x3x3xf32>
  %0 = linalg.pooling_nchw_sum ins(%x, %whole : tensor<?x3x4x4xf32>, tensor<4x4xf32>) outs(%zero_one : tensor<?x3x1x1xf32>) -> tensor<?x3x1x1xf32>
  %1 = linalg.pooling_nchw_sum ins(%x, %window : tensor<?x3x4x4xf32>, tensor<2x2xf32>) outs(%zero_nine : tensor<?x3x3x3xf32>) -> tensor<?x3x3x3xf32>
  %2 = linalg.pooling_nchw_max ins(%x, %window : tensor<?x3x4x4xf32>, tensor<2x2xf32>) outs(%lowest_nine : tensor<?x3x3x3xf32>) -> tensor<?x3x3x3xf32>
  return %0, %1, %2 : tensor<?x3x1x1xf32>, tensor<?x3x3x3xf32>, tensor<?x3x3x3xf32>
}

// -----

#id = affine_map<(n, c) -> (n, c)>
#row = affine_map<(n, c) -> (n)>
#column = affine_map<(n, c) -> (c)>

// CHECK:       module attributes {{.*}}onnx_graph.opset = 21 : i64
// CHECK-LABEL: func.func @payloads_and_reductions
// CHECK:         %[[V0:[a-z0-9_]+]] = onnx_graph.node "Mul"(%{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x5xf32>, tensor<1x5xf32>) -> tensor<?x5xf32>
// CHECK:         %[[V1:[a-z0-9_]+]] = onnx_graph.node "Erf"(%[[V0]]) : (tensor<?x5xf32>) -> tensor<?x5xf32>
// CHECK:         %[[V2:[a-z0-9_]+]] = onnx_graph.node "Mul"(%[[V1]], %{{[a-z0-9_]+}}) : (tensor<?x5xf32>, tensor<f32>) -> tensor<?x5xf32>
// CHECK:         %[[V3:[a-z0-9_]+]] = onnx_graph.node "Exp"(%[[V2]]) : (tensor<?x5xf32>) -> tensor<?x5xf32>
// CHECK:         %[[V4:[a-z0-9_]+]] = onnx_graph.node "ReduceSum"(%[[V3]], %{{[a-z0-9_]+}}) {keepdims = 0 : i64} : (tensor<?x5xf32>, tensor<1xi64>) -> tensor<?xf32>
func.func @payloads_and_reductions(%x: tensor<?x5xf32>, %b: tensor<?x5xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x5xf32>
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.5 : f32
  %v = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<5xf32>
  %e2 = tensor.empty(%n) : tensor<?x5xf32>
  %e1 = tensor.empty(%n) : tensor<?xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
  %0 = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %v : tensor<?x5xf32>, tensor<5xf32>) outs(%e2 : tensor<?x5xf32>) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %1 = arith.mulf %a, %s : f32
    %2 = math.erf %1 : f32
    %3 = arith.mulf %2, %half : f32
    linalg.yield %3 : f32
  } -> tensor<?x5xf32>
  %4 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%0 : tensor<?x5xf32>) outs(%z1 : tensor<?xf32>) {
  ^bb0(%a: f32, %out: f32):
    %5 = math.exp %a : f32
    %6 = arith.addf %out, %5 : f32
    linalg.yield %6 : f32
  } -> tensor<?xf32>
  return %4 : tensor<?xf32>
}

// -----

// CHECK:       module attributes {{.*}}onnx_graph.opset = 21 : i64
// CHECK-LABEL: func.func @places
// CHECK:         %[[V0:[a-z0-9_]+]] = onnx_graph.node "Slice"(%{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x2x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x2xf32>
// CHECK:         %[[V1:[a-z0-9_]+]] = onnx_graph.node "Unsqueeze"(%{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x2x3xf32>, tensor<1xi64>) -> tensor<?x2x3x1xf32>
// CHECK:         %[[V2:[a-z0-9_]+]] = onnx_graph.node "Pad"(%[[V1]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x2x3x1xf32>, tensor<8xi64>, tensor<f32>) -> tensor<?x2x3x2xf32>
// CHECK:         %[[V3:[a-z0-9_]+]] = onnx_graph.node "Reshape"(%[[V2]], %{{[a-z0-9_]+}}) : (tensor<?x2x3x2xf32>, tensor<3xi64>) -> tensor<?x2x6xf32>
// CHECK:         %[[V4:[a-z0-9_]+]] = onnx_graph.node "Slice"(%[[V3]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x2x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x5xf32>
// CHECK:         %[[V5:[a-z0-9_]+]] = onnx_graph.node "Concat"(%[[V0]], %[[V4]]) {axis = 2 : i64} : (tensor<?x2x2xf32>, tensor<?x2x5xf32>) -> tensor<?x2x7xf32>
// CHECK:         %[[V6:[a-z0-9_]+]] = onnx_graph.node "Pad"(%[[V5]], %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x2x7xf32>, tensor<6xi64>, tensor<f32>) -> tensor<?x2x8xf32>
func.func @places(%x: tensor<?x2x3xf32>) -> tensor<?x2x8xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x2x3xf32>
  %zero = arith.constant 0.0 : f32
  %slice = tensor.extract_slice %x[0, 0, 0] [%n, 2, 2] [1, 1, 2] : tensor<?x2x3xf32> to tensor<?x2x2xf32>
  %empty = tensor.empty(%n) : tensor<?x2x5xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x2x5xf32>) -> tensor<?x2x5xf32>
  %spread = tensor.insert_slice %x into %zeros[0, 0, 0] [%n, 2, 3] [1, 1, 2] : tensor<?x2x3xf32> into tensor<?x2x5xf32>
  %joined = tensor.concat dim(2) %slice, %spread : (tensor<?x2x2xf32>, tensor<?x2x5xf32>) -> tensor<?x2x7xf32>
  %p = tensor.pad %joined low[0, 0, 1] high[0, 0, 0] {
  ^bb0(%a: index, %b: index, %c: index):
    tensor.yield %zero : f32
  } : tensor<?x2x7xf32> to tensor<?x2x8xf32>
  return %p : tensor<?x2x8xf32>
}

// -----

#loops = affine_map<(n, t, d) -> (n, t, d)>
#token = affine_map<(n, t, d) -> (n, t)>

// CHECK:       module attributes {{.*}}onnx_graph.opset = 21 : i64
// CHECK-LABEL: func.func @embedding
// CHECK:         %[[V0:[a-z0-9_]+]] = onnx_graph.node "Unsqueeze"(%{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x3xi64>, tensor<1xi64>) -> tensor<?x3x1xi64>
// CHECK:         %[[V1:[a-z0-9_]+]] = onnx_graph.node "Squeeze"(%[[V0]], %{{[a-z0-9_]+}}) : (tensor<?x3x1xi64>, tensor<1xi64>) -> tensor<?x3xi64>
// CHECK:         %[[V2:[a-z0-9_]+]] = onnx_graph.node "Gather"(%{{[a-z0-9_]+}}, %[[V1]]) {axis = 0 : i64} : (tensor<3x2xf32>, tensor<?x3xi64>) -> tensor<?x3x2xf32>
func.func @embedding(%ids: tensor<?x3xi64>) -> tensor<?x3x2xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %ids, %c0 : tensor<?x3xi64>
  %table = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %empty = tensor.empty(%n) : tensor<?x3x2xf32>
  %y = linalg.generic {indexing_maps = [#token, #loops], iterator_types = ["parallel", "parallel", "parallel"]} ins(%ids : tensor<?x3xi64>) outs(%empty : tensor<?x3x2xf32>) {
  ^bb0(%id: i64, %out: f32):
    %row = arith.index_cast %id : i64 to index
    %column = linalg.index 2 : index
    %v = tensor.extract %table[%row, %column] : tensor<3x2xf32>
    linalg.yield %v : f32
  } -> tensor<?x3x2xf32>
  return %y : tensor<?x3x2xf32>
}

// -----

// CHECK:       module attributes {{.*}}onnx_graph.opset = 21 : i64
// CHECK-LABEL: func.func @products_of_data
// CHECK:         %[[V0:[a-z0-9_]+]] = onnx_graph.node "MatMul"(%{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}) : (tensor<?x2x3xf32>, tensor<?x3x4xf32>) -> tensor<?x2x4xf32>
func.func @products_of_data(%a: tensor<?x2x3xf32>, %b: tensor<?x3x4xf32>) -> tensor<?x2x4xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %a, %c0 : tensor<?x2x3xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%n) : tensor<?x2x4xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  %y = linalg.batch_matmul ins(%a, %b : tensor<?x2x3xf32>, tensor<?x3x4xf32>) outs(%start : tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  return %y : tensor<?x2x4xf32>
}
