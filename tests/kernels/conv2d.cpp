#include "kernels/conv2d/conv2d.h"

#include "kernels/crossovers.h"
#include "kernels/parallel.h"
#include "kernels/streaming.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::Activation;
using kernels::Conv2dShape;
using kernels::Epilogue;

std::int64_t extent(std::int64_t kernel, std::int64_t dilation) {
  return (kernel - 1) * dilation + 1;
}

// No padding.
Conv2dShape valid(Conv2dShape s) {
  s.out_h = (s.in_h - extent(s.kernel_h, s.dilation_h)) / s.stride_h + 1;
  s.out_w = (s.in_w - extent(s.kernel_w, s.dilation_w)) / s.stride_w + 1;
  return s;
}
// As many outputs as inputs, divided by the stride; an odd cell of padding behind.
Conv2dShape same(Conv2dShape s) {
  s.out_h = (s.in_h + s.stride_h - 1) / s.stride_h;
  s.out_w = (s.in_w + s.stride_w - 1) / s.stride_w;
  const auto before = [](std::int64_t out, std::int64_t stride, std::int64_t kernel,
                         std::int64_t in) {
    return std::max<std::int64_t>(0, (out - 1) * stride + kernel - in) / 2;
  };
  s.pad_top = before(s.out_h, s.stride_h, extent(s.kernel_h, s.dilation_h), s.in_h);
  s.pad_left = before(s.out_w, s.stride_w, extent(s.kernel_w, s.dilation_w), s.in_w);
  return s;
}
Conv2dShape image(std::int64_t batch, std::int64_t height, std::int64_t width, std::int64_t in,
                  std::int64_t out, std::int64_t kernel_h, std::int64_t kernel_w,
                  std::int64_t stride = 1, std::int64_t dilation = 1, std::int64_t groups = 1) {
  return {.batch = batch,
          .in_h = height,
          .in_w = width,
          .in_c = in,
          .out_c = out,
          .kernel_h = kernel_h,
          .kernel_w = kernel_w,
          .stride_h = stride,
          .stride_w = stride,
          .dilation_h = dilation,
          .dilation_w = dilation,
          .groups = groups};
}

// Values that float holds exactly, so that the double reference sees the same numbers; past the
// end of each result lies a guard.
constexpr std::int64_t kGuard = 64;
struct Problem {
  Conv2dShape shape;
  std::vector<double> x, w, dy, bias;
};
Problem problem(const Conv2dShape& s, std::uint64_t seed) {
  const auto values = [&](std::int64_t count) {
    return converted<double>(normal_values<float>(count, seed++));
  };
  return {s, values(s.in_size()), values(s.weight_size()), values(s.out_size()), values(s.out_c)};
}

template <class T>
std::vector<T> forward(kernels::Conv2dFn<T> function, const Problem& p, bool with_bias,
                       Activation activation) {
  const auto x = converted<T>(p.x), w = converted<T>(p.w), bias = converted<T>(p.bias);
  auto y = unwritten<T>(p.shape.out_size() + kGuard);
  function(x.data(), w.data(), y.data(), {with_bias ? bias.data() : nullptr, activation}, p.shape);
  return y;
}
template <class T>
std::vector<T> input_gradient(kernels::Conv2dInputGradientFn<T> function, const Problem& p) {
  const auto dy = converted<T>(p.dy), w = converted<T>(p.w);
  auto dx = unwritten<T>(p.shape.in_size() + kGuard);
  function(dy.data(), w.data(), dx.data(), p.shape);
  return dx;
}
template <class T>
std::vector<T> weight_gradient(kernels::Conv2dWeightGradientFn<T> function, const Problem& p) {
  const auto x = converted<T>(p.x), dy = converted<T>(p.dy);
  auto dw = unwritten<T>(p.shape.weight_size() + kGuard);
  function(x.data(), dy.data(), dw.data(), p.shape);
  return dw;
}

bool is_winograd(kernels::Conv2dFn<float> f) { return f == kernels::cpu::conv2d_winograd; }
// The gradients' functions are of one type.
bool is_winograd(kernels::Conv2dInputGradientFn<float> f) {
  return f == kernels::cpu::conv2d_input_gradient_winograd ||
         f == kernels::cpu::conv2d_weight_gradient_winograd;
}

// A running sum of k terms of size 1 grows like sqrt(k), and its rounding errors like 0.2 k units.
// Winograd's rms error is up to 1e-6 of the sum's rms; the largest of some thousands is 8 times it.
template <class Function>
Tolerance tolerance(Function function, std::int64_t terms) {
  constexpr double kUnit = std::numeric_limits<float>::epsilon();
  const auto k = static_cast<double>(terms);
  return {.rel = 4 * kUnit,
          .abs = 3 * kUnit * (8 + k) + (is_winograd(function) ? 8e-6 * std::sqrt(k) : 0)};
}

void check_all_rungs(const Conv2dShape& s, std::uint64_t seed) {
  const Problem p = problem(s, seed);
  for (const bool with_bias : {false, true}) {
    const Activation activation = with_bias ? Activation::relu : Activation::linear;
    const auto y = forward<double>(kernels::cpu::conv2d_reference, p, with_bias, activation);
    for_each_rung(kernels::conv2d_ladder<float>, s, [&](auto function) {
      CHECK(difference(forward<float>(function, p, with_bias, activation), y,
                       tolerance(function, s.depth())) == "");
    });
  }
  const auto dx = input_gradient<double>(kernels::cpu::conv2d_input_gradient_reference, p);
  for_each_rung(kernels::conv2d_input_gradient_ladder<float>, s, [&](auto function) {
    CHECK(difference(input_gradient<float>(function, p), dx,
                     tolerance(function, s.kernel_h * s.kernel_w * s.group_out())) == "");
  });
  const auto dw = weight_gradient<double>(kernels::cpu::conv2d_weight_gradient_reference, p);
  for_each_rung(kernels::conv2d_weight_gradient_ladder<float>, s, [&](auto function) {
    CHECK(difference(weight_gradient<float>(function, p), dw,
                     tolerance(function, s.batch * s.out_h * s.out_w)) == "");
  });
}

}  // namespace

TEST_CASE("conv2d: reference, by hand") {
  // [[0, 1, 2], [3, 4, 5], [6, 7, 8]] with [[1, 2], [3, 4]]: 0 + 2 + 9 + 16 = 27 and so on.
  const Conv2dShape s = valid(image(1, 3, 3, 1, 1, 2, 2));
  const std::vector<double> x = {0, 1, 2, 3, 4, 5, 6, 7, 8}, w = {1, 2, 3, 4}, dy = {1, 0, 0, 10};
  const double bias = 100;
  std::vector<double> y(4), dx(9), dw(4);
  kernels::cpu::conv2d_reference(x.data(), w.data(), y.data(), {&bias, Activation::linear}, s);
  CHECK(y == std::vector<double>{127, 137, 157, 167});
  kernels::cpu::conv2d_input_gradient_reference(dy.data(), w.data(), dx.data(), s);
  CHECK(dx == std::vector<double>{1, 2, 0, 3, 14, 20, 0, 30, 40});
  kernels::cpu::conv2d_weight_gradient_reference(x.data(), dy.data(), dw.data(), s);
  CHECK(dw == std::vector<double>{40, 51, 73, 84});
}

TEST_CASE("conv2d: channels around the vector and the tile") {
  for (const std::int64_t in : {1, 3, 8, 17}) {
    for (const std::int64_t out : {1, 7, 16, 33}) {
      check_all_rungs(valid(image(2, 6, 17, in, out, 3, 3)), 10);
      check_all_rungs(same(image(1, 5, 6, in, out, 3, 3)), 20);
    }
  }
  check_all_rungs(valid(image(1, 5, 16, 64, 64, 3, 3)), 30);
  check_all_rungs(same(image(1, 4, 9, 40, 100, 3, 3)), 31);
}

TEST_CASE("conv2d: widths around the tile") {
  for (std::int64_t width = 1; width <= 31; ++width) {
    check_all_rungs(same(image(1, 3, width, 5, 20, 3, 3)), 40);
    check_all_rungs(same(image(2, width, 2, 4, 33, 2, 3)), 41);
  }
}

TEST_CASE("conv2d: images of 1 to 4 channels") {
  for (std::int64_t width = 1; width <= 31; ++width) {
    check_all_rungs(same(image(1, 4, width, 1 + width % 4, 20, 3, 3)), 42);
    check_all_rungs(same(image(2, width, 5, 3, 33, 5, 3, 2)), 43);
  }
  for (const std::int64_t in : {1, 2, 3, 4}) {
    for (const std::int64_t out : {1, 8, 9, 24, 33, 64}) {
      check_all_rungs(same(image(2, 7, 17, in, out, 3, 3)), 44);
      check_all_rungs(valid(image(1, 9, 19, in, out, 7, 7, 2)), 45);  // weights of several panels
      check_all_rungs(same(image(1, 9, 19, in, out, 7, 7, 2)), 46);
    }
  }
  Conv2dShape dilated = image(2, 14, 13, 3, 40, 3, 3);
  CHECK(kernels::cpu::conv2d_first_layer_applies(dilated));
  dilated.dilation_h = 3;
  CHECK(kernels::cpu::conv2d_first_layer_applies(dilated));
  check_all_rungs(valid(dilated), 47);
  check_all_rungs(same(dilated), 48);
  dilated.dilation_w = 2;
  CHECK_FALSE(kernels::cpu::conv2d_first_layer_applies(dilated));
  CHECK_FALSE(kernels::cpu::conv2d_first_layer_applies(image(2, 14, 13, 5, 40, 3, 3)));
  CHECK_FALSE(kernels::cpu::conv2d_first_layer_applies(image(2, 14, 13, 4, 40, 3, 3, 1, 1, 2)));
}

TEST_CASE("conv2d: a first layer's results past the caches are the same bits") {
  const Conv2dShape one = same(image(1, 64, 65, 3, 32, 3, 3));
  Conv2dShape all = one;
  all.batch = kernels::crossovers().streamed_bytes / (one.out_size() * 4) + 1;
  const Problem p = problem(one, 49);
  const auto x = converted<float>(p.x), w = converted<float>(p.w);
  std::vector<float> images;
  for (std::int64_t i = 0; i < all.batch; ++i) images.insert(images.end(), x.begin(), x.end());
  auto y = unwritten<float>(one.out_size()), together = unwritten<float>(all.out_size() + 16);
  kernels::cpu::conv2d_first_layer(x.data(), w.data(), y.data(), {}, one);
  float* to = together.data();
  while (reinterpret_cast<std::uintptr_t>(to) % 64 != 0) ++to;
  CHECK(kernels::streams_lines(kernels::conv2d_cost<float>(all).bytes, to, all.out_c));
  CHECK_FALSE(kernels::streams_lines(kernels::conv2d_cost<float>(one).bytes, to, one.out_c));
  kernels::cpu::conv2d_first_layer(images.data(), w.data(), to, {}, all);
  for (std::int64_t i = 0; i < all.batch; ++i) {
    CHECK(std::equal(y.begin(), y.end(), to + i * one.out_size()));
  }
}

TEST_CASE("conv2d: kernels, strides, dilations, paddings") {
  struct Window {
    std::int64_t kernel_h, kernel_w, stride, dilation;
  };
  for (const Window& k : std::vector<Window>{{1, 1, 1, 1},
                                             {1, 1, 2, 1},
                                             {1, 1, 3, 1},
                                             {2, 2, 1, 1},
                                             {2, 2, 2, 1},
                                             {1, 5, 1, 1},
                                             {5, 1, 2, 1},
                                             {3, 3, 2, 1},
                                             {3, 2, 3, 1},
                                             {2, 3, 4, 1},
                                             {5, 5, 2, 1},
                                             {7, 7, 2, 1},
                                             {3, 3, 1, 2},
                                             {3, 3, 1, 3},
                                             {2, 4, 1, 2},
                                             {3, 3, 2, 2},
                                             {3, 2, 3, 2}}) {
    for (const std::int64_t in : {1, 6}) {
      for (const std::int64_t out : {4, 34}) {
        const Conv2dShape s =
            image(2, 9, 15, in, out, k.kernel_h, k.kernel_w, k.stride, k.dilation);
        check_all_rungs(valid(s), 50);
        check_all_rungs(same(s), 51);
      }
    }
  }
  Conv2dShape uneven = image(1, 9, 14, 3, 20, 4, 2);
  uneven.stride_w = 2;
  uneven.dilation_h = 2;
  check_all_rungs(valid(uneven), 52);
  check_all_rungs(same(uneven), 53);
  uneven.pad_top = 9;  // whole windows of padding, on all sides
  uneven.pad_left = 3;
  uneven.out_h = 25;
  uneven.out_w = 13;
  check_all_rungs(uneven, 54);
}

TEST_CASE("conv2d: kernels larger than the image, images of one pixel") {
  for (const std::int64_t stride : {1, 2}) {
    check_all_rungs(same(image(2, 2, 3, 3, 18, 5, 7, stride)), 60);
    check_all_rungs(same(image(3, 1, 1, 4, 20, 3, 3, stride)), 61);
    check_all_rungs(same(image(1, 4, 1, 2, 3, 9, 2, stride)), 62);
  }
  check_all_rungs(same(image(1, 3, 3, 2, 5, 3, 3, 1, 4)), 63);
  check_all_rungs(valid(image(4, 3, 3, 20, 40, 3, 3)), 64);  // one output pixel
}

TEST_CASE("conv2d: products of matrices as they stand") {
  for (const std::int64_t in : {1, 5, 20}) {
    for (const std::int64_t out : {1, 9, 33}) {
      check_all_rungs(valid(image(3, 4, 5, in, out, 1, 1)), 66);
      check_all_rungs(valid(image(9, 3, 5, in, out, 3, 5)), 67);
    }
  }
  check_all_rungs(valid(image(3, 4, 5, 6, 8, 1, 1, 2)), 68);  // and what is none
  check_all_rungs(same(image(2, 3, 3, 6, 8, 3, 3)), 69);
}

TEST_CASE("conv2d: groups, depthwise among them") {
  check_all_rungs(same(image(2, 7, 9, 6, 9, 3, 3, 1, 1, 3)), 70);
  check_all_rungs(valid(image(2, 7, 19, 34, 68, 3, 3, 1, 1, 2)), 71);
  check_all_rungs(same(image(1, 9, 8, 20, 40, 3, 3, 2, 1, 4)), 72);
  for (const std::int64_t channels : {1, 5, 16, 19, 33}) {
    check_all_rungs(same(image(2, 6, 7, channels, channels, 3, 3, 1, 1, channels)), 73);
    check_all_rungs(valid(image(1, 9, 9, channels, 2 * channels, 3, 2, 2, 1, channels)), 74);
  }
  check_all_rungs(same(image(1, 8, 8, 8, 8, 3, 3, 1, 2, 8)), 75);
  check_all_rungs(valid(image(3, 4, 5, 12, 6, 1, 1, 1, 1, 3)), 76);
}

TEST_CASE("conv2d: narrow groups, their strides, dilations and paddings") {
  check_all_rungs(same(image(1, 6, 9, 8, 8, 5, 4, 1, 1, 2)), 140);
  check_all_rungs(valid(image(2, 9, 8, 8, 16, 4, 7, 1, 1, 4)), 141);
  check_all_rungs(same(image(1, 5, 6, 34, 4, 3, 3, 1, 1, 2)), 142);  // many channels into few
  check_all_rungs(same(image(1, 5, 6, 4, 40, 3, 3, 2, 1, 2)), 143);  // and few into many
  for (const std::int64_t stride : {2, 3, 4}) {
    for (const std::int64_t dilation : {1, 2}) {
      check_all_rungs(same(image(2, 9, 11, 8, 8, 3, 3, stride, dilation, 8)), 144);
      check_all_rungs(valid(image(1, 10, 9, 6, 6, 4, 2, stride, dilation, 3)), 145);
    }
  }
  check_all_rungs(same(image(5, 14, 3, 4, 4, 3, 3, 1, 1, 4)), 146);   // several pieces of rows
  check_all_rungs(same(image(1, 2, 131, 5, 5, 3, 3, 1, 1, 5)), 147);  // several to a row
  Conv2dShape uneven = image(1, 9, 14, 12, 12, 4, 2, 1, 1, 12);
  uneven.stride_w = 2;
  uneven.dilation_h = 2;
  check_all_rungs(same(uneven), 148);
  uneven.pad_top = 9;  // whole windows of padding, on all sides
  uneven.pad_left = 3;
  uneven.out_h = 25;
  uneven.out_w = 13;
  check_all_rungs(uneven, 149);
}

TEST_CASE("conv2d: depthwise 3x3, around its tile, the edges and bands of rows") {
  for (const std::int64_t width : {3, 5, 7, 8, 15, 23}) {
    const Conv2dShape s = same(image(2, width + 1, width, 32, 32, 3, 3, 1, 1, 32));
    CHECK(kernels::cpu::conv2d_depthwise_3x3_applies(s));
    check_all_rungs(s, 77);
    check_all_rungs(valid(image(2, 3 + width % 3, width, 16, 16, 3, 3, 1, 1, 16)), 78);
  }
  Conv2dShape wide = valid(image(2, 5, 6, 16, 16, 3, 3, 1, 1, 16));  // windows of padding alone
  wide.pad_top = 4;
  wide.out_h = 12;
  wide.pad_left = 3;
  wide.out_w = 13;
  check_all_rungs(wide, 79);
  check_all_rungs(same(image(9, 37, 38, 48, 48, 3, 3, 1, 1, 48)),
                  89);  // pieces of a weight gradient
  for (const auto& other :
       {same(image(2, 6, 7, 16, 16, 3, 3, 2, 1, 16)), same(image(2, 9, 9, 16, 16, 3, 3, 1, 2, 16)),
        same(image(2, 6, 7, 17, 17, 3, 3, 1, 1, 17)), same(image(2, 6, 7, 16, 32, 3, 3, 1, 1, 16)),
        same(image(2, 6, 7, 16, 16, 5, 3, 1, 1, 16))}) {
    CAPTURE(other.text());
    CHECK_FALSE(kernels::cpu::conv2d_depthwise_3x3_applies(other));
  }
}

TEST_CASE("conv2d: several blocks of rows, several pieces of the batch") {
  check_all_rungs(same(image(5, 40, 33, 16, 48, 3, 3)), 80);
  check_all_rungs(valid(image(9, 28, 28, 1, 32, 3, 3)), 81);
  check_all_rungs(same(image(4, 33, 31, 3, 24, 5, 5, 2)), 82);
}

TEST_CASE("conv2d: Winograd, around its tile, the vector and the panel") {
  for (const std::int64_t height : {9, 12, 14, 15}) {
    check_all_rungs(same(image(3, height, 13, 32, 40, 3, 3)), 83);
    check_all_rungs(valid(image(3, 13, height + 2, 39, 32, 3, 3)), 84);
  }
  for (const std::int64_t channels : {33, 48, 57, 71}) {
    const Conv2dShape s = same(image(2, 13, 14, channels, 32, 3, 3));
    CHECK(kernels::cpu::conv2d_winograd_applies(s));
    CHECK(kernels::cpu::conv2d_input_gradient_winograd_applies(s));
    CHECK(kernels::cpu::conv2d_weight_gradient_winograd_applies(s));
    check_all_rungs(s, 85);
    check_all_rungs(valid(image(2, 15, 16, 32, channels, 3, 3)), 86);
  }
  Conv2dShape uneven = valid(image(2, 16, 12, 34, 36, 3, 3));
  uneven.pad_top = 5;  // whole tiles of padding
  uneven.out_h = 26;
  uneven.pad_left = 1;
  uneven.out_w = 15;
  check_all_rungs(uneven, 87);
  check_all_rungs(same(image(3, 9, 9, 144, 272, 3, 3)), 88);  // slices of channels, blocks of sums
  for (const auto& other :
       {same(image(3, 14, 14, 31, 64, 3, 3)), same(image(3, 14, 14, 64, 64, 3, 3, 2)),
        same(image(3, 14, 14, 64, 64, 3, 3, 1, 2)), same(image(3, 14, 14, 64, 64, 3, 3, 1, 1, 2)),
        same(image(3, 14, 14, 64, 64, 3, 2)), same(image(1, 3, 3, 64, 64, 3, 3))}) {
    CAPTURE(other.text());
    CHECK_FALSE(kernels::cpu::conv2d_winograd_applies(other));
    CHECK_FALSE(kernels::cpu::conv2d_input_gradient_winograd_applies(other));
    CHECK_FALSE(kernels::cpu::conv2d_weight_gradient_winograd_applies(other));
  }
}

TEST_CASE("conv2d: Winograd's rms error is at most 1e-6 of the output's rms") {
  // The root of the mean square of the error over that of the reference.
  const auto error = [](const std::vector<float>& got, const std::vector<double>& reference) {
    double errors = 0, squares = 0;
    for (std::size_t i = 0; i + kGuard < reference.size(); ++i) {
      errors += (got[i] - reference[i]) * (got[i] - reference[i]);
      squares += reference[i] * reference[i];
    }
    return std::sqrt(errors / squares);
  };
  for (const Conv2dShape& s :
       {same(image(2, 16, 16, 64, 64, 3, 3)), valid(image(3, 13, 13, 32, 64, 3, 3)),
        same(image(4, 8, 8, 256, 96, 3, 3)), same(image(4, 8, 8, 64, 288, 3, 3)),
        same(image(8, 40, 40, 32, 32, 3, 3))}) {
    CAPTURE(s.text());
    const Problem p = problem(s, 120);
    CHECK(error(forward<float>(kernels::cpu::conv2d_winograd, p, true, Activation::linear),
                forward<double>(kernels::cpu::conv2d_reference, p, true, Activation::linear)) <=
          1e-6);
    CHECK(error(input_gradient<float>(kernels::cpu::conv2d_input_gradient_winograd, p),
                input_gradient<double>(kernels::cpu::conv2d_input_gradient_reference, p)) <= 1e-6);
    CHECK(error(weight_gradient<float>(kernels::cpu::conv2d_weight_gradient_winograd, p),
                weight_gradient<double>(kernels::cpu::conv2d_weight_gradient_reference, p)) <=
          1e-6);
  }
}

TEST_CASE("conv2d: Winograd keeps NaN to the tiles that read it") {
  const Conv2dShape s = same(image(1, 16, 16, 32, 32, 3, 3));
  Problem p = problem(s, 130);
  p.x[(5 * 16 + 5) * 32] = std::numeric_limits<double>::quiet_NaN();
  const auto y = forward<float>(kernels::cpu::conv2d_winograd, p, true, Activation::relu);
  for (std::int64_t i = 0; i < 16; ++i) {
    for (std::int64_t j = 0; j < 16; ++j) {
      const bool reads = std::abs(i - 5) <= 1 && std::abs(j - 5) <= 1, near = i < 8 && j < 8;
      const float value = y[static_cast<std::size_t>((i * 16 + j) * 32)];
      if (reads) CHECK(std::isnan(value));
      if (!near) CHECK_FALSE(std::isnan(value));
    }
  }
}

TEST_CASE("conv2d: an empty batch") {
  const Conv2dShape s = valid(image(0, 5, 5, 2, 3, 3, 3));
  for_each_rung(kernels::conv2d_weight_gradient_ladder<float>, s, [&](auto function) {
    auto dw = unwritten(s.weight_size());
    function(nullptr, nullptr, dw.data(), s);
    CHECK(dw == std::vector<float>(dw.size(), 0));
  });
  for_each_rung(kernels::conv2d_ladder<float>, s,
                [&](auto function) { function(nullptr, nullptr, nullptr, {}, s); });
  for_each_rung(kernels::conv2d_input_gradient_ladder<float>, s,
                [&](auto function) { function(nullptr, nullptr, nullptr, s); });
}

TEST_CASE("conv2d: NaN and infinities reach the outputs that read them, and only those") {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const Conv2dShape s = same(image(1, 5, 18, 1, 17, 3, 3));
  Problem p = problem(s, 90);
  p.w.assign(p.w.size(), 1);
  p.x.assign(p.x.size(), 1);
  p.x[0] = std::numeric_limits<double>::quiet_NaN();
  p.x[8] = -kInf;
  p.x[4 * 18 + 17] = kInf;
  const auto y = forward<double>(kernels::cpu::conv2d_reference, p, false, Activation::relu);
  for_each_rung(
      kernels::conv2d_ladder<float>, s,
      [&](auto function) {
        CHECK(difference(forward<float>(function, p, false, Activation::relu), y, {}) == "");
      },
      Emulated::with_infinities);
  CHECK(std::isnan(y[18 * 17]));
  CHECK(y[8 * 17] == 0);
  CHECK(y[(4 * 18 + 16) * 17] == kInf);
  CHECK(y[2 * 17] == 6);
}

TEST_CASE("conv2d: the same bits on any number of threads") {
  const int before = kernels::thread_count();
  for (const Conv2dShape& s :
       {same(image(5, 30, 29, 16, 40, 3, 3)), valid(image(8, 28, 28, 1, 32, 3, 3)),
        same(image(6, 15, 15, 12, 36, 3, 3, 2, 1, 2)), valid(image(3, 14, 14, 32, 64, 1, 1)),
        same(image(4, 20, 20, 24, 24, 3, 3, 1, 1, 24)), same(image(5, 22, 21, 40, 48, 3, 3)),
        same(image(2, 9, 9, 272, 144, 3, 3))}) {
    const Problem p = problem(s, 100);
    const auto same_bits = [&](const auto& ladder, auto compute) {
      for_each_rung(ladder, s, [&](auto function) {
        if (function == ladder.rungs[0].function) return;
        std::vector<std::vector<float>> results;
        for (const int threads : {1, 2, 4}) {
          kernels::set_thread_count(threads);
          results.push_back(compute(function));
          results.back().resize(results.back().size() - kGuard);  // NaN is no equal of itself
        }
        CHECK(results[0] == results[1]);
        CHECK(results[0] == results[2]);
      });
    };
    same_bits(kernels::conv2d_ladder<float>,
              [&](auto f) { return forward<float>(f, p, true, Activation::relu); });
    same_bits(kernels::conv2d_input_gradient_ladder<float>,
              [&](auto f) { return input_gradient<float>(f, p); });
    same_bits(kernels::conv2d_weight_gradient_ladder<float>,
              [&](auto f) { return weight_gradient<float>(f, p); });
  }
  kernels::set_thread_count(before);
}

TEST_CASE("conv2d: TF32 is off by the rounding of its operands, in all passes") {
  // Of k products, each off by up to 2^-10 of itself, as often up as down; the largest are near 8.
  const auto close = [](std::int64_t terms) {
    return Tolerance{.rel = 1e-6, .abs = 4e-3 * (1 + std::sqrt(static_cast<double>(terms)))};
  };
  std::uint64_t seed = 200;
  for (const Conv2dShape& s :
       {same(image(2, 7, 9, 8, 20, 3, 3)), same(image(2, 9, 8, 3, 16, 3, 3, 2)),
        valid(image(2, 7, 9, 5, 9, 3, 2, 1, 2)), same(image(2, 6, 7, 34, 36, 3, 3, 1, 1, 2)),
        same(image(3, 15, 14, 4, 68, 1, 1)), same(image(6, 28, 28, 1, 5, 3, 3))}) {
    const Problem p = problem(s, ++seed);
    const auto y = forward<double>(kernels::cpu::conv2d_reference, p, true, Activation::relu);
    int rungs = 0;
    for_each_emulated_rung(
        kernels::conv2d_ladder<float>, s,
        [&](auto function) {
          ++rungs;
          CHECK(difference(forward<float>(function, p, true, Activation::relu), y,
                           close(s.depth())) == "");
        },
        Emulated::tf32);
    const auto dx = input_gradient<double>(kernels::cpu::conv2d_input_gradient_reference, p);
    for_each_emulated_rung(
        kernels::conv2d_input_gradient_ladder<float>, s,
        [&](auto function) {
          ++rungs;
          CHECK(difference(input_gradient<float>(function, p), dx,
                           close(s.kernel_h * s.kernel_w * s.group_out())) == "");
        },
        Emulated::tf32);
    const auto dw = weight_gradient<double>(kernels::cpu::conv2d_weight_gradient_reference, p);
    for_each_emulated_rung(
        kernels::conv2d_weight_gradient_ladder<float>, s,
        [&](auto function) {
          ++rungs;
          CHECK(difference(weight_gradient<float>(function, p), dw,
                           close(s.batch * s.out_h * s.out_w)) == "");
        },
        Emulated::tf32);
    CHECK((rungs >= 3 || only_emulated_rungs()));  // where a rung has its share
  }
}

TEST_CASE("conv2d: cost and text") {
  Conv2dShape s = valid(image(2, 6, 5, 4, 8, 3, 2));
  CHECK(s.text() == "[2, 6, 5, 4] 3x2 -> [2, 4, 4, 8]");
  CHECK(kernels::conv2d_cost<float>(s).flops == 2.0 * 2 * 4 * 4 * 8 * 3 * 2 * 4);
  CHECK(kernels::conv2d_cost<double>(s).bytes == 8.0 * (240 + 192 + 256));
  s = same(image(2, 6, 5, 4, 8, 3, 2, 2, 1, 2));
  s.dilation_h = 3;
  CHECK(s.text() == "[2, 6, 5, 4] 3x2 -> [2, 3, 3, 8] stride 2x2 dilation 3x1 groups 2");
  s.pad_left = 1;
  CHECK(s.text() == "[2, 6, 5, 4] 3x2 -> [2, 3, 3, 8] stride 2x2 dilation 3x1 pad 0x1 groups 2");
  CHECK(kernels::conv2d_cost<float>(s).flops == 2.0 * 2 * 3 * 3 * 8 * 3 * 2 * 2);
}

}  // namespace keratin::tests
