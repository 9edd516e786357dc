#include "autograd/ops/max_pool2d.h"

#include "autograd/op.h"
#include "kernels/pool2d/bfloat16.h"

namespace keratin {
namespace {

struct MaxPool2d {
  using Args = Pool2dOptions;
  static constexpr std::string_view name = "max_pool2d";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static constexpr bool kernel_gradient = true;
  static Spec infer(const Spec& x, const Args& a) {
    require_floating(name, x);
    const auto s = detail::pool2d_shape(name, x, a);
    return {{s.batch, s.out_h, s.out_w, s.channels}, x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    const auto s = detail::pool2d_shape(name, x.spec(), a);
    dispatch_all_floats(name, x.dtype(), [&]<class T>() {
      kernels::run(y.stream(), kernels::max_pool2d_ladder<T>, x.on_device<T>(),
                   y.mutable_on_device<T>(), s);
    });
  }
  static auto gradient(const auto& saved, const Args& a, const Tensor& dy) {
    const Tensor& x = saved.input(0);
    const auto s = detail::pool2d_shape(name, x.spec(), a);
    Tensor dx = Tensor::empty(x.spec());
    dispatch_all_floats(name, x.dtype(), [&]<class T>() {
      kernels::run(dx.stream(), kernels::max_pool2d_gradient_ladder<T>, x.on_device<T>(),
                   dy.on_device<T>(), dx.mutable_on_device<T>(), s);
    });
    return grads(dx);
  }
};

}  // namespace

Tensor max_pool2d(const Tensor& x, Pool2dOptions options) { return apply<MaxPool2d>(options, x); }
Variable max_pool2d(const Variable& x, Pool2dOptions options) {
  return apply<MaxPool2d>(options, x);
}

}  // namespace keratin
