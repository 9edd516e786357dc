// The draws of the random image layers: their ranges, that they are uniform and independent of each
// other, and that a seed decides them.
#include <algorithm>
#include <functional>
#include <numbers>
#include <numeric>

#include "nn/layers/dropout.h"
#include "nn/layers/preprocessing/random_brightness.h"
#include "nn/layers/preprocessing/random_contrast.h"
#include "nn/layers/preprocessing/random_crop.h"
#include "nn/layers/preprocessing/random_flip.h"
#include "nn/layers/preprocessing/random_rotation.h"
#include "nn/layers/preprocessing/random_translation.h"
#include "nn/layers/preprocessing/random_zoom.h"
#include "nn/seed_generator.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using namespace keratin::layers;

using Numbers = std::vector<double>;

constexpr std::int64_t kCount = 4000;
// How far a mean or a share of kCount draws may be off: 5 of its standard deviations.
double allowed(double deviation) { return 5 * deviation / std::sqrt(static_cast<double>(kCount)); }

double mean_of(const Numbers& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

double correlation(const Numbers& a, const Numbers& b) {
  const double ma = mean_of(a), mb = mean_of(b);
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}
void check_independent(const Numbers& a, const Numbers& b) {
  CHECK(std::abs(correlation(a, b)) < allowed(1));
}

// One number an image: uniform in [low, high], and independent of that of the image before.
void check_uniform(const Numbers& x, double low, double high, double slack = 1e-3) {
  REQUIRE(static_cast<std::int64_t>(x.size()) == kCount);
  constexpr int kBins = 10;
  std::vector<int> counts(kBins);
  for (const double v : x) {
    REQUIRE((v >= low - slack && v <= high + slack));
    const auto bin = static_cast<int>((v - low) / (high - low) * kBins);
    ++counts[static_cast<std::size_t>(std::clamp(bin, 0, kBins - 1))];
  }
  for (const int count : counts) {
    CHECK(std::abs(count / static_cast<double>(kCount) - 1.0 / kBins) <
          allowed(std::sqrt((1 - 1.0 / kBins) / kBins)));
  }
  check_independent(Numbers(x.begin(), x.end() - 1), Numbers(x.begin() + 1, x.end()));
}

// kCount images of `size` x `size` pixels, each its row and its column.
Tensor places(std::int64_t size) {
  std::vector<float> values;
  for (std::int64_t n = 0; n < kCount; ++n)
    for (std::int64_t r = 0; r < size; ++r)
      for (std::int64_t q = 0; q < size; ++q) {
        values.push_back(static_cast<float>(r));
        values.push_back(static_cast<float>(q));
      }
  return Tensor::from(values, {kCount, size, size, 2});
}

// What f makes of the pixel (n, row, column, channel) function of each image.
struct Result {
  Tensor y;
  double at(std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t channel) const {
    const Shape& s = y.shape();
    return static_cast<double>(
        y.data<float>()[((n * s[1] + row) * s[2] + column) * s[3] + channel]);
  }
  template <class F>
  Numbers each(F f) const {
    Numbers all;
    for (std::int64_t n = 0; n < kCount; ++n) all.push_back(f(n));
    return all;
  }
};
Result run(const LayerRef& layer, const Tensor& x) { return {layer(Tensors(x)).value()}; }

}  // namespace

TEST_CASE("RandomFlip: each way equally often, each image for itself") {
  const Tensor x = places(2);
  for (const char* mode : {"horizontal", "vertical", "horizontal_and_vertical"}) {
    CAPTURE(mode);
    const Result y = run(RandomFlip({.mode = mode, .seed = 1}), x);
    const auto down = y.each([&](std::int64_t n) { return y.at(n, 0, 0, 0); });
    const auto across = y.each([&](std::int64_t n) { return y.at(n, 0, 0, 1); });
    for (std::int64_t n = 0; n < kCount; ++n) {  // mirrored as a whole
      REQUIRE(y.at(n, 1, 1, 0) == 1 - y.at(n, 0, 0, 0));
      REQUIRE(y.at(n, 1, 0, 1) == y.at(n, 0, 0, 1));
      REQUIRE(y.at(n, 0, 1, 1) == 1 - y.at(n, 0, 0, 1));
    }
    const auto half_of_them = [](const Numbers& flips) {
      CHECK(std::abs(mean_of(flips) - 0.5) < allowed(0.5));
      check_independent(Numbers(flips.begin(), flips.end() - 1),
                        Numbers(flips.begin() + 1, flips.end()));
    };
    const auto none = [](const Numbers& flips) { CHECK(mean_of(flips) == 0); };
    std::string(mode) == "horizontal" ? none(down) : half_of_them(down);
    std::string(mode) == "vertical" ? none(across) : half_of_them(across);
    if (std::string(mode) == "horizontal_and_vertical") check_independent(down, across);
  }
}

TEST_CASE("RandomTranslation: shifts of rows and columns") {
  const Result y =
      run(RandomTranslation({.height_factor = {-0.1, 0.3}, .width_factor = 0.2, .seed = 2}),
          places(21));
  const auto down = y.each([&](std::int64_t n) { return 10 - y.at(n, 10, 10, 0); });
  const auto right = y.each([&](std::int64_t n) { return 10 - y.at(n, 10, 10, 1); });
  check_uniform(down, -2.1, 6.3);
  check_uniform(right, -4.2, 4.2);
  check_independent(down, right);
}

TEST_CASE("RandomZoom: one draw for both axes, or one each") {
  const Tensor x = places(9);
  const auto scales = [&](const Factor& width) {
    const Result y =
        run(RandomZoom({.height_factor = {-0.5, 0.25}, .width_factor = width, .seed = 3}), x);
    return std::pair(
        y.each([&](std::int64_t n) { return (y.at(n, 5, 4, 0) - y.at(n, 3, 4, 0)) / 2; }),
        y.each([&](std::int64_t n) { return (y.at(n, 4, 5, 1) - y.at(n, 4, 3, 1)) / 2; }));
  };
  const auto [height, width] = scales(0.4);
  check_uniform(height, 0.5, 1.25);
  check_uniform(width, 0.6, 1.4);
  check_independent(height, width);
  const auto [same_height, same_width] = scales({});
  check_uniform(same_height, 0.5, 1.25);
  CHECK(difference(same_height, same_width, {0, 1e-5}) == "");
}

TEST_CASE("RandomRotation: angles, counter-clockwise") {
  const Result y = run(RandomRotation({.factor = {-0.1, 0.2}, .seed = 4}), places(9));
  const auto turns = y.each([&](std::int64_t n) {
    // A step to the right in the result is a step at this angle in the image, rows going down.
    const double across = y.at(n, 4, 5, 1) - y.at(n, 4, 4, 1);
    const double down = y.at(n, 4, 5, 0) - y.at(n, 4, 4, 0);
    return std::atan2(down, across) / (2 * std::numbers::pi);
  });
  check_uniform(turns, -0.1, 0.2);
  // A quarter turn counter-clockwise: what was right is on top.
  const Tensor x = Tensor::numbers({0, 0, 0, 0, 0, 1, 0, 0, 0}, {3, 3, 1});
  const Tensor turned = RandomRotation({.factor = {0.25, 0.25}})(Tensors(x)).value();
  CHECK(difference(turned.to_vector<double>(), Numbers{0, 1, 0, 0, 0, 0, 0, 0, 0}, {0, 1e-6}) ==
        "");
}

TEST_CASE("RandomCrop: every place equally often") {
  const Result y = run(RandomCrop({.height = 2, .width = 4, .seed = 5}), places(5));
  std::vector<int> counts(8);
  const auto top = y.each([&](std::int64_t n) { return y.at(n, 0, 0, 0); });
  const auto left = y.each([&](std::int64_t n) { return y.at(n, 0, 0, 1); });
  for (std::size_t n = 0; n < top.size(); ++n) {
    ++counts.at(static_cast<std::size_t>(top[n] * 2 + left[n]));
    const auto i = static_cast<std::int64_t>(n);
    REQUIRE(y.at(i, 1, 3, 0) == top[n] + 1);
    REQUIRE(y.at(i, 1, 3, 1) == left[n] + 3);
  }
  for (const int count : counts) {
    CHECK(std::abs(count / static_cast<double>(kCount) - 1.0 / 8) <
          allowed(std::sqrt(7.0 / 8 / 8)));
  }
  check_independent(Numbers(top.begin(), top.end() - 1), Numbers(top.begin() + 1, top.end()));
  // Room along one axis only: that one is drawn.
  const Result rows = run(RandomCrop({.height = 1, .width = 5, .seed = 5}), places(5));
  const auto row = rows.each([&](std::int64_t n) { return rows.at(n, 0, 2, 0); });
  CHECK(std::abs(mean_of(row) - 2) < allowed(std::sqrt(2.0)));
  CHECK(rows.at(0, 0, 2, 1) == 2);
}

TEST_CASE("RandomContrast: about each channel's mean; one number goes both ways") {
  std::vector<float> values;
  for (std::int64_t n = 0; n < kCount; ++n) {
    values.insert(values.end(), {100, 20, 110, 24});  // two pixels, two channels
  }
  const Tensor x = Tensor::from(values, {kCount, 1, 2, 2});
  const auto factors = [&](const Factor& factor) {
    const Result y = run(RandomContrast({.factor = factor, .seed = 6}), x);
    for (std::int64_t n = 0; n < kCount; ++n) {
      REQUIRE(std::abs(y.at(n, 0, 0, 0) + y.at(n, 0, 1, 0) - 210) < 1e-3);
      REQUIRE(std::abs(y.at(n, 0, 0, 1) + y.at(n, 0, 1, 1) - 44) < 1e-3);
      REQUIRE(std::abs((y.at(n, 0, 1, 0) - y.at(n, 0, 0, 0)) / 10 -
                       (y.at(n, 0, 1, 1) - y.at(n, 0, 0, 1)) / 4) < 1e-3);
    }
    return y.each([&](std::int64_t n) { return (y.at(n, 0, 1, 0) - y.at(n, 0, 0, 0)) / 10; });
  };
  check_uniform(factors(0.3), 0.7, 1.3);
  check_uniform(factors({0.1, 0.6}), 0.9, 1.6);
  check_uniform(factors({0, 0.5}), 1, 1.5);
  // Clipped.
  const Tensor ends = Tensor::numbers({0, 1, 0, 1}, {2, 2, 1});
  const Tensor y =
      RandomContrast({.factor = {0, 1}, .value_range = {0, 1}, .seed = 1})(Tensors(ends)).value();
  CHECK(y.to_vector<double>() == Numbers{0, 1, 0, 1});
}

TEST_CASE("RandomBrightness: shares of the value range") {
  const Tensor x = full({kCount, 1, 1, 1}, 0.5);
  const auto deltas = [&](const Factor& factor, std::array<double, 2> range) {
    const Result y = run(RandomBrightness({.factor = factor, .value_range = range, .seed = 7}), x);
    return y.each([&](std::int64_t n) { return y.at(n, 0, 0, 0) - 0.5; });
  };
  check_uniform(deltas(0.4, {0, 1}), -0.4, 0.4);
  check_uniform(deltas({-0.2, 0.1}, {-1, 2}), -0.6, 0.3);
  const Tensor bytes = full({1, 1, 1}, 10, uint8);
  CHECK(RandomBrightness({.factor = {-0.5, -0.5}})(Tensors(bytes)).value().item<double>() == 0);
  CHECK(RandomBrightness({.factor = {1, 1}})(Tensors(bytes)).value().item<double>() == 255);
}

namespace {
using Make = std::function<LayerRef(std::optional<std::int64_t>)>;
const std::vector<Make> kMakers = {
    [](auto seed) { return RandomCrop({.height = 20, .width = 17, .seed = seed}); },
    [](auto seed) { return RandomFlip({.seed = seed}); },
    [](auto seed) { return RandomRotation({.factor = 0.3, .seed = seed}); },
    [](auto seed) { return RandomZoom({.height_factor = 0.4, .seed = seed}); },
    [](auto seed) {
      return RandomTranslation({.height_factor = 0.3, .width_factor = 0.3, .seed = seed});
    },
    [](auto seed) { return RandomContrast({.factor = 0.6, .seed = seed}); },
    [](auto seed) { return RandomBrightness({.factor = 0.4, .seed = seed}); },
    [](auto seed) { return Dropout({.rate = 0.4, .seed = seed}); }};
}  // namespace

TEST_CASE("random layers: a seed decides; a count that is set back repeats") {
  const Tensor x = Tensor::from(normal_values<float>(8 * 31 * 29 * 3, 1, 60), {8, 31, 29, 3});
  const auto call = [&](const LayerRef& layer) {
    return layer(Tensors(x), {.training = true}).value().to_vector<float>();
  };
  for (const Make& make : kMakers) {
    const LayerRef layer = make(11), same = make(11), other = make(12);
    CAPTURE(layer.layer()->class_name());
    const auto first = call(layer), second = call(layer);
    CHECK(first != second);
    CHECK(call(same) == first);
    CHECK(call(same) == second);
    CHECK(call(other) != first);

    SeedGenerator* const seeds = layer.layer()->seed_generator();
    REQUIRE(seeds != nullptr);
    CHECK(seeds->seed() == 11);
    CHECK(seeds->count() == 2);
    seeds->restore(11, 1);
    CHECK(call(layer) == second);
    other.layer()->seed_generator()->restore(seeds->seed(), 0);
    CHECK(call(other) == first);
    // Inference draws nothing.
    (void)layer(Tensors(x), {.training = false});
    CHECK(seeds->count() == 2);

    // Without a seed the global one decides.
    set_random_seed(5);
    const auto unseeded = call(make({}));
    CHECK(unseeded != first);
    set_random_seed(5);
    CHECK(call(make({})) == unseeded);
    CHECK(call(make({})) != unseeded);

    check_same_bits_on_all_threads([&] { return call(make(13)); });
  }
}

}  // namespace keratin::tests
