#include "autograd/ops/conv2d_transpose.h"

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tensor/cast.h"
#include "tests/second_gradient.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using Pair = std::array<std::int64_t, 2>;

Tensor normal(const Shape& shape, std::uint64_t seed, DType dtype = float64) {
  return cast(Tensor::from(normal_values(shape.size(), seed), shape), dtype);
}

struct Case {
  Shape x, kernel;
  Conv2dTransposeOptions options;
  Shape y;
};
Case made(const Shape& x, const Shape& kernel, Pair strides, const char* padding, Pair dilation,
          std::optional<Pair> output_padding, const Shape& y) {
  Conv2dTransposeOptions options;
  options.strides = strides;
  options.padding = padding;
  options.dilation_rate = dilation;
  options.output_padding = output_padding;
  return {x, kernel, options, y};
}
std::vector<Case> cases() {
  const auto none = std::optional<Pair>();
  const Pair one{1, 1}, some{2, 1};
  return {
      made({2, 3, 4, 3}, {3, 3, 2, 3}, one, "valid", one, none, {2, 5, 6, 2}),
      made({2, 3, 4, 3}, {3, 3, 2, 3}, one, "same", one, none, {2, 3, 4, 2}),
      made({1, 3, 2, 2}, {3, 2, 3, 2}, {2, 3}, "valid", one, none, {1, 7, 6, 3}),
      made({1, 3, 2, 2}, {3, 2, 3, 2}, {2, 3}, "same", one, none, {1, 6, 6, 3}),
      made({1, 2, 3, 2}, {1, 2, 3, 2}, {3, 2}, "valid", one, none, {1, 6, 6, 3}),
      made({1, 2, 3, 2}, {3, 2, 3, 2}, one, "same", {2, 3}, none, {1, 2, 3, 3}),
      made({1, 3, 3, 2}, {3, 4, 1, 2}, {3, 2}, "valid", one, some, {1, 11, 9, 1}),
      made({1, 3, 3, 2}, {3, 4, 1, 2}, {3, 2}, "same", one, some, {1, 9, 5, 1}),
  };
}

// Each pixel lays down its kernel: what a loop says.
Tensor scattered(const Tensor& x, const Tensor& kernel, const Case& c) {
  const Shape &in = x.shape(), &k = kernel.shape();
  Tensor y = zeros(c.y, float64);
  Pair front{};
  for (std::size_t a = 0; a < 2; ++a) {
    const auto axis = static_cast<std::int64_t>(a);
    const std::int64_t e = (k[axis] - 1) * c.options.dilation_rate[a] + 1;
    std::int64_t around = c.options.strides[a] + e - 2;
    if (c.options.output_padding) around = e + e % 2 - 2 + (*c.options.output_padding)[a];
    if (c.options.padding == "same") front[a] = e - 1 - std::min((around + 1) / 2, e - 1);
  }
  const double *px = x.data<double>(), *pk = kernel.data<double>();
  double* py = y.mutable_data<double>();
  for (std::int64_t i = 0; i < in.size(); ++i) {
    const std::int64_t ch = i % in[3], col = i / in[3] % in[2], row = i / in[3] / in[2] % in[1],
                       n = i / in[3] / in[2] / in[1];
    for (std::int64_t j = 0; j < k.size(); ++j) {
      const std::int64_t from = j % k[3], to = j / k[3] % k[2], q = j / k[3] / k[2] % k[1],
                         p = j / k[3] / k[2] / k[1];
      const std::int64_t u = row * c.options.strides[0] + p * c.options.dilation_rate[0] - front[0],
                         v = col * c.options.strides[1] + q * c.options.dilation_rate[1] - front[1];
      if (from != ch || u < 0 || v < 0 || u >= c.y[1] || v >= c.y[2]) continue;
      py[((n * c.y[1] + u) * c.y[2] + v) * c.y[3] + to] += px[i] * pk[j];
    }
  }
  return y;
}

}  // namespace

TEST_CASE("conv2d_transpose: each pixel lays down its kernel") {
  for (const Case& c : cases()) {
    CAPTURE(c.x.text());
    CAPTURE(c.y.text());
    const Tensor x = normal(c.x, 1), w = normal(c.kernel, 2), b = normal({c.y.back()}, 3);
    const Tensor expected = scattered(x, w, c);
    for (const DType dtype : {float32, float64}) {
      const auto unlike = [&](const Tensor& y, const Tensor& wanted) {
        if (y.shape() != c.y || y.dtype() != dtype) return y.spec().text();
        return difference(y.to_vector<double>(), wanted.to_vector<double>(), {1e-5, 1e-5});
      };
      const Tensor x1 = cast(x, dtype), w1 = cast(w, dtype), b1 = cast(b, dtype);
      CHECK(unlike(conv2d_transpose(x1, w1, {}, c.options), expected) == "");
      CHECK(unlike(conv2d_transpose(x1, w1, b1, c.options), expected + b) == "");
    }
  }
}

TEST_CASE("conv2d_transpose: is the transpose of conv2d") {
  // <conv2d(x, w), y> = <x, conv2d_transpose(y, w)>, where the sizes come out.
  const Tensor x = normal({2, 6, 6, 3}, 4), w = normal({2, 3, 3, 4}, 5);
  const Tensor forward = conv2d(x, w, {}, {.strides = {2, 3}});
  const Tensor y = normal(forward.shape(), 6);
  const Tensor back = conv2d_transpose(y, w, {}, {.strides = {2, 3}});
  REQUIRE(back.shape() == x.shape());
  CHECK(sum(forward * y).item<double>() == doctest::Approx(sum(x * back).item<double>()));
}

TEST_CASE("conv2d_transpose: gradients, and theirs") {
  for (const Case& c : cases()) {
    CAPTURE(c.x.text());
    CAPTURE(c.y.text());
    const std::vector<Tensor> inputs = {normal(c.x, 4), normal(c.kernel, 5),
                                        normal({c.y.back()}, 6)};
    const auto biased = [&](const std::vector<Variable>& v) {
      return conv2d_transpose(v[0], v[1], v[2], c.options);
    };
    CHECK(gradcheck(biased, inputs).max_relative_error < 1e-8);
    CHECK(second_gradient_error(biased, inputs) < 1e-7);
  }
  CHECK(conv2d_transpose(zeros({0, 3, 3, 2}), zeros({2, 2, 4, 2})).shape() == Shape{0, 4, 4, 4});
}

TEST_CASE("conv2d_transpose: errors name what was given") {
  using doctest::Contains;
  const Tensor x = zeros({2, 3, 3, 4}), w = zeros({2, 2, 6, 4});
  const auto with = [&](const Conv2dTransposeOptions& o) { return conv2d_transpose(x, w, {}, o); };
  CHECK_THROWS_WITH_AS((void)conv2d_transpose(zeros({3, 3, 4}), w),
                       Contains("input has rank 3, f32[3, 3, 4]"), ShapeError);
  CHECK_THROWS_WITH_AS((void)conv2d_transpose(x, zeros({2, 6, 4})),
                       Contains("[height, width, out, in] as kernel"), ShapeError);
  CHECK_THROWS_WITH_AS((void)conv2d_transpose(x, zeros({2, 2, 4, 6})),
                       Contains("the kernel's last size must be the input's channels, 4"),
                       ShapeError);
  CHECK_THROWS_WITH_AS((void)conv2d_transpose(x, w, zeros({4})), Contains("expected a bias of [6]"),
                       ShapeError);
  CHECK_THROWS_AS((void)conv2d_transpose(zeros({2, 0, 3, 4}), w), ShapeError);
  CHECK_THROWS_AS((void)conv2d_transpose(x, zeros({2, 2, 6, 4}, float64)), DTypeError);
  CHECK_THROWS_AS((void)conv2d_transpose(x, w, zeros({6}, float64)), DTypeError);
  CHECK_THROWS_AS((void)conv2d_transpose(cast(x, int32), cast(w, int32)), DTypeError);
  CHECK_THROWS_WITH_AS((void)with({.padding = "full"}), Contains("padding is \"full\""),
                       ValueError);
  CHECK_THROWS_WITH_AS((void)with({.strides = {0, 1}}), Contains("strides 0x1"), ValueError);
  CHECK_THROWS_WITH_AS((void)with({.strides = {2, 1}, .dilation_rate = {1, 2}}),
                       Contains("strides 2x1 and dilation 1x2 together"), ValueError);
  for (const Pair padding : {Pair{2, 0}, Pair{0, 1}, Pair{-1, 0}}) {
    Conv2dTransposeOptions options;
    options.strides = {2, 1};
    options.output_padding = padding;
    CHECK_THROWS_WITH_AS((void)with(options), Contains("output_padding is"), ValueError);
  }
  CHECK_THROWS_WITH_AS(
      (void)conv2d_transpose(zeros({1, 1, 1, 4}), w, {},
                             {.strides = {2, 2}, .padding = "same", .output_padding = Pair{0, 0}}),
      Contains("nothing is left of f32[1, 1, 1, 4]"), ShapeError);
}

}  // namespace keratin::tests
