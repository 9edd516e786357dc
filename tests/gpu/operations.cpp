// Operations on the emulated GPU beside the CPU: results, and gradients of every input.
#include <functional>
#include <string>
#include <vector>

#include "autograd/ops/abs.h"
#include "autograd/ops/average_pool2d.h"
#include "autograd/ops/batch_normalization.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/conv2d.h"
#include "autograd/ops/dense.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/gather.h"
#include "autograd/ops/layer_normalization.h"
#include "autograd/ops/log_softmax.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/max_pool2d.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/softmax.h"
#include "autograd/ops/transpose.h"
#include "kernels/error.h"
#include "tensor/cast.h"
#include "tensor/random.h"
#include "tests/gpu/both_devices.h"

namespace keratin::tests {
namespace {

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("gpu: dropout draws the CPU's mask, forward and backward") {
  for (const double rate : {0.0, 0.3, 1.0}) {
    check_same([=](const Inputs& x) { return dropout(x[0], rate, {.seed = 5, .stream = 9}); },
               {normal({7, 31})});
  }
  check_same([](const Inputs& x) { return dropout(x[0], 0.5, {.seed = 5}); },
             {cast(normal({7, 31}), float64)});
  check_same([](const Inputs& x) { return dropout(x[0], 0.5, {.seed = 5}); },
             {cast(normal({7, 31}), bfloat16)});
}

TEST_CASE("gpu: random numbers are the CPU's") {
  const WithEmulatedGpu gpu;
  const Device there = Device::named("cuda");
  const RandomStream stream{.seed = 3, .stream = 4};
  for (const DType dtype : {float32, float64, bfloat16}) {
    CHECK(random_uniform({41, 3}, -1, 3, dtype, stream, there).to_vector<double>() ==
          random_uniform({41, 3}, -1, 3, dtype, stream).to_vector<double>());
    CHECK(difference(randn({41, 3}, dtype, stream, there).to_vector<double>(),
                     randn({41, 3}, dtype, stream).to_vector<double>(), {1.2e-7, 1e-8}) == "");
    CHECK(difference(random_truncated_normal({41, 3}, dtype, stream, there).to_vector<double>(),
                     random_truncated_normal({41, 3}, dtype, stream).to_vector<double>(),
                     {1.2e-7, 1e-8}) == "");
  }
}

TEST_CASE("gpu: gather and its gradient, to the bit") {
  const Tensor rows = Tensor::from(std::vector<std::int32_t>{2, 0, 2, 2, 5, 0, 1, 2}, {4, 2});
  for (const int axis : {0, 1}) {
    for (const Shape& shape : {Shape{6, 7}, Shape{6, 130}, Shape{7, 6, 3}}) {
      if (shape[axis] < 6) continue;
      for (const DType dtype : {int32, int64}) {
        const auto f = [&](const Inputs& x) {
          return gather(x[0], cast(rows, dtype).to(x[0].value().device()), {.axis = axis});
        };
        check_same(f, {normal(shape)});
        check_same(f, {cast(normal(shape), float64)});
      }
    }
  }
  check_same([&](const Inputs& x) { return gather(x[0], rows); },
             {normal({6, 2})});  // from the CPU
  check_same([&](const Inputs& x) { return gather(x[0], rows); }, {cast(normal({6, 2}), bfloat16)});
  check_same(
      [](const Inputs& x) {
        return gather(x[0], cast(zeros({0, 3}), int64));
      },
      {normal({6, 2})});
  const WithEmulatedGpu gpu;
  const Tensor bad = Tensor::from(std::vector<std::int64_t>{1, 0, 7, -3}, {2, 2}).to("cuda");
  CHECK(error_of([&] {
          (void)gather(normal({6, 2}).to("cuda"), bad);
        }) ==
        "gather: index 7 at [1, 0] of the indices i64[2, 2] is outside axis 0 of f32[6, 2]; "
        "expected 0 to 5");
}

TEST_CASE("gpu: casts between all types") {
  const Tensor x = normal({5, 9}) * 100.0;
  const std::vector<DType> types = {float32, float64, bfloat16, uint8, int32, int64, boolean};
  const WithEmulatedGpu gpu;
  for (const DType from : types) {
    for (const DType to : types) {
      const Tensor here = cast(x, from), there = cast(here.to("cuda"), to);
      CHECK(there.device() == Device::named("cuda"));
      CHECK(there.dtype() == to);
      CHECK(there.to_vector<double>() == cast(here, to).to_vector<double>());
    }
  }
  for (const DType to : {float64, bfloat16})
    check_same([=](const Inputs& in) { return cast(in[0], to); }, {x});
}

TEST_CASE("gpu: transpose") {
  check_same([](const Inputs& x) { return transpose(x[0]); }, {normal({33, 70})});
  check_same(
      [](const Inputs& x) {
        return transpose(x[0], {.axes = {0, 3, 1, 2}});
      },
      {normal({2, 5, 7, 3})});
  check_same(
      [](const Inputs& x) {
        return transpose(x[0], {.axes = {1, 0, 2}});
      },
      {cast(normal({4, 5, 6}), bfloat16)});
  check_same([](const Inputs& x) { return transpose(x[0]); }, {normal({0, 3})});
}

TEST_CASE("gpu: batch normalization, training and inference") {
  for (const Shape& shape : {Shape{5, 3}, Shape{4, 3, 3, 8}, Shape{2, 300, 6}, Shape{1, 40}}) {
    const std::int64_t channels = shape.back();
    const Tensor gamma = normal({channels}, 2), beta = normal({channels}, 3);
    const Tensor mean = normal({channels}, 4), variance = abs(normal({channels}, 5));
    check_same(
        [](const Inputs& x) {
          BatchMoments moments;
          return batch_normalization(x[0], x[1], x[2], 1e-3, moments);
        },
        {normal(shape), gamma, beta}, kClose);
    check_same(
        [](const Inputs& x) {
          BatchMoments moments;
          return batch_normalization(x[0], Variable(), Variable(), 1e-3, moments);
        },
        {normal(shape)}, kClose);
    check_same(
        [&](const Inputs& x) {
          const Device there = x[0].value().device();
          return batch_normalization(x[0], x[1], x[2], 1e-3, mean.to(there), variance.to(there));
        },
        {normal(shape), gamma, beta}, kClose);
    check_same(
        [](const Inputs& x) {
          BatchMoments moments;
          return batch_normalization_relu(x[0], x[1], x[2], x[3], 1e-3, moments);
        },
        {normal(shape), gamma, beta, normal(shape, 6)}, kClose);
    check_same(
        [&](const Inputs& x) {
          const Device there = x[0].value().device();
          return batch_normalization_relu(x[0], x[1], x[2], Variable(), 1e-3, mean.to(there),
                                          variance.to(there));
        },
        {normal(shape), gamma, beta}, kClose);
  }
}

TEST_CASE("gpu: back through relu and a bias, in one pass for both") {
  const auto layer = [](const Inputs& x) {
    return dense(x[0], x[1], x[2], {.activation = kernels::Activation::relu});
  };
  const auto convolution = [](const Inputs& x) {
    return conv2d(x[0], x[1], x[2], {.padding = "same", .activation = kernels::Activation::relu});
  };
  for (const std::int64_t units : {1, 7, 12}) {
    check_same(layer, {normal({5, 6, 9}, 1), normal({9, units}, 2), normal({units}, 3)}, kClose);
    check_same(convolution,
               {normal({2, 6, 7, 3}, 4), normal({3, 3, 3, units}, 5), normal({units}, 6)}, kClose);
  }
  const auto wide = [](const Tensor& x) { return cast(x, float64); };
  check_same(layer, {wide(normal({5, 9}, 1)), wide(normal({9, 4}, 2)), wide(normal({4}, 3))},
             kClose);
  // Several pieces of rows; nobody asks for the gradient of the bias; no rows.
  check_same(layer, {normal({4200, 2}, 7), normal({2, 8}, 8), normal({8}, 9)},
             {.rel = 1e-5, .abs = 1e-3});
  const Tensor bias = normal({4}, 10);
  check_same(
      [&](const Inputs& x) {
        return dense(x[0], x[1], Variable(bias.to(x[0].value().device()), false),
                     {.activation = kernels::Activation::relu});
      },
      {normal({5, 9}, 1), normal({9, 4}, 2)}, kClose);
  check_same(layer, {normal({0, 9}, 1), normal({9, 4}, 2), normal({4}, 3)});
}

TEST_CASE("gpu: layer normalization") {
  for (const Shape& shape : {Shape{5, 3}, Shape{7, 2, 70}, Shape{2, 1100}, Shape{0, 4}}) {
    const std::int64_t cols = shape.back();
    check_same([](const Inputs& x) { return layer_normalization(x[0], x[1], x[2], 1e-3); },
               {normal(shape), normal({cols}, 2), normal({cols}, 3)}, kClose);
    check_same(
        [](const Inputs& x) { return layer_normalization(x[0], Variable(), Variable(), 1e-3); },
        {normal(shape)}, kClose);
  }
}

TEST_CASE("gpu: float64, forward and backward") {
  const auto wide = [](const Shape& shape, std::uint64_t seed) {
    return cast(normal(shape, seed), float64);
  };
  constexpr Tolerance kExact{.rel = 1e-11, .abs = 1e-11};
  check_same([](const Inputs& x) { return matmul(x[0], x[1]); }, {wide({7, 9}, 1), wide({9, 5}, 2)},
             kExact);
  check_same([](const Inputs& x) { return softmax(x[0]); }, {wide({7, 9}, 1)}, kExact);
  check_same([](const Inputs& x) { return log_softmax(x[0]); }, {wide({7, 9}, 1)}, kExact);
  check_same([](const Inputs& x) { return conv2d(x[0], x[1]); },
             {wide({2, 6, 5, 3}, 1), wide({3, 2, 3, 4}, 2)}, kExact);
  check_same([](const Inputs& x) { return max_pool2d(x[0]); }, {wide({2, 6, 4, 3}, 1)}, kExact);
  check_same([](const Inputs& x) { return average_pool2d(x[0]); }, {wide({2, 6, 4, 4}, 1)}, kExact);
  check_same([](const Inputs& x) { return layer_normalization(x[0], x[1], x[2], 1e-3); },
             {wide({5, 33}, 1), wide({33}, 2), wide({33}, 3)}, kExact);
  check_same(
      [](const Inputs& x) {
        BatchMoments moments;
        return batch_normalization(x[0], x[1], x[2], 1e-3, moments);
      },
      {wide({40, 6}, 1), wide({6}, 2), wide({6}, 3)}, kExact);
}

}  // namespace keratin::tests
