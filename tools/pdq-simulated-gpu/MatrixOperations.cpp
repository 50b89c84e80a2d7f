// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix operations of a warp: mma.sync and ldmatrix. Fragment layouts are
// those of the PTX manual: thread 4 g + q of the warp holds rows g and g + 8.

#include "Intrinsics.h"
#include "Monitor.h"
#include "Numbers.h"

using namespace llvm;

namespace pdq::sim {

static constexpr int kRows = 16, kColumns = 8, kMaxDepth = 16;

namespace {
/// Operands of D = A B + C, in f32.
struct Tile {
  float a[kRows][kMaxDepth];
  float b[kMaxDepth][kColumns];
};
} // namespace

/// m16n8k4, m16n8k8: A[g, g+8][q, q+4], B[q, q+4][g], one register each.
static void readTF32(Group &group, int depth, Tile &tile) {
  for (int lane = 0; lane < int(kWarpSize); ++lane) {
    Slot *arguments = group.lanes[lane]->arguments;
    int g = lane / 4, q = lane % 4, next = 0;
    for (int k = q; k < depth; k += 4) {
      tile.a[g][k] = fromTF32(get<uint32_t>(arguments[next++]));
      tile.a[g + 8][k] = fromTF32(get<uint32_t>(arguments[next++]));
    }
    for (int k = q; k < depth; k += 4)
      tile.b[k][g] = fromTF32(get<uint32_t>(arguments[next++]));
  }
}

/// m16n8k8, m16n8k16: registers hold two numbers that follow each other in k.
static void readHalves(Group &group, int depth, Operand type, Tile &tile) {
  for (int lane = 0; lane < int(kWarpSize); ++lane) {
    Slot *arguments = group.lanes[lane]->arguments;
    int g = lane / 4, q = lane % 4, next = 0;
    auto read = [&](int element) {
      uint32_t bits = get<uint32_t>(arguments[next]);
      return fromHalfWord(type, static_cast<uint16_t>(bits >> 16 * element));
    };
    for (int k = 2 * q; k < depth; k += 8)
      for (int row : {g, g + 8}) {
        tile.a[row][k] = read(0);
        tile.a[row][k + 1] = read(1);
        ++next;
      }
    for (int k = 2 * q; k < depth; k += 8) {
      tile.b[k][g] = read(0);
      tile.b[k + 1][g] = read(1);
      ++next;
    }
  }
}

/// Parameters: operand type, depth k, index of the first argument of C.
static void multiply(Group &group, const Intrinsic &intrinsic) {
  auto type = static_cast<Operand>(intrinsic.parameters[0]);
  int depth = intrinsic.parameters[1], c = intrinsic.parameters[2];
  Tile tile;
  if (type == Operand::TF32)
    readTF32(group, depth, tile);
  else
    readHalves(group, depth, type, tile);
  float product[kRows][kColumns] = {};
  for (int i = 0; i < kRows; ++i)
    for (int k = 0; k < depth; ++k)
      for (int j = 0; j < kColumns; ++j)
        product[i][j] += tile.a[i][k] * tile.b[k][j];
  for (int lane = 0; lane < int(kWarpSize); ++lane) {
    Slot *arguments = group.lanes[lane]->arguments;
    auto *result = static_cast<float *>(group.lanes[lane]->result);
    int g = lane / 4, q = lane % 4;
    for (int e = 0; e < 4; ++e)
      result[e] =
          get<float>(arguments[c + e]) + product[g + e / 2 * 8][2 * q + e % 2];
  }
}

/// Parameters: number of matrices, whether they are transposed. Lane 8 m + r
/// has the address of row r of matrix m: 8 numbers of 2 bytes.
static void loadMatrices(Group &group, const Intrinsic &intrinsic) {
  int matrices = intrinsic.parameters[0];
  uint32_t running = block.getCurrent().index;
  for (int lane = 0; lane < 8 * matrices; ++lane) {
    monitor.setThread(group.lanes[lane]->index);
    monitor.check<Access::Load>(get<uint64_t>(group.lanes[lane]->arguments[0]),
                                16, 16);
  }
  monitor.setThread(running);
  for (int m = 0; m < matrices; ++m)
    for (int lane = 0; lane < int(kWarpSize); ++lane) {
      uint32_t value = 0;
      for (int e = 0; e < 2; ++e) {
        int row = lane / 4, column = 2 * (lane % 4) + e;
        if (intrinsic.parameters[1])
          std::swap(row, column);
        auto *numbers = reinterpret_cast<const uint16_t *>(
            get<uint64_t>(group.lanes[8 * m + row]->arguments[0]));
        value |= uint32_t(numbers[column]) << 16 * e;
      }
      static_cast<uint32_t *>(group.lanes[lane]->result)[m] = value;
    }
}

static bool matchMultiply(StringRef name, Intrinsic &intrinsic) {
  auto accept = [&](Operand type, int depth, int firstOfC) {
    intrinsic.perGroup = multiply;
    intrinsic.parameters = {int(type), depth, firstOfC, 0};
    return true;
  };
  if (name == "m16n8k4.row.col.tf32")
    return accept(Operand::TF32, 4, 3);
  if (name == "m16n8k8.row.col.tf32")
    return accept(Operand::TF32, 8, 6);
  if (name == "m16n8k8.row.col.bf16")
    return accept(Operand::BF16, 8, 3);
  if (name == "m16n8k16.row.col.bf16")
    return accept(Operand::BF16, 16, 6);
  if (name == "m16n8k8.row.col.f32.f32")
    return accept(Operand::F16, 8, 3);
  if (name == "m16n8k16.row.col.f32.f32")
    return accept(Operand::F16, 16, 6);
  return false;
}

bool matchMatrixOperation(StringRef name, Intrinsic &intrinsic) {
  if (name.consume_front("llvm.nvvm.mma."))
    return matchMultiply(name, intrinsic);
  if (!name.consume_front("llvm.nvvm.ldmatrix.sync.aligned.m8n8.x"))
    return false;
  intrinsic.perGroup = loadMatrices;
  if (name.consumeInteger(10, intrinsic.parameters[0]))
    return false;
  intrinsic.parameters[1] = name.consume_front(".trans");
  return name.starts_with(".b16");
}

} // namespace pdq::sim
