// The rungs of float64 beside the CPU's first rung, which is the definition.
#include "kernels/batch_normalization/batch_normalization.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/gemm/gemm.h"
#include "kernels/layer_normalization/layer_normalization.h"
#include "kernels/pool2d/pool2d.h"
#include "kernels/resize/resize.h"
#include "kernels/softmax/softmax.h"
#include "kernels/warp/warp.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

constexpr std::int64_t kGuard = 16;
using Values = std::vector<double>;

Values values(std::int64_t count, std::uint64_t seed) { return normal_values<double>(count, seed); }

// `call(function)` gives all that a kernel wrote, guards included. The emulated GPU must have at
// least one rung for the shape.
template <class Fn, std::size_t N, class Call>
void check_rungs(const kernels::Ladder<Fn, N>& ladder, const kernels::ShapeOf<Fn>& shape, Call call,
                 double terms = 1) {
  const Values expected = call(ladder.rungs[0].function);
  const double unit = std::numeric_limits<double>::epsilon() * (8 + terms);
  int rungs = 0;
  for_each_rung(ladder, shape, [&](auto* function) {
    ++rungs;
    CHECK(difference(call(function), expected, {.rel = unit, .abs = 4 * unit}) == "");
  });
  CHECK((rungs >= 2 || only_emulated_rungs()));  // where a rung has its share
}

// A kernel that writes one array of `size` elements.
template <class Call>
Values written(std::int64_t size, Call call) {
  Values y = unwritten<double>(size + kGuard);
  call(y.data());
  return y;
}
// Several, one after the other.
Values joined(std::initializer_list<Values> parts) {
  Values all;
  for (const Values& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

TEST_CASE("float64: softmax and its gradients") {
  for (const kernels::SoftmaxShape s : {kernels::SoftmaxShape{3, 1}, {5, 10}, {2, 33}, {2, 1025}}) {
    const std::int64_t size = s.rows * s.cols;
    const Values x = values(size, 1), dy = values(size, 2);
    const auto terms = static_cast<double>(s.cols);
    const auto forward = [&](auto* f) {
      return written(size, [&](double* y) { f(x.data(), y, s); });
    };
    check_rungs(kernels::softmax_ladder<double>, s, forward, terms);
    check_rungs(kernels::log_softmax_ladder<double>, s, forward, terms);
    Values y = forward(kernels::cpu::softmax_reference<double>);
    const auto backward = [&](auto* f) {
      return written(size, [&](double* dx) { f(y.data(), dy.data(), dx, s); });
    };
    check_rungs(kernels::softmax_gradient_ladder<double>, s, backward, terms);
    y = forward(kernels::cpu::log_softmax_reference<double>);
    check_rungs(kernels::log_softmax_gradient_ladder<double>, s, backward, terms);
  }
}

TEST_CASE("float64: cross-entropy and its gradients") {
  for (const kernels::CrossEntropyShape s :
       {kernels::CrossEntropyShape{3, 1}, {5, 10, 2}, {2, 33}, {2, 1025}}) {
    const std::int64_t size = s.rows * s.classes;
    const Values x = values(size, 1), t = values(size, 2), g = values(s.rows, 3);
    std::vector<std::int32_t> labels;
    for (std::int64_t r = 0; r < s.rows; ++r)
      labels.push_back(static_cast<std::int32_t>(r * 7 % s.classes));
    const auto terms = static_cast<double>(s.classes);
    check_rungs(
        kernels::sparse_cross_entropy_ladder<double>, s,
        [&](auto* f) {
          return written(s.rows, [&](double* y) { f(x.data(), labels.data(), y, s); });
        },
        terms);
    check_rungs(
        kernels::sparse_cross_entropy_total_ladder<double>, s,
        [&](auto* f) { return written(1, [&](double* y) { f(x.data(), labels.data(), y, s); }); },
        terms);
    check_rungs(
        kernels::sparse_cross_entropy_gradient_ladder<double>, s,
        [&](auto* f) {
          return written(size, [&](double* dx) { f(x.data(), labels.data(), g.data(), dx, s); });
        },
        terms);
    check_rungs(
        kernels::cross_entropy_ladder<double>, s,
        [&](auto* f) { return written(s.rows, [&](double* y) { f(x.data(), t.data(), y, s); }); },
        4 * terms);
    check_rungs(
        kernels::cross_entropy_gradient_ladder<double>, s,
        [&](auto* f) {
          return written(size, [&](double* dx) { f(x.data(), t.data(), g.data(), dx, s); });
        },
        4 * terms);
  }
}

TEST_CASE("float64: batch normalization") {
  for (const kernels::BatchNormShape s :
       {kernels::BatchNormShape{1, 3, 1e-3}, {70, 5, 1e-3}, {600, 8, 1e-3}, {3, 40, 1e-3}}) {
    const std::int64_t size = s.rows * s.channels, channels = s.channels;
    Values x = values(size, 1);
    for (double& value : x) value += 50;
    const Values dy = values(size, 2), gamma = values(channels, 3), beta = values(channels, 4);
    Values mean = unwritten<double>(channels), variance = mean;
    kernels::cpu::batch_moments_reference(x.data(), mean.data(), variance.data(), s);
    const auto terms = 50 * static_cast<double>(s.rows);
    check_rungs(
        kernels::batch_moments_ladder<double>, s,
        [&](auto* f) {
          Values m = unwritten<double>(channels + kGuard), v = m;
          f(x.data(), m.data(), v.data(), s);
          return joined({m, v});
        },
        terms);
    for (const bool scaled : {false, true}) {
      const double* const g = scaled ? gamma.data() : nullptr;
      check_rungs(
          kernels::batch_norm_ladder<double>, s,
          [&](auto* f) {
            return written(size, [&](double* y) {
              f(x.data(), mean.data(), variance.data(), g, scaled ? beta.data() : nullptr, y, s);
            });
          },
          terms);
      check_rungs(
          kernels::batch_norm_gradient_ladder<double>, s,
          [&](auto* f) {
            Values dx = unwritten<double>(size + kGuard),
                   dgamma = unwritten<double>(channels + kGuard), dbeta = dgamma;
            f(x.data(), dy.data(), mean.data(), variance.data(), g, dx.data(), dgamma.data(),
              dbeta.data(), s);
            return joined({dx, dgamma, dbeta});
          },
          100 * terms);
    }
  }
}

TEST_CASE("float64: layer normalization") {
  for (const kernels::LayerNormShape s : {kernels::LayerNormShape{3, 1, 1e-3},
                                          {70, 5, 1e-3},
                                          {5, 300, 1e-3},
                                          {4, 700, 1e-3},
                                          {3, 1100, 1e-3}}) {
    const std::int64_t size = s.rows * s.cols;
    const Values x = values(size, 1), dy = values(size, 2), gamma = values(s.cols, 3),
                 beta = values(s.cols, 4);
    const auto terms = 10 * static_cast<double>(s.cols);
    Values mean, scale;
    check_rungs(
        kernels::layer_norm_ladder<double>, s,
        [&](auto* f) {
          Values y = unwritten<double>(size + kGuard);
          mean = scale = unwritten<double>(s.rows + kGuard);
          f(x.data(), gamma.data(), beta.data(), y.data(), mean.data(), scale.data(), s);
          return joined({y, mean, scale});
        },
        terms);
    check_rungs(
        kernels::layer_norm_gradient_ladder<double>, s,
        [&](auto* f) {
          Values dx = unwritten<double>(size + kGuard), dgamma = unwritten<double>(s.cols + kGuard),
                 dbeta = dgamma;
          f(x.data(), dy.data(), gamma.data(), mean.data(), scale.data(), dx.data(), dgamma.data(),
            dbeta.data(), s);
          return joined({dx, dgamma, dbeta});
        },
        100 * terms);
  }
}

TEST_CASE("float64: products over several tiles, convolution in groups, strided and dilated") {
  for (int flags = 0; flags < 4; ++flags) {
    kernels::GemmShape s = kernels::gemm_shape(70, 67, 21, flags & 1, flags & 2);
    s.accumulate = flags == 3;
    const Values a = values(70 * 21, 1), b = values(67 * 21, 2), bias = values(67, 3),
                 c = values(70 * 67, 4);
    check_rungs(
        kernels::gemm_ladder<double>, s,
        [&](auto* f) {
          Values y = c;
          f(a.data(), b.data(), y.data(), {bias.data(), kernels::Activation::relu}, s);
          return y;
        },
        21);
  }
  kernels::Conv2dShape whole{.batch = 2,
                             .in_h = 7,
                             .in_w = 6,
                             .in_c = 5,
                             .out_h = 7,
                             .out_w = 6,
                             .out_c = 9,
                             .kernel_h = 3,
                             .kernel_w = 3,
                             .pad_top = 1,
                             .pad_left = 1};
  kernels::Conv2dShape strided{.batch = 1,
                               .in_h = 9,
                               .in_w = 8,
                               .in_c = 6,
                               .out_h = 4,
                               .out_w = 3,
                               .out_c = 32,
                               .kernel_h = 3,
                               .kernel_w = 2,
                               .stride_h = 2,
                               .stride_w = 2,
                               .dilation_h = 1,
                               .dilation_w = 2,
                               .groups = 2};
  kernels::Conv2dShape depthwise{.batch = 1,
                                 .in_h = 5,
                                 .in_w = 5,
                                 .in_c = 4,
                                 .out_h = 3,
                                 .out_w = 3,
                                 .out_c = 4,
                                 .kernel_h = 3,
                                 .kernel_w = 3,
                                 .groups = 4};
  for (const kernels::Conv2dShape& s : {whole, strided, depthwise}) {
    const Values x = values(s.in_size(), 1), w = values(s.weight_size(), 2),
                 dy = values(s.out_size(), 3), bias = values(s.out_c, 4);
    const auto terms = static_cast<double>(s.depth());
    check_rungs(
        kernels::conv2d_ladder<double>, s,
        [&](auto* f) {
          return written(s.out_size(), [&](double* y) {
            f(x.data(), w.data(), y, {bias.data(), kernels::Activation::linear}, s);
          });
        },
        terms);
    check_rungs(
        kernels::conv2d_input_gradient_ladder<double>, s,
        [&](auto* f) {
          return written(s.in_size(), [&](double* dx) { f(dy.data(), w.data(), dx, s); });
        },
        10 * terms);
    check_rungs(
        kernels::conv2d_weight_gradient_ladder<double>, s,
        [&](auto* f) {
          return written(s.weight_size(), [&](double* dw) { f(x.data(), dy.data(), dw, s); });
        },
        static_cast<double>(s.out_size()));
  }
}

TEST_CASE("float64: pooling") {
  for (const std::int64_t channels : {1, 3, 8, 5}) {
    kernels::Pool2dShape s{.batch = 2,
                           .in_h = 7,
                           .in_w = 6,
                           .channels = channels,
                           .out_h = 4,
                           .out_w = 3,
                           .pool_h = 3,
                           .pool_w = 2,
                           .stride_h = 2,
                           .stride_w = 2,
                           .pad_top = 1,
                           .pad_left = 0};
    const Values x = values(s.in_size(), 1), dy = values(s.out_size(), 2);
    const auto forward = [&](auto* f) {
      return written(s.out_size(), [&](double* y) { f(x.data(), y, s); });
    };
    check_rungs(kernels::average_pool2d_ladder<double>, s, forward, 6);
    s.winner_bytes = 1;
    std::vector<std::uint8_t> winners(static_cast<std::size_t>(s.out_size()));
    check_rungs(kernels::max_pool2d_ladder<double>, s, [&](auto* f) {
      auto y = written(s.out_size(), [&](double* to) { f(x.data(), to, winners.data(), s); });
      y.insert(y.end(), winners.begin(), winners.end());
      return y;
    });
    check_rungs(kernels::max_pool2d_gradient_ladder<double>, s, [&](auto* f) {
      return written(s.in_size(), [&](double* dx) { f(winners.data(), dy.data(), dx, s); });
    });
    check_rungs(
        kernels::average_pool2d_gradient_ladder<double>, s,
        [&](auto* f) { return written(s.in_size(), [&](double* dx) { f(dy.data(), dx, s); }); }, 6);
  }
}

TEST_CASE("float64: resizes and projective transforms") {
  for (const std::int64_t channels : {1, 3, 4, 5}) {
    const auto r = kernels::resize_shape(2, 7, 6, channels, 5, 11, kernels::Interpolation::bicubic);
    const Values x = values(r.image_size(), 1), dy = values(r.out_size(), 2);
    check_rungs(
        kernels::resize_ladder<double>, r,
        [&](auto* f) { return written(r.out_size(), [&](double* y) { f(x.data(), y, r); }); }, 16);
    check_rungs(
        kernels::resize_gradient_ladder<double>, r,
        [&](auto* f) { return written(r.image_size(), [&](double* dx) { f(dy.data(), dx, r); }); },
        64);
    const kernels::WarpShape s{.batch = 2,
                               .in_h = 20,
                               .in_w = 19,
                               .channels = channels,
                               .out_h = 18,
                               .out_w = 21,
                               .fill_value = 1.5};
    const std::vector<float> m = {0.9F, 0.3F,  -2.0F, -0.3F, 0.8F, 3.0F, 0, 0,
                                  1.2F, -0.1F, 0.5F,  0.2F,  1.1F, 0,    0, 0.01F};
    const Values image = values(s.in_size(), 3), sent = values(s.out_size(), 4);
    check_rungs(
        kernels::warp_ladder<double>, s,
        [&](auto* f) {
          return written(s.out_size(), [&](double* y) { f(image.data(), m.data(), y, s); });
        },
        16);
    check_rungs(
        kernels::warp_gradient_ladder<double>, s,
        [&](auto* f) {
          return written(s.in_size(), [&](double* dx) { f(sent.data(), m.data(), dx, s); });
        },
        64);
  }
}

}  // namespace keratin::tests
