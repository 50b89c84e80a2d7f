// Functions become polynomials that are rounded step by step; a fused operation of
// the user stays one rounding. How near the polynomials are: test/unit/ExecutorTest.cpp.

// RUN: pdq-opt %s --pdq-approximate-math | FileCheck %s

// exp(x) = 2^k p(x - k log 2): the rest of the angle is taken off in two steps, each
// a product and a sum.
// CHECK-LABEL: func.func @no_fused_operations(
// CHECK-SAME:    %[[X:.+]]: vector<8xf32>) -> vector<8xf32>
// CHECK-DAG:     %[[INVERSE_LN2:.+]] = arith.constant dense<1.44269502> : vector<8xf32>
// CHECK-DAG:     %[[LN2_HIGH:.+]] = arith.constant dense<-0.693359375> : vector<8xf32>
// CHECK-DAG:     %[[LN2_LOW:.+]] = arith.constant dense<2.12194442E-4> : vector<8xf32>
// CHECK-NOT:     fma
// CHECK:         arith.cmpf uge, %[[X]],
// CHECK:         arith.mulf %[[BOUNDED:.+]], %[[INVERSE_LN2]]
// CHECK:         %[[FLOOR:.+]] = math.floor
// CHECK:         %[[P1:.+]] = arith.mulf %[[K:.+]], %[[LN2_HIGH]]
// CHECK-NEXT:    %[[R1:.+]] = arith.addf %[[P1]], %[[BOUNDED]]
// CHECK-NEXT:    %[[P2:.+]] = arith.mulf %[[K]], %[[LN2_LOW]]
// CHECK-NEXT:    %[[R2:.+]] = arith.addf %[[P2]], %[[R1]]
// CHECK-NOT:     math.exp
// CHECK-NOT:     fma
// CHECK:         return
func.func @no_fused_operations(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.exp %x : vector<8xf32>
  return %y : vector<8xf32>
}

// CHECK-LABEL: func.func @fused_by_the_user(
// CHECK-SAME:    %[[A:[a-z0-9]+]]: f32, %[[B:[a-z0-9]+]]: f32, %[[C:[a-z0-9]+]]: f32)
// CHECK-NEXT:    %[[Y:.+]] = llvm.intr.fma(%[[A]], %[[B]], %[[C]]) : (f32, f32, f32) -> f32
// CHECK-NEXT:    return %[[Y]]
func.func @fused_by_the_user(%a: f32, %b: f32, %c: f32) -> f32 {
  %y = math.fma %a, %b, %c : f32
  return %y : f32
}

// x^3 = (x x) x and x^-2 = 1 / (x x).
// CHECK-LABEL: func.func @constant_exponents(
// CHECK-SAME:    %[[X:.+]]: f32) -> (f32, f32)
// CHECK:         %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
// CHECK:         %[[X2:.+]] = arith.mulf %[[X]], %[[X]]
// CHECK-NEXT:    %[[X3:.+]] = arith.mulf %[[X2]], %[[X]]
// CHECK-NEXT:    %[[S:.+]] = arith.mulf %[[X]], %[[X]]
// CHECK:         %[[I:.+]] = arith.divf %[[ONE]], %[[S]]
// CHECK:         return %[[X3]],
func.func @constant_exponents(%x: f32) -> (f32, f32) {
  %three = arith.constant 3 : i32
  %minus_two = arith.constant -2 : i32
  %a = math.fpowi %x, %three : f32, i32
  %b = math.fpowi %x, %minus_two : f32, i32
  return %a, %b : f32, f32
}

// An exponent that is computed: a logarithm and an exponential function, and at last
// 1 where the base is 1 or the exponent 0.
// CHECK-LABEL: func.func @computed_exponent(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: f32, %[[N:[a-z0-9]+]]: i32)
// CHECK-DAG:     %[[ONE:.+]] = arith.constant 1.000000e+00 : f32
// CHECK-DAG:     %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK:         %[[E:.+]] = arith.sitofp %[[N]] : i32 to f32
// CHECK-NEXT:    math.absf %[[X]]
// CHECK-NOT:     math.{{fpowi|powf|log|exp}}
// CHECK:         %[[NONE:.+]] = arith.cmpf oeq, %[[E]], %[[ZERO]]
// CHECK-NEXT:    %[[UNIT:.+]] = arith.cmpf oeq, %[[X]], %[[ONE]]
// CHECK-NEXT:    %[[EITHER:.+]] = arith.ori %[[NONE]], %[[UNIT]]
// CHECK-NEXT:    %[[Y:.+]] = arith.select %[[EITHER]], %[[ONE]], %{{.+}} : f32
// CHECK-NEXT:    return %[[Y]]
func.func @computed_exponent(%x: f32, %n: i32) -> f32 {
  %y = math.fpowi %x, %n : f32, i32
  return %y : f32
}

// CHECK-LABEL: func.func @no_function_is_left(
// CHECK-NOT:     math.{{log|log2|log1p|expm1|tanh|erf|erfc|atan|atan2|asin|acos|sin|cos|tan|sinh|cosh|asinh|acosh|atanh|cbrt|powf}}
// CHECK:         return
func.func @no_function_is_left(%x: f32) -> f32 {
  %0 = math.log %x : f32
  %1 = math.log2 %0 : f32
  %2 = math.log1p %1 : f32
  %3 = math.expm1 %2 : f32
  %4 = math.tanh %3 : f32
  %5 = math.erf %4 : f32
  %6 = math.erfc %5 : f32
  %7 = math.atan %6 : f32
  %8 = math.atan2 %7, %x : f32
  %9 = math.asin %8 : f32
  %10 = math.acos %9 : f32
  %11 = math.sin %10 : f32
  %12 = math.cos %11 : f32
  %13 = math.tan %12 : f32
  %14 = math.sinh %13 : f32
  %15 = math.cosh %14 : f32
  %16 = math.asinh %15 : f32
  %17 = math.acosh %16 : f32
  %18 = math.atanh %17 : f32
  %19 = math.cbrt %18 : f32
  %20 = math.powf %19, %x : f32
  return %20 : f32
}

// What every CPU computes exactly is one instruction; f64 is the C library's.
// CHECK-LABEL: func.func @left_alone(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: f32, %[[D:[a-z0-9]+]]: f64)
// CHECK-NEXT:    %[[R:.+]] = math.sqrt %[[X]]
// CHECK-NEXT:    %[[E:.+]] = math.roundeven %[[R]]
// CHECK-NEXT:    %[[L:.+]] = math.exp %[[D]] : f64
// CHECK-NEXT:    return %[[E]], %[[L]]
func.func @left_alone(%x: f32, %d: f64) -> (f32, f64) {
  %0 = math.sqrt %x : f32
  %1 = math.roundeven %0 : f32
  %2 = math.exp %d : f64
  return %1, %2 : f32, f64
}
