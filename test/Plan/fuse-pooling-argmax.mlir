// A pooling and the search for its winners in one operation. Their numbers are compared
// in compare-targets.test.

// RUN: pdq-opt %s --split-input-file --pdq-fuse-pooling-argmax --cse | FileCheck %s

#image = affine_map<(n, i, k) -> (n, i * 2 + k)>
#window = affine_map<(n, i, k) -> (k)>
#result = affine_map<(n, i, k) -> (n, i)>
#id = affine_map<(n, i) -> (n, i)>
#one = affine_map<(n, i) -> ()>

// The image is computed in the windows: nothing else reads it. Outside of it there is
// the padding.
// CHECK-LABEL: func.func @winners(
// CHECK-SAME:    %[[X:[a-z0-9_]+]]: tensor<2x7xf32>, %[[SCALE:[a-z0-9_]+]]: tensor<f32>)
// CHECK-NOT:     tensor.pad
// CHECK:         %[[R:.+]]:2 = linalg.generic
// CHECK-SAME:      iterator_types = ["parallel", "parallel"]} ins(%[[SCALE]] : tensor<f32>) outs(%{{.+}}, %{{.+}} : tensor<2x4xf32>, tensor<2x4xi8>)
// CHECK-NEXT:    ^bb0(%[[S:.+]]: f32, %{{.+}}: f32, %{{.+}}: i8):
// CHECK-DAG:       %[[N:.+]] = linalg.index 0
// CHECK-DAG:       %[[I:.+]] = linalg.index 1
// CHECK:           %[[PLACE:.+]] = arith.subi %{{.+}}, %c1 :
// CHECK:           %[[IN:.+]] = arith.cmpi ult, %[[PLACE]], %c7 :
// CHECK:           %[[OK:.+]] = arith.select %[[IN]], %[[PLACE]], %c0 :
// CHECK:           %[[E:.+]] = tensor.extract %[[X]][%[[N]], %[[OK]]]
// CHECK:           arith.index_cast %[[N]] : index to i32
// CHECK:           %[[F:.+]] = arith.mulf %[[E]], %[[S]]
// CHECK:           %[[A:.+]] = arith.select %[[IN]], %{{.+}}, %{{.+}}
// CHECK:           tensor.extract %[[X]]
// CHECK:           tensor.extract %[[X]]
// CHECK-NOT:       tensor.extract %[[X]]
// CHECK:           %[[M0:.+]] = arith.maximumf %{{.+}}, %[[A]]
// CHECK:           %[[M1:.+]] = arith.maximumf %[[M0]],
// CHECK:           %[[M:.+]] = arith.maximumf %[[M1]],
// CHECK:           arith.cmpf oeq, %[[A]], %[[M]]
// CHECK:           %[[W0:.+]] = arith.minsi
// CHECK:           %[[W1:.+]] = arith.minsi %[[W0]],
// CHECK:           %[[W:.+]] = arith.minsi %[[W1]],
// CHECK:           linalg.yield %[[M]], %[[W]] : f32, i8
// CHECK:         return %[[R]]#0, %[[R]]#1
func.func @winners(%x: tensor<2x7xf32>, %scale: tensor<f32>) -> (tensor<2x4xf32>, tensor<2x4xi8>) {
  %lowest = arith.constant 0xFF800000 : f32
  %last = arith.constant 127 : i8
  %e = tensor.empty() : tensor<2x7xf32>
  %y = linalg.generic {indexing_maps = [#id, #one, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x, %scale : tensor<2x7xf32>, tensor<f32>) outs(%e : tensor<2x7xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %n = linalg.index 0 : index
    %row = arith.index_cast %n : index to i32
    %r = arith.sitofp %row : i32 to f32
    %t = arith.mulf %a, %s : f32
    %u = arith.addf %t, %r : f32
    linalg.yield %u : f32
  } -> tensor<2x7xf32>
  %padded = tensor.pad %y low[0, 1] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %lowest : f32
  } : tensor<2x7xf32> to tensor<2x9xf32>
  %window = tensor.empty() : tensor<3xf32>
  %f = tensor.empty() : tensor<2x4xf32>
  %g = tensor.empty() : tensor<2x4xi8>
  %start = linalg.fill ins(%lowest : f32) outs(%f : tensor<2x4xf32>) -> tensor<2x4xf32>
  %none = linalg.fill ins(%last : i8) outs(%g : tensor<2x4xi8>) -> tensor<2x4xi8>
  %max = linalg.generic {indexing_maps = [#image, #window, #result], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%padded, %window : tensor<2x9xf32>, tensor<3xf32>) outs(%start : tensor<2x4xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %m = arith.maximumf %o, %a : f32
    linalg.yield %m : f32
  } -> tensor<2x4xf32>
  %winners = linalg.generic {indexing_maps = [#image, #window, #result, #result], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%padded, %window, %max : tensor<2x9xf32>, tensor<3xf32>, tensor<2x4xf32>) outs(%none : tensor<2x4xi8>) {
  ^bb0(%a: f32, %s: f32, %m: f32, %o: i8):
    %wins = arith.cmpf oeq, %a, %m : f32
    %k = linalg.index 2 : index
    %place = arith.index_cast %k : index to i8
    %own = arith.select %wins, %place, %last : i8
    %w = arith.minsi %o, %own : i8
    linalg.yield %w : i8
  } -> tensor<2x4xi8>
  return %max, %winners : tensor<2x4xf32>, tensor<2x4xi8>
}

// -----

// Nothing reads the windows again.
// CHECK-LABEL: func.func @alone(
// CHECK:         iterator_types = ["parallel", "parallel", "reduction"]
// CHECK-NOT:     tensor.extract
// CHECK:         return
func.func @alone(%x: tensor<2x9xf32>) -> tensor<2x4xf32> {
  %lowest = arith.constant 0xFF800000 : f32
  %window = tensor.empty() : tensor<3xf32>
  %f = tensor.empty() : tensor<2x4xf32>
  %start = linalg.fill ins(%lowest : f32) outs(%f : tensor<2x4xf32>) -> tensor<2x4xf32>
  %max = linalg.generic {
      indexing_maps = [affine_map<(n, i, k) -> (n, i * 2 + k)>, affine_map<(n, i, k) -> (k)>, affine_map<(n, i, k) -> (n, i)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %window : tensor<2x9xf32>, tensor<3xf32>) outs(%start : tensor<2x4xf32>) {
  ^bb0(%a: f32, %s: f32, %o: f32):
    %m = arith.maximumf %o, %a : f32
    linalg.yield %m : f32
  } -> tensor<2x4xf32>
  return %max : tensor<2x4xf32>
}
