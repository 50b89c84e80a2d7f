// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Array files come from strangers: every form that NumPy writes is read, every
// malformed one is refused with a reason, and no mutation crashes the reader.

#include "pdq/Support/Files/Npy.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SwapByteOrder.h"
#include "gtest/gtest.h"
#include <cstring>
#include <random>

using namespace llvm;
using namespace mlir::pdq;

namespace {

/// A file of version `major` with this header and these elements.
std::string makeFile(StringRef header, StringRef data, int major = 1) {
  std::string file("\x93NUMPY");
  file.push_back(major);
  file.push_back(0);
  size_t length = header.size();
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i)
    file.push_back(static_cast<char>(length >> (8 * i)));
  return file + header.str() + data.str();
}

template <typename T>
std::string makeData(ArrayRef<T> values, bool swapped = false) {
  std::string data;
  for (T value : values) {
    if (swapped)
      sys::swapByteOrder(value);
    data.append(reinterpret_cast<const char *>(&value), sizeof(T));
  }
  return data;
}

std::string makeHeader(StringRef descr, StringRef shape, bool fortran = false) {
  return ("{'descr': '" + descr + "', 'fortran_order': " +
          (fortran ? "True" : "False") + ", 'shape': " + shape + ", }\n")
      .str();
}

Expected<NpyFile> openContents(StringRef contents) {
  return NpyFile::create(MemoryBuffer::getMemBufferCopy(contents, "a.npy"));
}

/// The error of a malformed file; empty where it was accepted.
std::string getMessage(StringRef contents) {
  Expected<NpyFile> file = openContents(contents);
  return file ? "" : toString(file.takeError());
}

template <typename T>
void expectValues(Expected<NpyFile> file, ArrayRef<T> expected) {
  ASSERT_TRUE(static_cast<bool>(file)) << toString(file.takeError());
  HostTensor tensor = file->read();
  EXPECT_EQ(tensor.values<T>(), expected);
}

TEST(NpyTest, ReadsEveryVersion) {
  for (int major : {1, 2, 3})
    expectValues<float>(
        openContents(makeFile(makeHeader("<f4", "(3,)"),
                              makeData<float>({1, 2.5, -3}), major)),
        {1, 2.5, -3});
}

TEST(NpyTest, ReadsEveryElementTypeInBothByteOrders) {
  auto both = [](StringRef name, auto values) {
    using T = typename decltype(values)::value_type;
    for (bool swapped : {false, true}) {
      std::string descr = ((swapped ? ">" : "<") + name).str();
      expectValues<T>(
          openContents(makeFile(makeHeader(descr, "(2, 1)"),
                                makeData<T>(ArrayRef<T>(values), swapped))),
          values);
    }
  };
  both("f4", std::vector<float>{1.5f, -2e20f});
  both("f8", std::vector<double>{1.5, -2e200});
  both("i4", std::vector<int32_t>{-7, 1 << 30});
  both("i8", std::vector<int64_t>{-7, int64_t(1) << 60});
  both("u1", std::vector<uint8_t>{7, 255});
  both("i1", std::vector<int8_t>{7, -1});
}

TEST(NpyTest, BooleansBecomeZeroAndOne) {
  expectValues<uint8_t>(openContents(makeFile(makeHeader("|b1", "(3,)"),
                                              makeData<uint8_t>({0, 1, 0x80}))),
                        {0, 1, 1});
}

TEST(NpyTest, ReordersFortranOrder) {
  // a[i, j] = 10 i + j, first dimension fastest in the file.
  expectValues<int32_t>(
      openContents(makeFile(makeHeader("<i4", "(2, 3)", /*fortran=*/true),
                            makeData<int32_t>({0, 10, 1, 11, 2, 12}))),
      {0, 1, 2, 10, 11, 12});
}

TEST(NpyTest, ReadsSomeRows) {
  std::string c = makeFile(makeHeader("<i4", "(3, 2)"),
                           makeData<int32_t>({0, 1, 10, 11, 20, 21}));
  std::string f = makeFile(makeHeader(">i4", "(3, 2)", /*fortran=*/true),
                           makeData<int32_t>({0, 10, 20, 1, 11, 21}, true));
  for (const std::string &contents : {c, f}) {
    Expected<NpyFile> file = openContents(contents);
    ASSERT_TRUE(static_cast<bool>(file));
    HostTensor rows = file->readRows(1, 2);
    EXPECT_EQ(rows.getShape(), ArrayRef<int64_t>({2, 2}));
    EXPECT_EQ(rows.values<int32_t>(), ArrayRef<int32_t>({10, 11, 20, 21}));
    EXPECT_EQ(file->readRows(3, 0).getNumElements(), 0);
  }
}

TEST(NpyTest, ReadsScalarsAndEmptyArrays) {
  expectValues<double>(
      openContents(makeFile(makeHeader("<f8", "()"), makeData<double>({4}))),
      {4});
  Expected<NpyFile> empty =
      openContents(makeFile(makeHeader("<f8", "(0, 7)"), ""));
  ASSERT_TRUE(static_cast<bool>(empty));
  EXPECT_EQ(empty->read().getShape(), ArrayRef<int64_t>({0, 7}));
}

TEST(NpyTest, AcceptsWhatPythonTwoWrote) {
  expectValues<uint8_t>(
      openContents(makeFile("{\"shape\": (2L,), \"fortran_order\": False,"
                            "\"descr\": \"|u1\"}   \n",
                            "ab")),
      {'a', 'b'});
}

TEST(NpyTest, RefusesMalformedFilesWithAReason) {
  std::string good = makeHeader("<f4", "(1,)");
  std::pair<std::string, const char *> cases[] = {
      {"", "does not start with"},
      {"\x93NUMP", "does not start with"},
      {"\x93NUMPY", "ends in the version"},
      {std::string("\x93NUMPY\x04\x00\x00\x00", 10), "version 4.0 is unknown"},
      {std::string("\x93NUMPY\x01\x01\x00\x00", 10), "version 1.1 is unknown"},
      {std::string("\x93NUMPY\x01\x00\x10", 9), "ends in the length"},
      {std::string("\x93NUMPY\x02\x00\x10\x00\x00", 11), "ends in the length"},
      {std::string("\x93NUMPY\x01\x00\x10\x00{", 11),
       "header has 1 bytes, expected 16"},
      {std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff{", 13),
       "header has 1 bytes, expected 4294967295"},
      {makeFile("", ""), "expected '{'"},
      {makeFile("{}", ""), "needs the keys"},
      {makeFile("{'descr': '<f4', 'shape': ()}", "0000"), "needs the keys"},
      {makeFile("{'descr': '<f4', 'descr': '<f4'}", ""), "stands twice"},
      {makeFile("{'evil': 1}", ""), "unknown key 'evil'"},
      {makeFile("{'\x1b[2J': 1}", ""), "unknown key '\\1B[2J'"},
      {makeFile("{'descr': __import__('os')}", ""), "expected a string"},
      {makeFile("{'descr': '<f4", ""), "string has no end"},
      {makeFile("{'descr' '<f4'}", ""), "expected ':'"},
      {makeFile("{'descr': '<f4' 'shape': ()}", ""), "expected ',' or '}'"},
      {makeFile("{'descr': [('a', '<f4')]}", ""), "structured element types"},
      {makeFile(makeHeader("<f2", "(1,)"), "00"), "'<f2' is not supported"},
      {makeFile(makeHeader("|O", "(1,)"), "00"), "'|O' is not supported"},
      {makeFile(makeHeader("", "(1,)"), "00"), "'' is not supported"},
      {makeFile(makeHeader("|f4", "(1,)"), "0000"), "has no byte order"},
      {makeFile("{'fortran_order': 1}", ""), "expected True or False"},
      {makeFile(makeHeader("<f4", "1"), "0000"), "expected '('"},
      {makeFile(makeHeader("<f4", "(1)"), "0000"), "after the only size"},
      {makeFile(makeHeader("<f4", "(1 2)"), "0000"), "expected ',' or ')'"},
      {makeFile(makeHeader("<f4", "(-1,)"), "0000"), "size of 0 or more"},
      {makeFile(makeHeader("<f4", "(,)"), "0000"), "size of 0 or more"},
      {makeFile(makeHeader("<f4", "(1.0,)"), "0000"), "expected ',' or ')'"},
      {makeFile(makeHeader("<f4", "(99999999999999999999,)"), ""),
       "size 99999999999999999999 is too large"},
      {makeFile(makeHeader("<f4", "(4611686018427387904, 4)"), ""),
       "size of the array overflows"},
      {makeFile(makeHeader("<f4", "(4294967296, 4294967296)"), ""),
       "size of the array overflows"},
      {makeFile(makeHeader("<f4", "(0, 4611686018427387904, 4)"), ""),
       "size of the array overflows"},
      {makeFile(makeHeader("<f4", "(2305843009213693951,)"), "0000"),
       "has 4 bytes of data, expected 9223372036854775804"},
      {makeFile(makeHeader("<f4", "(2,)"), "0000"),
       "has 4 bytes of data, expected 8"},
      {makeFile(makeHeader("<f4", "(1,)"), "00000"),
       "has 5 bytes of data, expected 4"},
      {makeFile(good + "x", "0000"), "nothing after the dictionary"},
  };
  for (auto &[contents, message] : cases) {
    std::string found = getMessage(contents);
    EXPECT_TRUE(StringRef(found).starts_with("a.npy: ")) << found;
    EXPECT_NE(found.find(message), std::string::npos)
        << "expected " << message << ", found " << found;
  }
  std::string shape = "(" + std::string(65 * 2, ' ') + ")";
  for (int i = 0; i < 65; ++i)
    shape.replace(1 + 2 * i, 2, "1,");
  EXPECT_NE(getMessage(makeFile(makeHeader("|u1", shape), "0"))
                .find("more than 64 dimensions"),
            std::string::npos);
}

/// One random change: a byte, a cut, a copy of a piece, or a token that means
/// something to the parser.
void mutate(std::string &file, std::mt19937 &random) {
  static const char *tokens[] = {
      "'",        "\"",   "(",  ")",  ",",   "{", "}",
      ":",        "True", "-1", "0,", "<f8", "L", "18446744073709551616",
      "\x93NUMPY"};
  auto draw = [&](size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound)(random);
  };
  size_t at = draw(file.size());
  switch (draw(4)) {
  case 0:
    if (at < file.size())
      file[at] = static_cast<char>(draw(255));
    return;
  case 1:
    file.resize(at);
    return;
  case 2:
    file.erase(at, draw(8));
    return;
  case 3:
    file.insert(at, file.substr(draw(file.size()), draw(16)));
    return;
  case 4:
    file.insert(at, tokens[draw(std::size(tokens) - 1)]);
    return;
  }
}

TEST(NpyTest, SurvivesMutations) {
  std::string seeds[] = {
      makeFile(makeHeader("<f4", "(3, 2)"),
               makeData<float>({1, 2, 3, 4, 5, 6})),
      makeFile(makeHeader(">i8", "(2, 2)", true),
               makeData<int64_t>({1, 2, 3, 4}), 2),
      makeFile(makeHeader("|b1", "(4,)"), "\x01\x02\x03\x04", 3),
      makeFile(makeHeader("<f8", "()"), makeData<double>({1})),
  };
  std::mt19937 random(1);
  int accepted = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string contents = seeds[i % std::size(seeds)];
    for (int n = 1 + i % 5; n > 0; --n)
      mutate(contents, random);
    Expected<NpyFile> file = openContents(contents);
    if (!file) {
      EXPECT_FALSE(toString(file.takeError()).empty());
      continue;
    }
    ++accepted;
    HostTensor tensor = file->read();
    EXPECT_LE(tensor.getNumBytes(), contents.size());
  }
  // Changes of elements alone keep a file readable.
  EXPECT_GT(accepted, 100);
}

TEST(NpyTest, WritesWhatItReads) {
  SmallString<128> path;
  ASSERT_FALSE(sys::fs::createTemporaryFile("pdq", "npy", path));
  for (SmallVector<int64_t> shape :
       {SmallVector<int64_t>{}, {3}, {2, 3}, {0, 2}, {2, 1, 2}}) {
    HostTensor tensor(shape, ElementType::F32);
    for (auto [i, value] : enumerate(tensor.values<float>()))
      value = 0.1f * i;
    ASSERT_FALSE(static_cast<bool>(writeNpy(path, tensor)));
    Expected<HostTensor> again = readNpy(path);
    ASSERT_TRUE(static_cast<bool>(again)) << toString(again.takeError());
    EXPECT_EQ(again->getShape(), tensor.getShape());
    EXPECT_EQ(again->values<float>(), tensor.values<float>());
    Expected<NpyFile> file = NpyFile::open(path);
    ASSERT_TRUE(static_cast<bool>(file));
    EXPECT_EQ((file->getContents().size() - tensor.getNumBytes()) % 64, 0u);
  }
  sys::fs::remove(path);
}

TEST(NpyTest, UnwritableAndMissingFilesAreErrors) {
  HostTensor tensor({2}, ElementType::F32);
  std::string message = toString(writeNpy("/nonexistent-folder/a.npy", tensor));
  EXPECT_EQ(message.find("/nonexistent-folder/a.npy: cannot write: "), 0u)
      << message;
  Expected<HostTensor> missing = readNpy("/nonexistent-folder/a.npy");
  ASSERT_FALSE(static_cast<bool>(missing));
  EXPECT_EQ(toString(missing.takeError()).find("/nonexistent-folder/a.npy: "),
            0u);
  Expected<HostTensor> folder = readNpy("/");
  ASSERT_FALSE(static_cast<bool>(folder));
  EXPECT_EQ(toString(folder.takeError()), "/: cannot read: Is a directory");
}

} // namespace
