#include "nn/inspect/confusion_matrix.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "kernels/error.h"

namespace keratin::tests {
namespace {

Tensor labels(std::initializer_list<double> values, DType dtype = int64) {
  return Tensor::numbers(values, Shape::unset(), dtype);
}

TEST_CASE("confusion_matrix counts row = truth, column = said") {
  for (const DType dtype : {uint8, int32, int64}) {
    const Tensor m =
        confusion_matrix(labels({0, 0, 2, 2, 2, 1}, dtype), labels({0, 1, 2, 0, 2, 1}, int64));
    CHECK(m.spec().text() == "i64[3, 3]");
    CHECK(m.to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 1, 0, 0, 1, 0, 1, 0, 2});
  }
  const Tensor column = labels({1, 0}).reshaped({2, 1});
  CHECK(confusion_matrix(column, labels({1, 1}), 4).to_vector<int>() ==
        std::vector<int>{0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(confusion_matrix(labels({}), labels({}), 2).to_vector<int>() == std::vector<int>(4, 0));
}

TEST_CASE("confusion_matrix: rows sum to the samples of a class, columns to what was said") {
  constexpr std::int64_t kClasses = 37, kSamples = 5003;
  std::mt19937_64 generator(7);
  std::vector<std::int64_t> truth, said, is(kClasses), was_said(kClasses);
  for (std::int64_t i = 0; i < kSamples; ++i) {
    truth.push_back(static_cast<std::int64_t>(generator() % kClasses));
    said.push_back(static_cast<std::int64_t>(generator() % kClasses));
    ++is[static_cast<std::size_t>(truth.back())];
    ++was_said[static_cast<std::size_t>(said.back())];
  }
  const Tensor m = confusion_matrix(Tensor::from(truth), Tensor::from(said));
  std::vector<std::int64_t> rows(kClasses), columns(kClasses);
  for (std::int64_t t = 0; t < kClasses; ++t) {
    for (std::int64_t s = 0; s < kClasses; ++s) {
      rows[static_cast<std::size_t>(t)] += m.item<std::int64_t>({t, s});
      columns[static_cast<std::size_t>(s)] += m.item<std::int64_t>({t, s});
    }
  }
  CHECK(rows == is);
  CHECK(columns == was_said);
}

TEST_CASE("confusion_matrix refuses wrong labels") {
  const Tensor good = labels({0, 1, 2});
  CHECK_THROWS_WITH_AS(confusion_matrix(good, labels({0, 1, 3}), 3),
                       "confusion_matrix: a label out of range: y_pred[2] is 3; expected 0 .. 2",
                       ValueError);
  CHECK_THROWS_AS(confusion_matrix(labels({0, -1, 2}), good), ValueError);
  CHECK_THROWS_WITH_AS(
      confusion_matrix(labels({0, 1, 1e15}), good),
      "confusion_matrix: 1000000000000001 classes by the largest label; expected 1 .. 10000. Pass "
      "num_classes, or look for a label that is wrong.",
      ValueError);
  CHECK_THROWS_AS(confusion_matrix(good, good, 0), ValueError);
  CHECK_THROWS_AS(confusion_matrix(good, good, 1'000'000'000), ValueError);
  CHECK_THROWS_AS(confusion_matrix(labels({}), labels({})), ValueError);
  CHECK_THROWS_AS(confusion_matrix({}, good), ValueError);
  CHECK_THROWS_WITH_AS(confusion_matrix(good, labels({0, 1})),
                       "confusion_matrix: different numbers of samples: y_true is i64[3], y_pred "
                       "is i64[2]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(
      confusion_matrix(good, ones({3, 10})),
      "confusion_matrix: labels must be integers: y_pred is f32[3, 10]; expected uint8, int32 or "
      "int64. Of probabilities [N, C] take argmax(x, {.axis = -1}).",
      DTypeError);
  CHECK_THROWS_AS(confusion_matrix(zeros({3, 2}, int64), good), ShapeError);
}

TEST_CASE("confusion_matrix_text") {
  const Tensor m = Tensor::numbers({980, 0, 2, 0, 0, 0, 7, 0, 1025}, {3, 3}, int64);
  CHECK(confusion_matrix_text(m) ==
        "is \\ said     0     1     2   recall\n"
        "        0   980     ·     2   99.8 %\n"
        "        1     ·     ·     ·        -\n"
        "        2     7     ·  1025   99.3 %\n");
  CHECK(confusion_matrix_text(m, {.class_names = {"T-shirt/top", "bag", "層"}}) ==
        "  is \\ said  T-shir…      bag       層   recall\n"
        "T-shirt/top      980        ·        2   99.8 %\n"
        "        bag        ·        ·        ·        -\n"
        "         層        7        ·     1025   99.3 %\n");
  CHECK(confusion_matrix_text(Tensor::numbers({3}, {1, 1}, int64)) ==
        "is \\ said  0   recall\n        0  3  100.0 %\n");
}

TEST_CASE("confusion_matrix_text refuses what is no such matrix") {
  CHECK_THROWS_AS(confusion_matrix_text({}), ShapeError);
  CHECK_THROWS_AS(confusion_matrix_text(zeros({2, 3}, int64)), ShapeError);
  CHECK_THROWS_AS(confusion_matrix_text(zeros({4}, int64)), ShapeError);
  CHECK_THROWS_AS(confusion_matrix_text(zeros({2, 2})), DTypeError);
  CHECK_THROWS_AS(confusion_matrix_text(Tensor::numbers({1, -1, 0, 1}, {2, 2}, int64)), ValueError);
  CHECK_THROWS_WITH_AS(confusion_matrix_text(zeros({2, 2}, int64), {.class_names = {"a"}}),
                       "confusion_matrix_text: 1 class_names for 2 classes; expected one a class",
                       ValueError);
}

}  // namespace
}  // namespace keratin::tests
