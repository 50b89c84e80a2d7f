// Part of the pdq project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which samples choose scales, and what is said of a calibration set.

#include "pdq/Calibration/Data/ScaleSamples.h"
#include "PlainFormulas.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::pdq;

namespace {

/// scale_samples: one sample of each part of the set.
TEST(ScaleSamplesTest, SpreadOverTheSet) {
  SmallVector<int64_t> drawn = drawScaleSamples(1000, 10, 7);
  ASSERT_EQ(drawn.size(), 10u);
  for (int64_t i = 0; i < 10; ++i)
    EXPECT_EQ(drawn[i],
              100 * i +
                  int64_t(uint64_t(draw(7, UINT32_MAX, 0, i)) * 100 >> 32));
  EXPECT_NE(drawn, drawScaleSamples(1000, 10, 8));
}

TEST(ScaleSamplesTest, AllSamplesWhereAllAreAskedFor) {
  SmallVector<int64_t> drawn = drawScaleSamples(5, 5, 1);
  EXPECT_EQ(drawn, (SmallVector<int64_t>{0, 1, 2, 3, 4}));
}

TEST(ScaleSamplesTest, PartsOfDifferentSize) {
  SmallVector<int64_t> drawn = drawScaleSamples(7, 3, 1);
  EXPECT_LT(drawn[0], 2);
  EXPECT_TRUE(drawn[1] >= 2 && drawn[1] < 4);
  EXPECT_TRUE(drawn[2] >= 4 && drawn[2] < 7);
}

class RemarkTest : public testing::Test {
protected:
  RemarkTest() : loc(UnknownLoc::get(&context)) {
    context.getDiagEngine().registerHandler(
        [&](Diagnostic &diagnostic) { remarks.push_back(diagnostic.str()); });
  }
  /// Logits whose largest is at `classes`.
  HostTensor makeLogits(ArrayRef<int64_t> classes, int64_t count) {
    HostTensor logits({static_cast<int64_t>(classes.size()), count},
                      ElementType::F32);
    for (auto [i, number] : llvm::enumerate(classes))
      logits.values<float>()[i * count + number] = 1;
    return logits;
  }
  CalibrationData makeData(ArrayRef<float> values, int64_t samples) {
    int64_t width = values.size() / samples;
    HostTensor tensor({samples, width}, ElementType::F32);
    llvm::copy(values, tensor.values<float>().begin());
    CalibrationData data;
    data.inputs.push_back({std::move(tensor), loc});
    return data;
  }

  MLIRContext context;
  Location loc;
  std::vector<std::string> remarks;
};

TEST_F(RemarkTest, ClassesInRandomOrder) {
  SmallVector<int64_t> classes;
  for (uint32_t i = 0; i < 200; ++i)
    classes.push_back(mix(i) % 10);
  remarkClassOrder(makeLogits(classes, 10), true, loc);
  EXPECT_TRUE(remarks.empty());
}

TEST_F(RemarkTest, SortedClassesOfAnImperfectNetwork) {
  SmallVector<int64_t> classes;
  for (uint32_t i = 0; i < 200; ++i)
    classes.push_back(i % 5 == 0 ? mix(i) % 10 : i / 20);
  remarkClassOrder(makeLogits(classes, 10), true, loc);
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_NE(remarks[0].find("come sorted by class"), std::string::npos);
  EXPECT_NE(remarks[0].find("scale-samples=spread"), std::string::npos);
}

/// A class of its own for each sample, in order.
TEST_F(RemarkTest, OneSampleAClass) {
  auto classes = llvm::to_vector(llvm::seq<int64_t>(0, 50));
  remarkClassOrder(makeLogits(classes, 50), false, loc);
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_NE(remarks[0].find("0 of 49 neighbours"), std::string::npos);
}

TEST_F(RemarkTest, GroupsInNoOrder) {
  SmallVector<int64_t> classes;
  for (int64_t group : {2, 0, 3, 1, 2, 0, 1, 3})
    classes.append(16, group);
  remarkClassOrder(makeLogits(classes, 4), false, loc);
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_NE(remarks[0].find("come grouped by class"), std::string::npos);
}

TEST_F(RemarkTest, OneClassForAll) {
  SmallVector<int64_t> classes(32, 3);
  remarkClassOrder(makeLogits(classes, 4), false, loc);
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_EQ(
      remarks[0],
      "the float network predicts class 3 for all 32 calibration samples");
}

TEST_F(RemarkTest, EqualSamples) {
  remarkSamples(makeData({1, 2, 1, 2, 1, 2}, 3), 2);
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_NE(remarks[0].find("all 3 calibration samples are equal"),
            std::string::npos);
}

TEST_F(RemarkTest, ConstantMiniBatch) {
  remarkSamples(makeData({1, 2, 3, 4, 0, 0, 0, 0}, 4), 2);
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_NE(remarks[0].find("samples 2 to 3, a mini-batch, are constant"),
            std::string::npos);
}

TEST_F(RemarkTest, SamplesLikeAllOthers) {
  remarkSamples(makeData({1, 2, 3, 4, 5, 5, 7, 7}, 4), 2);
  EXPECT_TRUE(remarks.empty());
}

} // namespace
