#include "autograd/ops/softmax.h"

#include "autograd/along_axis.h"
#include "autograd/op.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/sum.h"
#include "autograd/rounded_once.h"
#include "kernels/softmax/bfloat16.h"

namespace keratin {
namespace {

// Over the last axis.
struct Softmax {
  using Args = NoArgs;
  static constexpr std::string_view name = "softmax";
  static constexpr Keep keep{.output = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) {
    require_floating(name, x);
    detail::require_rows(name, x);
    return x;
  }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    dispatch_all_floats(name, x.dtype(), [&]<class T> {
      kernels::run(y.stream(), kernels::softmax_ladder<T>, x.on_device<T>(),
                   y.mutable_on_device<T>(), shape_of(x));
    });
  }
  static auto gradient(const auto& saved, Args, const auto& dy) {
    const auto& y = saved.output();  // dx = y (dy - sum(y dy)),  J = diag(y) - y y^T
    if constexpr (std::same_as<std::remove_cvref_t<decltype(dy)>, Tensor>) {
      Tensor dx = Tensor::empty(y.spec());
      dispatch_all_floats(name, y.dtype(), [&]<class T> {
        kernels::run(dx.stream(), kernels::softmax_gradient_ladder<T>, y.template on_device<T>(),
                     dy.template on_device<T>(), dx.mutable_on_device<T>(), shape_of(y));
      });
      return grads(dx);
    } else {
      const auto rule = [](const Variable& g, const Variable& p) {
        return p * (g - sum(p * g, {.axis = -1, .keepdims = true}));
      };
      return grads(y.dtype() == bfloat16 ? detail::in_float32(rule, dy, y) : rule(dy, y));
    }
  }
  static kernels::SoftmaxShape shape_of(const Tensor& x) {
    const std::int64_t cols = x.shape().back();
    return {x.size() / cols, cols};
  }
};

}  // namespace

Tensor softmax(const Tensor& x, SoftmaxOptions options) {
  return detail::along_axis("softmax", x, options.axis,
                            [](const Tensor& t) { return apply<Softmax>({}, t); });
}
Variable softmax(const Variable& x, SoftmaxOptions options) {
  return detail::along_axis("softmax", x, options.axis,
                            [](const Variable& t) { return apply<Softmax>({}, t); });
}

}  // namespace keratin
