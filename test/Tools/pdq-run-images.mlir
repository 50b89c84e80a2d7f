// Bytes are images: channels first and normalized when they reach the network.

// RUN: rm -rf %t && mkdir %t
// One image of 1 x 2 pixels and 3 channels, in either layout.
// RUN: %python %S/Inputs/write_npy.py %t/last.npy u1 1x1x2x3 0,51,102,255,153,204
// RUN: %python %S/Inputs/write_npy.py %t/first.npy u1 1x3x1x2 0,255,51,153,102,204
// (byte / 255 - mean) / std with mean 0, 0.2, 0.4 and std 0.5, 0.2, 0.4.
// RUN: %python %S/Inputs/write_npy.py %t/expected.npy f4 1x3x1x2 0,2,0,2,0,1

// RUN: pdq-run %s --input=%t/last.npy --mean=0,0.2,0.4 --std=0.5,0.2,0.4 --output=%t/last.out.npy 2>&1 \
// RUN:   | FileCheck %s --check-prefix=GIVEN
// RUN: pdq-run %s --input=%t/first.npy --mean=0,0.2,0.4 --std=0.5,0.2,0.4 --output=%t/first.out.npy
// RUN: cmp %t/last.out.npy %t/first.out.npy
// RUN: %python %S/Inputs/compare_npy.py %t/last.out.npy %t/expected.npy 1e-6
// GIVEN-NOT: remark
// GIVEN:     1 samples in
// GIVEN-NOT: remark

// RUN: pdq-run %s --input=%t/last.npy 2>&1 | FileCheck %s --check-prefix=DEFAULT
// DEFAULT: remark: bytes are taken as images [N, H, W, C] and normalized with mean=0.485,0.456,0.406 and std=0.229,0.224,0.225

// A network with channels last takes both layouts as well.
// RUN: sed s/?x3x1x2xf32/?x2x1x3xf32/g %s > %t/last.mlir
// RUN: %python %S/Inputs/write_npy.py %t/tall.npy u1 1x3x2x1 0,255,51,153,102,204
// RUN: %python %S/Inputs/write_npy.py %t/tall-last.npy u1 1x2x1x3 0,51,102,255,153,204
// RUN: %python %S/Inputs/write_npy.py %t/expected-last.npy f4 1x2x1x3 0,0,0,2,2,1
// RUN: pdq-run %t/last.mlir --input=%t/tall.npy --mean=0,0.2,0.4 --std=0.5,0.2,0.4 --output=%t/network-last.npy
// RUN: %python %S/Inputs/compare_npy.py %t/network-last.npy %t/expected-last.npy 1e-6
// RUN: pdq-run %t/last.mlir --input=%t/tall-last.npy --mean=0,0.2,0.4 --std=0.5,0.2,0.4 --output=%t/same.npy
// RUN: cmp %t/network-last.npy %t/same.npy

func.func @main(%x: tensor<?x3x1x2xf32>) -> tensor<?x3x1x2xf32> {
  return %x : tensor<?x3x1x2xf32>
}
