// Operations on bfloat16 that go through the kernels of float32, a block at a time.
#include <algorithm>
#include <cmath>

#include "kernels/batch_normalization/bfloat16.h"
#include "kernels/dropout/bfloat16.h"
#include "kernels/elementwise/bfloat16.h"
#include "kernels/layer_normalization/bfloat16.h"
#include "kernels/pool2d/bfloat16.h"
#include "kernels/reduce/bfloat16.h"
#include "kernels/softmax/bfloat16.h"
#include "tests/kernels/bfloat16.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::BFloat16;
using Sizes = std::vector<std::int64_t>;

// The rungs of float32 differ by some units in its last place: about a tie they round to
// neighbours, a step apart.
constexpr Tolerance kStep{.rel = 2 * kBFloat16Rounding, .abs = 1e-30};

std::vector<BFloat16> unwritten_bfloat16s(std::int64_t count) {
  return to_bfloat16s(unwritten<double>(count));
}

template <class Ladder, class Shape, class Compute>
void check_rungs(const Ladder& ladder, const Shape& shape, Tolerance tolerance, Compute compute) {
  const std::vector<float> expected = compute(ladder.rungs[0].function);
  for_each_rung(ladder, shape, [&](auto* function) {
    CHECK(difference(compute(function), expected, tolerance) == "");
    check_same_bits_on_all_threads([&] { return compute(function); });
  });
}

void check_unary(kernels::Unary op, const std::vector<float>& values) {
  const auto x = to_bfloat16s(converted<double>(values));
  const kernels::UnaryShape s{op, static_cast<std::int64_t>(x.size())};
  check_rungs(kernels::unary_ladder<BFloat16>, s, kStep, [&](auto* function) {
    auto y = unwritten_bfloat16s(s.size + 1);  // the last one is a guard
    function(x.data(), y.data(), s);
    return to_floats(y);
  });
}

void check_binary(kernels::Binary op, const Sizes& a_sizes, const Sizes& b_sizes) {
  const auto count = [](const Sizes& sizes) {
    std::int64_t n = 1;
    for (const std::int64_t size : sizes) n *= size;
    return n;
  };
  const auto a = to_bfloat16s(bfloat16_values(count(a_sizes), 1));
  const auto b = to_bfloat16s(bfloat16_values(count(b_sizes), 2));
  const auto s = kernels::make_binary_shape(op, a_sizes, b_sizes);
  check_rungs(kernels::binary_ladder<BFloat16>, s, kStep, [&](auto* function) {
    auto y = unwritten_bfloat16s(s.size() + 1);
    function(a.data(), b.data(), y.data(), s);
    return to_floats(y);
  });
}

void check_reduce(kernels::Reduction op, std::int64_t outer, std::int64_t reduced,
                  std::int64_t inner) {
  const kernels::ReduceShape s{op, outer, reduced, inner};
  const auto x = to_bfloat16s(bfloat16_values(outer * reduced * inner, 3));
  // Chains of at most some 256 terms: tests/kernels/reduce.cpp.
  const auto n = static_cast<double>(reduced);
  const Tolerance tolerance{.rel = 2 * kBFloat16Rounding,
                            .abs = 2e-6 + 3e-7 * std::sqrt(n * std::min(n, 256.0))};
  check_rungs(kernels::reduce_ladder<BFloat16>, s, tolerance, [&](auto* function) {
    auto y = unwritten_bfloat16s(outer * inner + 1);
    function(x.data(), y.data(), s);
    return to_floats(y);
  });
  const Tolerance not_rounded{.rel = 4e-7, .abs = tolerance.abs};
  check_rungs(kernels::wide_reduce_ladder, s, not_rounded, [&](auto* function) {
    auto y = unwritten<float>(outer * inner + 1);
    function(x.data(), y.data(), s);
    return y;
  });
}

// Channel c about a mean of its own; gamma and beta given, or neither.
void check_batch_norm(std::int64_t rows, std::int64_t channels, bool affine) {
  const kernels::BatchNormShape s{rows, channels, 1e-3};
  const std::int64_t size = rows * channels;
  auto values = bfloat16_values(size, 9);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] += static_cast<double>(static_cast<std::int64_t>(i) % channels % 7 - 3);
  const auto x = to_bfloat16s(values), dy = to_bfloat16s(bfloat16_values(size, 10));
  const auto gamma = normal_values(channels, 11), beta = normal_values(channels, 12);
  const auto given = [&](const std::vector<float>& of) { return affine ? of.data() : nullptr; };
  auto mean = unwritten<float>(channels), variance = unwritten<float>(channels);
  kernels::cpu::batch_moments_reference(x.data(), mean.data(), variance.data(), s);

  const auto n = static_cast<double>(rows);
  const Tolerance sums{.rel = 5e-6, .abs = 4e-6 * std::sqrt(n)},
      rounded{.rel = 2 * kBFloat16Rounding, .abs = 3e-5};
  check_rungs(kernels::batch_moments_ladder<BFloat16>, s, {.rel = 5e-6, .abs = 2e-6},
              [&](auto* function) {
                auto both = unwritten<float>(2 * channels + 1);
                function(x.data(), both.data(), both.data() + channels, s);
                return both;
              });
  check_rungs(kernels::batch_norm_ladder<BFloat16>, s, rounded, [&](auto* function) {
    auto y = unwritten_bfloat16s(size + 1);
    function(x.data(), mean.data(), variance.data(), given(gamma), given(beta), y.data(), s);
    auto in_place = x;
    function(in_place.data(), mean.data(), variance.data(), given(gamma), given(beta),
             in_place.data(), s);
    in_place.push_back(y.back());
    CHECK(same_bits(in_place, y));
    return to_floats(y);
  });
  const auto gradient = [&](auto* function, bool of_x) {
    auto dx = unwritten_bfloat16s(size + 1);
    auto both = unwritten<float>(2 * channels + 1);
    function(x.data(), dy.data(), mean.data(), variance.data(), given(gamma), dx.data(),
             both.data(), both.data() + channels, s);
    return of_x ? to_floats(dx) : both;
  };
  check_rungs(kernels::batch_norm_gradient_ladder<BFloat16>, s, rounded,
              [&](auto* function) { return gradient(function, true); });
  check_rungs(kernels::batch_norm_gradient_ladder<BFloat16>, s, sums,
              [&](auto* function) { return gradient(function, false); });
}

// Row r about a mean of its own; x, dy and the results begin `off` numbers beside a vector's place.
void check_layer_norm(std::int64_t rows, std::int64_t cols, bool affine, std::int64_t off = 0) {
  const kernels::LayerNormShape s{rows, cols, 1e-3};
  const std::int64_t size = rows * cols;
  auto values = bfloat16_values(off + size, 9);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] += static_cast<double>(static_cast<std::int64_t>(i) / cols % 7 - 3);
  const auto all_x = to_bfloat16s(values), all_dy = to_bfloat16s(bfloat16_values(off + size, 10));
  const BFloat16 *const x = all_x.data() + off, *const dy = all_dy.data() + off;
  const auto gamma = normal_values(cols, 11), beta = normal_values(cols, 12);
  const auto given = [&](const std::vector<float>& of) { return affine ? of.data() : nullptr; };
  auto mean = unwritten<float>(rows), scale = unwritten<float>(rows);
  {
    auto y = unwritten_bfloat16s(size);
    kernels::cpu::layer_norm_reference(x, given(gamma), given(beta), y.data(), mean.data(),
                                       scale.data(), s);
  }
  const Tolerance rounded{.rel = 2 * kBFloat16Rounding, .abs = 1e-4},
      sums{.rel = 1e-5, .abs = 1e-5 * std::sqrt(static_cast<double>(rows)) + 1e-5};
  const auto forward = [&](auto* function, bool of_y) {
    auto y = unwritten_bfloat16s(off + size + 1);
    auto both = unwritten<float>(2 * rows + 1);
    function(x, given(gamma), given(beta), y.data() + off, both.data(), both.data() + rows, s);
    auto in_place = all_x;
    auto again = both;
    function(in_place.data() + off, given(gamma), given(beta), in_place.data() + off, again.data(),
             again.data() + rows, s);
    CHECK(std::equal(in_place.begin() + off, in_place.end(), y.begin() + off,
                     [](BFloat16 a, BFloat16 b) { return a.bits == b.bits; }));
    return of_y ? to_floats(y) : both;
  };
  const auto& forward_ladder = kernels::layer_norm_ladder<BFloat16>;
  check_rungs(forward_ladder, s, rounded, [&](auto* function) { return forward(function, true); });
  check_rungs(forward_ladder, s, {.rel = 4e-6, .abs = 2e-6},
              [&](auto* function) { return forward(function, false); });
  const auto gradient = [&](auto* function, bool of_x) {
    auto dx = unwritten_bfloat16s(off + size + 1);
    auto both = unwritten<float>(2 * cols + 1);
    function(x, dy, given(gamma), mean.data(), scale.data(), dx.data() + off, both.data(),
             both.data() + cols, s);
    return of_x ? to_floats(dx) : both;
  };
  const auto& gradient_ladder = kernels::layer_norm_gradient_ladder<BFloat16>;
  check_rungs(gradient_ladder, s, rounded,
              [&](auto* function) { return gradient(function, true); });
  check_rungs(gradient_ladder, s, sums, [&](auto* function) { return gradient(function, false); });
}

void check_pooling(const kernels::Pool2dShape& s) {
  const auto x = to_bfloat16s(bfloat16_values(s.in_size(), 4));
  const auto dy = to_bfloat16s(bfloat16_values(s.out_size(), 5));
  // Sums of overlapping windows may cancel.
  const Tolerance sums{.rel = 2 * kBFloat16Rounding, .abs = 1e-5};
  kernels::Pool2dShape told = s;
  told.winner_bytes = 1;
  std::vector<std::uint8_t> winners(static_cast<std::size_t>(s.out_size() + 1));
  check_rungs(kernels::max_pool2d_ladder<BFloat16>, told, {0, 0}, [&](auto* function) {
    auto y = unwritten_bfloat16s(s.out_size() + 1);
    function(x.data(), y.data(), winners.data(), told);
    auto all = to_floats(y);
    all.insert(all.end(), winners.begin(), winners.end());
    return all;
  });
  check_rungs(kernels::max_pool2d_ladder<BFloat16>, s, {0, 0}, [&](auto* function) {
    auto y = unwritten_bfloat16s(s.out_size() + 1);
    function(x.data(), y.data(), nullptr, s);
    return to_floats(y);
  });
  check_rungs(kernels::average_pool2d_ladder<BFloat16>, s, sums, [&](auto* function) {
    auto y = unwritten_bfloat16s(s.out_size() + 1);
    function(x.data(), y.data(), s);
    return to_floats(y);
  });
  check_rungs(kernels::max_pool2d_gradient_ladder<BFloat16>, told, sums, [&](auto* function) {
    auto dx = unwritten_bfloat16s(s.in_size() + 1);
    function(winners.data(), dy.data(), dx.data(), told);
    return to_floats(dx);
  });
  check_rungs(kernels::average_pool2d_gradient_ladder<BFloat16>, s, sums, [&](auto* function) {
    auto dx = unwritten_bfloat16s(s.in_size() + 1);
    function(dy.data(), dx.data(), s);
    return to_floats(dx);
  });
}

void check_softmax(const kernels::SoftmaxShape& s, double scale) {
  const std::int64_t n = s.rows * s.cols;
  const auto x = to_bfloat16s(bfloat16_values(n, 6, scale));
  const auto dy = to_bfloat16s(bfloat16_values(n, 7));
  // Sums of terms of either sign may cancel, by softmax.cpp's bound.
  const Tolerance sums{.rel = 2 * kBFloat16Rounding,
                       .abs = 1e-6 * (8 + std::sqrt(static_cast<double>(s.cols)))};
  const auto forward = [&](const auto& ladder, Tolerance tolerance) {
    check_rungs(ladder, s, tolerance, [&](auto* function) {
      auto y = unwritten_bfloat16s(n + 1);
      function(x.data(), y.data(), s);
      return to_floats(y);
    });
  };
  const auto backward = [&](const auto& ladder, auto* reference) {
    std::vector<BFloat16> y(static_cast<std::size_t>(n));
    reference(x.data(), y.data(), s);
    check_rungs(ladder, s, sums, [&](auto* function) {
      auto dx = unwritten_bfloat16s(n + 1);
      function(y.data(), dy.data(), dx.data(), s);
      return to_floats(dx);
    });
  };
  forward(kernels::softmax_ladder<BFloat16>, kStep);
  forward(kernels::log_softmax_ladder<BFloat16>, sums);
  backward(kernels::softmax_gradient_ladder<BFloat16>, kernels::cpu::softmax_bfloat16_reference);
  backward(kernels::log_softmax_gradient_ladder<BFloat16>,
           kernels::cpu::log_softmax_bfloat16_reference);
}

}  // namespace

TEST_CASE("layer normalization of bfloat16: float32 numbers of rows and columns") {
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{0, 5},
                                   {1, 1},
                                   {7, 3},
                                   {9, 32},
                                   {5, 65},
                                   {33, 128},
                                   {40, 130},
                                   {3, 515},
                                   {2, 1024},
                                   {5, 1030},
                                   {2000, 10},
                                   {700, 7}}) {
    for (const bool affine : {true, false}) {
      check_layer_norm(rows, cols, affine);
      check_layer_norm(rows, cols, affine, 1);
    }
  }
}

TEST_CASE("softmax of bfloat16: several rows a block, one, rows longer than a block") {
  for (const double scale : {1.0, 10.0}) {
    for (const kernels::SoftmaxShape& s : std::vector<kernels::SoftmaxShape>{
             {0, 5}, {1, 1}, {7, 10}, {5000, 10}, {257, 257}, {9, 2048}, {3, 2049}, {2, 40001}}) {
      check_softmax(s, scale);
    }
  }
}

TEST_CASE("dropout of bfloat16: the mask of float32, products rounded once") {
  constexpr kernels::PhiloxKey kKey{.seed = 77, .stream = 5};
  for (const double rate : {0.0, 0.3, 1.0}) {
    for (const std::int64_t size : {0, 1, 3, 1023, 1025, 70'003}) {
      const kernels::DropoutShape s{size, rate, kKey};
      const std::vector<double> values = bfloat16_values(size, 8);
      const auto x = to_bfloat16s(values);
      std::vector<float> wide = converted<float>(values);
      kernels::cpu::dropout_reference<float>(wide.data(), wide.data(), s);
      const std::vector<float> expected = to_floats(to_bfloat16s(converted<double>(wide)));
      for_each_rung(kernels::dropout_ladder<BFloat16>, s, [&](auto* function) {
        const auto dropped = [&] {
          auto y = unwritten_bfloat16s(size + 1);
          function(x.data(), y.data(), s);
          CHECK(std::isnan(kernels::to_float(y.back())));  // the guard
          y.pop_back();
          return to_floats(y);
        };
        CHECK(dropped() == expected);
        check_same_bits_on_all_threads(dropped);
        auto in_place = x;
        function(in_place.data(), in_place.data(), s);
        CHECK(to_floats(in_place) == expected);
      });
    }
  }
}

TEST_CASE("elementwise of bfloat16: sizes around the block, awkward values") {
  for (const auto op : {kernels::Unary::relu, kernels::Unary::tanh, kernels::Unary::exp}) {
    for (const std::int64_t size : {0, 1, 31, 4095, 4096, 4097, 100003}) {
      check_unary(op, awkward_mixture(size, 6));
    }
  }
}

TEST_CASE("elementwise of bfloat16: operands of one shape and broadcast ones") {
  for (const auto op : {kernels::Binary::add, kernels::Binary::relu_gradient}) {
    check_binary(op, {0}, {0});
    check_binary(op, {100003}, {100003});
    check_binary(op, {5000}, {1});
    check_binary(op, {300, 37}, {37});
    check_binary(op, {300, 1}, {1, 37});
    check_binary(op, {2, 1, 5000}, {3, 1});
    check_binary(op, {7, 5, 3, 4}, {7, 1, 3, 1});
  }
}

TEST_CASE(
    "elementwise of bfloat16: relu's gradient at zeros, infinities, NaN, numbers under 2^-126") {
  std::vector<float> y = awkward_values();
  y.push_back(-kNaN);
  const auto b = to_bfloat16s(converted<double>(y));
  const auto s = kernels::make_binary_shape(kernels::Binary::relu_gradient, Sizes{std::ssize(y)},
                                            Sizes{std::ssize(y)});
  const std::vector<BFloat16> dy(y.size(), kernels::to_bfloat16(3));
  for_each_rung(kernels::binary_ladder<BFloat16>, s, [&](auto* function) {
    auto dx = unwritten_bfloat16s(std::ssize(y));
    function(dy.data(), b.data(), dx.data(), s);
    for (std::size_t i = 0; i < y.size(); ++i) {
      CHECK(kernels::to_float(dx[i]) == (kernels::to_float(b[i]) > 0 ? 3 : 0));
    }
  });
}

TEST_CASE("reductions of bfloat16: several entries a block, several blocks an entry, pieces") {
  for (const auto op : {kernels::Reduction::sum, kernels::Reduction::max}) {
    check_reduce(op, 1, 1, 1);
    check_reduce(op, 5000, 10, 3);
    check_reduce(op, 3, 40000, 1);
    check_reduce(op, 1, 86528, 32);
    check_reduce(op, 2, 3, 70001);
    check_reduce(op, 0, 5, 3);
  }
  check_reduce(kernels::Reduction::sum, 3, 0, 5);
}

TEST_CASE("batch normalization of bfloat16: channels around the access, pieces of rows") {
  for (const bool affine : {true, false}) {
    for (const std::int64_t channels : {1, 2, 3, 4, 6, 8, 12, 16, 17, 40}) {
      check_batch_norm(1, channels, affine);
      check_batch_norm(300, channels, affine);
    }
    check_batch_norm(5000, 8, affine);
    check_batch_norm(4001, 6, affine);
    check_batch_norm(3, 0, affine);
  }
}

TEST_CASE(
    "pooling of bfloat16: bands and images by themselves, overlapping windows, an empty batch") {
  check_pooling({.batch = 5, .in_h = 9, .in_w = 8, .channels = 17, .out_h = 4, .out_w = 4});
  check_pooling({.batch = 3,
                 .in_h = 9,
                 .in_w = 9,
                 .channels = 3,
                 .out_h = 5,
                 .out_w = 5,
                 .pool_h = 3,
                 .pool_w = 3,
                 .pad_top = 1,
                 .pad_left = 1});
  check_pooling({.batch = 2, .in_h = 27, .in_w = 40, .channels = 33, .out_h = 13, .out_w = 20});
  for (const std::int64_t channels : {2, 4, 8, 12, 16}) {
    check_pooling({.batch = 2,
                   .in_h = 7,
                   .in_w = 6,
                   .channels = channels,
                   .out_h = 3,
                   .out_w = 2,
                   .pool_h = 3,
                   .pool_w = 3});
  }
  check_pooling({.batch = 0, .in_h = 4, .in_w = 4, .channels = 2, .out_h = 2, .out_w = 2});
}

}  // namespace keratin::tests
