#include <algorithm>
#include <cmath>

#include "nn/initializers.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

namespace in = initializers;

// By name alone through Initializer; with parameters or a seed from the maker.
Initializer made(const std::string& name, const Json& parameters, in::Seed seed) {
  if (parameters.empty() && !seed) return Initializer(name);
  Options given(parameters);
  const auto with = [&](const Initializer& initializer) {
    given.done();
    return initializer;
  };
  double mean = 0, stddev = 0.05, low = -0.05, high = 0.05, value = 0, gain = 1;
  if (name == "random_normal") {
    given.read("mean", mean).read("stddev", stddev);
    return with(in::RandomNormal(mean, stddev, seed));
  }
  if (name == "truncated_normal") {
    given.read("mean", mean).read("stddev", stddev);
    return with(in::TruncatedNormal(mean, stddev, seed));
  }
  if (name == "random_uniform") {
    given.read("minval", low).read("maxval", high);
    return with(in::RandomUniform(low, high, seed));
  }
  if (name == "variance_scaling") {
    in::VarianceScalingOptions o{.seed = seed};
    given.read("scale", o.scale).read("mode", o.mode).read("distribution", o.distribution);
    return with(in::VarianceScaling(o));
  }
  if (name == "constant") {
    given.read("value", value);
    return with(in::Constant(value));
  }
  given.read("gain", gain);
  if (name == "identity") return with(in::Identity(gain));
  REQUIRE(name == "orthogonal");
  return with(in::Orthogonal(gain, seed));
}

struct Statistics {
  double count, mean, std, min, max, central;
};

Statistics statistics(const std::vector<double>& values) {
  Statistics s{static_cast<double>(values.size()), 0, 0, values[0], values[0], 0};
  for (const double v : values) {
    s.mean += v / s.count;
    s.min = std::min(s.min, v);
    s.max = std::max(s.max, v);
  }
  for (const double v : values) s.std += (v - s.mean) * (v - s.mean) / s.count;
  s.std = std::sqrt(s.std);
  for (const double v : values) s.central += (std::abs(v - s.mean) < 0.5 * s.std) / s.count;
  return s;
}

// Each statistic of one sample lies within five of its standard deviations of the truth, and so of
// another sample's within about seven.
void check_statistics(const Json& entry) {
  const auto name = entry["name"].get<std::string>();
  const Shape shape = to_shape(entry["shape"]);
  std::vector<double> values;
  const std::int64_t repeats = entry["count"].get<std::int64_t>() / shape.size();
  set_random_seed(7);  // strings draw their seeds from here
  for (std::int64_t i = 0; i < repeats; ++i) {
    const std::vector<double> drawn =
        made(name, entry["parameters"],
             entry["parameters"].empty() ? in::Seed{}
                                         : in::Seed{static_cast<std::uint64_t>(i)})(shape)
            .to_vector<double>();
    values.insert(values.end(), drawn.begin(), drawn.end());
  }
  const Statistics s = statistics(values);
  const double std = entry["std"].get<double>(), root = std::sqrt(s.count);
  CAPTURE(s.std);
  CAPTURE(s.count);
  CHECK(std::abs(s.mean - entry["mean"].get<double>()) <= 7 * std / root);
  CHECK(std::abs(s.std - std) <= 7 * std / root);  // the normal's own deviation is std / sqrt(2 n)
  CHECK(std::abs(s.central - entry["central"].get<double>()) <= 7 * 0.5 / root);
  // Uniform and cut distributions reach their limits and never pass them; a plain normal has none.
  const double low = entry["min"].get<double>(), high = entry["max"].get<double>();
  const bool unlimited = name == "random_normal" || name == "normal" ||
                         entry["parameters"].value("distribution", "") == "untruncated_normal";
  // The largest of n numbers comes within a share of about 10 / n of the limit.
  const double slack = std::max(1e-5, 40 / s.count) * (high - low);
  CHECK(s.max >= (unlimited ? 0.8 * high : high - slack));
  CHECK(s.min <= (unlimited ? 0.8 * low : low + slack));
  CHECK(s.max <= (unlimited ? 1.3 * high : high + slack));
  CHECK(s.min >= (unlimited ? 1.3 * low : low - slack));
}

TEST_CASE("golden: initializers draw from Keras' distributions") {
  for (const Json& entry : golden("initializers")["cases"]) {
    const auto name = entry["name"].get<std::string>();
    CAPTURE(name);
    CAPTURE(entry["parameters"].dump());
    if (entry.contains("fan_in")) {
      CAPTURE(entry["shape"].dump());
      check_statistics(entry);
    } else if (entry.contains("value")) {
      const Initializer initializer = made(name, entry["parameters"], {});
      for (const DType dtype : {float32, float64}) {
        CHECK(difference(initializer(to_shape(entry["value"]["shape"]), dtype), entry["value"],
                         {0, 0}) == "");
      }
    } else {
      const Shape shape = to_shape(entry["shape"]);
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        const std::vector<double> w =
            made(name, entry["parameters"], seed)(shape, float64).to_vector<double>();
        const std::int64_t columns = shape.back(), rows = shape.size() / columns;
        const bool by_rows = entry["by_rows"].get<bool>();
        const std::int64_t n = by_rows ? rows : columns, along = by_rows ? columns : rows;
        const auto at = [&](std::int64_t i, std::int64_t k) {  // vector i, its element k
          return w[static_cast<std::size_t>(by_rows ? i * columns + k : k * columns + i)];
        };
        std::vector<double> gram;
        for (std::int64_t i = 0; i < n; ++i) {
          for (std::int64_t j = 0; j < n; ++j) {
            double sum = 0;
            for (std::int64_t k = 0; k < along; ++k) sum += at(i, k) * at(j, k);
            gram.push_back(sum);
          }
        }
        CHECK(difference(gram, to_numbers(entry["gram"]["values"]), {1e-12, 1e-12}) == "");
      }
    }
  }
}

TEST_CASE("initializers: a seed fixes the numbers, none draws new ones") {
  const Shape shape{4, 5};
  const auto same = [](const Tensor& a, const Tensor& b) {
    return a.to_vector<double>() == b.to_vector<double>();
  };
  const std::vector<Initializer (*)(in::Seed)> makers = {
      in::GlorotUniform,
      in::GlorotNormal,
      in::HeUniform,
      in::HeNormal,
      in::LecunUniform,
      in::LecunNormal,
      [](in::Seed s) { return in::RandomNormal(0, 1, s); },
      [](in::Seed s) { return in::TruncatedNormal(0, 1, s); },
      [](in::Seed s) { return in::RandomUniform(0, 1, s); },
      [](in::Seed s) { return in::Orthogonal(1, s); }};
  for (const auto make : makers) {
    CHECK(same(make(3)(shape), make(3)(shape)));
    CHECK_FALSE(same(make(3)(shape), make(4)(shape)));
    const Initializer unseeded = make({});
    CHECK(same(unseeded(shape), unseeded(shape)));  // one object, one seed
    CHECK_FALSE(same(unseeded(shape), make({})(shape)));
  }
  const Initializer by_name = "he_normal";  // a fresh object for each weight
  CHECK_FALSE(same(by_name(shape), by_name(shape)));
  set_random_seed(5);
  const Tensor first = by_name(shape);
  set_random_seed(5);
  CHECK(same(first, by_name(shape)));
}

TEST_CASE("initializers: wrong options and names") {
  CHECK_THROWS_WITH_AS(Initializer("glorot_unifrom"),
                       doctest::Contains("unknown name \"glorot_unifrom\"; did you mean "
                                         "\"glorot_uniform\"?"),
                       ValueError);
  CHECK_THROWS_WITH_AS(Initializer("qqqqqq"), doctest::Contains("known: "), ValueError);
  CHECK_THROWS_AS(in::VarianceScaling({.scale = 0}), ValueError);
  CHECK_THROWS_AS(in::VarianceScaling({.scale = std::nan("")}), ValueError);
  CHECK_THROWS_WITH_AS(in::VarianceScaling({.mode = "fan"}), doctest::Contains("\"fan\""),
                       ValueError);
  CHECK_THROWS_AS(in::VarianceScaling({.distribution = "gamma"}), ValueError);
  CHECK_THROWS_AS(in::Identity()({2, 2, 2}), ShapeError);
  CHECK_THROWS_AS(in::Orthogonal()({3}), ShapeError);
  CHECK_THROWS_AS(in::RandomUniform(1, 0)({3}), ValueError);
  CHECK(in::Orthogonal()({0, 3}).size() == 0);
  CHECK(in::GlorotUniform()({0, 3}).size() == 0);
}

}  // namespace
}  // namespace keratin::tests
