#include "autograd/ops/softmax_cross_entropy.h"

#include "autograd/along_axis.h"
#include "autograd/op.h"
#include "autograd/ops/log_softmax.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "kernels/cross_entropy/cross_entropy.h"

namespace keratin {
namespace {

struct SoftmaxCrossEntropy {
  using Args = NoArgs;
  static constexpr std::string_view name = "softmax_cross_entropy";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool kernel_gradient = true;
  static Spec infer(const Spec& x, const Spec& t, Args) {
    require_floating(name, x);
    require_same_dtype(name, x, t);
    detail::require_rows(name, x);
    if (x.shape != t.shape) {
      throw ShapeError(fmt::format("{}: logits are {}, targets {}; expected the same shape", name,
                                   x.text(), t.text()));
    }
    return {x.shape.slice(0, x.shape.rank() - 1), x.dtype, x.device};
  }
  static void cpu(const Tensor& x, const Tensor& t, Tensor& y, Args) {
    dispatch_floats(name, x.dtype(), [&]<class T> {
      kernels::run(y.stream(), kernels::cross_entropy_ladder<T>, x.on_device<T>(), t.on_device<T>(),
                   y.mutable_on_device<T>(), shape_of(x));
    });
  }
  static auto gradient(const auto& saved, Args, const Tensor& dy) {
    const Tensor &x = saved.input(0), &t = saved.input(1);
    Tensor dx = Tensor::empty(x.spec());
    dispatch_floats(name, x.dtype(), [&]<class T> {
      kernels::run(dx.stream(), kernels::cross_entropy_gradient_ladder<T>, x.on_device<T>(),
                   t.on_device<T>(), dy.on_device<T>(), dx.mutable_on_device<T>(), shape_of(x));
    });
    const auto dt = [&] { return negative(log_softmax(x) * dy.reshaped(dy.shape().joined({1}))); };
    return grads(dx, saved.needs(1) ? dt() : saved.none());
  }
  static kernels::CrossEntropyShape shape_of(const Tensor& x) {
    const std::int64_t classes = x.shape().back();
    return {x.size() / classes, classes};
  }
};

}  // namespace

Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& targets) {
  return apply<SoftmaxCrossEntropy>({}, logits, targets);
}
Variable softmax_cross_entropy(const Variable& logits, const Variable& targets) {
  return apply<SoftmaxCrossEntropy>({}, logits, targets);
}

}  // namespace keratin
