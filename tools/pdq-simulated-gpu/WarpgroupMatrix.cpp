// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// wgmma: products of operands in shared memory by the four warps of a
// warpgroup. The product is there at once, but its operands stay in use until
// the group of operations is waited for.

#include "Context.h"
#include "Intrinsics.h"
#include "Monitor.h"
#include "Numbers.h"

using namespace llvm;

namespace pdq::sim {

static constexpr unsigned kWarpgroup = 128;
static constexpr int kRows = 64;
/// Bytes of a row that one operation reads.
static constexpr unsigned kRowBytes = 32;

namespace {
/// A matrix descriptor of the PTX manual, for operands that follow k.
class Descriptor {
public:
  explicit Descriptor(uint64_t bits) : bits(bits) {}

  /// Address of 16 bytes (`chunk` 0 or 1) of a row. Without swizzling, core
  /// matrices of 8 rows of 16 bytes lie at the two strides; with it, rows have
  /// the swizzled width and their chunks are permuted by the row.
  uint64_t getAddress(unsigned row, unsigned chunk) const {
    unsigned width = getSwizzleBytes();
    uint64_t address = getField(0) + row / 8 * getField(32);
    if (width == 0)
      return address + chunk * getField(16) + row % 8 * 16;
    address += row % 8 * width + chunk * 16;
    uint64_t mask = width / 16 - 1;
    return address ^ ((address >> 7 & mask) << 4);
  }

  /// Null, or what makes the descriptor unusable.
  const char *findError() const {
    if (bits >> 49 & 7)
      return "its base offset is not 0";
    unsigned width = getSwizzleBytes();
    if (width != 0 && getField(0) % 16 != 0)
      return "its address is not a multiple of 16";
    return nullptr;
  }

private:
  uint64_t getField(unsigned shift) const {
    return (bits >> shift & 0x3fff) << 4;
  }
  unsigned getSwizzleBytes() const {
    static constexpr unsigned kWidths[] = {0, 128, 64, 32};
    return kWidths[bits >> 62];
  }

  uint64_t bits;
};
} // namespace

template <typename F>
static void forEachChunk(const MatrixRead &read, F &&visit) {
  Descriptor descriptor(read.descriptor);
  for (unsigned row = 0; row < read.rows; ++row)
    for (unsigned chunk = 0; chunk < kRowBytes / 16; ++chunk)
      visit(row, chunk, monitor.getBase() + descriptor.getAddress(row, chunk));
}

/// Reads an operand as numbers, [rows][kRowBytes / bytes of one].
static std::vector<float> readOperand(Thread &leader, const MatrixRead &read,
                                      Operand type) {
  if (const char *error = Descriptor(read.descriptor).findError())
    block.fail(CUDA_ERROR_ILLEGAL_INSTRUCTION,
               Twine("matrix descriptor: ") + error);
  unsigned perChunk = type == Operand::TF32 ? 4 : 8;
  std::vector<float> values(read.rows * 2 * perChunk);
  forEachChunk(read, [&](unsigned row, unsigned chunk, uint64_t address) {
    monitor.beginProxyRead(address);
    float *out = &values[(row * 2 + chunk) * perChunk];
    for (unsigned i = 0; i < perChunk; ++i)
      out[i] = type == Operand::TF32
                   ? fromTF32(reinterpret_cast<const uint32_t *>(address)[i])
                   : fromHalfWord(
                         type, reinterpret_cast<const uint16_t *>(address)[i]);
  });
  leader.openReads.push_back(read);
  return values;
}

/// Both descriptors and the scales must be the same in all threads.
static void checkUniform(Group &group, unsigned first) {
  for (unsigned lane = 1; lane < kWarpgroup; ++lane)
    for (unsigned i = first; i < first + 3; ++i) {
      bool is64 = i < first + 2;
      Slot &a = group.lanes[0]->arguments[i],
           &b = group.lanes[lane]->arguments[i];
      if (is64 ? get<uint64_t>(a) != get<uint64_t>(b)
               : get<uint32_t>(a) != get<uint32_t>(b))
        block.fail(CUDA_ERROR_ILLEGAL_INSTRUCTION,
                   "wgmma: the descriptors or scales differ in thread " +
                       Twine(group.lanes[lane]->index) + " of the warpgroup");
    }
}

/// Arguments: n / 2 accumulators, descriptors of A and B, whether to add the
/// accumulators, signs of A and B, and for 16-bit operands whether they are
/// transposed. Parameters: n, depth k, operand type, arguments behind the
/// accumulators.
static void multiply(Group &group, const Intrinsic &intrinsic) {
  if (!context.chip->hasWarpgroupMatrix())
    block.fail(CUDA_ERROR_ILLEGAL_INSTRUCTION,
               Twine("wgmma needs sm_90a, this is ") + context.chip->name);
  unsigned n = intrinsic.parameters[0], depth = intrinsic.parameters[1];
  auto type = static_cast<Operand>(intrinsic.parameters[2]);
  unsigned registers = n / 2;
  Thread &leader = *group.lanes[0];
  Slot *uniform = leader.arguments + registers;
  checkUniform(group, registers);
  if (!leader.hasFencedMatrix)
    block.fail(CUDA_ERROR_LAUNCH_FAILED,
               "wgmma without a wgmma.fence before the first");
  if (type != Operand::TF32 &&
      (get<uint32_t>(uniform[5]) || get<uint32_t>(uniform[6])))
    block.fail(CUDA_ERROR_NOT_SUPPORTED,
               "wgmma: only operands that follow k are simulated");
  auto a = readOperand(leader, {get<uint64_t>(uniform[0]), kRows}, type);
  auto b = readOperand(leader, {get<uint64_t>(uniform[1]), n}, type);
  bool isAdded = get<uint32_t>(uniform[2]) != 0;
  float sign = static_cast<float>(get<int32_t>(uniform[3])) *
               static_cast<float>(get<int32_t>(uniform[4]));
  for (unsigned lane = 0; lane < kWarpgroup; ++lane) {
    Thread &thread = *group.lanes[lane];
    auto *result = static_cast<float *>(thread.result);
    unsigned firstRow = lane / 32 * 16 + lane % 32 / 4;
    for (unsigned e = 0; e < registers; ++e) {
      const float *row = &a[(firstRow + e / 2 % 2 * 8) * depth];
      const float *column = &b[(e / 4 * 8 + 2 * (lane % 4) + e % 2) * depth];
      float sum = 0;
      for (unsigned k = 0; k < depth; ++k)
        sum += row[k] * column[k];
      result[e] =
          sign * sum + (isAdded ? get<float>(thread.arguments[e]) : 0.0f);
    }
  }
}

static void fence(Group &group, const Intrinsic &) {
  group.lanes[0]->hasFencedMatrix = true;
}

static void commit(Group &group, const Intrinsic &) {
  Thread &leader = *group.lanes[0];
  leader.readGroups.push_back(std::move(leader.openReads));
  leader.openReads.clear();
}

/// The operands of all groups but the last ones may be overwritten.
static void wait(Group &group, const Intrinsic &) {
  Thread &leader = *group.lanes[0];
  uint64_t keep = get<uint64_t>(leader.arguments[0]);
  if (leader.readGroups.size() <= keep)
    return;
  auto end = leader.readGroups.end() - keep;
  for (auto it = leader.readGroups.begin(); it != end; ++it)
    for (const MatrixRead &read : *it)
      forEachChunk(read, [](unsigned, unsigned, uint64_t address) {
        monitor.endProxyRead(address);
      });
  leader.readGroups.erase(leader.readGroups.begin(), end);
}

/// wgmma.mma_async.sync.aligned.mMnNkK.f32.TYPE.TYPE in inline assembly.
static bool matchAssembly(StringRef code, Intrinsic &intrinsic) {
  StringRef rest = code.split("wgmma.mma_async.sync.aligned.m64n").second;
  int n = 0, depth = 0;
  if (rest.consumeInteger(10, n) || !rest.consume_front("k") ||
      rest.consumeInteger(10, depth) || !rest.consume_front(".f32."))
    return false;
  Operand type = Operand::TF32;
  if (rest.starts_with("bf16.bf16"))
    type = Operand::BF16;
  else if (rest.starts_with("f16.f16"))
    type = Operand::F16;
  else if (!rest.starts_with("tf32.tf32"))
    return false;
  // A in registers has other arguments.
  StringRef operands = rest.split('}').second;
  if (n < 8 || n > 256 || n % 8 != 0)
    return false;
  if (operands.contains('{') || depth != (type == Operand::TF32 ? 8 : 16))
    return false;
  intrinsic.perGroup = multiply;
  intrinsic.groupSize = kWarpgroup;
  intrinsic.parameters = {n, depth, int(type), type == Operand::TF32 ? 5 : 7};
  return true;
}

bool matchWarpgroupMatrix(StringRef name, Intrinsic &intrinsic) {
  if (name.consume_front("asm:"))
    return matchAssembly(name, intrinsic);
  if (!name.consume_front("llvm.nvvm.wgmma."))
    return false;
  intrinsic.groupSize = kWarpgroup;
  if (name == "fence.sync.aligned")
    intrinsic.perGroup = fence;
  else if (name == "commit_group.sync.aligned")
    intrinsic.perGroup = commit;
  else if (name == "wait_group.sync.aligned")
    intrinsic.perGroup = wait;
  return intrinsic.perGroup != nullptr;
}

} // namespace pdq::sim
