#include "nn/initializers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "tensor/cast.h"
#include "tensor/named.h"

namespace keratin {
namespace initializers {
namespace {

// Standard deviation of a normal distribution cut at two standard deviations.
constexpr double kTruncatedStddev = 0.87962566103423978;

struct Fans {
  double in, out;
};

// The last two axes are in and out; those before are the field that each output sees.
Fans fans_of(const Shape& shape) {
  if (shape.rank() == 0) return {1, 1};
  if (shape.rank() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  const auto field = static_cast<double>(shape.slice(0, shape.rank() - 2).size());
  return {static_cast<double>(shape[-2]) * field, static_cast<double>(shape[-1]) * field};
}

std::uint64_t drawn(Seed seed) { return seed ? *seed : next_random_seed(); }

// What files say of initializers.
struct Seeded {
  Seed seed;
  void fields(Fields& f) { f("seed", seed); }
};
struct Gain {
  double gain;
  void fields(Fields& f) { f("gain", gain); }
};
struct Valued {
  double value;
  void fields(Fields& f) { f("value", value); }
};
struct Gained {
  double gain;
  Seed seed;
  void fields(Fields& f) { f("gain", gain), f("seed", seed); }
};
struct Normal {
  double mean, stddev;
  Seed seed;
  void fields(Fields& f) { f("mean", mean), f("stddev", stddev), f("seed", seed); }
};
struct Uniform {
  double minval, maxval;
  Seed seed;
  void fields(Fields& f) { f("minval", minval), f("maxval", maxval), f("seed", seed); }
};

// A variance scaling under a name of its own.
Initializer named(const char* class_name, const VarianceScalingOptions& options) {
  const Initializer made = VarianceScaling(options);
  return {[made](const Shape& shape, DType dtype) { return made(shape, dtype); },
          origin_of(class_name, Seeded{options.seed})};
}

// r rows of length n >= r become orthonormal, one after the other (modified Gram-Schmidt, twice for
// accuracy).
void orthonormalize(std::vector<double>& rows, std::int64_t r, std::int64_t n) {
  const auto row = [&](std::int64_t i) { return rows.data() + i * n; };
  const auto dot = [&](const double* a, const double* b) {
    double sum = 0;
    for (std::int64_t k = 0; k < n; ++k) sum += a[k] * b[k];
    return sum;
  };
  for (std::int64_t i = 0; i < r; ++i) {
    for (int pass = 0; pass < 2; ++pass) {
      for (std::int64_t j = 0; j < i; ++j) {
        const double along = dot(row(i), row(j));
        for (std::int64_t k = 0; k < n; ++k) row(i)[k] -= along * row(j)[k];
      }
    }
    const double norm = std::sqrt(dot(row(i), row(i)));
    for (std::int64_t k = 0; k < n; ++k) row(i)[k] /= norm;
  }
}

}  // namespace

Initializer Zeros() {
  return {[](const Shape& shape, DType dtype) { return zeros(shape, dtype); }, origin_of("Zeros")};
}
Initializer Ones() {
  return {[](const Shape& shape, DType dtype) { return ones(shape, dtype); }, origin_of("Ones")};
}
Initializer Constant(double value) {
  return {[value](const Shape& shape, DType dtype) { return full(shape, value, dtype); },
          origin_of("Constant", Valued{value})};
}

Initializer Identity(double gain) {
  const auto make = [gain](const Shape& shape, DType dtype) {
    if (shape.rank() != 2)
      throw ShapeError(
          fmt::format("identity initializer: shape {}; expected rank 2", shape.text()));
    std::vector<double> values(static_cast<std::size_t>(shape.size()), 0.0);
    for (std::int64_t i = 0; i < std::min(shape[0], shape[1]); ++i) {
      values[static_cast<std::size_t>(i * shape[1] + i)] = gain;
    }
    return cast(Tensor::from(values, shape), dtype);
  };
  // Keras' has no gain.
  return {make, gain == 1 ? origin_of("Identity") : origin_of("Identity", Gain{gain})};
}

Initializer RandomNormal(double mean, double stddev, Seed seed) {
  return {[=, s = drawn(seed)](const Shape& shape, DType dtype) {
            return randn(shape, dtype, {s, 0}) * stddev + mean;
          },
          origin_of("RandomNormal", Normal{mean, stddev, seed})};
}
Initializer TruncatedNormal(double mean, double stddev, Seed seed) {
  return {[=, s = drawn(seed)](const Shape& shape, DType dtype) {
            return random_truncated_normal(shape, dtype, {s, 0}) * stddev + mean;
          },
          origin_of("TruncatedNormal", Normal{mean, stddev, seed})};
}
Initializer RandomUniform(double minval, double maxval, Seed seed) {
  return {[=, s = drawn(seed)](const Shape& shape, DType dtype) {
            return random_uniform(shape, minval, maxval, dtype, {s, 0});
          },
          origin_of("RandomUniform", Uniform{minval, maxval, seed})};
}

Initializer VarianceScaling(const VarianceScalingOptions& options) {
  const std::string& mode = options.mode;
  if (!(options.scale > 0))
    throw ValueError(fmt::format("VarianceScaling: scale is {}; expected > 0", options.scale));
  if (mode != "fan_in" && mode != "fan_out" && mode != "fan_avg") {
    throw ValueError(
        fmt::format("VarianceScaling: mode is \"{}\"; expected fan_in, fan_out or fan_avg", mode));
  }
  const std::string kind =
      options.distribution == "normal" ? "truncated_normal" : options.distribution;
  if (kind != "truncated_normal" && kind != "untruncated_normal" && kind != "uniform") {
    throw ValueError(
        fmt::format("VarianceScaling: distribution is \"{}\"; expected truncated_normal, "
                    "untruncated_normal or uniform",
                    kind));
  }
  const auto make = [mode, kind, scale = options.scale, s = drawn(options.seed)](
                        const Shape& shape, DType dtype) -> Tensor {
    const Fans fans = fans_of(shape);
    const double fan = mode == "fan_in"    ? fans.in
                       : mode == "fan_out" ? fans.out
                                           : (fans.in + fans.out) / 2;
    const double variance = scale / std::max(1.0, fan);
    if (kind == "uniform") {
      const double limit = std::sqrt(3 * variance);
      return random_uniform(shape, -limit, limit, dtype, {s, 0});
    }
    if (kind == "untruncated_normal") return randn(shape, dtype, {s, 0}) * std::sqrt(variance);
    return random_truncated_normal(shape, dtype, {s, 0}) * (std::sqrt(variance) / kTruncatedStddev);
  };
  return {make, origin_of("VarianceScaling", options)};
}

Initializer GlorotUniform(Seed seed) {
  return named("GlorotUniform",
               {.scale = 1, .mode = "fan_avg", .distribution = "uniform", .seed = seed});
}
Initializer GlorotNormal(Seed seed) {
  return named("GlorotNormal", {.scale = 1, .mode = "fan_avg", .seed = seed});
}
Initializer HeUniform(Seed seed) {
  return named("HeUniform", {.scale = 2, .distribution = "uniform", .seed = seed});
}
Initializer HeNormal(Seed seed) { return named("HeNormal", {.scale = 2, .seed = seed}); }
Initializer LecunUniform(Seed seed) {
  return named("LecunUniform", {.scale = 1, .distribution = "uniform", .seed = seed});
}
Initializer LecunNormal(Seed seed) { return named("LecunNormal", {.scale = 1, .seed = seed}); }

Initializer Orthogonal(double gain, Seed seed) {
  const auto make = [gain, s = drawn(seed)](const Shape& shape, DType dtype) {
    if (shape.rank() < 2) {
      throw ShapeError(
          fmt::format("orthogonal initializer: shape {}; expected rank 2 or more", shape.text()));
    }
    const std::int64_t columns = shape.back(), rows = columns == 0 ? 0 : shape.size() / columns;
    const std::int64_t few = std::min(rows, columns), many = std::max(rows, columns);
    std::vector<double> q = randn({few, many}, float64, {s, 0}).to_vector<double>();
    orthonormalize(q, few, many);
    std::vector<double> values(static_cast<std::size_t>(shape.size()));
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) {
        values[static_cast<std::size_t>(i * columns + j)] =
            gain * q[static_cast<std::size_t>(rows <= columns ? i * many + j : j * many + i)];
      }
    }
    return cast(Tensor::from(values, shape), dtype);
  };
  return {make, origin_of("Orthogonal", Gained{gain, seed})};
}

}  // namespace initializers

Initializer::Initializer(const char* name) {
  using Make = Initializer (*)();
  namespace in = initializers;
  struct Made {
    Make make;
    OriginPtr origin;
  };
  static const std::map<std::string, Made> makers = {
      {"zeros", {[] { return in::Zeros(); }, origin_of("Zeros")}},
      {"zero", {[] { return in::Zeros(); }, origin_of("Zeros")}},
      {"ones", {[] { return in::Ones(); }, origin_of("Ones")}},
      {"one", {[] { return in::Ones(); }, origin_of("Ones")}},
      {"constant", {[] { return in::Constant(); }, origin_of("Constant", in::Valued{0})}},
      {"identity", {[] { return in::Identity(); }, origin_of("Identity")}},
      {"random_normal",
       {[] { return in::RandomNormal(); }, origin_of("RandomNormal", in::Normal{0, 0.05, {}})}},
      {"normal",
       {[] { return in::RandomNormal(); }, origin_of("RandomNormal", in::Normal{0, 0.05, {}})}},
      {"truncated_normal",
       {[] { return in::TruncatedNormal(); },
        origin_of("TruncatedNormal", in::Normal{0, 0.05, {}})}},
      {"random_uniform",
       {[] { return in::RandomUniform(); },
        origin_of("RandomUniform", in::Uniform{-0.05, 0.05, {}})}},
      {"uniform",
       {[] { return in::RandomUniform(); },
        origin_of("RandomUniform", in::Uniform{-0.05, 0.05, {}})}},
      {"variance_scaling",
       {[] { return in::VarianceScaling(); },
        origin_of("VarianceScaling", in::VarianceScalingOptions{})}},
      {"glorot_uniform",
       {[] { return in::GlorotUniform(); }, origin_of("GlorotUniform", in::Seeded{})}},
      {"glorot_normal",
       {[] { return in::GlorotNormal(); }, origin_of("GlorotNormal", in::Seeded{})}},
      {"he_uniform", {[] { return in::HeUniform(); }, origin_of("HeUniform", in::Seeded{})}},
      {"he_normal", {[] { return in::HeNormal(); }, origin_of("HeNormal", in::Seeded{})}},
      {"lecun_uniform",
       {[] { return in::LecunUniform(); }, origin_of("LecunUniform", in::Seeded{})}},
      {"lecun_normal", {[] { return in::LecunNormal(); }, origin_of("LecunNormal", in::Seeded{})}},
      {"orthogonal", {[] { return in::Orthogonal(); }, origin_of("Orthogonal", in::Gained{1, {}})}},
  };
  const auto found = makers.find(name);
  if (found == makers.end()) {
    std::vector<std::string> known;
    for (const auto& [key, make] : makers) known.push_back(key);
    throw ValueError(
        fmt::format("initializer: unknown name \"{}\"{}", name, name_hint(name, known)));
  }
  // Made when the weight is, so that each layer draws a seed of its own.
  function_ = [make = found->second.make](const Shape& shape, DType dtype) {
    return make()(shape, dtype);
  };
  origin_ = found->second.origin;
}

}  // namespace keratin
