// Products of quantized tensors become sums of integers with one rescale behind
// (integer_1).

// RUN: pdq-opt %s --pdq-lower-quant=products=integer | FileCheck %s --check-prefixes=CHECK,INTEGER
// RUN: pdq-opt %s --pdq-lower-quant=products=factored | FileCheck %s --check-prefixes=CHECK,FACTORED
// RUN: pdq-opt %s --pdq-lower-quant="products=factored fold-constants" | FileCheck %s --check-prefix=FOLD
// RUN: pdq-opt %s --pdq-lower-quant="products=integer storage=i8" | FileCheck %s --check-prefix=I8
// RUN: pdq-opt %s --pdq-lower-quant=storage=i8 | FileCheck %s --check-prefix=STORED

// The weights less their zero points 8 and 7 are 0, 1, 2, -1 and 0, 1, 2, 2 with the
// sums 2 and 5. Data are 3 too large, so are -6 and -15 to be added. The scales are
// 0.5 * 0.25 and 0.5 * 0.125.
// CHECK-LABEL:    func @padded_convolution
// CHECK-SAME:       (%[[X:[a-z0-9]+]]: tensor<1x1x2x2xf32>, %[[BIAS:[a-z0-9]+]]: tensor<2xf32>)
// CHECK:            %[[Q:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<1x1x2x2xf32>)
// CHECK:              arith.fptoui %{{.+}} : f32 to i4
// INTEGER:          %[[DATA:.+]] = linalg.generic {{.*}} ins(%[[Q]] : tensor<1x1x2x2xi4>)
// INTEGER-NEXT:     ^bb0(%[[IN:[a-z0-9_]+]]: i4, %{{.+}}: i8):
// INTEGER-NEXT:       %[[WIDE:.+]] = arith.extui %[[IN]] : i4 to i8
// INTEGER-NEXT:       linalg.yield %[[WIDE]] : i8
// INTEGER:          %[[ZERO:.+]] = arith.constant 3 : i8
// INTEGER:          %[[PADDED:.+]] = tensor.pad %[[DATA]] low[0, 0, 1, 0] high[0, 0, 0, 1]
// INTEGER:            tensor.yield %[[ZERO]] : i8
// INTEGER:          %[[W:.+]] = arith.constant dense<{{\[}}[{{\[}}[0, 1], [2, -1]{{\]}}], [{{\[}}[0, 1], [2, 2]{{\]}}]]> : tensor<2x1x2x2xi8>
// INTEGER:          %[[C0:.+]] = arith.constant 0 : i32
// INTEGER:          %[[FILL:.+]] = linalg.fill ins(%[[C0]] : i32)
// INTEGER:          %[[SUM:.+]] = linalg.conv_2d_nchw_fchw ins(%[[PADDED]], %[[W]] : tensor<1x1x3x3xi8>, tensor<2x1x2x2xi8>) outs(%[[FILL]] : tensor<1x2x2x2xi32>)
// INTEGER:          %[[CORRECTION:.+]] = arith.constant dense<[-6, -15]> : tensor<2xi32>
// INTEGER:          %[[SCALE:.+]] = arith.constant dense<[1.250000e-01, 6.250000e-02]> : tensor<2xf32>
// INTEGER:          %[[Y:.+]] = linalg.generic {indexing_maps = [#[[ID:.+]], #[[CHANNEL:.+]], #[[CHANNEL]], #[[CHANNEL]], #[[ID]]]
// INTEGER-SAME:       ins(%[[SUM]], %[[CORRECTION]], %[[SCALE]], %[[BIAS]] : tensor<1x2x2x2xi32>, tensor<2xi32>, tensor<2xf32>, tensor<2xf32>)
// INTEGER-NEXT:     ^bb0(%[[S:[a-z0-9_]+]]: i32, %[[C:[a-z0-9_]+]]: i32, %[[K:[a-z0-9_]+]]: f32, %[[B:[a-z0-9_]+]]: f32, %{{.+}}: f32):
// INTEGER-NEXT:       %[[ALL:.+]] = arith.addi %[[S]], %[[C]] : i32
// INTEGER-NEXT:       %[[F:.+]] = arith.sitofp %[[ALL]] : i32 to f32
// INTEGER-NEXT:       %[[R:.+]] = arith.mulf %[[F]], %[[K]] : f32
// INTEGER-NEXT:       %[[E:.+]] = arith.addf %[[R]], %[[B]] : f32
// INTEGER-NEXT:       linalg.yield %[[E]] : f32
// FACTORED:         %[[DATA:.+]] = linalg.generic {{.*}} ins(%[[Q]] : tensor<1x1x2x2xi4>)
// FACTORED-NEXT:    ^bb0(%[[IN:[a-z0-9_]+]]: i4, %{{.+}}: f32):
// FACTORED-NEXT:      %[[Z:.+]] = arith.constant 3.000000e+00 : f32
// FACTORED-NEXT:      %[[F:.+]] = arith.uitofp %[[IN]] : i4 to f32
// FACTORED-NEXT:      %[[D:.+]] = arith.subf %[[F]], %[[Z]] : f32
// FACTORED-NEXT:      linalg.yield %[[D]] : f32
// FACTORED:         %[[PADDED:.+]] = tensor.pad %[[DATA]]
// FACTORED:         %[[I:.+]] = arith.constant dense<{{.*}}[0, 1], [2, -1]{{.*}}> : tensor<2x1x2x2xi8>
// FACTORED:         %[[W:.+]] = linalg.generic {{.*}} ins(%[[I]] : tensor<2x1x2x2xi8>)
// FACTORED:           arith.sitofp %{{.+}} : i8 to f32
// FACTORED:         %[[SUM:.+]] = linalg.conv_2d_nchw_fchw ins(%[[PADDED]], %[[W]] : tensor<1x1x3x3xf32>, tensor<2x1x2x2xf32>)
// FACTORED:         %[[SCALE:.+]] = arith.constant dense<[1.250000e-01, 6.250000e-02]> : tensor<2xf32>
// FACTORED:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[SUM]], %[[SCALE]], %[[BIAS]] :
// FACTORED-NEXT:    ^bb0(%[[S:[a-z0-9_]+]]: f32, %[[K:[a-z0-9_]+]]: f32, %[[B:[a-z0-9_]+]]: f32, %{{.+}}: f32):
// FACTORED-NEXT:      %[[R:.+]] = arith.mulf %[[S]], %[[K]] : f32
// FACTORED-NEXT:      %[[E:.+]] = arith.addf %[[R]], %[[B]] : f32
// FACTORED-NEXT:      linalg.yield %[[E]] : f32
// CHECK-NOT:        quant.
// CHECK:            return %[[Y]]
// FOLD-LABEL:     func @padded_convolution
// FOLD:             %[[W:.+]] = arith.constant dense<{{.*}}[0.000000e+00, 1.000000e+00], [2.000000e+00, -1.000000e+00]{{.*}}> : tensor<2x1x2x2xf32>
// FOLD:             linalg.conv_2d_nchw_fchw ins(%{{.+}}, %[[W]] :
// I8-LABEL:       func @padded_convolution
// I8-SAME:          (%[[X:[a-z0-9]+]]: tensor<1x1x2x2xf32>
// I8-NOT:           i4
// I8:               %[[Q:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<1x1x2x2xf32>) outs(%{{.+}} : tensor<1x1x2x2xi8>)
// I8:                 arith.fptoui %{{.+}} : f32 to i8
// I8-NOT:           i4
// I8:               tensor.pad %[[Q]] low
// I8-NOT:           i4
// I8:               return
// The integers 8 and 7 of u4 are -8 and 7 as i4, 8 and 7 as i8.
// STORED-LABEL:   func @padded_convolution
// STORED-NOT:       i4
// STORED:           %[[I:.+]] = arith.constant dense<{{.*}}[8, 9], [10, 7]{{.*}}[7, 8], [9, 9]{{.*}}> : tensor<2x1x2x2xi8>
// STORED:           linalg.generic {{.*}} ins(%[[I]], %{{.+}}, %{{.+}} : tensor<2x1x2x2xi8>, tensor<2xf32>, tensor<2xf32>)
// STORED:             arith.uitofp %{{.+}} : i8 to f32
// STORED-NOT:       i4
// STORED:           return
func.func @padded_convolution(%x: tensor<1x1x2x2xf32>, %bias: tensor<2xf32>) -> tensor<1x2x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %qx = quant.qcast %x : tensor<1x1x2x2xf32> to tensor<1x1x2x2x!quant.uniform<u4:f32, 0.5:3>>
  %dx = quant.dcast %qx : tensor<1x1x2x2x!quant.uniform<u4:f32, 0.5:3>> to tensor<1x1x2x2xf32>
  %padded = tensor.pad %dx low[0, 0, 1, 0] high[0, 0, 0, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<1x1x2x2xf32> to tensor<1x1x3x3xf32>
  %i = arith.constant dense<[[[[-8, -7], [-6, 7]]], [[[7, -8], [-7, -7]]]]> : tensor<2x1x2x2xi4>
  %qw = quant.scast %i : tensor<2x1x2x2xi4> to tensor<2x1x2x2x!quant.uniform<u4:f32:0, {0.25:8, 0.125:7}>>
  %w = quant.dcast %qw : tensor<2x1x2x2x!quant.uniform<u4:f32:0, {0.25:8, 0.125:7}>> to tensor<2x1x2x2xf32>
  %e = tensor.empty() : tensor<1x2x2x2xf32>
  %init = linalg.broadcast ins(%bias : tensor<2xf32>) outs(%e : tensor<1x2x2x2xf32>) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw ins(%padded, %w : tensor<1x1x3x3xf32>, tensor<2x1x2x2xf32>)
    outs(%init : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
}

// 250 - 1 is no i8: the weights are less 128, their zero points -127 and 72. Data are
// less 128, too, their zero point is -118. The sums of 249, 4 and -100, 50 are 253 and
// -50; times 118 they are the corrections.
// INTEGER-LABEL:  func @weights_of_bytes
// INTEGER-SAME:     (%[[X:[a-z0-9]+]]: tensor<?x2xf32>, %[[INIT:[a-z0-9]+]]: tensor<?x2xf32>)
// INTEGER:          %[[Q:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?x2xf32>)
// INTEGER:          %[[DATA:.+]] = linalg.generic {{.*}} ins(%[[Q]] : tensor<?x2xi8>)
// INTEGER-NEXT:     ^bb0(%[[IN:[a-z0-9_]+]]: i8, %{{.+}}: i8):
// INTEGER-NEXT:       %[[FLIP:.+]] = arith.constant -128 : i8
// INTEGER-NEXT:       %[[SIGNED:.+]] = arith.xori %[[IN]], %[[FLIP]] : i8
// INTEGER:          %[[W:.+]] = arith.constant dense<{{\[}}[122, -28], [-123, 122]]> : tensor<2x2xi8>
// INTEGER:          %[[SUM:.+]] = linalg.matmul ins(%[[DATA]], %[[W]] : tensor<?x2xi8>, tensor<2x2xi8>) outs(%{{.+}} : tensor<?x2xi32>)
// INTEGER:          %[[CORRECTION:.+]] = arith.constant dense<[29854, -5900]> : tensor<2xi32>
// INTEGER:          %[[ONES:.+]] = arith.constant dense<1> : tensor<2x1xi8>
// INTEGER:          %[[DATASUM:.+]] = linalg.matmul ins(%[[DATA]], %[[ONES]] : tensor<?x2xi8>, tensor<2x1xi8>) outs(%{{.+}} : tensor<?x1xi32>)
// INTEGER:          %[[ZEROS:.+]] = arith.constant dense<[-127, 72]> : tensor<2xi32>
// INTEGER:          %[[SCALE:.+]] = arith.constant dense<[1.250000e-01, 2.500000e-01]> : tensor<2xf32>
// INTEGER:          linalg.generic {{.*}} ins(%[[SUM]], %[[CORRECTION]], %[[DATASUM]], %[[ZEROS]], %[[SCALE]], %[[INIT]] :
// INTEGER-NEXT:     ^bb0(%[[S:[a-z0-9_]+]]: i32, %[[C:[a-z0-9_]+]]: i32, %[[D:[a-z0-9_]+]]: i32, %[[Z:[a-z0-9_]+]]: i32, %[[K:[a-z0-9_]+]]: f32, %[[B:[a-z0-9_]+]]: f32, %{{.+}}: f32):
// INTEGER-NEXT:       %[[T:.+]] = arith.addi %[[S]], %[[C]] : i32
// INTEGER-NEXT:       %[[L:.+]] = arith.muli %[[D]], %[[Z]] : i32
// INTEGER-NEXT:       %[[ALL:.+]] = arith.subi %[[T]], %[[L]] : i32
// INTEGER-NEXT:       %[[F:.+]] = arith.sitofp %[[ALL]] : i32 to f32
// INTEGER-NEXT:       %[[R:.+]] = arith.mulf %[[F]], %[[K]] : f32
// INTEGER-NEXT:       %[[E:.+]] = arith.addf %[[R]], %[[B]] : f32
// INTEGER-NEXT:       linalg.yield %[[E]] : f32
// FACTORED-LABEL: func @weights_of_bytes
// FACTORED:         arith.constant dense<{{\[}}[249, -100], [4, 50]]> : tensor<2x2xi32>
// FACTORED:         linalg.matmul ins(%{{.+}}, %{{.+}} : tensor<?x2xf32>, tensor<2x2xf32>)
func.func @weights_of_bytes(%x: tensor<?x2xf32>, %init: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %qx = quant.qcast %x : tensor<?x2xf32> to tensor<?x2x!quant.uniform<u8:f32, 0.5:10>>
  %dx = quant.dcast %qx : tensor<?x2x!quant.uniform<u8:f32, 0.5:10>> to tensor<?x2xf32>
  %i = arith.constant dense<[[-6, 5], [100, -6]]> : tensor<2x2xi8>
  %qw = quant.scast %i : tensor<2x2xi8> to tensor<2x2x!quant.uniform<u8:f32:0, {0.25:1, 0.5:200}>>
  %w = quant.dcast %qw : tensor<2x2x!quant.uniform<u8:f32:0, {0.25:1, 0.5:200}>> to tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  %y = linalg.matmul ins(%dx, %t : tensor<?x2xf32>, tensor<2x2xf32>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Two products of the same padded data read the same integers; the sum that has
// another user of the data in front keeps it in floating point.
// INTEGER-LABEL:  func @data_with_several_users
// INTEGER:          %[[DATA:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<2x2xi8>)
// INTEGER-COUNT-2:  linalg.matmul ins(%[[DATA]], %{{.+}} : tensor<2x2xi8>, tensor<2x2xi8>)
// INTEGER:          %[[D:.+]] = arith.mulf
// INTEGER:          linalg.add
func.func @data_with_several_users(%x: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %zero = arith.constant dense<0.0> : tensor<2x2xf32>
  %qx = quant.qcast %x : tensor<2x2xf32> to tensor<2x2x!quant.uniform<i4:f32, 0.5:-1>>
  %dx = quant.dcast %qx : tensor<2x2x!quant.uniform<i4:f32, 0.5:-1>> to tensor<2x2xf32>
  %i = arith.constant dense<1> : tensor<2x2xi4>
  %qw = quant.scast %i : tensor<2x2xi4> to tensor<2x2x!quant.uniform<i4:f32, 0.5>>
  %w = quant.dcast %qw : tensor<2x2x!quant.uniform<i4:f32, 0.5>> to tensor<2x2xf32>
  %y = linalg.matmul ins(%dx, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%zero : tensor<2x2xf32>) -> tensor<2x2xf32>
  %z = linalg.matmul ins(%dx, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%y : tensor<2x2xf32>) -> tensor<2x2xf32>
  %sum = linalg.add ins(%y, %dx : tensor<2x2xf32>, tensor<2x2xf32>) outs(%zero : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %z, %sum : tensor<2x2xf32>, tensor<2x2xf32>
}

// An average adds q - 3, padding zeros among them, and is rescaled by 0.5 behind
// (integer_3), also beside products of integers. A sum that starts from other numbers
// than 0 stays as it is.
// CHECK-LABEL: func @average
// CHECK:         arith.uitofp
// CHECK:         arith.mulf
// CHECK:         %[[Q:.+]] = linalg.generic
// CHECK:           %[[C:.+]] = arith.subf
// CHECK-NEXT:      linalg.yield %[[C]]
// CHECK:         %[[P:.+]] = tensor.pad %[[Q]]
// CHECK:         %[[S:.+]] = linalg.pooling_nchw_sum {{.*}}ins(%[[P]], %{{.+}} : tensor<1x1x3x2xf32>
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}}ins(%[[S]] :
// CHECK:           %[[HALF:.+]] = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:      arith.mulf %{{.+}}, %[[HALF]] : f32
// CHECK:         %[[Z:.+]] = linalg.pooling_nchw_sum
// CHECK:         return %[[Y]], %[[Z]]
func.func @average(%x: tensor<1x1x2x2xf32>) -> (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) {
  %zero = arith.constant 0.0 : f32
  %zeros = arith.constant dense<0.0> : tensor<1x1x1x1xf32>
  %ones = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %window = tensor.empty() : tensor<3x2xf32>
  %small = tensor.empty() : tensor<2x2xf32>
  %qx = quant.qcast %x : tensor<1x1x2x2xf32> to tensor<1x1x2x2x!quant.uniform<u4:f32, 0.5:3>>
  %dx = quant.dcast %qx : tensor<1x1x2x2x!quant.uniform<u4:f32, 0.5:3>> to tensor<1x1x2x2xf32>
  %p = tensor.pad %dx low[0, 0, 1, 0] high[0, 0, 0, 0] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<1x1x2x2xf32> to tensor<1x1x3x2xf32>
  %y = linalg.pooling_nchw_sum ins(%p, %window : tensor<1x1x3x2xf32>, tensor<3x2xf32>) outs(%zeros : tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %z = linalg.pooling_nchw_sum ins(%dx, %small : tensor<1x1x2x2xf32>, tensor<2x2xf32>) outs(%ones : tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y, %z : tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>
}
