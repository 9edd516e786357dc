#include "data/datasets/digits.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/datasets/digit_outlines.h"
#include "data/sha256.h"
#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using data::datasets::digits;
using data::datasets::outlines_of;
using data::datasets::Part;

std::string digest(const Tensor& x) {
  data::Sha256 sum;
  sum.update({static_cast<const std::byte*>(x.raw()), static_cast<std::size_t>(x.bytes())});
  return sum.hex();
}

TEST_CASE("digits: the bits that a seed gives, on every machine") {
  const auto [train, test] = digits({.seed = 1, .train_size = 700, .test_size = 300});
  CHECK(digest(train.x) == "1d266d1b11c1c70cc23307d3acc229f7a603aaaf18d791d7533562c608fccc51");
  CHECK(digest(train.y) == "10e4fe713f51061471fa5a6fe92a9d154710b82bd347626503248198eeaf3a24");
  CHECK(digest(test.x) == "978edb7afefe32f487ab2cde165882717343ff3ede31ad24aca62bc8a026e0fe");
  CHECK(digest(test.y) == "8896ba59d8a9ad091af0f4e3b7ae6c749ef1511b76e5b6ff314a8132275c620f");
}

TEST_CASE("digits: the same on any number of threads, and as the beginning of a larger set") {
  const auto [train, test] = digits({.seed = 5, .train_size = 300, .test_size = 130});
  for (const int count : {1, 2, 4}) {
    const Threads threads(count);
    const auto [more_train, more_test] = digits({.seed = 5, .train_size = 500, .test_size = 131});
    CHECK(digest(more_train.x.slice(0, 300)) == digest(train.x));
    CHECK(digest(more_train.y.slice(0, 300)) == digest(train.y));
    CHECK(digest(more_test.x.slice(0, 130)) == digest(test.x));
    CHECK(digest(more_test.y.slice(0, 130)) == digest(test.y));
  }
}

TEST_CASE("digits: seeds and parts differ") {
  const auto [train, test] = digits({.train_size = 200, .test_size = 200});
  const auto other = digits({.seed = 1, .train_size = 200, .test_size = 200}).first;
  CHECK(digest(train.x) != digest(test.x));
  CHECK(digest(train.y) != digest(test.y));
  CHECK(digest(train.x) != digest(other.x));
}

TEST_CASE("digits: sizes") {
  const auto [train, test] = digits({.train_size = 0, .test_size = 1});
  CHECK(train.x.spec() == Spec{{0, 28, 28}, uint8});
  CHECK(train.y.spec() == Spec{{0}, uint8});
  CHECK(test.x.spec() == Spec{{1, 28, 28}, uint8});
  CHECK_THROWS_WITH_AS((void)digits({.train_size = -1}),
                       "digits: train_size is -1, test_size is 2000; expected 0 or more",
                       ValueError);
  CHECK_THROWS_AS((void)digits({.test_size = -5}), ValueError);
}

TEST_CASE("digits: ink on paper, all classes alike") {
  const auto [train, test] = digits();
  CHECK(train.x.spec() == Spec{{10000, 28, 28}, uint8});
  CHECK(test.x.spec() == Spec{{2000, 28, 28}, uint8});
  for (const Part& part : {train, test}) {
    std::array<std::int64_t, 10> counts = {};
    std::int64_t faint = 0, cropped = 0;
    for (std::int64_t i = 0; i < part.x.shape()[0]; ++i) {
      const int label = part.y.item<int>({i});
      REQUIRE(label <= 9);
      ++counts[static_cast<std::size_t>(label)];
      const auto* pixels = part.x[i].data<std::uint8_t>();
      faint += *std::max_element(pixels, pixels + 784) < 120;
      int edge = 0;  // the darkest of the outermost pixels: few strokes leave the paper
      for (int j = 0; j < 28; ++j) {
        for (const int k : {j, 27 * 28 + j, 28 * j, 28 * j + 27})
          edge = std::max(edge, int{pixels[k]});
      }
      cropped += edge > 110;
    }
    const auto each = static_cast<double>(part.x.shape()[0]) / 10;
    for (const std::int64_t count : counts)  // 5 standard deviations
      CHECK(std::fabs(static_cast<double>(count) - each) <= 5 * std::sqrt(0.9 * each));
    CHECK(faint == 0);
    CHECK(cropped < part.x.shape()[0] / 6);
  }
}

// The mean image of a class is a poor model, so the task is neither trivial nor hopeless.
TEST_CASE("digits: the labels belong to the images, and the task is not too easy") {
  const auto [train, test] = digits();
  std::vector<double> means(10 * 784, 0);
  std::array<double, 10> counts = {};
  for (std::int64_t i = 0; i < train.x.shape()[0]; ++i) {
    const auto label = train.y.item<std::int64_t>({i});
    const auto* pixels = train.x[i].data<std::uint8_t>();
    counts[static_cast<std::size_t>(label)] += 1;
    for (int j = 0; j < 784; ++j) means[static_cast<std::size_t>(label * 784 + j)] += pixels[j];
  }
  for (std::size_t i = 0; i < means.size(); ++i) means[i] /= counts[i / 784];
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < test.x.shape()[0]; ++i) {
    const auto* pixels = test.x[i].data<std::uint8_t>();
    std::array<double, 10> distances = {};
    for (std::size_t c = 0; c < 10; ++c) {
      for (std::size_t j = 0; j < 784; ++j) {
        const double d = pixels[j] - means[c * 784 + j];
        distances[c] += d * d;
      }
    }
    const auto nearest = std::min_element(distances.begin(), distances.end()) - distances.begin();
    right += nearest == test.y.item<std::int64_t>({i}) ? 1 : 0;
  }
  const double accuracy = static_cast<double>(right) / static_cast<double>(test.x.shape()[0]);
  CHECK(accuracy > 0.5);
  CHECK(accuracy < 0.85);
}

TEST_CASE("digits: outlines lie within their box, two ways or more to write each") {
  for (int digit = 0; digit <= 9; ++digit) {
    CAPTURE(digit);
    CHECK(outlines_of(digit).size() >= 2);
    for (const auto& outline : outlines_of(digit)) {
      double top = 1, bottom = 0;
      for (const auto& stroke : outline) {
        CHECK(stroke.size() >= 2);
        for (const auto& point : stroke) {
          CHECK(std::fabs(point.x) <= 0.4);
          top = std::min(top, point.y);
          bottom = std::max(bottom, point.y);
        }
      }
      CHECK(top == doctest::Approx(0).epsilon(0.03));
      CHECK(bottom == doctest::Approx(1).epsilon(0.03));
    }
  }
}

}  // namespace
}  // namespace keratin::tests
