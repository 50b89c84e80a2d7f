// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scheduling of the threads of a block, barriers, and the end of a launch.

#include "Block.h"
#include "Context.h"
#include "DeviceModule.h"
#include "Intrinsics.h"
#include "Monitor.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace llvm;

namespace pdq::sim {

Block block;

static Extents delinearize(uint64_t index, const Extents &extents) {
  return {static_cast<uint32_t>(index % extents[0]),
          static_cast<uint32_t>(index / extents[0] % extents[1]),
          static_cast<uint32_t>(index / extents[0] / extents[1])};
}

static uint64_t countOf(const Extents &extents) {
  return uint64_t(extents[0]) * extents[1] * extents[2];
}

Status Block::prepare() {
  uint64_t count = countOf(shape.block);
  threads.resize(count);
  while (stacks.size() < count) {
    FiberStack stack;
    if (!stack.isValid())
      return Status::error(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES,
                           "no memory for the stack of thread " +
                               Twine(stacks.size()));
    stacks.push_back(stack);
  }
  order.resize(count);
  for (uint64_t i = 0; i < count; ++i) {
    Thread &thread = threads[i];
    order[i] = i;
    thread.threadIndex = delinearize(i, shape.block);
    thread.blockExtents = shape.block;
    thread.gridExtents = shape.grid;
    thread.lane = i % kWarpSize;
    thread.warp = i / kWarpSize;
    thread.index = i;
  }
  const char *text = getenv("PDQ_SIM_SEED");
  seed = text ? atoi(text) : 0;
  random.seed(seed);
  return Status::success();
}

Status Block::launch(const Kernel &kernel, const LaunchShape &shape,
                     void **parameters) {
  this->kernel = &kernel;
  this->shape = shape;
  this->parameters = parameters;
  failure = prepare();
  if (failure.failed())
    return failure;
  monitor.beginLaunch();
  setSharedValidity(true);
  uint64_t numBlocks = countOf(shape.grid);
  // With a seed, blocks start somewhere else and run backwards or forwards.
  uint64_t first = seed ? random() % numBlocks : 0;
  bool isBackward = seed && random() % 2;
  for (uint64_t i = 0; i < numBlocks && !failure.failed(); ++i) {
    uint64_t index = (first + i) % numBlocks;
    runBlock(isBackward ? numBlocks - 1 - index : index);
  }
  setSharedValidity(false);
  this->kernel = nullptr;
  this->parameters = nullptr;
  return failure;
}

uint32_t Block::getSharedSpan() const {
  const SharedLayout &layout = *kernel->shared;
  return layout.dynamicOffset + shape.dynamicSharedBytes;
}

/// Only the bytes of variables may be touched, not the guards between them.
void Block::setSharedValidity(bool isValid) {
  uint8_t *valid = monitor.getValidity(monitor.getBase());
  memset(valid, 0, kSharedWindow / kGranule);
  if (!isValid)
    return;
  auto mark = [&](uint32_t offset, uint32_t bytes) {
    memset(valid + offset / kGranule, kGranule, bytes / kGranule);
    if (bytes % kGranule)
      valid[(offset + bytes) / kGranule] = bytes % kGranule;
  };
  for (const SharedSymbol &symbol : kernel->shared->symbols)
    mark(symbol.offset, symbol.bytes);
  mark(kernel->shared->dynamicOffset, shape.dynamicSharedBytes);
}

void Block::startThreads(uint64_t linearIndex) {
  // What is read before it is written is not a number.
  memset(monitor.getShared(), 0xff, getSharedSpan());
  monitor.beginBlock(linearIndex);
  live = threads.size();
  firstDone = nullptr;
  arrivals = {};
  Extents index = delinearize(linearIndex, shape.grid);
  for (Thread &thread : threads) {
    thread.blockIndex = index;
    thread.state = ThreadState::Ready;
    thread.openCopies.clear();
    thread.copyGroups.clear();
    thread.openReads.clear();
    thread.readGroups.clear();
    thread.hasFencedMatrix = false;
    prepareFiber(thread.context, stacks[thread.index], runFiber);
  }
}

void Block::runBlock(uint64_t linearIndex) {
  startThreads(linearIndex);
  while (live != 0 && !failure.failed()) {
    if (seed)
      std::shuffle(order.begin(), order.end(), random);
    if (!runReadyThreads() && !failure.failed())
      failure = reportDeadlock();
  }
}

bool Block::runReadyThreads() {
  bool hasRun = false;
  for (uint32_t index : order) {
    if (threads[index].state != ThreadState::Ready)
      continue;
    hasRun = true;
    current = &threads[index];
    monitor.setThread(index);
    switchFiber(scheduler, current->context);
    if (failure.failed())
      break;
  }
  return hasRun;
}

void Block::runFiber() {
  block.kernel->entry(block.parameters);
  block.finishThread();
}

void Block::finishThread() {
  // A barrier for a number of threads may still be reached by enough of them.
  bool isWaiting = llvm::any_of(arrivals, [](uint32_t count) { return count; });
  for (const Thread &thread :
       isWaiting ? ArrayRef<Thread>(threads) : ArrayRef<Thread>())
    if (thread.state == ThreadState::AtBarrier && thread.barrierCount == 0)
      fail(CUDA_ERROR_LAUNCH_FAILED,
           "divergent barrier: the thread exits while " +
               Twine(arrivals[thread.barrierId]) + " threads wait at barrier " +
               Twine(thread.barrierId));
  if (!firstDone)
    firstDone = current;
  --live;
  wait(ThreadState::Done);
}

void Block::wait(ThreadState state) {
  current->state = state;
  switchFiber(current->context, scheduler);
}

uint32_t Block::arrive(uint32_t id, uint32_t count, uint32_t site,
                       bool predicate) {
  if (id >= arrivals.size())
    fail(CUDA_ERROR_ILLEGAL_INSTRUCTION,
         "barrier " + Twine(id) + " does not exist, a block has 16");
  if (count % kWarpSize || count > alignTo(threads.size(), kWarpSize))
    fail(CUDA_ERROR_ILLEGAL_INSTRUCTION,
         "barrier " + Twine(id) + " is for " + Twine(count) +
             " threads, but the block has " + Twine(threads.size()) +
             " and a barrier is for a multiple of 32");
  if (count == 0 && firstDone)
    fail(CUDA_ERROR_LAUNCH_FAILED,
         "divergent barrier: the thread arrives at barrier " + Twine(id) +
             ", but thread " + Twine(firstDone->index) + " of the block has " +
             "exited before it");
  uint32_t needed = count == 0 ? threads.size() : count;
  current->barrierId = id;
  current->barrierCount = count;
  current->site = site;
  current->predicate = predicate;
  Thread &thread = *current;
  if (++arrivals[id] < std::min<uint32_t>(needed, threads.size()))
    wait(ThreadState::AtBarrier);
  else
    releaseBarrier(id, count);
  return thread.votes;
}

/// All have arrived, the running thread last.
void Block::releaseBarrier(uint32_t id, uint32_t count) {
  Thread &last = *current;
  std::vector<uint32_t> warps;
  std::vector<Thread *> released;
  uint32_t votes = 0;
  for (Thread &thread : threads) {
    bool isHere = &thread == &last || (thread.state == ThreadState::AtBarrier &&
                                       thread.barrierId == id);
    if (!isHere)
      continue;
    if (thread.barrierCount != count)
      fail(CUDA_ERROR_LAUNCH_FAILED,
           "barrier " + Twine(id) + " is for " + Twine(count) +
               " threads here and for " + Twine(thread.barrierCount) +
               " in thread " + Twine(thread.index));
    if (thread.warp == last.warp && thread.site != last.site)
      fail(CUDA_ERROR_LAUNCH_FAILED,
           "divergent barrier: threads " + Twine(last.index) + " and " +
               Twine(thread.index) +
               " of one warp wait at different barriers of the code");
    if (warps.empty() || warps.back() != thread.warp)
      warps.push_back(thread.warp);
    votes += thread.predicate;
    released.push_back(&thread);
  }
  for (Thread *thread : released) {
    thread->votes = votes;
    thread->state = ThreadState::Ready;
  }
  arrivals[id] = 0;
  if (warps.size() * kWarpSize >= threads.size())
    monitor.barrier();
  else
    monitor.barrierOfWarps(warps);
}

void Block::fail(CUresult code, const Twine &message) {
  uint64_t index = current->blockIndex[0] +
                   uint64_t(shape.grid[0]) *
                       (current->blockIndex[1] +
                        uint64_t(shape.grid[1]) * current->blockIndex[2]);
  failure = Status::error(code, "kernel '" + kernel->name + "', " +
                                    describeThread(index, current->index) +
                                    ": " + message);
  // The stack is abandoned: nothing on it owns anything but memory of the
  // message.
  switchFiber(current->context, scheduler);
  abort();
}

Status Block::reportDeadlock() {
  uint64_t atBarrier = 0, atCollective = 0;
  const Thread *first = nullptr;
  for (const Thread &thread : threads) {
    atBarrier += thread.state == ThreadState::AtBarrier;
    atCollective += thread.state == ThreadState::AtCollective;
    if (!first && thread.state == ThreadState::AtCollective)
      first = &thread;
  }
  current = first ? const_cast<Thread *>(first) : &threads[order.front()];
  std::string text = "kernel '" + kernel->name + "', block (" +
                     std::to_string(current->blockIndex[0]) + ", " +
                     std::to_string(current->blockIndex[1]) + ", " +
                     std::to_string(current->blockIndex[2]) +
                     "): deadlock: " + std::to_string(atBarrier) +
                     " threads wait at a barrier, " +
                     std::to_string(atCollective) +
                     " at an operation of their warp, " +
                     std::to_string(threads.size() - live) + " have exited";
  if (first)
    text += "; thread " + std::to_string(first->index) + " waits in " +
            first->intrinsic->name;
  return Status::error(CUDA_ERROR_LAUNCH_TIMEOUT, text);
}

bool Block::isPrivate(uint64_t address, uint64_t bytes) const {
  if (stacks[current->index].contains(address))
    return true;
  for (const auto &module : context.modules.getAll())
    for (auto [begin, end] : module.second->getVariables())
      if (address >= begin && address < end && bytes <= end - address)
        return true;
  return false;
}

std::string Block::describeThread(uint64_t blockIndex, uint32_t thread) const {
  auto print = [](const Extents &index) {
    return "(" + std::to_string(index[0]) + ", " + std::to_string(index[1]) +
           ", " + std::to_string(index[2]) + ")";
  };
  return "block " + print(delinearize(blockIndex, shape.grid)) + " thread " +
         print(delinearize(thread, shape.block));
}

static std::string describeShared(const SharedLayout &layout, uint32_t offset,
                                  uint32_t dynamicBytes) {
  const SharedSymbol *found = nullptr;
  for (const SharedSymbol &symbol : layout.symbols)
    if (symbol.offset <= offset && (!found || found->offset < symbol.offset))
      found = &symbol;
  if (offset >= layout.dynamicOffset || !found)
    return "byte " + std::to_string(int64_t(offset) - layout.dynamicOffset) +
           " of the " + std::to_string(dynamicBytes) +
           " bytes of dynamic shared memory";
  return "byte " + std::to_string(offset - found->offset) + " of shared '" +
         found->name + "' of " + std::to_string(found->bytes) + " bytes";
}

std::string Block::describe(uint64_t address) const {
  if (monitor.isShared(address))
    return describeShared(*kernel->shared, address - monitor.getBase(),
                          shape.dynamicSharedBytes);
  std::string text = context.memory.describe(address);
  const Allocation *nearest = context.memory.findNearest(address);
  uint64_t best = 0;
  size_t argument = 0;
  for (size_t i = 0; nearest && i < kernel->parameters.size(); ++i) {
    if (!kernel->parameters[i].isPointer)
      continue;
    uint64_t pointer = *static_cast<uint64_t *>(parameters[i]);
    bool isSame = pointer >= nearest->begin && pointer < nearest->end();
    if (isSame && pointer >= best && (!best || pointer <= address)) {
      best = pointer;
      argument = i;
    }
  }
  if (best)
    text += " (argument " + std::to_string(argument) +
            (address < best ? " - " + std::to_string(best - address)
                            : " + " + std::to_string(address - best)) +
            " bytes)";
  return text;
}

} // namespace pdq::sim
