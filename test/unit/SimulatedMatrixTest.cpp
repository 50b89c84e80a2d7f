// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix operations of the simulated device against products in f64.

#include "DeviceCode.h"
#include "SimulatedDevice.h"
#include <cmath>

using namespace pdqtest;

namespace {

uint32_t toBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

/// Numbers without a pattern in [-1, 1), with the low bits cleared.
std::vector<float> makeOperand(size_t count, uint32_t seed, uint32_t mask) {
  std::vector<float> values(count);
  for (float &value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<int32_t>(seed)) / 2147483648.0f;
    uint32_t bits = toBits(value) & mask;
    memcpy(&value, &bits, 4);
  }
  return values;
}
constexpr uint32_t kTF32 = 0xffffe000, kBF16 = 0xffff0000;

std::vector<uint16_t> toBF16(const std::vector<float> &values) {
  std::vector<uint16_t> result;
  for (float value : values)
    result.push_back(static_cast<uint16_t>(toBits(value) >> 16));
  return result;
}

/// a is [m][k], b is [n][k], the result [m][n].
void expectProduct(const std::vector<float> &a, const std::vector<float> &b,
                   size_t depth, const std::vector<float> &result) {
  size_t rows = a.size() / depth, columns = b.size() / depth;
  ASSERT_EQ(rows * columns, result.size());
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (size_t k = 0; k < depth; ++k)
        sum += static_cast<double>(a[i * depth + k]) * b[j * depth + k];
      EXPECT_NEAR(sum, result[i * columns + j], 1e-5) << i << ", " << j;
    }
}

class SimulatedMatrixTest : public SimulatedDeviceTest {};

/// Stores the 4 results of a warp's 16x8 tile.
void storeTile(DeviceCode &code, const std::string &result,
               const std::string &row, const std::string &column) {
  for (int e = 0; e < 4; ++e) {
    std::string value =
        code.define("extractvalue {float, float, float, float} " + result +
                    ", " + std::to_string(e));
    std::string r = code.integer("add", row, std::to_string(e / 2 * 8));
    std::string at = code.integer("mul", r, "8");
    at = code.integer("add", at, column);
    at = code.integer("add", at, std::to_string(e % 2));
    code.store(value, code.address("ptr %out", at));
  }
}

/// A 32-bit register of an operand at row * pitch + column elements.
std::string loadRegister(DeviceCode &code, const std::string &pointer,
                         const std::string &row, int rowOffset, int pitch,
                         const std::string &column, int columnOffset,
                         const char *type) {
  std::string r = code.integer("add", row, std::to_string(rowOffset));
  std::string at = code.integer("mul", r, std::to_string(pitch));
  at = code.integer("add", at, column);
  at = code.integer("add", at, std::to_string(columnOffset));
  return code.load(code.address(pointer, at, type), "i32");
}

/// One warp: out[16][8] = a[16][k] b[8][k]^T + 0, fragments from memory.
std::string makeWarpProduct(const char *operation, int depth, bool isHalf) {
  DeviceCode code("ptr %a, ptr %b, ptr %out");
  std::string lane = code.getThread();
  std::string g = code.integer("udiv", lane, "4");
  std::string q = code.integer("urem", lane, "4");
  std::string twice = code.integer("mul", q, "2");
  const std::string &column = isHalf ? twice : q;
  const char *type = isHalf ? "i16" : "i32";
  int step = isHalf ? 8 : 4;
  std::string arguments;
  for (int k = 0; k < depth; k += step)
    for (int row : {0, 8})
      arguments +=
          "i32 " +
          loadRegister(code, "ptr %a", g, row, depth, column, k, type) + ", ";
  for (int k = 0; k < depth; k += step)
    arguments += "i32 " +
                 loadRegister(code, "ptr %b", g, 0, depth, column, k, type) +
                 ", ";
  std::string result =
      code.define("call {float, float, float, float} @llvm.nvvm.mma." +
                  std::string(operation) + "(" + arguments +
                  "float 0.0, float 0.0, float 0.0, float 0.0)");
  storeTile(code, result, g, twice);
  return code.str();
}

TEST_F(SimulatedMatrixTest, MultipliesTF32) {
  auto a = makeOperand(128, 1, kTF32), b = makeOperand(64, 2, kTF32);
  Buffer out = allocate(512);
  CUfunction product = load(makeWarpProduct("m16n8k8.row.col.tf32", 8, false));
  EXPECT_CUDA(launch(product, 1, 32, 0, upload(a), upload(b), out));
  expectProduct(a, b, 8, download<float>(out));
}

TEST_F(SimulatedMatrixTest, IgnoresTheLowBitsOfTF32) {
  auto a = makeOperand(128, 1, ~0u), b = makeOperand(64, 2, ~0u);
  Buffer out = allocate(512);
  CUfunction product = load(makeWarpProduct("m16n8k8.row.col.tf32", 8, false));
  EXPECT_CUDA(launch(product, 1, 32, 0, upload(a), upload(b), out));
  expectProduct(makeOperand(128, 1, kTF32), makeOperand(64, 2, kTF32), 8,
                download<float>(out));
}

TEST_F(SimulatedMatrixTest, MultipliesBF16) {
  auto a = makeOperand(256, 3, kBF16), b = makeOperand(128, 4, kBF16);
  Buffer out = allocate(512);
  CUfunction product = load(makeWarpProduct("m16n8k16.row.col.bf16", 16, true));
  EXPECT_CUDA(
      launch(product, 1, 32, 0, upload(toBF16(a)), upload(toBF16(b)), out));
  expectProduct(a, b, 16, download<float>(out));
}

/// The product of the test above, with A by ldmatrix and B, stored as [k][n],
/// by its transposing form.
TEST_F(SimulatedMatrixTest, LoadsMatrices) {
  DeviceCode code("ptr %a, ptr %b, ptr %out");
  code.declare("@s = internal addrspace(3) global [384 x i16] undef, align 16");
  std::string lane = code.getThread();
  for (int i = 0; i < 192; i += 32) {
    bool isA = i < 128;
    std::string from =
        code.integer("add", lane, std::to_string(isA ? i : i - 128));
    std::string to = code.integer("add", lane, std::to_string(i));
    std::string word =
        code.load(code.address(isA ? "ptr %a" : "ptr %b", from, "i32"), "i32");
    code.store(word, code.address("ptr addrspace(3) @s", to, "i32"), "i32");
  }
  code.barrier();
  // Matrices of A: rows 0-7 and 8-15 of k 0-7, then of k 8-15.
  std::string row = code.integer("urem", lane, "16");
  std::string half = code.integer("udiv", lane, "16");
  std::string at = code.integer("add", code.integer("mul", row, "16"),
                                code.integer("mul", half, "8"));
  std::string a = code.define(
      "call {i32, i32, i32, i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16."
      "p3(" +
      code.address("ptr addrspace(3) @s", at, "i16") + ")");
  at = code.integer("add", code.integer("mul", row, "8"), "256");
  std::string b = code.define(
      "call {i32, i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3(" +
      code.address("ptr addrspace(3) @s", at, "i16") + ")");
  std::string arguments;
  for (int i = 0; i < 4; ++i)
    arguments += "i32 " +
                 code.define("extractvalue {i32, i32, i32, i32} " + a + ", " +
                             std::to_string(i)) +
                 ", ";
  for (int i = 0; i < 2; ++i)
    arguments +=
        "i32 " +
        code.define("extractvalue {i32, i32} " + b + ", " + std::to_string(i)) +
        ", ";
  std::string result =
      code.define("call {float, float, float, float} "
                  "@llvm.nvvm.mma.m16n8k16.row.col.bf16(" +
                  arguments + "float 0.0, float 0.0, float 0.0, float 0.0)");
  storeTile(code, result, code.integer("udiv", lane, "4"),
            code.integer("mul", code.integer("urem", lane, "4"), "2"));

  auto left = makeOperand(256, 3, kBF16), right = makeOperand(128, 4, kBF16);
  std::vector<float> transposed(128);
  for (int n = 0; n < 8; ++n)
    for (int k = 0; k < 16; ++k)
      transposed[k * 8 + n] = right[n * 16 + k];
  Buffer out = allocate(512);
  EXPECT_CUDA(launch(load(code.str()), 1, 32, 0, upload(toBF16(left)),
                     upload(toBF16(transposed)), out));
  expectProduct(left, right, 16, download<float>(out));
}

//===----------------------------------------------------------------------===//
// Warpgroups
//===----------------------------------------------------------------------===//

struct WarpgroupOptions {
  bool hasProxyFence = true, hasFence = true;
  /// Whether a thread writes to an operand before the product is waited for.
  bool overwrites = false;
};

/// The chunk of 16 bytes at (row, chunk) of a tile of 128-byte rows, in the
/// order that the 128-byte swizzle gives it.
std::string placeChunk(DeviceCode &code, const std::string &row,
                       const std::string &chunk, int firstFloat) {
  std::string low = code.integer("and", row, "7");
  std::string at = code.integer("mul", code.integer("xor", chunk, low), "4");
  at = code.integer("add", at, code.integer("mul", row, "32"));
  at = code.integer("add", at, std::to_string(firstFloat));
  return code.address("ptr addrspace(3) @s", at);
}

/// A matrix descriptor of the bytes from `offset`, rows of 128 bytes in groups
/// of 1024, 128-byte swizzle.
std::string makeDescriptor(DeviceCode &code, int offset) {
  std::string address = code.define("ptrtoint ptr addrspace(3) @s to i64");
  address = code.define("add i64 " + address + ", " + std::to_string(offset));
  address = code.define("and i64 " + address + ", 262143");
  address = code.define("lshr i64 " + address + ", 4");
  uint64_t high = uint64_t(1) << 16 | uint64_t(64) << 32 | uint64_t(1) << 62;
  return code.define("or i64 " + address + ", " + std::to_string(high));
}

/// acc = A B^T + acc of depth 8.
std::string multiplyWarpgroup(DeviceCode &code, const std::string &a,
                              const std::string &b, const std::string &acc) {
  const std::string type = "{float, float, float, float}";
  std::string arguments;
  for (int i = 0; i < 4; ++i)
    arguments += "float " +
                 code.define("extractvalue " + type + " " + acc + ", " +
                             std::to_string(i)) +
                 ", ";
  return code.define("call " + type +
                     " asm sideeffect \"{\\0A.reg .pred p;\\0A"
                     "setp.ne.b32 p, $10, 0;\\0A"
                     "wgmma.mma_async.sync.aligned.m64n8k8.f32.tf32.tf32 "
                     "{$0, $1, $2, $3}, $8, $9, p, $11, $12;\\0A}\\0A\", "
                     "\"=f,=f,=f,=f,0,1,2,3,l,l,n,n,n\"(" +
                     arguments + "i64 " + a + ", i64 " + b +
                     ", i32 1, i32 1, i32 1) convergent");
}

/// One warpgroup: out[64][8] = a[64][32] b[8][32]^T, in four steps of depth 8.
std::string makeWarpgroupProduct(const WarpgroupOptions &options) {
  DeviceCode code("ptr %a, ptr %b, ptr %out");
  code.declare(
      "@s = internal addrspace(3) global [2304 x float] undef, align 1024");
  std::string thread = code.getThread();
  // 512 chunks of A, 64 of B.
  auto copyChunk = [&](const std::string &index, const char *from, int first) {
    std::string source = code.address(from, code.integer("mul", index, "4"));
    std::string place = placeChunk(code, code.integer("udiv", index, "8"),
                                   code.integer("urem", index, "8"), first);
    code.store(code.load(source, "<4 x float>"), place, "<4 x float>");
  };
  for (int i = 0; i < 4; ++i)
    copyChunk(code.integer("add", thread, std::to_string(128 * i)), "ptr %a",
              0);
  code.beginIf(code.isTrue("ult", thread, "64"));
  copyChunk(thread, "ptr %b", 2048);
  code.endIf();
  if (options.hasProxyFence)
    code.add("call void @llvm.nvvm.fence.proxy.async.shared_cta()");
  code.barrier();
  if (options.hasFence)
    code.add("call void @llvm.nvvm.wgmma.fence.sync.aligned()");
  std::string acc = "zeroinitializer";
  for (int k = 0; k < 4; ++k)
    acc = multiplyWarpgroup(code, makeDescriptor(code, 32 * k),
                            makeDescriptor(code, 8192 + 32 * k), acc);
  code.add("call void @llvm.nvvm.wgmma.commit_group.sync.aligned()");
  if (options.overwrites)
    code.barrier();
  if (options.overwrites)
    code.store("0.0", code.address("ptr addrspace(3) @s", thread));
  code.add("call void @llvm.nvvm.wgmma.wait_group.sync.aligned(i64 0)");
  std::string row =
      code.integer("mul", code.integer("udiv", thread, "32"), "16");
  std::string lane = code.integer("urem", thread, "32");
  row = code.integer("add", row, code.integer("udiv", lane, "4"));
  storeTile(code, acc, row,
            code.integer("mul", code.integer("urem", lane, "4"), "2"));
  return code.str();
}

TEST_F(SimulatedMatrixTest, MultipliesInAWarpgroup) {
  auto a = makeOperand(2048, 5, kTF32), b = makeOperand(256, 6, kTF32);
  Buffer out = allocate(2048);
  CUfunction product = load(makeWarpgroupProduct({}));
  for (const char *seed : {"0", "1", "2"}) {
    setenv("PDQ_SIM_SEED", seed, 1);
    EXPECT_CUDA(launch(product, 1, 128, 0, upload(a), upload(b), out));
    expectProduct(a, b, 32, download<float>(out));
  }
  unsetenv("PDQ_SIM_SEED");
}

TEST_F(SimulatedMatrixTest, MissingProxyFence) {
  WarpgroupOptions options;
  options.hasProxyFence = false;
  Buffer a = allocate(8192), b = allocate(1024), out = allocate(2048);
  EXPECT_CUDA_ERROR(
      CUDA_ERROR_LAUNCH_FAILED,
      "wrote it without a later fence.proxy.async: byte 0 of "
      "shared 's'",
      launch(load(makeWarpgroupProduct(options)), 1, 128, 0, a, b, out));
}

TEST_F(SimulatedMatrixTest, MissingWarpgroupFence) {
  WarpgroupOptions options;
  options.hasFence = false;
  Buffer a = allocate(8192), b = allocate(1024), out = allocate(2048);
  EXPECT_CUDA_ERROR(
      CUDA_ERROR_LAUNCH_FAILED, "wgmma without a wgmma.fence before the first",
      launch(load(makeWarpgroupProduct(options)), 1, 128, 0, a, b, out));
}

TEST_F(SimulatedMatrixTest, OperandIsOverwrittenTooSoon) {
  WarpgroupOptions options;
  options.overwrites = true;
  Buffer a = allocate(8192), b = allocate(1024), out = allocate(2048);
  EXPECT_CUDA_ERROR(
      CUDA_ERROR_LAUNCH_FAILED,
      "store of shared memory that a wgmma still reads (no "
      "wgmma.wait_group for it yet)",
      launch(load(makeWarpgroupProduct(options)), 1, 128, 0, a, b, out));
}

TEST_F(SimulatedMatrixTest, WarpIsIncomplete) {
  Buffer a = allocate(512), b = allocate(256), out = allocate(512);
  EXPECT_CUDA_ERROR(
      CUDA_ERROR_LAUNCH_FAILED,
      "llvm.nvvm.mma.m16n8k8.row.col.tf32: lane 31 of the group "
      "does not exist",
      launch(load(makeWarpProduct("m16n8k8.row.col.tf32", 8, false)), 1, 31, 0,
             a, b, out));
}

} // namespace
