// Batch normalization with relu: the bits of batch normalization, addition and relu one after the
// other, of every rung.
#include "kernels/batch_normalization/relu.h"

#include "tests/kernels/bfloat16.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::BatchNormReluShape;
using kernels::BFloat16;

constexpr double kEpsilon = 1e-3;

double wide(BFloat16 x) { return static_cast<double>(kernels::to_float(x)); }
template <class T>
double wide(T x) {
  return static_cast<double>(x);
}
template <class T>
T rounded(double x) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return kernels::to_bfloat16(static_cast<float>(x));
  } else {
    return static_cast<T>(x);
  }
}
template <class T>
std::vector<T> values(std::int64_t count, std::uint64_t seed) {
  std::vector<T> all;
  for (const double x : normal_values<double>(count, seed)) all.push_back(rounded<T>(x));
  return all;
}

// `count` numbers from an address that is `off` of them beside a vector's; one behind them is kept.
template <class T>
class Array {
 public:
  Array(std::vector<T> given, std::size_t off) : off_(off), all_(std::move(given)) {
    all_.insert(all_.begin(), off, rounded<T>(0));
    all_.push_back(rounded<T>(-77));
  }
  T* data() { return all_.data() + off_; }
  std::vector<T> get() const {
    CHECK(wide(all_.back()) == -77);
    return {all_.begin() + static_cast<std::ptrdiff_t>(off_), all_.end() - 1};
  }

 private:
  std::size_t off_;
  std::vector<T> all_;
};

template <class T>
struct Functions {
  kernels::BatchNormFn<T> norm;
  kernels::BatchNormGradientFn<T> gradient;
  kernels::BatchNormReluFn<T> relu;
  kernels::BatchNormReluGradientFn<T> relu_gradient;
};

template <class T, class F>
void for_each_pair(const BatchNormReluShape& s, F f) {
  const auto &norm = kernels::batch_norm_ladder<T>,
             &gradient = kernels::batch_norm_gradient_ladder<T>;
  const auto &relu = kernels::batch_norm_relu_ladder<T>,
             &relu_gradient = kernels::batch_norm_relu_gradient_ladder<T>;
  REQUIRE(norm.rungs.size() == relu.rungs.size());
  REQUIRE(gradient.rungs.size() == relu_gradient.rungs.size());
  for (std::size_t i = 0; i < relu.rungs.size(); ++i) {
    INFO(std::string(relu.rungs[i].name), " ", s.text());
    f(Functions<T>{norm.rungs[i].function, gradient.rungs[i].function, relu.rungs[i].function,
                   relu_gradient.rungs[i].function});
  }
  if (s.rows * s.channels > 10000) return;
  for (const bool naive : {true, false}) {
    use_next_emulated_order();
    INFO("emulated ", naive ? "naive " : "", s.text());
    const std::string map = naive ? "naive" : "columns", sums = naive ? "naive" : "pieces";
    with_emulated_rung(norm, map, [&](auto* norm_fn) {
      with_emulated_rung(gradient, sums, [&](auto* gradient_fn) {
        with_emulated_rung(relu, map, [&](auto* relu_fn) {
          with_emulated_rung(relu_gradient, sums, [&](auto* relu_gradient_fn) {
            f(Functions<T>{norm_fn, gradient_fn, relu_fn, relu_gradient_fn});
          });
        });
      });
    });
  }
}

template <class T>
void check(std::int64_t rows, std::int64_t channels, bool residual, std::size_t off = 0) {
  using Number = kernels::ChannelNumber<T>;
  const BatchNormReluShape s{{rows, channels, kEpsilon}, residual};
  const std::int64_t size = rows * channels;
  Array<T> x(values<T>(size, 1), off), dy(values<T>(size, 2), off);
  std::vector<T> adds = values<T>(size, 3);
  for (std::size_t i = 0; i < adds.size(); i += 7) {  // NaN, an infinity, and what gives 0
    adds[i] = rounded<T>(i % 3 == 0 ? static_cast<double>(kNaN) : static_cast<double>(kInf));
  }
  Array<T> added(adds, off);
  const auto mean = values<Number>(channels, 4), gamma = values<Number>(channels, 5),
             beta = values<Number>(channels, 6);
  auto variance = values<Number>(channels, 7);
  for (Number& v : variance) v = v * v;
  const auto unset = [&] { return Array<T>(std::vector<T>(static_cast<std::size_t>(size)), off); };

  for_each_pair<T>(s, [&](const Functions<T>& f) {
    for (const bool affine : {true, false}) {
      const Number *const g = affine ? gamma.data() : nullptr, *const b =
                                                                   affine ? beta.data() : nullptr;
      Array<T> z = unset();
      f.norm(x.data(), mean.data(), variance.data(), g, b, z.data(), s);
      std::vector<T> expected = z.get();
      for (std::size_t i = 0; i < expected.size(); ++i) {
        if (residual) expected[i] = rounded<T>(wide(expected[i]) + wide(adds[i]));
        if (wide(expected[i]) < 0) expected[i] = rounded<T>(0);
      }
      Array<T> y = unset();
      f.relu(x.data(), mean.data(), variance.data(), g, b, residual ? added.data() : nullptr,
             y.data(), s);
      CHECK(same_bits(y.get(), expected));
      Array<T> in_place = x;
      f.relu(in_place.data(), mean.data(), variance.data(), g, b, residual ? added.data() : nullptr,
             in_place.data(), s);
      CHECK(same_bits(in_place.get(), expected));
      if (residual) {
        Array<T> onto = added;
        f.relu(x.data(), mean.data(), variance.data(), g, b, onto.data(), onto.data(), s);
        CHECK(same_bits(onto.get(), expected));
      }

      std::vector<T> dz = dy.get();
      for (std::size_t i = 0; i < dz.size(); ++i) {
        if (!(wide(expected[i]) > 0)) dz[i] = rounded<T>(0);
      }
      Array<T> sent(dz, off), dx = unset(), kept = unset();
      std::vector<Number> sums(static_cast<std::size_t>(2 * channels)), fused = sums;
      f.gradient(x.data(), sent.data(), mean.data(), variance.data(), g, dx.data(), sums.data(),
                 sums.data() + channels, s);
      Array<T> fused_dx = unset();
      f.relu_gradient(x.data(), dy.data(), y.data(), mean.data(), variance.data(), g,
                      fused_dx.data(), residual ? kept.data() : nullptr, fused.data(),
                      fused.data() + channels, s);
      CHECK(same_bits(fused_dx.get(), dx.get()));
      CHECK(same_bits(fused, sums));
      if (residual) CHECK(same_bits(kept.get(), dz));
      Array<T> over = dy;  // dx, or dz, in place of dy
      Array<T> other = unset();
      f.relu_gradient(x.data(), over.data(), y.data(), mean.data(), variance.data(), g,
                      residual ? other.data() : over.data(), residual ? over.data() : nullptr,
                      fused.data(), fused.data() + channels, s);
      CHECK(same_bits(residual ? other.get() : over.get(), dx.get()));
      if (residual) CHECK(same_bits(over.get(), dz));
    }
  });
}

const std::vector<std::pair<std::int64_t, std::int64_t>> kShapes = {
    {1, 1},    {7, 3},   {2, 16},   {5, 17}, {33, 32},  {9, 33},    {257, 10},  {70, 64},  {3, 65},
    {1000, 3}, {600, 8}, {20, 515}, {3, 0},  {5000, 1}, {4000, 16}, {2049, 96}, {70001, 2}};

template <class T>
void check_all() {
  for (const auto& [rows, channels] : kShapes) {
    for (const bool residual : {false, true}) check<T>(rows, channels, residual);
  }
  for (const bool residual : {false, true}) check<T>(40, 16, residual, 1);  // beside an address
}

}  // namespace

TEST_CASE("batch_norm_relu: every rung gives the bits of the operations one by one, float32") {
  check_all<float>();
}
TEST_CASE("batch_norm_relu: every rung gives the bits of the operations one by one, float64") {
  check_all<double>();
}
TEST_CASE("batch_norm_relu: every rung gives the bits of the operations one by one, bfloat16") {
  check_all<BFloat16>();
}

TEST_CASE("batch_norm_relu: the same bits on any number of threads") {
  const BatchNormReluShape s{{30000, 32, kEpsilon}, true};
  const std::int64_t size = s.rows * s.channels;
  const auto x = values<float>(size, 1), dy = values<float>(size, 2),
             added = values<float>(size, 3);
  const std::vector<float> numbers(32, 0.5f);
  check_same_bits_on_all_threads([&] {
    auto out = unwritten(3 * size + 64);
    float *const y = out.data(), *const dx = y + size, *const dz = dx + size;
    kernels::run(kernels::batch_norm_relu_ladder<float>, x.data(), numbers.data(), numbers.data(),
                 numbers.data(), nullptr, added.data(), y, s);
    kernels::run(kernels::batch_norm_relu_gradient_ladder<float>, x.data(), dy.data(), y,
                 numbers.data(), numbers.data(), numbers.data(), dx, dz, dz + size, dz + size + 32,
                 s);
    return out;
  });
}

TEST_CASE("batch_norm_relu: cost and text") {
  const BatchNormReluShape s{{10, 4, kEpsilon}, false}, adding{{10, 4, kEpsilon}, true};
  CHECK(s.text() == "[10, 4]");
  CHECK(adding.text() == "[10, 4] + residual");
  CHECK(kernels::batch_norm_relu_cost<float>(s).bytes == 320);
  CHECK(kernels::batch_norm_relu_cost<float>(adding).bytes == 480);
  CHECK(kernels::batch_norm_relu_gradient_cost<double>(s).bytes == 1280);
  CHECK(kernels::batch_norm_relu_gradient_cost<double>(adding).bytes == 1600);
}

}  // namespace keratin::tests
