#include "autograd/ops/conv2d.h"

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "kernels/parallel.h"
#include "tensor/cast.h"
#include "tests/second_gradient.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using kernels::Activation;

Tensor normal(const Shape& shape, std::uint64_t seed, DType dtype = float64) {
  return cast(Tensor::from(normal_values(shape.size(), seed), shape), dtype);
}
std::string unlike(const Tensor& y, const Tensor& expected, Tolerance tolerance = {1e-5, 1e-5}) {
  if (y.shape() != expected.shape()) return y.spec().text();
  return difference(y.to_vector<double>(), expected.to_vector<double>(), tolerance);
}

struct Case {
  Shape x, kernel;
  Conv2dOptions options;
};
const std::vector<Case> kCases = {
    {{2, 5, 6, 3}, {3, 3, 3, 4}, {}},
    {{2, 5, 6, 3}, {3, 2, 3, 4}, {.padding = "same"}},
    {{1, 7, 5, 2}, {3, 3, 2, 3}, {.strides = {2, 2}, .padding = "same"}},
    {{1, 6, 8, 2}, {2, 3, 2, 3}, {.strides = {1, 3}}},
    {{1, 6, 7, 2}, {3, 2, 2, 3}, {.padding = "same", .dilation_rate = {2, 3}}},
    {{2, 4, 4, 4}, {3, 3, 2, 6}, {.padding = "same", .groups = 2}},
    {{1, 4, 5, 3}, {3, 3, 1, 3}, {.groups = 3}},
    {{2, 3, 3, 4}, {1, 1, 4, 5}, {}},
    {{1, 2, 2, 1}, {4, 5, 1, 2}, {.padding = "same"}},
};

// The same by pad, slices and matmul: for each tap the pixels that it meets, times its weights.
Tensor composed(const Tensor& x, const Tensor& kernel, const Conv2dOptions& o) {
  std::vector<PadWidth> padding(4);
  std::int64_t count[2];
  for (std::size_t a = 0; a < 2; ++a) {
    const auto axis = static_cast<std::int64_t>(a);
    const std::int64_t n = x.shape()[axis + 1],
                       e = (kernel.shape()[axis] - 1) * o.dilation_rate[a] + 1;
    count[a] =
        o.padding == "same" ? (n + o.strides[a] - 1) / o.strides[a] : (n - e) / o.strides[a] + 1;
    const std::int64_t needed = std::max<std::int64_t>(0, (count[a] - 1) * o.strides[a] + e - n);
    padding[a + 1] = {needed / 2, needed - needed / 2};
  }
  const Tensor padded = pad(x, padding);
  const std::int64_t batch = x.shape()[0], in = x.shape()[3], out = kernel.shape()[3],
                     group_in = in / o.groups, group_out = out / o.groups;
  std::vector<Tensor> groups;
  for (std::int64_t g = 0; g < o.groups; ++g) {
    Tensor y = zeros({batch, count[0], count[1], group_out}, x.dtype());
    for (std::int64_t p = 0; p < kernel.shape()[0]; ++p) {
      for (std::int64_t q = 0; q < kernel.shape()[1]; ++q) {
        const auto along = [&](std::size_t a, std::int64_t tap) {
          const std::int64_t first = tap * o.dilation_rate[a];
          return SliceRange{first, first + (count[a] - 1) * o.strides[a] + 1, o.strides[a]};
        };
        const SliceRange ins{g * group_in, (g + 1) * group_in},
            outs{g * group_out, (g + 1) * group_out};
        const Tensor meets = slice(padded, {{}, along(0, p), along(1, q), ins});
        const Tensor weights = slice(kernel, {{p, p + 1}, {q, q + 1}, {}, outs});
        y = y + matmul(meets, reshape(weights, {group_in, group_out}));
      }
    }
    groups.push_back(y);
  }
  return concatenate(groups, {.axis = 3});
}

}  // namespace

TEST_CASE("conv2d: is pad, slices and matmul") {
  for (const Case& c : kCases) {
    for (const DType dtype : {float32, float64}) {
      CAPTURE(c.x.text());
      CAPTURE(c.kernel.text());
      const Tensor x = normal(c.x, 1, dtype), w = normal(c.kernel, 2, dtype),
                   b = normal({c.kernel.back()}, 3, dtype);
      const Tensor plain = composed(x, w, c.options);
      Conv2dOptions with_relu = c.options;
      with_relu.activation = Activation::relu;
      CHECK(unlike(conv2d(x, w, {}, c.options), plain) == "");
      CHECK(unlike(conv2d(x, w, b, c.options), plain + b) == "");
      CHECK(unlike(conv2d(x, w, b, with_relu), relu(plain + b)) == "");
      CHECK(unlike(conv2d(x, w, {}, with_relu), relu(plain)) == "");
      CHECK(conv2d(x, w, b, c.options).dtype() == dtype);
    }
  }
}

TEST_CASE("conv2d: the shapes of TensorFlow") {
  const auto shape = [](const Shape& x, const Shape& w, const Conv2dOptions& o) {
    return conv2d(zeros(x), zeros(w), {}, o).shape();
  };
  CHECK(shape({2, 28, 28, 1}, {3, 3, 1, 32}, {}) == Shape{2, 26, 26, 32});
  CHECK(shape({2, 224, 224, 1}, {3, 3, 1, 2}, {.strides = {2, 2}, .padding = "same"}) ==
        Shape{2, 112, 112, 2});
  CHECK(shape({2, 7, 9, 1}, {3, 3, 1, 2}, {.strides = {2, 3}}) == Shape{2, 3, 3, 2});
  CHECK(shape({0, 7, 9, 1}, {3, 3, 1, 2}, {}) == Shape{0, 5, 7, 2});
  // An odd cell of padding goes behind: with 4 pixels, stride 2 and a kernel of 3 there is none in
  // front.
  const Tensor x = Tensor::numbers({1, 2, 3, 4}, {1, 1, 4, 1});
  const Tensor y = conv2d(x, ones({1, 3, 1, 1}), {}, {.strides = {1, 2}, .padding = "same"});
  CHECK(y.to_vector<double>() == std::vector<double>{6, 7});
}

TEST_CASE("conv2d: gradients") {
  for (const Case& c : kCases) {
    CAPTURE(c.x.text());
    CAPTURE(c.kernel.text());
    const Tensor x = normal(c.x, 4), w = normal(c.kernel, 5), b = normal({c.kernel.back()}, 6);
    for (const Activation activation : {Activation::linear, Activation::relu}) {
      Conv2dOptions options = c.options;
      options.activation = activation;
      const auto biased = [&](const std::vector<Variable>& v) {
        return conv2d(v[0], v[1], v[2], options);
      };
      CHECK(gradcheck(biased, {x, w, b}).max_relative_error < 1e-8);
      const auto bare = [&](const std::vector<Variable>& v) {
        return conv2d(v[0], v[1], {}, options);
      };
      CHECK(gradcheck(bare, {x, w}).max_relative_error < 1e-8);
    }
  }
}

TEST_CASE("conv2d: a gradient can be differentiated again") {
  for (const Case& c : kCases) {
    CAPTURE(c.x.text());
    const Tensor x = normal(c.x, 7), w = normal(c.kernel, 8), b = normal({c.kernel.back()}, 9);
    Conv2dOptions options = c.options;
    options.activation = Activation::relu;
    const auto f = [&](const std::vector<Variable>& v) {
      return conv2d(v[0], v[1], v[2], options);
    };
    CHECK(second_gradient_error(f, {x, w, b}) < 1e-7);
  }
}

TEST_CASE("conv2d: no gradient for a constant input; the same bits on any number of threads") {
  const int before = kernels::thread_count();
  const Tensor x = normal({9, 20, 20, 8}, 10, float32);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 4}) {
    kernels::set_thread_count(threads);
    const Variable w(normal({3, 3, 8, 40}, 11, float32)), b(normal({40}, 12, float32));
    const Variable y = conv2d(x, w, b, {.padding = "same", .activation = Activation::relu});
    sum(y * y).backward();
    auto all = w.grad().to_vector<float>();
    for (const float value : b.grad().to_vector<float>()) all.push_back(value);
    results.push_back(std::move(all));
  }
  kernels::set_thread_count(before);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}

TEST_CASE("conv2d: gradients of a large output with relu, some images at a time") {
  const int before = kernels::thread_count();
  const Tensor x0 = normal({5, 76, 76, 3}, 13, float32), w0 = normal({3, 3, 3, 80}, 14, float32),
               b0 = normal({80}, 15, float32), dy = normal({5, 76, 76, 80}, 16, float32);
  CHECK(dy.size() > (2 << 20));
  const auto gradients = [&](bool together, bool wants_x) {
    const Variable x(x0, wants_x), w(w0), b(b0);
    const Activation activation = together ? Activation::relu : Activation::linear;
    const Variable y = conv2d(x, w, b, {.padding = "same", .activation = activation});
    (together ? y : relu(y)).backward(dy);
    std::vector<Tensor> all{w.grad(), b.grad()};
    if (wants_x) all.push_back(x.grad());
    return all;
  };
  const auto expected = gradients(false, true);
  for (const bool wants_x : {true, false}) {
    std::vector<std::vector<Tensor>> results;
    for (const int threads : {1, 2, 4}) {
      kernels::set_thread_count(threads);
      results.push_back(gradients(true, wants_x));
      REQUIRE(results[0].size() == (wants_x ? 3 : 2));
    }
    for (std::size_t i = 0; i < results[0].size(); ++i) {
      CAPTURE(i);
      CHECK(unlike(results[0][i], expected[i], {1e-4, 5e-3}) == "");  // sums of 28,880 terms
      CHECK(results[1][i].to_vector<float>() == results[0][i].to_vector<float>());
      CHECK(results[2][i].to_vector<float>() == results[0][i].to_vector<float>());
    }
  }
  kernels::set_thread_count(before);
}

TEST_CASE("conv2d: errors name what was given") {
  const Tensor x = zeros({2, 8, 8, 4}), w = zeros({3, 3, 4, 6});
  CHECK_THROWS_WITH_AS((void)conv2d(zeros({8, 8, 4}), w),
                       "conv2d: input has rank 3, f32[8, 8, 4]; expected [batch, height, width, "
                       "channels]. For one image or one channel use expand_dims.",
                       ShapeError);
  CHECK_THROWS_WITH_AS((void)conv2d(x, zeros({3, 4, 6})),
                       doctest::Contains("f32[3, 4, 6]; expected [height, width, in / groups, "
                                         "out] as kernel"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(
      (void)conv2d(x, zeros({3, 3, 5, 6})),
      "conv2d: channels differ: input is f32[2, 8, 8, 4], kernel is f32[3, 3, 5, 6]; the kernel's "
      "third size must be the input's channels divided by groups, 4 / 1 = 4. The kernel is stored "
      "as [height, width, in / groups, out].",
      ShapeError);
  CHECK_THROWS_WITH_AS((void)conv2d(zeros({2, 2, 8, 4}), w),
                       "conv2d: the height is smaller than the window: input is f32[2, 2, 8, 4], "
                       "the window needs 3 of its 2 cells. Use padding = \"same\", a smaller "
                       "window or a larger image.",
                       ShapeError);
  CHECK_THROWS_WITH_AS((void)conv2d(x, w, zeros({5})), doctest::Contains("expected a bias of [6]"),
                       ShapeError);
  CHECK_THROWS_AS((void)conv2d(zeros({2, 0, 8, 4}), w), ShapeError);
  CHECK_THROWS_AS((void)conv2d(x, zeros({3, 3, 4, 6}, float64)), DTypeError);
  CHECK_THROWS_AS((void)conv2d(zeros({2, 8, 8, 4}, int32), zeros({3, 3, 4, 6}, int32)), DTypeError);
  CHECK_THROWS_WITH_AS((void)conv2d(x, w, {}, {.padding = "full"}),
                       "conv2d: padding is \"full\"; expected \"valid\" or \"same\"", ValueError);
  CHECK_THROWS_AS((void)conv2d(x, w, {}, {.strides = {0, 1}}), ValueError);
  CHECK_THROWS_AS((void)conv2d(x, w, {}, {.strides = {2, 1}, .dilation_rate = {1, 2}}), ValueError);
  CHECK_THROWS_WITH_AS((void)conv2d(x, zeros({3, 3, 1, 6}), {}, {.groups = 4}),
                       doctest::Contains("divides both 4 input channels and 6 output channels"),
                       ValueError);
  CHECK_THROWS_AS((void)conv2d(x, w, {}, {.groups = 0}), ValueError);
}

}  // namespace keratin::tests
