#include "autograd/ops/batch_normalization.h"

#include "autograd/along_axis.h"
#include "autograd/op.h"
#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/ops/rsqrt.h"
#include "autograd/ops/subtract.h"
#include "kernels/batch_normalization/batch_normalization.h"

namespace keratin {
namespace {

constexpr std::string_view kName = "batch_normalization";

void check(const Spec& x, const Spec& gamma, const Spec& beta, bool has_gamma, bool has_beta) {
  require_floating(kName, x);
  detail::require_rows(kName, x);
  for (const auto& [given, spec] : {std::pair{has_gamma, gamma}, {has_beta, beta}}) {
    if (!given) continue;
    require_same_dtype(kName, x, spec);
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

struct BatchNormalization {
  struct Args {
    double epsilon;
    bool has_gamma, has_beta;
  };
  using Extra = BatchMoments;
  static constexpr std::string_view name = kName;
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool kernel_gradient = true;
  static Spec infer(const Spec& x, const Spec& gamma, const Spec& beta, const Args& a) {
    check(x, gamma, beta, a.has_gamma, a.has_beta);
    if (x.shape.size() == 0)
      throw ShapeError(fmt::format("{}: {} has no rows to take the mean of", name, x.text()));
    return x;
  }
  static void cpu(const Tensor& x, const Tensor& gamma, const Tensor& beta, Tensor& y,
                  Extra& moments, const Args& a) {
    const kernels::BatchNormShape shape = shape_of(x, a);
    moments.mean = Tensor::empty({shape.channels}, x.dtype(), x.device());
    moments.variance = Tensor::empty({shape.channels}, x.dtype(), x.device());
    dispatch_floats(name, x.dtype(), [&]<class T> {
      T* const mean = moments.mean.mutable_on_device<T>();
      T* const variance = moments.variance.mutable_on_device<T>();
      kernels::run(y.stream(), kernels::batch_moments_ladder<T>, x.on_device<T>(), mean, variance,
                   shape);
      kernels::run(y.stream(), kernels::batch_norm_ladder<T>, x.on_device<T>(), mean, variance,
                   data_or_null<T>(gamma), data_or_null<T>(beta), y.mutable_on_device<T>(), shape);
    });
  }
  static auto gradient(const auto& saved, const Args& a, const Tensor& dy) {
    const Tensor &x = saved.input(0), &gamma = saved.input(1);
    const kernels::BatchNormShape shape = shape_of(x, a);
    const Spec channels{{shape.channels}, x.dtype(), x.device()};
    Tensor dx = Tensor::empty(x.spec()), dgamma = Tensor::empty(channels),
           dbeta = Tensor::empty(channels);
    dispatch_floats(name, x.dtype(), [&]<class T> {
      kernels::run(dx.stream(), kernels::batch_norm_gradient_ladder<T>, x.on_device<T>(),
                   dy.on_device<T>(), saved.extra.mean.template on_device<T>(),
                   saved.extra.variance.template on_device<T>(), data_or_null<T>(gamma),
                   dx.mutable_on_device<T>(), dgamma.mutable_on_device<T>(),
                   dbeta.mutable_on_device<T>(), shape);
    });
    return grads(dx, a.has_gamma ? dgamma : Tensor(), a.has_beta ? dbeta : Tensor());
  }
  static kernels::BatchNormShape shape_of(const Tensor& x, const Args& a) {
    const std::int64_t channels = x.shape().back();
    return {x.size() / channels, channels, a.epsilon};
  }
};

// Also of what is not defined().
Spec spec_of(const Tensor& x) { return x.spec(); }
Spec spec_of(const Variable& x) { return x.defined() ? x.value().spec() : Spec{}; }

// y = x scale + (beta - mean scale), scale = gamma / sqrt(variance + epsilon): one multiply-add an
// element
template <class T>
T with_moments(const T& x, const T& gamma, const T& beta, double epsilon, const Tensor& mean,
               const Tensor& variance) {
  const Spec spec = detail::value_of(x).spec();
  check(spec, spec_of(gamma), spec_of(beta), gamma.defined(), beta.defined());
  for (const Tensor& moment : {mean, variance}) {
    require_same_dtype(kName, spec, moment.spec());
    if (moment.shape() == Shape{spec.shape.back()}) continue;
    throw ShapeError(
        fmt::format("{}: a moment is {} for an input of {}; expected one number a channel, [{}]",
                    kName, moment.spec().text(), spec.text(), spec.shape.back()));
  }
  T scale = rsqrt(variance + epsilon);
  if (gamma.defined()) scale = gamma * scale;
  const T centre = mean * scale;
  return x * scale + (beta.defined() ? beta - centre : -centre);
}

}  // namespace

Tensor batch_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta, double epsilon,
                           BatchMoments& moments) {
  return apply_with_extra<BatchNormalization>({epsilon, gamma.defined(), beta.defined()}, moments,
                                              x, gamma, beta);
}
Variable batch_normalization(const Variable& x, const Variable& gamma, const Variable& beta,
                             double epsilon, BatchMoments& moments) {
  return apply_with_extra<BatchNormalization>({epsilon, gamma.defined(), beta.defined()}, moments,
                                              x, gamma, beta);
}

Tensor batch_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta, double epsilon,
                           const Tensor& mean, const Tensor& variance) {
  return with_moments(x, gamma, beta, epsilon, mean, variance);
}
Variable batch_normalization(const Variable& x, const Variable& gamma, const Variable& beta,
                             double epsilon, const Tensor& mean, const Tensor& variance) {
  return with_moments(x, gamma, beta, epsilon, mean, variance);
}

}  // namespace keratin
