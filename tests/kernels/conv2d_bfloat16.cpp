#include <algorithm>

#include "kernels/conv2d/bfloat16.h"
#include "tests/kernels/bfloat16.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::Activation;
using kernels::BFloat16;
using kernels::Conv2dShape;

// `padding` cells on all sides.
Conv2dShape image(std::int64_t batch, std::int64_t height, std::int64_t width, std::int64_t in,
                  std::int64_t out, std::int64_t kernel_h, std::int64_t kernel_w,
                  std::int64_t padding = 0, std::int64_t stride = 1, std::int64_t dilation = 1,
                  std::int64_t groups = 1) {
  const auto outputs = [&](std::int64_t size, std::int64_t kernel) {
    return (size + 2 * padding - (kernel - 1) * dilation - 1) / stride + 1;
  };
  return {.batch = batch,
          .in_h = height,
          .in_w = width,
          .in_c = in,
          .out_h = outputs(height, kernel_h),
          .out_w = outputs(width, kernel_w),
          .out_c = out,
          .kernel_h = kernel_h,
          .kernel_w = kernel_w,
          .stride_h = stride,
          .stride_w = stride,
          .dilation_h = dilation,
          .dilation_w = dilation,
          .pad_top = padding,
          .pad_left = padding,
          .groups = groups};
}

// Operands that bfloat16 holds exactly; past the end of each result lies a guard.
constexpr std::int64_t kGuard = 64;
struct Problem {
  Conv2dShape shape;
  std::vector<double> x, w, dy, bias;
};
Problem problem(const Conv2dShape& s, std::uint64_t seed) {
  const auto values = [&](std::int64_t count) { return bfloat16_values(count, seed++); };
  return {s, values(s.in_size()), values(s.weight_size()), values(s.out_size()), values(s.out_c)};
}

std::vector<float> forward(kernels::Conv2dFn<BFloat16> function, const Problem& p, bool with_bias,
                           Activation activation) {
  const auto x = to_bfloat16s(p.x), w = to_bfloat16s(p.w), bias = to_bfloat16s(p.bias);
  auto y = to_bfloat16s(unwritten<double>(p.shape.out_size() + kGuard));
  function(x.data(), w.data(), y.data(), {with_bias ? bias.data() : nullptr, activation}, p.shape);
  return to_floats(y);
}
std::vector<float> gradient(kernels::Conv2dInputGradientFn<BFloat16> function,
                            const std::vector<double>& first, const std::vector<double>& second,
                            std::int64_t size, const Conv2dShape& s) {
  const auto a = to_bfloat16s(first), b = to_bfloat16s(second);
  auto d = to_bfloat16s(unwritten<double>(size + kGuard));
  function(a.data(), b.data(), d.data(), s);
  return to_floats(d);
}
std::vector<float> input_gradient(kernels::Conv2dInputGradientFn<BFloat16> f, const Problem& p) {
  return gradient(f, p.dy, p.w, p.shape.in_size(), p.shape);
}
std::vector<float> weight_gradient(kernels::Conv2dWeightGradientFn<BFloat16> f, const Problem& p) {
  return gradient(f, p.x, p.dy, p.shape.weight_size(), p.shape);
}

// The sums' own errors, of float32 and of its Winograd rungs (see tests/kernels/conv2d.cpp), then
// one rounding.
Tolerance tolerance(std::int64_t terms) {
  constexpr double kUnit = std::numeric_limits<float>::epsilon();
  const auto k = static_cast<double>(terms);
  return {.rel = kBFloat16Rounding + 4 * kUnit, .abs = 3 * kUnit * (8 + k) + 8e-6 * std::sqrt(k)};
}

void check_all_rungs(const Conv2dShape& s, std::uint64_t seed) {
  const Problem p = problem(s, seed);
  for (const bool with_bias : {false, true}) {
    const Activation activation = with_bias ? Activation::relu : Activation::linear;
    auto y = unwritten<double>(s.out_size() + kGuard);
    kernels::cpu::conv2d_reference<double>(p.x.data(), p.w.data(), y.data(),
                                           {with_bias ? p.bias.data() : nullptr, activation}, s);
    for_each_rung(kernels::conv2d_ladder<BFloat16>, s, [&](auto function) {
      CHECK(difference(forward(function, p, with_bias, activation), y, tolerance(s.depth())) == "");
    });
  }
  auto dx = unwritten<double>(s.in_size() + kGuard);
  kernels::cpu::conv2d_input_gradient_reference<double>(p.dy.data(), p.w.data(), dx.data(), s);
  for_each_rung(kernels::conv2d_input_gradient_ladder<BFloat16>, s, [&](auto function) {
    CHECK(difference(input_gradient(function, p), dx,
                     tolerance(s.kernel_h * s.kernel_w * s.group_out())) == "");
  });
  auto dw = unwritten<double>(s.weight_size() + kGuard);
  kernels::cpu::conv2d_weight_gradient_reference<double>(p.x.data(), p.dy.data(), dw.data(), s);
  for_each_rung(kernels::conv2d_weight_gradient_ladder<BFloat16>, s, [&](auto function) {
    CHECK(difference(weight_gradient(function, p), dw, tolerance(s.batch * s.out_h * s.out_w)) ==
          "");
  });
}

}  // namespace

TEST_CASE("conv2d of bfloat16: channels around the vector and the panel, all rungs") {
  for (const std::int64_t in : {1, 3, 16, 33}) {
    for (const std::int64_t out : {1, 15, 32, 34, 65}) {
      check_all_rungs(image(2, 7, 9, in, out, 3, 3), 10);
      check_all_rungs(image(2, 7, 9, in, out, 3, 3, 1), 11);
      check_all_rungs(image(1, 5, 6, in, out, 1, 1), 12);
    }
  }
}

TEST_CASE("conv2d of bfloat16: kernels, strides, dilations, padding past the image") {
  struct Kernel {
    std::int64_t height, width, stride, dilation;
  };
  for (const auto& k : std::vector<Kernel>{{1, 1, 2, 1},
                                           {1, 3, 1, 1},
                                           {2, 2, 2, 1},
                                           {3, 2, 3, 1},
                                           {5, 5, 2, 1},
                                           {3, 3, 1, 2},
                                           {2, 4, 1, 2},
                                           {3, 3, 2, 2}}) {
    for (const std::int64_t in : {2, 32}) {
      check_all_rungs(image(2, 9, 15, in, 18, k.height, k.width, 0, k.stride, k.dilation), 20);
      check_all_rungs(image(2, 9, 15, in, 18, k.height, k.width, 2, k.stride, k.dilation), 21);
    }
  }
  check_all_rungs(image(3, 1, 1, 4, 20, 3, 3, 1), 22);
  check_all_rungs(image(1, 4, 1, 2, 3, 1, 1, 3), 23);
  Conv2dShape uneven = image(1, 9, 14, 3, 20, 4, 2, 1);
  uneven.pad_top = 9;  // whole windows of padding, on all sides
  uneven.out_h = 25;
  uneven.out_w = 19;
  check_all_rungs(uneven, 24);
}

TEST_CASE("conv2d of bfloat16: groups") {
  check_all_rungs(image(2, 7, 9, 6, 9, 3, 3, 1, 1, 1, 3), 30);
  check_all_rungs(image(2, 7, 9, 34, 68, 3, 3, 0, 1, 1, 2), 31);
  check_all_rungs(image(2, 9, 8, 64, 32, 3, 3, 1, 2, 1, 2), 32);
  check_all_rungs(image(2, 6, 7, 19, 19, 3, 3, 1, 1, 1, 19), 33);
}

TEST_CASE("conv2d of bfloat16: several blocks of pixels, panels and depths, pieces of the batch") {
  check_all_rungs(image(5, 20, 33, 48, 48, 3, 3, 1), 40);
  check_all_rungs(image(9, 28, 28, 1, 32, 3, 3), 41);
  check_all_rungs(image(3, 9, 9, 130, 290, 3, 3), 42);
  check_all_rungs(image(40, 4, 4, 32, 40, 3, 3, 1), 43);
  check_all_rungs(image(6, 28, 28, 1, 5, 3, 3), 44);   // pieces of a weight gradient on a GPU
  check_all_rungs(image(2, 16, 17, 8, 72, 1, 1), 45);  // large tiles of a GPU
}

TEST_CASE("conv2d of bfloat16: an empty batch") {
  const Conv2dShape s = image(0, 5, 5, 2, 3, 3, 3);
  for_each_rung(kernels::conv2d_weight_gradient_ladder<BFloat16>, s, [&](auto function) {
    std::vector<BFloat16> dw(static_cast<std::size_t>(s.weight_size()), BFloat16{0x3f80});
    function(nullptr, nullptr, dw.data(), s);
    CHECK(to_floats(dw) == std::vector<float>(dw.size(), 0));
  });
  for_each_rung(kernels::conv2d_ladder<BFloat16>, s,
                [&](auto function) { function(nullptr, nullptr, nullptr, {}, s); });
  for_each_rung(kernels::conv2d_input_gradient_ladder<BFloat16>, s,
                [&](auto function) { function(nullptr, nullptr, nullptr, s); });
}

TEST_CASE(
    "conv2d of bfloat16: NaN and infinities reach the outputs that read them, and only those") {
  const Conv2dShape s = image(1, 5, 18, 1, 17, 3, 3, 1);
  Problem p = problem(s, 90);
  p.w.assign(p.w.size(), 1);
  p.x.assign(p.x.size(), 1);
  p.x[0] = kNaN;
  p.x[8] = -kInf;
  p.x[4 * 18 + 17] = kInf;
  for_each_rung(kernels::conv2d_ladder<BFloat16>, s, [&](auto function) {
    const auto y = forward(function, p, false, Activation::relu);
    CHECK(std::isnan(y[18 * 17]));
    CHECK(y[8 * 17] == 0);
    CHECK(y[(4 * 18 + 16) * 17] == kInf);
    CHECK(y[2 * 17] == 6);
  });
}

TEST_CASE("conv2d of bfloat16: the same bits on any number of threads") {
  for (const Conv2dShape& s :
       {image(5, 30, 29, 16, 40, 3, 3, 1), image(8, 28, 28, 1, 32, 3, 3),
        image(6, 15, 15, 32, 64, 3, 3, 1, 2, 1, 2), image(3, 14, 14, 32, 64, 1, 1)}) {
    const Problem p = problem(s, 100);
    const auto same_bits_of = [&](const auto& ladder, auto compute) {
      for_each_rung(ladder, s, [&](auto function) {
        if (function == ladder.rungs[0].function) return;
        check_same_bits_on_all_threads([&] { return compute(function); });
      });
    };
    same_bits_of(kernels::conv2d_ladder<BFloat16>,
                 [&](auto f) { return forward(f, p, true, Activation::relu); });
    same_bits_of(kernels::conv2d_input_gradient_ladder<BFloat16>,
                 [&](auto f) { return input_gradient(f, p); });
    same_bits_of(kernels::conv2d_weight_gradient_ladder<BFloat16>,
                 [&](auto f) { return weight_gradient(f, p); });
  }
}

}  // namespace keratin::tests
