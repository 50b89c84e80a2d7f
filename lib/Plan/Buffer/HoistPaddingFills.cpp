// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Padding is filled once, not in every call: buffers whose border nobody else
// writes keep it.

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "pdq/Plan/Analysis/BufferAccesses.h"
#include "pdq/Plan/Analysis/Initializers.h"
#include "pdq/Plan/IR/Plan.h"
#include "pdq/Plan/Passes.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::pdq {
#define GEN_PASS_DEF_HOISTPADDINGFILLS
#include "pdq/Plan/Passes.h.inc"
} // namespace mlir::pdq

using namespace mlir;
using namespace mlir::pdq;

namespace {
/// Elements [begin, end) of a buffer in each dimension.
struct Box {
  SmallVector<int64_t> begin, end;

  bool overlaps(const Box &other) const {
    for (size_t dim = 0; dim < begin.size(); ++dim)
      if (end[dim] <= other.begin[dim] || other.end[dim] <= begin[dim])
        return false;
    return true;
  }
  bool operator==(const Box &other) const {
    return begin == other.begin && end == other.end;
  }
};

/// A fill of a part of a buffer.
struct Border {
  linalg::FillOp fill;
  Attribute value;
  Box box;

  bool operator==(const Border &other) const {
    return value == other.value && box == other.box;
  }
};

/// A temporary with borders that can stay.
struct PaddedBuffer {
  memref::AllocOp alloc;
  SmallVector<Border> borders;
  /// Positions in the block of the first and the last operation on it; first
  /// are those whose results the first one takes, which may become one kernel
  /// with it.
  int64_t first, last;
};

/// How a function uses one allocation.
class BufferUses {
public:
  explicit BufferUses(memref::AllocOp alloc) : alloc(alloc) {}

  /// Visits all operations on the buffer; false where one is unknown.
  bool collect();
  /// The fills whose elements nothing else writes, in their order.
  SmallVector<Border> getBorders() const;
  ArrayRef<Operation *> getUsers() const { return users; }

private:
  bool collect(Value view, const Box &box);
  Box getWhole() const;

  memref::AllocOp alloc;
  SmallVector<Operation *> users;
  SmallVector<Border> fills;
  SmallVector<Box> writes;
};
} // namespace

Box BufferUses::getWhole() const {
  ArrayRef<int64_t> shape = memref::AllocOp(alloc).getType().getShape();
  return {SmallVector<int64_t>(shape.size(), 0), SmallVector<int64_t>(shape)};
}

/// True for copies of a buffer to itself, which bufferization leaves behind.
static bool isIdentityCopy(Operation *op) {
  auto copy = dyn_cast<linalg::CopyOp>(op);
  return copy && copy.getInputs()[0] == copy.getOutputs()[0];
}

/// The part of its source that a subview names; none where a size is dynamic.
static std::optional<Box> getBox(memref::SubViewOp view) {
  Box box;
  for (auto [offset, size, stride] :
       llvm::zip_equal(view.getStaticOffsets(), view.getStaticSizes(),
                       view.getStaticStrides())) {
    if (ShapedType::isDynamic(offset) || ShapedType::isDynamic(size) ||
        ShapedType::isDynamic(stride))
      return std::nullopt;
    box.begin.push_back(offset);
    box.end.push_back(offset + (size - 1) * stride + 1);
  }
  return box;
}

bool BufferUses::collect() { return collect(alloc.getResult(), getWhole()); }

bool BufferUses::collect(Value view, const Box &box) {
  for (OpOperand &use : view.getUses()) {
    Operation *owner = use.getOwner();
    if (auto part = dyn_cast<memref::SubViewOp>(owner)) {
      // Parts of parts count as what they are parts of.
      std::optional<Box> inner = view == alloc.getResult() ? getBox(part) : box;
      if (!inner || !collect(part, *inner))
        return false;
      continue;
    }
    if (isa<ViewLikeOpInterface>(owner)) {
      if (!collect(owner->getResult(0), box))
        return false;
      continue;
    }
    if (isIdentityCopy(owner))
      continue;
    // Operations inside of payloads only load.
    Operation *user =
        memref::AllocOp(alloc)->getBlock()->findAncestorOpInBlock(*owner);
    auto structured = dyn_cast_or_null<linalg::LinalgOp>(user);
    if (!structured)
      return false;
    users.push_back(user);
    if (user != owner || !structured.isDpsInit(&use))
      continue;
    Attribute value;
    auto fill = dyn_cast<linalg::FillOp>(owner);
    if (fill && matchPattern(fill.getInputs()[0], m_Constant(&value)))
      fills.push_back({fill, value, box});
    else
      writes.push_back(box);
  }
  return true;
}

SmallVector<Border> BufferUses::getBorders() const {
  auto isKept = [&](const Border &border) {
    return llvm::none_of(
               writes,
               [&](const Box &box) { return box.overlaps(border.box); }) &&
           llvm::all_of(fills, [&](const Border &other) {
             return other.value == border.value ||
                    !other.box.overlaps(border.box);
           });
  };
  auto borders = llvm::to_vector(llvm::make_filter_range(fills, isKept));
  llvm::sort(borders, [](const Border &a, const Border &b) {
    linalg::FillOp first = a.fill, second = b.fill;
    return first->isBeforeInBlock(second);
  });
  return borders;
}

/// The last operation before `op` that writes one of `roots`, or null.
template <typename Roots>
static Operation *findWriter(Operation *op, const Roots &roots) {
  for (Operation *writer = op->getPrevNode(); writer;
       writer = writer->getPrevNode()) {
    BufferAccesses own = getAccesses(writer);
    if (llvm::any_of(own.writes, [&](Value root) {
          return llvm::is_contained(roots, root);
        }))
      return writer;
  }
  return nullptr;
}

static bool reduces(Operation *op) {
  auto structured = dyn_cast_or_null<linalg::LinalgOp>(op);
  return structured && structured.getNumReductionLoops() > 0;
}

/// Where the values that `op` stores come from: the reduction in front of the
/// elementwise operations before it, the first of a chain of contractions that
/// are added; `op` itself where nothing is in front. All of these can be one
/// launch, in which nothing may overwrite what another part still reads.
static Operation *findSource(Operation *op) {
  Operation *source = op;
  do {
    Operation *writer = findWriter(source, getAccesses(source).reads);
    if (!writer)
      return source;
    source = writer;
  } while (!reduces(source));
  while (true) {
    Operation *former = findWriter(source, getAccesses(source).writes);
    if (!reduces(former))
      return source;
    source = former;
  }
}

/// The buffers of `function` that keep borders, in order.
static SmallVector<PaddedBuffer> findPadded(func::FuncOp function) {
  Block &body = function.getBody().front();
  DenseMap<Operation *, int64_t> positions;
  for (Operation &op : body)
    positions[&op] = positions.size();
  SmallVector<PaddedBuffer> padded;
  for (auto alloc : body.getOps<memref::AllocOp>()) {
    BufferUses uses(alloc);
    if (!alloc.getType().hasStaticShape() || !uses.collect())
      continue;
    PaddedBuffer buffer{alloc, uses.getBorders(), int64_t(positions.size()), 0};
    if (buffer.borders.empty())
      continue;
    for (Operation *user : uses.getUsers()) {
      buffer.first = std::min(buffer.first, positions.lookup(findSource(user)));
      buffer.last = std::max(buffer.last, positions.lookup(user));
    }
    padded.push_back(std::move(buffer));
  }
  return padded;
}

/// Groups of buffers with the same type and borders that are never used at the
/// same time: one memory serves each group.
static SmallVector<SmallVector<PaddedBuffer>>
shareMemory(SmallVector<PaddedBuffer> padded) {
  llvm::sort(padded, [](const PaddedBuffer &a, const PaddedBuffer &b) {
    return a.first < b.first;
  });
  SmallVector<SmallVector<PaddedBuffer>> groups;
  for (PaddedBuffer &buffer : padded) {
    auto *group = llvm::find_if(groups, [&](ArrayRef<PaddedBuffer> members) {
      return members.back().last < buffer.first &&
             memref::AllocOp(members.back().alloc).getType() ==
                 buffer.alloc.getType() &&
             members.back().borders == buffer.borders;
    });
    if (group == groups.end())
      groups.emplace_back().push_back(std::move(buffer));
    else
      group->push_back(std::move(buffer));
  }
  return groups;
}

static unsigned countArguments(func::FuncOp function, StringRef attribute) {
  return llvm::count_if(
      llvm::seq<unsigned>(0, function.getNumArguments()),
      [&](unsigned i) { return bool(function.getArgAttr(i, attribute)); });
}

/// Adds an argument `name = number of those before` to a function.
static BlockArgument addArgument(func::FuncOp function, StringRef name,
                                 Type type) {
  Builder b(function.getContext());
  auto attributes = b.getDictionaryAttr(b.getNamedAttr(
      name, b.getI64IntegerAttr(countArguments(function, name))));
  unsigned position = function.getNumArguments();
  (void)function.insertArgument(position, type, attributes, function.getLoc());
  return function.getArgument(position);
}

/// Makes a group persistent: filled by `initializer`, taken by `function`.
static void keep(ArrayRef<PaddedBuffer> group, func::FuncOp function,
                 func::FuncOp initializer) {
  memref::AllocOp alloc = group.front().alloc;
  BlockArgument filled =
      addArgument(initializer, plan::resultName, alloc.getType());
  BlockArgument kept =
      addArgument(function, plan::persistentName, alloc.getType());
  OpBuilder builder(initializer.getBody().front().getTerminator());
  for (const Border &border : group.front().borders) {
    linalg::FillOp fill = border.fill;
    IRMapping mapping;
    mapping.map(alloc.getResult(), filled);
    builder.clone(*fill.getInputs()[0].getDefiningOp(), mapping);
    if (Operation *view = fill.getOutputs()[0].getDefiningOp();
        view != alloc.getOperation())
      builder.clone(*view, mapping);
    builder.clone(*fill, mapping);
  }
  for (const PaddedBuffer &buffer : group) {
    for (const Border &border : buffer.borders)
      linalg::FillOp(border.fill)->erase();
    memref::AllocOp(buffer.alloc).getResult().replaceAllUsesWith(kept);
    memref::AllocOp(buffer.alloc)->erase();
  }
}

namespace {
struct HoistPaddingFills
    : mlir::pdq::impl::HoistPaddingFillsBase<HoistPaddingFills> {
  void runOnOperation() override {
    llvm::StringSet<> initializers = collectInitializers(getOperation());
    for (auto function :
         llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (!function.isPublic() || initializers.contains(function.getName()) ||
          !llvm::hasSingleElement(function.getBody()))
        continue;
      for (ArrayRef<PaddedBuffer> group : shareMemory(findPadded(function))) {
        for (const PaddedBuffer &buffer : group)
          numFills += buffer.borders.size();
        keep(group, function, getOrCreateInitializer(function));
        ++numBuffers;
      }
    }
  }
};
} // namespace
