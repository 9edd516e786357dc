#include "autograd/ops/layer_normalization.h"

#include "autograd/along_axis.h"
#include "autograd/op.h"
#include "autograd/ops/add.h"
#include "autograd/ops/mean.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rsqrt.h"
#include "autograd/ops/square.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/sum.h"
#include "autograd/widened.h"
#include "kernels/layer_normalization/bfloat16.h"

namespace keratin {
namespace {

template <class T>
const T* data_or_null(const Tensor& x) {
  return x.defined() ? x.on_device<T>() : nullptr;
}

struct LayerNormalization {
  struct Args {
    double epsilon;
    bool has_gamma, has_beta;
  };
  struct Extra {
    Tensor mean, scale;  // of each row
  };
  static constexpr std::string_view name = "layer_normalization";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16_on_gpu = true;
  static constexpr bool reads_weights_as_they_are = true;
  static Spec infer(const Spec& x, const Spec& gamma, const Spec& beta, const Args& a) {
    require_floating(name, x);
    detail::require_rows(name, x);
    for (const auto& [given, spec] : {std::pair{a.has_gamma, gamma}, {a.has_beta, beta}}) {
      if (!given) continue;
      require_same_dtype(name, {x.shape, detail::wide_dtype(x.dtype), x.device}, spec);
      if (spec.shape != Shape{x.shape.back()}) {
        throw ShapeError(fmt::format(
            "{}: gamma or beta is {} for an input of {}; expected one number a column, [{}]", name,
            spec.text(), x.text(), x.shape.back()));
      }
    }
    return x;
  }
  static void cpu(const Tensor& x, const Tensor& gamma, const Tensor& beta, Tensor& y, Extra& extra,
                  const Args& a) {
    const kernels::LayerNormShape shape = shape_of(x, a);
    extra.mean = Tensor::empty({shape.rows}, detail::wide_dtype(x.dtype()), x.device());
    extra.scale = Tensor::empty(extra.mean.spec());
    dispatch_all_floats(name, x.dtype(), [&]<class T> {
      using Number = kernels::RowNumber<T>;
      kernels::run(y.stream(), kernels::layer_norm_ladder<T>, x.on_device<T>(),
                   data_or_null<Number>(gamma), data_or_null<Number>(beta),
                   y.mutable_on_device<T>(), extra.mean.mutable_on_device<Number>(),
                   extra.scale.mutable_on_device<Number>(), shape);
    });
  }
  static auto gradient(const auto& saved, const Args& a, const Tensor& dy) {
    const Tensor &x = saved.input(0), &gamma = saved.input(1);
    const kernels::LayerNormShape shape = shape_of(x, a);
    const Spec columns{{shape.cols}, detail::wide_dtype(x.dtype()), x.device()};
    Tensor dx = Tensor::empty(x.spec()), dgamma = Tensor::empty(columns),
           dbeta = Tensor::empty(columns);
    dispatch_all_floats(name, x.dtype(), [&]<class T> {
      using Number = kernels::RowNumber<T>;
      kernels::run(dx.stream(), kernels::layer_norm_gradient_ladder<T>, x.on_device<T>(),
                   dy.on_device<T>(), data_or_null<Number>(gamma),
                   saved.extra.mean.template on_device<Number>(),
                   saved.extra.scale.template on_device<Number>(), dx.mutable_on_device<T>(),
                   dgamma.mutable_on_device<Number>(), dbeta.mutable_on_device<Number>(), shape);
    });
    return grads(dx, a.has_gamma ? dgamma : Tensor(), a.has_beta ? dbeta : Tensor());
  }
  // The same, composed, so that it can be differentiated again.
  //   dx = scale (g - mean g - xhat mean(g xhat)),  g = dy gamma
  static auto gradient(const auto& saved, const Args& a, const Variable& sent) {
    const Variable x = detail::widened_bfloat16(saved.input(0)),
                   dy = detail::widened_bfloat16(sent), &gamma = saved.input(1);
    const ReduceOptions row{.axis = -1, .keepdims = true};
    const Variable centered = x - mean(x, row),
                   scale = rsqrt(mean(square(centered), row) + a.epsilon), xhat = centered * scale,
                   g = a.has_gamma ? dy * gamma : dy;
    Variable dx = scale * (g - mean(g, row) - xhat * mean(g * xhat, row));
    if (saved.spec(0).dtype == bfloat16) dx = detail::cast_of(dx, bfloat16);
    const auto over_rows = [&](const Variable& v) {
      return sum(reshape(v, {-1, x.shape().back()}), {.axis = 0});
    };
    return grads(dx, a.has_gamma ? over_rows(dy * xhat) : Variable(),
                 a.has_beta ? over_rows(dy) : Variable());
  }
  static kernels::LayerNormShape shape_of(const Tensor& x, const Args& a) {
    const std::int64_t cols = x.shape().back();
    return {x.size() / cols, cols, a.epsilon};
  }
};

template <class T>
T normalized(const T& x, const T& gamma, const T& beta, double epsilon) {
  const LayerNormalization::Args args{epsilon, gamma.defined(), beta.defined()};
  if (x.dtype() != bfloat16) return apply<LayerNormalization>(args, x, gamma, beta);
  const T g = detail::widened_bfloat16(gamma), b = detail::widened_bfloat16(beta);
  if (!detail::is_narrow_on_cpu(x)) return apply<LayerNormalization>(args, x, g, b);
  return detail::cast_of(apply<LayerNormalization>(args, detail::widened_bfloat16(x), g, b),
                         bfloat16);
}

}  // namespace

Tensor layer_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                           double epsilon) {
  return normalized(x, gamma, beta, epsilon);
}
Variable layer_normalization(const Variable& x, const Variable& gamma, const Variable& beta,
                             double epsilon) {
  return normalized(x, gamma, beta, epsilon);
}

}  // namespace keratin
