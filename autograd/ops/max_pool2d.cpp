#include "autograd/ops/max_pool2d.h"

#include "autograd/op.h"
#include "kernels/pool2d/bfloat16.h"

namespace keratin {
namespace {

struct MaxPool2d {
  using Args = Pool2dOptions;
  struct Extra {
    bool wanted = false;
    Tensor winners;  // bytes: which cell won each window
  };
  static constexpr std::string_view name = "max_pool2d";
  static constexpr Keep keep{.output = true};  // for whoever takes a PooledGradient
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static constexpr bool kernel_gradient = true;
  static Spec infer(const Spec& x, const Args& a) {
    require_floating(name, x);
    const auto s = detail::pool2d_shape(name, x, a);
    return {{s.batch, s.out_h, s.out_w, s.channels}, x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, Extra& extra, const Args& a) {
    auto s = detail::pool2d_shape(name, x.spec(), a);
    void* winners = nullptr;
    if (extra.wanted) {
      s.winner_bytes = s.bytes_of_winner();
      extra.winners = Tensor::empty({s.out_size() * s.winner_bytes}, uint8, x.device());
      winners = extra.winners.mutable_on_device<std::uint8_t>();
    }
    dispatch_all_floats(name, x.dtype(), [&]<class T>() {
      kernels::run(y.stream(), kernels::max_pool2d_ladder<T>, x.on_device<T>(),
                   y.mutable_on_device<T>(), winners, s);
    });
  }
  static auto gradient(const auto& saved, const Args& a, const Tensor& dy) {
    const kernels::Pool2dShape s = gradient_shape(saved, a);
    const void* const winners = saved.extra.winners.template on_device<std::uint8_t>();
    Tensor dx = Tensor::empty(saved.spec(0));
    dispatch_all_floats(name, dx.dtype(), [&]<class T>() {
      kernels::run(dx.stream(), kernels::max_pool2d_gradient_ladder<T>, winners, dy.on_device<T>(),
                   dx.mutable_on_device<T>(), s);
    });
    return grads(dx);
  }
  static detail::PooledGradient not_spread(const auto& saved, const Args& a, const Tensor& dy,
                                           const kernels::CallSite& site) {
    return {dy, saved.output(), saved.extra.winners, gradient_shape(saved, a), site};
  }

 private:
  static kernels::Pool2dShape gradient_shape(const auto& saved, const Args& a) {
    kernels::Pool2dShape s = detail::pool2d_shape(name, saved.spec(0), a);
    s.winner_bytes = s.bytes_of_winner();
    return s;
  }
};

}  // namespace

Tensor max_pool2d(const Tensor& x, Pool2dOptions options) { return apply<MaxPool2d>(options, x); }
Variable max_pool2d(const Variable& x, Pool2dOptions options) {
  return apply<MaxPool2d>(options, x);
}

}  // namespace keratin
