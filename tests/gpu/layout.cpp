// What moves elements, compares and counts them, on the emulated GPU beside the CPU.
#include <array>
#include <vector>

#include "autograd/ops/affine_transform.h"
#include "autograd/ops/concatenate.h"
#include "autograd/ops/expand_dims.h"
#include "autograd/ops/flip.h"
#include "autograd/ops/global_average_pool2d.h"
#include "autograd/ops/global_max_pool2d.h"
#include "autograd/ops/index.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/pad.h"
#include "autograd/ops/repeat.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/resize.h"
#include "autograd/ops/slice.h"
#include "autograd/ops/square.h"
#include "autograd/ops/squeeze.h"
#include "autograd/ops/stack.h"
#include "autograd/ops/sum.h"
#include "autograd/ops/tile.h"
#include "autograd/ops/where.h"
#include "tensor/compare.h"
#include "tensor/one_hot.h"
#include "tensor/resize_images.h"
#include "tests/gpu/both_devices.h"

namespace keratin::tests {

TEST_CASE("gpu: views of the same elements") {
  check_same([](const Inputs& x) { return reshape(x[0], {-1, 6}); }, {normal({4, 3, 2})});
  check_same([](const Inputs& x) { return expand_dims(x[0], 1); }, {normal({4, 3})});
  check_same([](const Inputs& x) { return squeeze(x[0]); }, {normal({4, 1, 3})});
  check_same([](const Inputs& x) { return index(x[0], -2); }, {normal({4, 5})});
}

TEST_CASE("gpu: elements moved") {
  check_same(
      [](const Inputs& x) {
        return concatenate({x[0], x[1], x[2]}, {.axis = 1});
      },
      {normal({3, 4}), normal({3, 1}), normal({3, 7})});
  check_same(
      [](const Inputs& x) {
        return stack({x[0], x[1]}, {.axis = -1});
      },
      {normal({3, 4}), normal({3, 4}, 2)});
  check_same([](const Inputs& x) { return slice(x[0], {{.first = 1, .last = 3}}); },
             {normal({5, 4})});
  check_same(
      [](const Inputs& x) {
        return slice(x[0], {{.step = -2}, {.first = 1, .step = 3}});
      },
      {normal({5, 8})});
  check_same([](const Inputs& x) { return slice(x[0], {{.first = 2, .last = 2}}); },
             {normal({5, 8})});
  check_same(
      [](const Inputs& x) {
        return pad(x[0], {{1, 0}, {2, 3}}, {.constant_values = 2.5});
      },
      {normal({5, 4})});
  check_same([](const Inputs& x) { return pad(x[0], {{1, 1}}); }, {cast(normal({5}), bfloat16)});
  check_same([](const Inputs& x) { return flip(x[0], {.axis = {0, 2}}); }, {normal({3, 4, 5})});
  check_same([](const Inputs& x) { return tile(x[0], {2, 1, 3}); }, {normal({3, 4, 5})}, kClose);
  check_same([](const Inputs& x) { return repeat(x[0], 3, {.axis = 1}); }, {normal({3, 4, 5})},
             kClose);
  check_same(
      [](const Inputs& x) {
        return pad(x[0], {{1, 2}}, {.constant_values = 7});
      },
      {cast(normal({5}) * 9.0, int64)});
}

TEST_CASE("gpu: where, on operands of one shape, numbers and all that broadcasts") {
  const auto condition = [](const Inputs& x) { return greater(x[0].value(), 0.0); };
  check_same([&](const Inputs& x) { return where(condition(x), x[0], x[1]); },
             {normal({5, 7}), normal({5, 7}, 2)});
  check_same([&](const Inputs& x) { return where(condition(x), x[0], 3.0); }, {normal({5, 7})});
  check_same([&](const Inputs& x) { return where(condition(x), x[1], x[2]); },
             {cast(normal({5, 1}) * 3.0, int32), normal({1, 7}, 2), normal({2, 5, 7}, 3)}, kClose);
}

TEST_CASE("gpu: pooling of whole images, and resizing") {
  for (const bool keep : {false, true}) {
    check_same([=](const Inputs& x) { return global_average_pool2d(x[0], keep); },
               {normal({2, 9, 8, 3})}, kClose);
    check_same([=](const Inputs& x) { return global_max_pool2d(x[0], keep); },
               {normal({2, 9, 8, 3})}, kClose);
  }
  for (const char* kind : {"nearest", "bilinear", "bicubic", "lanczos3"}) {
    for (const bool antialias : {false, true}) {
      for (const std::array<std::int64_t, 2> size : {std::array<std::int64_t, 2>{5, 11}, {14, 3}}) {
        check_same(
            [=](const Inputs& x) {
              return resize(x[0], {.size = size, .interpolation = kind, .antialias = antialias});
            },
            {normal({2, 9, 8, 3})}, kClose);
      }
    }
  }
}

TEST_CASE("gpu: images of whole numbers resized, with borders") {
  for (const DType dtype : {uint8, int32, float64}) {
    check_same(
        [](const Inputs& x) {
          return Variable(
              resize_images(x[0].value(),
                            {.size = {6, 6}, .pad_to_aspect_ratio = true, .fill_value = 3}),
              false);
        },
        {cast(square(normal({2, 9, 5, 3})) * 9.0, dtype)}, kClose);
  }
}

TEST_CASE("gpu: projective transforms") {
  const Tensor turned = Tensor::numbers({0.8, -0.6, 2.5, 0.6, 0.8, -1, 0.01, -0.02});
  for (const char* kind : {"nearest", "bilinear"}) {
    for (const char* mode : {"reflect", "wrap", "nearest", "constant"}) {
      check_same(
          [&](const Inputs& x) {
            return affine_transform(x[0], turned,
                                    {.interpolation = kind, .fill_mode = mode, .fill_value = 2});
          },
          {normal({2, 9, 8, 3})}, kClose);
    }
  }
}

TEST_CASE("gpu: numbers that are no floats: arithmetic, comparisons, reductions") {
  const auto of = [](auto f) {
    return [f](const Inputs& x) { return Variable(f(x[0].value(), x[1].value()), false); };
  };
  for (const DType dtype : {float32, float64, uint8, int32, int64}) {
    const Tensor a = cast(normal({6, 70}) * 5.0, dtype), b = cast(normal({6, 70}, 2) * 5.0, dtype);
    const std::vector<Tensor> both = {a, b}, first = {a, a};
    check_same(of([](const Tensor& x, const Tensor& y) { return x * y; }), both);
    check_same(of([](const Tensor& x, const Tensor& y) { return less_equal(x, y); }), both);
    check_same(of([](const Tensor& x, const Tensor&) { return equal(x, 2.0); }), first);
    check_same(of([](const Tensor& x, const Tensor&) { return greater(0.5, x); }), first);
    check_same(of([](const Tensor& x, const Tensor&) { return argmax(x, {.axis = 1}); }), first);
    check_same(of([](const Tensor& x, const Tensor&) { return argmin(x); }), first);
    check_same(of([](const Tensor& x, const Tensor&) { return sum(x); }), first, kClose);
    check_same(of([](const Tensor& x, const Tensor&) { return sum(x, {.axis = 0}); }), first,
               kClose);
    check_same(of([](const Tensor& x, const Tensor&) { return isfinite(x); }), first);
    check_same(of([](const Tensor& x, const Tensor& y) {
                 return logical_or(logical_not(less(x, 1.0)), not_equal(x, y));
               }),
               both);
    check_same(of([](const Tensor& x, const Tensor&) { return all(less(x, 3.0), {.axis = 1}); }),
               first);
    check_same(of([](const Tensor& x, const Tensor&) { return any(greater(x, 3.0)); }), first);
  }
}

TEST_CASE("gpu: one_hot, and how far tensors are apart") {
  const Tensor labels = Tensor::from(std::vector<std::int32_t>{0, 3, 5, 1, -1, 2}, {2, 3});
  for (const DType dtype : {float32, uint8, bfloat16, int64}) {
    for (const int axis : {-1, 0, 1}) {
      check_same(
          [=](const Inputs& x) {
            return Variable(one_hot(x[0].value(), 4, {.axis = axis, .dtype = dtype}), false);
          },
          {labels});
    }
  }
  const WithEmulatedGpu gpu;
  const Tensor a = normal({3, 4}), b = normal({3, 4}, 2);
  CHECK(max_abs_difference(a.to("cuda"), b) == max_abs_difference(a, b));
}

}  // namespace keratin::tests
