#include "autograd/conv2d_in_parts.h"

#include <algorithm>
#include <array>
#include <vector>

#include "autograd/elementwise.h"
#include "kernels/device_run.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/reduce/reduce.h"

namespace keratin::detail {
namespace {

using kernels::Conv2dShape;

constexpr std::int64_t kWhole = 2 << 20;        // floats of dz up to which all images go at once
constexpr std::int64_t kPart = 1 << 20;         // of some images: 4 MiB
constexpr std::int64_t kMostWeights = 1 << 16;  // each part packs or transforms them again

bool goes_in_parts(const Conv2dShape& s) {
  return s.batch > 1 && s.out_size() > kWhole && s.weight_size() <= kMostWeights;
}

void add(const std::vector<float>& part, float* to) {
  for (std::size_t i = 0; i < part.size(); ++i) to[i] += part[i];
}

void sum_rows(const float* dz, std::int64_t rows, std::int64_t channels, float* sums) {
  kernels::run(kernels::reduce_ladder<float>, dz, sums,
               kernels::ReduceShape{kernels::Reduction::sum, 1, rows, channels});
}

// The gradients that are wanted; fill(first, images, dz) computes dz of some images.
template <class F>
Conv2dGradients in_parts(const Tensor& x, const Tensor& kernel, const Conv2dShape& s,
                         const Conv2dWants& wants, F fill) {
  const std::int64_t out = s.out_size() / s.batch, in = s.in_size() / s.batch;
  const std::int64_t most = goes_in_parts(s)
                                ? std::max<std::int64_t>(1, kPart / std::max<std::int64_t>(1, out))
                                : s.batch;
  const std::int64_t parts = (s.batch + most - 1) / most, largest = (s.batch + parts - 1) / parts;
  Conv2dGradients g;
  if (wants.x) g.x = Tensor::empty(x.shape());
  if (wants.kernel) g.kernel = Tensor::empty(kernel.shape());
  if (wants.bias) g.bias = Tensor::empty({s.out_c});
  Tensor held = Tensor::empty({largest * out});
  float* const dz = held.mutable_data<float>();
  std::vector<float> of_kernel(static_cast<std::size_t>(wants.kernel ? s.weight_size() : 0));
  std::vector<float> of_bias(static_cast<std::size_t>(wants.bias ? s.out_c : 0));
  for (std::int64_t part = 0; part < parts; ++part) {
    const std::int64_t first = part * s.batch / parts;
    Conv2dShape some = s;
    some.batch = (part + 1) * s.batch / parts - first;
    fill(first, some.batch, dz);
    if (wants.x) {
      kernels::run(kernels::conv2d_input_gradient_ladder<float>, static_cast<const float*>(dz),
                   kernel.data<float>(), g.x.mutable_data<float>() + first * in, some);
    }
    if (wants.kernel) {
      float* const to = part == 0 ? g.kernel.mutable_data<float>() : of_kernel.data();
      kernels::run(kernels::conv2d_weight_gradient_ladder<float>, x.data<float>() + first * in,
                   static_cast<const float*>(dz), to, some);
      if (part > 0) add(of_kernel, g.kernel.mutable_data<float>());
    }
    if (wants.bias) {
      sum_rows(dz, some.batch * out / s.out_c, s.out_c,
               part == 0 ? g.bias.mutable_data<float>() : of_bias.data());
      if (part > 0) add(of_bias, g.bias.mutable_data<float>());
    }
  }
  return g;
}

}  // namespace

bool conv2d_relu_gradient_applies(const Tensor& dy, const Conv2dShape& s) {
  return dy.dtype() == float32 && dy.device().is_cpu() && goes_in_parts(s);
}

Conv2dGradients conv2d_relu_gradient(const Tensor& x, const Tensor& kernel, const Tensor& y,
                                     const Tensor& dy, const Conv2dShape& s,
                                     const Conv2dWants& wants) {
  const std::int64_t out = s.out_size() / s.batch;
  return in_parts(x, kernel, s, wants, [&](std::int64_t first, std::int64_t images, float* dz) {
    const std::array<std::int64_t, 1> size{images * out};
    kernels::run(kernels::binary_ladder<float>, dy.data<float>() + first * out,
                 y.data<float>() + first * out, dz,
                 kernels::make_binary_shape(kernels::Binary::relu_gradient, size, size));
  });
}

Conv2dGradients conv2d_pooled_gradient(const Tensor& x, const Tensor& kernel,
                                       const PooledGradient& dy, kernels::Activation activation,
                                       const Conv2dShape& s, const Conv2dWants& wants) {
  const Tensor sent = activation == kernels::Activation::relu
                          ? binary("conv2d", kernels::Binary::relu_gradient, dy.dz, dy.z)
                          : dy.dz;
  Conv2dGradients g;
  if (wants.x || wants.kernel) {
    const std::int64_t windows = sent.size() / s.batch;
    const auto* const winners = dy.winners.data<std::uint8_t>();
    g = in_parts(x, kernel, s, {wants.x, wants.kernel, false},
                 [&](std::int64_t first, std::int64_t images, float* dz) {
                   const kernels::CallSiteGuard site(dy.site);
                   kernels::Pool2dShape some = dy.shape;
                   some.batch = images;
                   kernels::run(
                       kernels::max_pool2d_gradient_ladder<float>,
                       static_cast<const void*>(winners + first * windows * some.winner_bytes),
                       sent.data<float>() + first * windows, dz, some);
                 });
  }
  if (wants.bias) {
    g.bias = Tensor::empty({s.out_c});
    sum_rows(sent.data<float>(), sent.size() / s.out_c, s.out_c, g.bias.mutable_data<float>());
  }
  return g;
}

}  // namespace keratin::detail
