#include "autograd/ops/batch_normalization.h"

#include "autograd/along_axis.h"
#include "autograd/op.h"
#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/ops/rsqrt.h"
#include "autograd/ops/subtract.h"
#include "kernels/batch_normalization/bfloat16.h"

namespace keratin {
namespace {

constexpr std::string_view kName = "batch_normalization";

// What the numbers of a channel are of.
DType channel_dtype(DType x) { return x == bfloat16 ? float32 : x; }

void check(const Spec& x, const Spec& gamma, const Spec& beta, bool has_gamma, bool has_beta) {
  require_floating(kName, x);
  detail::require_rows(kName, x);
  for (const auto& [given, spec] : {std::pair{has_gamma, gamma}, {has_beta, beta}}) {
    if (!given) continue;
    require_same_dtype(kName, {x.shape, channel_dtype(x.dtype), x.device}, spec);
    if (spec.shape != Shape{x.shape.back()}) {
      throw ShapeError(fmt::format(
          "{}: gamma or beta is {} for an input of {}; expected one number a channel, [{}]", kName,
          spec.text(), x.text(), x.shape.back()));
    }
  }
}

template <class T>
const T* data_or_null(const Tensor& x) {
  return x.defined() ? x.on_device<T>() : nullptr;
}

kernels::BatchNormShape shape_of(const Tensor& x, double epsilon) {
  const std::int64_t channels = x.shape().back();
  return {x.size() / channels, channels, epsilon};
}

// y = gamma (x - mean) / sqrt(variance + epsilon) + beta
void normalize_into(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                    const BatchMoments& moments, Tensor& y, const kernels::BatchNormShape& shape) {
  dispatch_all_floats(kName, x.dtype(), [&]<class T> {
    using Number = kernels::ChannelNumber<T>;
    kernels::run(y.stream(), kernels::batch_norm_ladder<T>, x.on_device<T>(),
                 moments.mean.on_device<Number>(), moments.variance.on_device<Number>(),
                 data_or_null<Number>(gamma), data_or_null<Number>(beta), y.mutable_on_device<T>(),
                 shape);
  });
}

struct BatchNormalization {
  struct Args {
    double epsilon;
    bool has_gamma, has_beta;
  };
  using Extra = BatchMoments;
  static constexpr std::string_view name = kName;
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16_on_gpu = true;
  static constexpr bool reads_weights_as_they_are = true;
  static constexpr bool kernel_gradient = true;
  static Spec infer(const Spec& x, const Spec& gamma, const Spec& beta, const Args& a) {
    check(x, gamma, beta, a.has_gamma, a.has_beta);
    if (x.shape.size() == 0)
      throw ShapeError(fmt::format("{}: {} has no rows to take the mean of", name, x.text()));
    return x;
  }
  static void cpu(const Tensor& x, const Tensor& gamma, const Tensor& beta, Tensor& y,
                  Extra& moments, const Args& a) {
    const kernels::BatchNormShape shape = shape_of(x, a.epsilon);
    moments.mean = Tensor::empty({shape.channels}, channel_dtype(x.dtype()), x.device());
    moments.variance = Tensor::empty(moments.mean.spec());
    dispatch_all_floats(name, x.dtype(), [&]<class T> {
      using Number = kernels::ChannelNumber<T>;
      kernels::run(y.stream(), kernels::batch_moments_ladder<T>, x.on_device<T>(),
                   moments.mean.mutable_on_device<Number>(),
                   moments.variance.mutable_on_device<Number>(), shape);
    });
    normalize_into(x, gamma, beta, moments, y, shape);
  }
  static auto gradient(const auto& saved, const Args& a, const Tensor& dy) {
    const Tensor &x = saved.input(0), &gamma = saved.input(1);
    const kernels::BatchNormShape shape = shape_of(x, a.epsilon);
    const Spec channels = saved.extra.mean.spec();
    Tensor dx = Tensor::empty(x.spec()), dgamma = Tensor::empty(channels),
           dbeta = Tensor::empty(channels);
    dispatch_all_floats(name, x.dtype(), [&]<class T> {
      using Number = kernels::ChannelNumber<T>;
      kernels::run(dx.stream(), kernels::batch_norm_gradient_ladder<T>, x.on_device<T>(),
                   dy.on_device<T>(), saved.extra.mean.template on_device<Number>(),
                   saved.extra.variance.template on_device<Number>(), data_or_null<Number>(gamma),
                   dx.mutable_on_device<T>(), dgamma.mutable_on_device<Number>(),
                   dbeta.mutable_on_device<Number>(), shape);
    });
    return grads(dx, a.has_gamma ? dgamma : Tensor(), a.has_beta ? dbeta : Tensor());
  }
};

// Also of what is not defined().
Spec spec_of(const Tensor& x) { return x.spec(); }
Spec spec_of(const Variable& x) { return x.defined() ? x.value().spec() : Spec{}; }
Tensor cast_of(const Tensor& x, DType dtype) { return cast(x, dtype); }
Variable cast_of(const Variable& x, DType dtype) { return detail::recorded_cast(x, dtype); }
Tensor value_or_none(const Tensor& x) { return x; }
Tensor value_or_none(const Variable& x) { return x.defined() ? x.value() : Tensor(); }
bool asks_for_gradient(const Tensor&) { return false; }
bool asks_for_gradient(const Variable& x) {
  return grad_enabled() && x.defined() && x.requires_grad();
}

template <class T>
T widened(const T& x) {
  return x.defined() && x.dtype() == bfloat16 ? cast_of(x, float32) : x;
}

template <class T>
T with_own_moments(const T& x, const T& gamma, const T& beta, double epsilon,
                   BatchMoments& moments) {
  const BatchNormalization::Args args{epsilon, gamma.defined(), beta.defined()};
  if (x.dtype() != bfloat16)
    return apply_with_extra<BatchNormalization>(args, moments, x, gamma, beta);
  if (detail::value_of(x).device().is_cpu()) {
    return cast_of(with_own_moments(widened(x), widened(gamma), widened(beta), epsilon, moments),
                   bfloat16);
  }
  return apply_with_extra<BatchNormalization>(args, moments, x, widened(gamma), widened(beta));
}

// y = x scale + (beta - mean scale), scale = gamma / sqrt(variance + epsilon): one multiply-add an
// element
template <class T>
T with_moments(const T& x, const T& gamma, const T& beta, double epsilon, const Tensor& mean,
               const Tensor& variance) {
  const Spec spec = detail::value_of(x).spec();
  check(spec, spec_of(gamma), spec_of(beta), gamma.defined(), beta.defined());
  for (const Tensor& moment : {mean, variance}) {
    require_same_dtype(kName, {spec.shape, channel_dtype(spec.dtype), spec.device}, moment.spec());
    if (moment.shape() == Shape{spec.shape.back()}) continue;
    throw ShapeError(
        fmt::format("{}: a moment is {} for an input of {}; expected one number a channel, [{}]",
                    kName, moment.spec().text(), spec.text(), spec.shape.back()));
  }
  if (spec.dtype == bfloat16) {
    if (!spec.device.is_cpu() && !asks_for_gradient(x) && !asks_for_gradient(gamma) &&
        !asks_for_gradient(beta)) {
      Tensor y = Tensor::empty(spec);
      normalize_into(detail::value_of(x), value_or_none(gamma), value_or_none(beta),
                     {mean, variance}, y, shape_of(y, epsilon));
      if constexpr (std::same_as<T, Tensor>) {
        return y;
      } else {
        return Variable(y, false);
      }
    }
    return cast_of(with_moments(widened(x), gamma, beta, epsilon, mean, variance), bfloat16);
  }
  T scale = rsqrt(variance + epsilon);
  if (gamma.defined()) scale = gamma * scale;
  const T centre = mean * scale;
  return x * scale + (beta.defined() ? beta - centre : -centre);
}

}  // namespace

Tensor batch_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta, double epsilon,
                           BatchMoments& moments) {
  return with_own_moments(x, gamma, beta, epsilon, moments);
}
Variable batch_normalization(const Variable& x, const Variable& gamma, const Variable& beta,
                             double epsilon, BatchMoments& moments) {
  return with_own_moments(x, gamma, beta, epsilon, moments);
}

Tensor batch_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta, double epsilon,
                           const Tensor& mean, const Tensor& variance) {
  return with_moments(x, widened(gamma), widened(beta), epsilon, widened(mean), widened(variance));
}
Variable batch_normalization(const Variable& x, const Variable& gamma, const Variable& beta,
                             double epsilon, const Tensor& mean, const Tensor& variance) {
  return with_moments(x, widened(gamma), widened(beta), epsilon, widened(mean), widened(variance));
}

}  // namespace keratin
