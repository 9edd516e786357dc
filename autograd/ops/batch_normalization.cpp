#include "autograd/ops/batch_normalization.h"

#include "autograd/along_axis.h"
#include "autograd/elementwise.h"
#include "autograd/op.h"
#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/relu.h"
#include "autograd/ops/rsqrt.h"
#include "autograd/ops/subtract.h"
#include "autograd/reduce_to_shape.h"
#include "autograd/widened.h"
#include "kernels/batch_normalization/relu.h"

namespace keratin {
namespace {

using detail::cast_of, detail::is_narrow_on_cpu, detail::widened_bfloat16;

constexpr std::string_view kName = "batch_normalization";

struct Args {
  double epsilon;
  bool has_gamma, has_beta, has_residual;
};

void check(const Spec& x, const Spec& gamma, const Spec& beta, const Spec& residual,
           const Args& a) {
  require_floating(kName, x);
  detail::require_rows(kName, x);
  for (const auto& [given, spec] : {std::pair{a.has_gamma, gamma}, {a.has_beta, beta}}) {
    if (!given) continue;
    require_same_dtype(kName, {x.shape, detail::wide_dtype(x.dtype), x.device}, spec);
    if (spec.shape != Shape{x.shape.back()}) {
      throw ShapeError(fmt::format(
          "{}: gamma or beta is {} for an input of {}; expected one number a channel, [{}]", kName,
          spec.text(), x.text(), x.shape.back()));
    }
  }
  if (!a.has_residual) return;
  require_same_dtype(kName, x, residual);
  if (residual.shape == x.shape) return;
  throw ShapeError(fmt::format("{}: the residual is {} for an input of {}; expected the same shape",
                               kName, residual.text(), x.text()));
}

template <class T>
const T* data_or_null(const Tensor& x) {
  return x.defined() ? x.on_device<T>() : nullptr;
}

kernels::BatchNormShape shape_of(const Tensor& x, double epsilon) {
  const std::int64_t channels = x.shape().back();
  return {x.size() / channels, channels, epsilon};
}

// y = gamma (x - mean) / sqrt(variance + epsilon) + beta; with relu max(y [+ residual], 0)
template <bool relu>
void normalize_into(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                    const Tensor& residual, const BatchMoments& moments, Tensor& y,
                    const kernels::BatchNormShape& shape) {
  dispatch_all_floats(kName, x.dtype(), [&]<class T> {
    using Number = kernels::ChannelNumber<T>;
    const auto run = [&](const auto& ladder, auto... rest) {
      kernels::run(y.stream(), ladder, x.on_device<T>(), moments.mean.on_device<Number>(),
                   moments.variance.on_device<Number>(), data_or_null<Number>(gamma),
                   data_or_null<Number>(beta), rest...);
    };
    if constexpr (relu) {
      run(kernels::batch_norm_relu_ladder<T>, data_or_null<T>(residual), y.mutable_on_device<T>(),
          kernels::BatchNormReluShape{shape, residual.defined()});
    } else {
      run(kernels::batch_norm_ladder<T>, y.mutable_on_device<T>(), shape);
    }
  });
}

// Of x, gamma, beta and, with relu, residual.
template <bool relu>
struct OwnMoments {
  using Args = keratin::Args;
  using Extra = BatchMoments;
  static constexpr std::string_view name = kName;
  static constexpr Keep keep{.inputs = true, .output = relu, .most = 2};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16_on_gpu = true;
  static constexpr bool reads_weights_as_they_are = true;
  static constexpr bool kernel_gradient = true;
  static Spec infer(const Spec& x, const Spec& gamma, const Spec& beta, const Spec& residual,
                    const Args& a) {
    check(x, gamma, beta, residual, a);
    if (x.shape.size() == 0)
      throw ShapeError(fmt::format("{}: {} has no rows to take the mean of", name, x.text()));
    return x;
  }
  static void cpu(const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& residual,
                  Tensor& y, Extra& moments, const Args& a) {
    const kernels::BatchNormShape shape = shape_of(x, a.epsilon);
    moments.mean = Tensor::empty({shape.channels}, detail::wide_dtype(x.dtype()), x.device());
    moments.variance = Tensor::empty(moments.mean.spec());
    dispatch_all_floats(name, x.dtype(), [&]<class T> {
      using Number = kernels::ChannelNumber<T>;
      kernels::run(y.stream(), kernels::batch_moments_ladder<T>, x.on_device<T>(),
                   moments.mean.mutable_on_device<Number>(),
                   moments.variance.mutable_on_device<Number>(), shape);
    });
    normalize_into<relu>(x, gamma, beta, residual, moments, y, shape);
  }
  // dz = dy where y > 0 (relu), else dy
  static auto gradient(const auto& saved, const Args& a, const Tensor& dy) {
    const Tensor &x = saved.input(0), &gamma = saved.input(1);
    const kernels::BatchNormShape shape = shape_of(x, a.epsilon);
    const Spec channels = saved.extra.mean.spec();
    Tensor dx = Tensor::empty(x.spec()), dgamma = Tensor::empty(channels),
           dbeta = Tensor::empty(channels), dz;
    if (relu && saved.needs(3)) dz = Tensor::empty(x.spec());
    dispatch_all_floats(name, x.dtype(), [&]<class T> {
      using Number = kernels::ChannelNumber<T>;
      const auto *const mean = saved.extra.mean.template on_device<Number>(),
                        *const variance = saved.extra.variance.template on_device<Number>();
      if constexpr (relu) {
        kernels::run(dx.stream(), kernels::batch_norm_relu_gradient_ladder<T>, x.on_device<T>(),
                     dy.on_device<T>(), saved.output().template on_device<T>(), mean, variance,
                     data_or_null<Number>(gamma), dx.mutable_on_device<T>(),
                     dz.defined() ? dz.mutable_on_device<T>() : nullptr,
                     dgamma.mutable_on_device<Number>(), dbeta.mutable_on_device<Number>(),
                     kernels::BatchNormReluShape{shape, dz.defined()});
      } else {
        kernels::run(dx.stream(), kernels::batch_norm_gradient_ladder<T>, x.on_device<T>(),
                     dy.on_device<T>(), mean, variance, data_or_null<Number>(gamma),
                     dx.mutable_on_device<T>(), dgamma.mutable_on_device<Number>(),
                     dbeta.mutable_on_device<Number>(), shape);
      }
    });
    return grads(dx, a.has_gamma ? dgamma : Tensor(), a.has_beta ? dbeta : Tensor(), dz);
  }
};

template <class T>
T constant(const Tensor& x) {
  if constexpr (std::same_as<T, Tensor>) {
    return x;
  } else {
    return Variable(x, false);
  }
}

Tensor masked(const Tensor& dy, const Tensor& y) {
  return detail::binary(kName, kernels::Binary::relu_gradient, dy, y);
}
Variable masked(const Variable& dy, const Variable& y) {
  return dy * detail::mask(kernels::Binary::greater, y, detail::operand(0, y));
}

// Of x, gamma, mean, variance, beta and, with relu, residual.
template <bool relu>
struct GivenMoments {
  using Args = keratin::Args;
  static constexpr std::string_view name = kName;
  static constexpr Keep keep{.inputs = true, .output = relu, .most = 4};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16_on_gpu = true;
  static constexpr bool reads_weights_as_they_are = true;
  static Spec infer(const Spec& x, const Spec& gamma, const Spec& mean, const Spec& variance,
                    const Spec& beta, const Spec& residual, const Args& a) {
    check(x, gamma, beta, residual, a);
    for (const Spec& moment : {mean, variance}) {
      require_same_dtype(name, {x.shape, detail::wide_dtype(x.dtype), x.device}, moment);
      if (moment.shape == Shape{x.shape.back()}) continue;
      throw ShapeError(
          fmt::format("{}: a moment is {} for an input of {}; expected one number a channel, [{}]",
                      name, moment.text(), x.text(), x.shape.back()));
    }
    return x;
  }
  static void cpu(const Tensor& x, const Tensor& gamma, const Tensor& mean, const Tensor& variance,
                  const Tensor& beta, const Tensor& residual, Tensor& y, const Args& a) {
    if (y.size() == 0) return;
    normalize_into<relu>(x, gamma, beta, residual, {mean, variance}, y, shape_of(x, a.epsilon));
  }
  // With dz as above and s = 1 / sqrt(variance + epsilon):
  //   dx = gamma s dz,  dgamma = s sum dz (x - mean),  dbeta = sum dz;  of bfloat16 in float32
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    using T = std::remove_cvref_t<decltype(dy)>;
    T dz = dy;
    if constexpr (relu) dz = masked(dy, saved.output());
    const T &x = saved.input(0), wide = widened_bfloat16(dz), s = rsqrt(saved.input(3) + a.epsilon);
    const Shape channels = saved.spec(2).shape;
    T dx, dgamma, dbeta;
    if (saved.needs(0)) {
      dx = wide * (a.has_gamma ? saved.input(1) * s : s);
      if (saved.spec(0).dtype == bfloat16) dx = cast_of(dx, bfloat16);
    }
    if (saved.needs(1))
      dgamma = reduce_to_shape(wide * (widened_bfloat16(x) - saved.input(2)), channels) * s;
    if (saved.needs(4)) dbeta = reduce_to_shape(wide, channels);
    return grads(dx, dgamma, saved.none(), saved.none(), dbeta, saved.needs(5) ? dz : saved.none());
  }
};

// What follows where nothing is fused: of bfloat16 on the CPU.
template <bool relu, class T>
T followed(const T& y, const T& residual) {
  if constexpr (!relu) {
    return y;
  } else {
    return keratin::relu(residual.defined() ? add(y, residual) : y);
  }
}

template <bool relu, class T>
T with_own_moments(const T& x, const T& gamma, const T& beta, const T& residual, double epsilon,
                   BatchMoments& moments) {
  if (is_narrow_on_cpu(x)) {
    const T y = with_own_moments<false>(widened_bfloat16(x), widened_bfloat16(gamma),
                                        widened_bfloat16(beta), T(), epsilon, moments);
    return followed<relu>(cast_of(y, bfloat16), residual);
  }
  const bool narrow = x.dtype() == bfloat16;
  return apply_with_extra<OwnMoments<relu>>(
      Args{epsilon, gamma.defined(), beta.defined(), residual.defined()}, moments, x,
      narrow ? widened_bfloat16(gamma) : gamma, narrow ? widened_bfloat16(beta) : beta, residual);
}

template <bool relu, class T>
T with_moments(const T& x, const T& gamma, const T& beta, const T& residual, double epsilon,
               const Tensor& mean, const Tensor& variance) {
  if (is_narrow_on_cpu(x)) {
    const T y = with_moments<false>(widened_bfloat16(x), gamma, beta, T(), epsilon, mean, variance);
    return followed<relu>(cast_of(y, bfloat16), residual);
  }
  return apply<GivenMoments<relu>>(
      Args{epsilon, gamma.defined(), beta.defined(), residual.defined()}, x,
      widened_bfloat16(gamma), constant<T>(widened_bfloat16(mean)),
      constant<T>(widened_bfloat16(variance)), widened_bfloat16(beta), residual);
}

}  // namespace

Tensor batch_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta, double epsilon,
                           BatchMoments& moments) {
  return with_own_moments<false>(x, gamma, beta, Tensor(), epsilon, moments);
}
Tensor batch_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta, double epsilon,
                           const Tensor& mean, const Tensor& variance) {
  return with_moments<false>(x, gamma, beta, Tensor(), epsilon, mean, variance);
}
Variable batch_normalization(const Variable& x, const Variable& gamma, const Variable& beta,
                             double epsilon, BatchMoments& moments) {
  return with_own_moments<false>(x, gamma, beta, Variable(), epsilon, moments);
}
Variable batch_normalization(const Variable& x, const Variable& gamma, const Variable& beta,
                             double epsilon, const Tensor& mean, const Tensor& variance) {
  return with_moments<false>(x, gamma, beta, Variable(), epsilon, mean, variance);
}

Tensor batch_normalization_relu(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                const Tensor& residual, double epsilon, BatchMoments& moments) {
  return with_own_moments<true>(x, gamma, beta, residual, epsilon, moments);
}
Tensor batch_normalization_relu(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                const Tensor& residual, double epsilon, const Tensor& mean,
                                const Tensor& variance) {
  return with_moments<true>(x, gamma, beta, residual, epsilon, mean, variance);
}
Variable batch_normalization_relu(const Variable& x, const Variable& gamma, const Variable& beta,
                                  const Variable& residual, double epsilon, BatchMoments& moments) {
  return with_own_moments<true>(x, gamma, beta, residual, epsilon, moments);
}
Variable batch_normalization_relu(const Variable& x, const Variable& gamma, const Variable& beta,
                                  const Variable& residual, double epsilon, const Tensor& mean,
                                  const Tensor& variance) {
  return with_moments<true>(x, gamma, beta, residual, epsilon, mean, variance);
}

}  // namespace keratin
