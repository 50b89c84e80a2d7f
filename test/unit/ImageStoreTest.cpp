// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cache of compiled kernels: what is made once, what is made again.

#include "pdq/Runtime/CUDA/ImageStore.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

const char kernelText[] = R"mlir(
  plan.kernel @k(%x: memref<256xf32> {llvm.align = 16 : i64}, %y: memref<256xf32> {llvm.align = 16 : i64}) {
    linalg.map { math.sqrt } ins(%x : memref<256xf32>) outs(%y : memref<256xf32>)
    plan.return
  })mlir";

class ImageStoreTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("pdq-cache", directory));
  }
  void TearDown() override { llvm::sys::fs::remove_directories(directory); }

  ImageStore open(StringRef math = "fp32", StringRef chip = "sm_80",
                  ImageForm form = ImageForm::PTX) {
    return {Chip{chip.str()}, form, math, ContentCache(directory)};
  }
  /// The image of the one kernel, which must be there.
  static DeviceImage get(ImageStore &store) {
    auto image = store.get({std::string(kernelText)});
    if (!image) {
      ADD_FAILURE() << llvm::toString(image.takeError());
      return {};
    }
    return std::move(*image);
  }
  SmallVector<std::string> entries() const {
    SmallVector<std::string> paths;
    std::error_code code;
    for (llvm::sys::fs::directory_iterator it(directory, code), end;
         it != end && !code; it.increment(code))
      if (!StringRef(it->path()).ends_with("timestamp"))
        paths.push_back(it->path());
    llvm::sort(paths);
    return paths;
  }
  static std::string read(StringRef path) {
    return (*llvm::MemoryBuffer::getFile(path))->getBuffer().str();
  }
  static void write(StringRef path, StringRef text) {
    std::error_code code;
    llvm::raw_fd_ostream(path, code) << text;
    ASSERT_FALSE(code);
  }

  llvm::SmallString<128> directory;
};

TEST_F(ImageStoreTest, CompilesOnce) {
  ImageStore first = open();
  DeviceImage made = get(first);
  EXPECT_EQ(first.getWork().compiled, 1u);
  EXPECT_TRUE(made.object.empty());
  ASSERT_EQ(entries().size(), 1u);

  ImageStore second = open();
  DeviceImage found = get(second);
  EXPECT_EQ(second.getWork().compiled, 0u);
  EXPECT_EQ(found.text, made.text);
  ASSERT_EQ(found.kernels.size(), 1u);
  EXPECT_EQ(found.kernels[0].symbol, made.kernels[0].symbol);
  EXPECT_EQ(found.kernels[0].grid, made.kernels[0].grid);
  EXPECT_EQ(found.kernels[0].block, made.kernels[0].block);
  EXPECT_EQ(found.kernels[0].form, "elementwise");
  EXPECT_EQ(found.kernels[0].sharedBytes, made.kernels[0].sharedBytes);
  EXPECT_EQ(found.remarks, made.remarks);
  EXPECT_EQ(entries().size(), 1u);
}

TEST_F(ImageStoreTest, TellsWhatAnImageDependsOn) {
  for (auto [math, chip, form] : {std::tuple{"fp32", "sm_80", ImageForm::PTX},
                                  {"tf32", "sm_80", ImageForm::PTX},
                                  {"fp32", "sm_90a", ImageForm::PTX},
                                  {"fp32", "sm_80", ImageForm::LLVMIR}}) {
    ImageStore store = open(math, chip, form);
    get(store);
    EXPECT_EQ(store.getWork().compiled, 1u) << math << chip;
  }
  EXPECT_EQ(entries().size(), 4u);
  EXPECT_NE(ContentCache::getKey({"a", "b"}), ContentCache::getKey({"ab", ""}));
}

TEST_F(ImageStoreTest, KeepsRemarks) {
  // Elements that overlap: the slow form.
  std::string slow = R"mlir(
    plan.kernel @k(%x: memref<64x8xf32>, %w: memref<3xf32>, %y: memref<64x10xf32>) {
      linalg.generic {indexing_maps = [affine_map<(n, i, k) -> (n, i)>, affine_map<(n, i, k) -> (k)>, affine_map<(n, i, k) -> (n, i + k)>],
                      iterator_types = ["parallel", "reduction", "reduction"]}
        ins(%x, %w : memref<64x8xf32>, memref<3xf32>) outs(%y : memref<64x10xf32>) {
      ^bb0(%a: f32, %b: f32, %o: f32):
        %m = arith.mulf %a, %b : f32
        %s = arith.addf %o, %m : f32
        linalg.yield %s : f32
      }
      plan.return
    })mlir";
  SmallVector<std::string> remarks[2];
  for (SmallVector<std::string> &heard : remarks) {
    ImageStore store = open();
    auto image = store.get({slow});
    ASSERT_TRUE(bool(image)) << llvm::toString(image.takeError());
    heard = image->remarks;
  }
  EXPECT_EQ(remarks[0].size(), 1u);
  EXPECT_EQ(remarks[0], remarks[1]);
}

TEST_F(ImageStoreTest, ReplacesDamagedEntries) {
  ImageStore first = open();
  std::string good = get(first).text;
  ASSERT_EQ(entries().size(), 1u);
  std::string path = entries()[0], bytes = read(path);
  std::string flipped = bytes;
  flipped[bytes.size() / 2] ^= 1;
  for (const std::string &damaged :
       {flipped, bytes.substr(0, bytes.size() / 2), bytes.substr(0, 20),
        std::string("nonsense"), std::string()}) {
    write(path, damaged);
    ImageStore store = open();
    DeviceImage image = get(store);
    EXPECT_EQ(store.getWork().compiled, 1u);
    EXPECT_EQ(image.text, good);
    ASSERT_EQ(image.remarks.size(), 1u);
    EXPECT_NE(image.remarks[0].find("entry is damaged"), std::string::npos);
    EXPECT_EQ(read(path), bytes);
  }
}

TEST_F(ImageStoreTest, WorksWithoutADirectory) {
  std::string file = (directory + "/file").str();
  write(file, "");
  ImageStore blocked(Chip{"sm_80"}, ImageForm::PTX, "fp32",
                     ContentCache(file + "/below"));
  DeviceImage image = get(blocked);
  EXPECT_FALSE(image.text.empty());
  ASSERT_EQ(image.remarks.size(), 1u);
  EXPECT_NE(image.remarks[0].find("kernels are compiled in each run"),
            std::string::npos);
  // It is said once.
  EXPECT_TRUE(get(blocked).remarks.empty());

  ImageStore none(Chip{"sm_80"}, ImageForm::PTX, "fp32", ContentCache(""));
  EXPECT_TRUE(get(none).remarks.empty());
  get(none);
  EXPECT_EQ(none.getWork().compiled, 2u);
}

TEST_F(ImageStoreTest, RemovesTheOldest) {
  ContentCache cache(directory, /*maxBytes=*/2500);
  std::string kilobyte(1024, 'x');
  for (const char *key : {"a", "b", "c"}) {
    ASSERT_FALSE(bool(cache.store(key, kilobyte)));
    // Nanoseconds apart is enough, but clocks of file systems are coarse.
    auto path = (directory + "/llvmcache-" + key).str();
    int descriptor = -1;
    ASSERT_FALSE(llvm::sys::fs::openFileForReadWrite(
        path, descriptor, llvm::sys::fs::CD_OpenExisting,
        llvm::sys::fs::OF_None));
    auto time = std::chrono::system_clock::now() -
                std::chrono::hours(key[0] == 'b' ? 3 : 1);
    ASSERT_FALSE(llvm::sys::fs::setLastAccessAndModificationTime(
        descriptor,
        std::chrono::time_point_cast<std::chrono::nanoseconds>(time)));
    llvm::sys::Process::SafelyCloseFileDescriptor(descriptor);
  }
  cache.prune();
  EXPECT_FALSE(llvm::cantFail(cache.load("b")).has_value());
  EXPECT_EQ(llvm::cantFail(cache.load("a")), kilobyte);
  EXPECT_EQ(llvm::cantFail(cache.load("c")), kilobyte);
}

TEST_F(ImageStoreTest, AssemblesOnce) {
  auto assembler = PTXAssembler::find();
  ASSERT_TRUE(bool(assembler)) << llvm::toString(assembler.takeError());
  if (!*assembler)
    GTEST_SKIP() << "ptxas is not installed";
  std::string object;
  for (unsigned run = 0; run < 2; ++run) {
    ImageStore store = open();
    store.useAssembler(**assembler);
    DeviceImage image = get(store);
    EXPECT_EQ(store.getWork().assembled, run == 0 ? 1u : 0u);
    ASSERT_TRUE(StringRef(image.object)
                    .starts_with("\x7f"
                                 "ELF"));
    EXPECT_TRUE(image.remarks.empty());
    if (run == 0)
      object = image.object;
    EXPECT_EQ(image.object, object);
  }
  EXPECT_EQ(entries().size(), 2u);
}

TEST_F(ImageStoreTest, LeavesToTheDriverWhatDoesNotAssemble) {
  // A program that has a version and then fails.
  std::string program = (directory + "/ptxas").str();
  write(program, "#!/bin/sh\ntest \"$1\" = --version && exec echo 1\n"
                 "echo 'no such chip'; exit 3\n");
  ASSERT_FALSE(llvm::sys::fs::setPermissions(program, llvm::sys::fs::all_all));
  const char *old = std::getenv("PDQ_PTXAS");
  std::string before = old ? old : "";
  setenv("PDQ_PTXAS", program.c_str(), 1);
  auto assembler = PTXAssembler::find();
  old ? setenv("PDQ_PTXAS", before.c_str(), 1) : unsetenv("PDQ_PTXAS");
  ASSERT_TRUE(bool(assembler)) << llvm::toString(assembler.takeError());
  ASSERT_TRUE(assembler->has_value());
  ImageStore store(Chip{"sm_80"}, ImageForm::PTX, "fp32", ContentCache(""));
  store.useAssembler(**assembler);
  DeviceImage image = get(store);
  EXPECT_TRUE(image.object.empty());
  ASSERT_EQ(image.remarks.size(), 1u);
  EXPECT_NE(image.remarks[0].find("status 3: no such chip"), std::string::npos)
      << image.remarks[0];
  EXPECT_NE(image.remarks[0].find("the driver compiles PTX"),
            std::string::npos);
  EXPECT_FALSE(store.hasAssembler());
}

} // namespace
