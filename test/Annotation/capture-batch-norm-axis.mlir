// The channels are the dimension that the parameters are read along, also where
// another one has the same size; and values that are used again and again are
// followed once.

// RUN: pdq-opt %s --pdq-capture-batch-norm --split-input-file | FileCheck %s

#data = affine_map<(n, h, w, c) -> (n, h, w, c)>
#last = affine_map<(n, h, w, c) -> (c)>
#second = affine_map<(n, h, w, c) -> (h)>

// CHECK-LABEL: func @channels_last
// CHECK: pdq.batch_norm
// CHECK-SAME: axis = 3
func.func @channels_last(%x: tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32> {
  %m = arith.constant dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>
  %v = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %e = tensor.empty() : tensor<2x4x4x4xf32>
  %y = linalg.generic {indexing_maps = [#data, #last, #last, #data], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%x, %m, %v : tensor<2x4x4x4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4x4x4xf32>) {
  ^bb0(%a: f32, %mean: f32, %var: f32, %o: f32):
    %eps = arith.constant 1.0e-5 : f32
    %s = arith.addf %var, %eps : f32
    %r = math.rsqrt %s : f32
    %d = arith.subf %a, %mean : f32
    %p = arith.mulf %d, %r : f32
    linalg.yield %p : f32
  } -> tensor<2x4x4x4xf32>
  return %y : tensor<2x4x4x4xf32>
}

// -----

#data = affine_map<(n, h, w, c) -> (n, h, w, c)>
#last = affine_map<(n, h, w, c) -> (c)>
#second = affine_map<(n, h, w, c) -> (h)>

// Mean and variance of different dimensions are no batch norm.
// CHECK-LABEL: func @two_axes
// CHECK-NOT: pdq.batch_norm
func.func @two_axes(%x: tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32> {
  %m = arith.constant dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>
  %v = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %e = tensor.empty() : tensor<2x4x4x4xf32>
  %y = linalg.generic {indexing_maps = [#data, #last, #second, #data], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%x, %m, %v : tensor<2x4x4x4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4x4x4xf32>) {
  ^bb0(%a: f32, %mean: f32, %var: f32, %o: f32):
    %eps = arith.constant 1.0e-5 : f32
    %s = arith.addf %var, %eps : f32
    %r = math.rsqrt %s : f32
    %d = arith.subf %a, %mean : f32
    %p = arith.mulf %d, %r : f32
    linalg.yield %p : f32
  } -> tensor<2x4x4x4xf32>
  return %y : tensor<2x4x4x4xf32>
}

// -----

// CHECK-LABEL: func @doubled
// CHECK-NOT: pdq.batch_norm
func.func @doubled(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %e = tensor.empty() : tensor<2x4xf32>
  %y = linalg.map ins(%x : tensor<2x4xf32>) outs(%e : tensor<2x4xf32>) (%a: f32, %o: f32) {
    %0 = arith.addf %a, %a : f32
    %1 = arith.addf %0, %0 : f32
    %2 = arith.addf %1, %1 : f32
    %3 = arith.addf %2, %2 : f32
    %4 = arith.addf %3, %3 : f32
    %5 = arith.addf %4, %4 : f32
    %6 = arith.addf %5, %5 : f32
    %7 = arith.addf %6, %6 : f32
    %8 = arith.addf %7, %7 : f32
    %9 = arith.addf %8, %8 : f32
    %10 = arith.addf %9, %9 : f32
    %11 = arith.addf %10, %10 : f32
    %12 = arith.addf %11, %11 : f32
    %13 = arith.addf %12, %12 : f32
    %14 = arith.addf %13, %13 : f32
    %15 = arith.addf %14, %14 : f32
    %16 = arith.addf %15, %15 : f32
    %17 = arith.addf %16, %16 : f32
    %18 = arith.addf %17, %17 : f32
    %19 = arith.addf %18, %18 : f32
    %20 = arith.addf %19, %19 : f32
    %21 = arith.addf %20, %20 : f32
    %22 = arith.addf %21, %21 : f32
    %23 = arith.addf %22, %22 : f32
    %24 = arith.addf %23, %23 : f32
    %25 = arith.addf %24, %24 : f32
    %26 = arith.addf %25, %25 : f32
    %27 = arith.addf %26, %26 : f32
    %28 = arith.addf %27, %27 : f32
    %29 = arith.addf %28, %28 : f32
    %30 = arith.addf %29, %29 : f32
    %31 = arith.addf %30, %30 : f32
    %32 = arith.addf %31, %31 : f32
    %33 = arith.addf %32, %32 : f32
    %34 = arith.addf %33, %33 : f32
    %35 = arith.addf %34, %34 : f32
    %36 = arith.addf %35, %35 : f32
    linalg.yield %36 : f32
  }
  return %y : tensor<2x4xf32>
}

// -----

// A batch of one: [1, 4] data has as many elements as there are channels, and is
// no parameter.
// CHECK-LABEL: func @batch_of_one
// CHECK-SAME: (%[[X:[a-z0-9]+]]:
// CHECK: pdq.batch_norm %[[X]], {{.*}}axis = 1{{.*}} : tensor<1x4xf32>
func.func @batch_of_one(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %m = arith.constant dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>
  %v = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %e = tensor.empty() : tensor<1x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (c)>, affine_map<(n, c) -> (c)>, affine_map<(n, c) -> (n, c)>], iterator_types = ["parallel", "parallel"]}
    ins(%x, %m, %v : tensor<1x4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<1x4xf32>) {
  ^bb0(%a: f32, %mean: f32, %var: f32, %o: f32):
    %eps = arith.constant 1.0e-5 : f32
    %s = arith.addf %var, %eps : f32
    %r = math.rsqrt %s : f32
    %d = arith.subf %a, %mean : f32
    %p = arith.mulf %d, %r : f32
    linalg.yield %p : f32
  } -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

// -----

// Data of the shape of a parameter: a gate for each channel is no gamma.
// CHECK-LABEL: func @gate
// CHECK: pdq.batch_norm
// CHECK: arith.mulf
func.func @gate(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %m = arith.constant dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>
  %v = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %e = tensor.empty() : tensor<1x4xf32>
  %n = linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (c)>, affine_map<(n, c) -> (c)>, affine_map<(n, c) -> (n, c)>], iterator_types = ["parallel", "parallel"]}
    ins(%x, %m, %v : tensor<1x4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<1x4xf32>) {
  ^bb0(%a: f32, %mean: f32, %var: f32, %o: f32):
    %eps = arith.constant 1.0e-5 : f32
    %s = arith.addf %var, %eps : f32
    %r = math.rsqrt %s : f32
    %d = arith.subf %a, %mean : f32
    %p = arith.mulf %d, %r : f32
    linalg.yield %p : f32
  } -> tensor<1x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n, c)>], iterator_types = ["parallel", "parallel"]}
    ins(%n, %x : tensor<1x4xf32>, tensor<1x4xf32>) outs(%e : tensor<1x4xf32>) {
  ^bb0(%a: f32, %g: f32, %o: f32):
    %p = arith.mulf %a, %g : f32
    linalg.yield %p : f32
  } -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}

// -----

#data = affine_map<(n, h, w, c) -> (n, h, w, c)>
#swapped = affine_map<(n, h, w, c) -> (n, w, h, c)>
#last = affine_map<(n, h, w, c) -> (c)>

// Data that is read in another order is not the norm's input.
// CHECK-LABEL: func @permuted
// CHECK-NOT: pdq.batch_norm
func.func @permuted(%x: tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32> {
  %m = arith.constant dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>
  %v = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %e = tensor.empty() : tensor<2x4x4x4xf32>
  %y = linalg.generic {indexing_maps = [#swapped, #last, #last, #data], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
    ins(%x, %m, %v : tensor<2x4x4x4xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x4x4x4xf32>) {
  ^bb0(%a: f32, %mean: f32, %var: f32, %o: f32):
    %eps = arith.constant 1.0e-5 : f32
    %s = arith.addf %var, %eps : f32
    %r = math.rsqrt %s : f32
    %d = arith.subf %a, %mean : f32
    %p = arith.mulf %d, %r : f32
    linalg.yield %p : f32
  } -> tensor<2x4x4x4xf32>
  return %y : tensor<2x4x4x4xf32>
}

// -----

#data = affine_map<(n, c, d, h, w) -> (n, c, d, h, w)>
#third = affine_map<(n, c, d, h, w) -> (d)>

// Any dimension but the batch.
// CHECK-LABEL: func @third_of_five
// CHECK: pdq.batch_norm {{.*}}axis = 2
func.func @third_of_five(%x: tensor<2x3x4x1x5xf32>) -> tensor<2x3x4x1x5xf32> {
  %m = arith.constant dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>
  %v = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %e = tensor.empty() : tensor<2x3x4x1x5xf32>
  %y = linalg.generic {indexing_maps = [#data, #third, #third, #data], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
    ins(%x, %m, %v : tensor<2x3x4x1x5xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<2x3x4x1x5xf32>) {
  ^bb0(%a: f32, %mean: f32, %var: f32, %o: f32):
    %eps = arith.constant 1.0e-5 : f32
    %s = arith.addf %var, %eps : f32
    %r = math.rsqrt %s : f32
    %d = arith.subf %a, %mean : f32
    %p = arith.mulf %d, %r : f32
    linalg.yield %p : f32
  } -> tensor<2x3x4x1x5xf32>
  return %y : tensor<2x3x4x1x5xf32>
}

// -----

// One channel: variance and epsilon are both one number.
// CHECK-LABEL: func @one_channel
// CHECK: pdq.batch_norm {{.*}}axis = 1 : i64, epsilon = 9.99{{[0-9]*}}E-6 : f64} : tensor<2x1x3xf32>, tensor<1xf32>
func.func @one_channel(%x: tensor<2x1x3xf32>) -> tensor<2x1x3xf32> {
  %m = arith.constant dense<0.1> : tensor<1xf32>
  %v = arith.constant dense<2.0> : tensor<1xf32>
  %eps = arith.constant dense<1.0e-5> : tensor<1x1x1xf32>
  %e = tensor.empty() : tensor<2x1x3xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(n, c, l) -> (n, c, l)>, affine_map<(n, c, l) -> (c)>, affine_map<(n, c, l) -> (c)>, affine_map<(n, c, l) -> (0, 0, 0)>, affine_map<(n, c, l) -> (n, c, l)>], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%x, %m, %v, %eps : tensor<2x1x3xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1x1x1xf32>) outs(%e : tensor<2x1x3xf32>) {
  ^bb0(%a: f32, %mean: f32, %var: f32, %small: f32, %o: f32):
    %s = arith.addf %var, %small : f32
    %r = math.rsqrt %s : f32
    %d = arith.subf %a, %mean : f32
    %p = arith.mulf %d, %r : f32
    linalg.yield %p : f32
  } -> tensor<2x1x3xf32>
  return %y : tensor<2x1x3xf32>
}
