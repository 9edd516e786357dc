#include "autograd/ops/average_pool2d.h"

#include "autograd/op.h"
#include "kernels/pool2d/bfloat16.h"

namespace keratin {
namespace {

using kernels::Pool2dShape;

// y = A x with a fixed matrix A, so the gradient is A^T dy, and its gradient A again.
template <class T>
T averages(const T& x, const Pool2dShape& s);
template <class T>
T spread(const T& dy, const Pool2dShape& s);

struct AveragePool2d {
  using Args = Pool2dShape;
  static constexpr std::string_view name = "average_pool2d";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, const Args& s) {
    require_floating(name, x);
    return {{s.batch, s.out_h, s.out_w, s.channels}, x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& s) {
    dispatch_all_floats(name, x.dtype(), [&]<class T>() {
      kernels::run(y.stream(), kernels::average_pool2d_ladder<T>, x.on_device<T>(),
                   y.mutable_on_device<T>(), s);
    });
  }
  static auto gradient(const auto&, const Args& s, const auto& dy) { return grads(spread(dy, s)); }
};

struct Spread {
  using Args = Pool2dShape;
  static constexpr std::string_view name = "average_pool2d_gradient";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& dy, const Args& s) {
    return {{s.batch, s.in_h, s.in_w, s.channels}, dy.dtype, dy.device};
  }
  static void cpu(const Tensor& dy, Tensor& dx, const Args& s) {
    dispatch_all_floats(name, dy.dtype(), [&]<class T>() {
      kernels::run(dx.stream(), kernels::average_pool2d_gradient_ladder<T>, dy.on_device<T>(),
                   dx.mutable_on_device<T>(), s);
    });
  }
  static auto gradient(const auto&, const Args& s, const auto& g) { return grads(averages(g, s)); }
};

template <class T>
T averages(const T& x, const Pool2dShape& s) {
  return apply<AveragePool2d>(s, x);
}
template <class T>
T spread(const T& dy, const Pool2dShape& s) {
  return apply<Spread>(s, dy);
}

}  // namespace

Tensor average_pool2d(const Tensor& x, Pool2dOptions options) {
  return averages(x, detail::pool2d_shape(AveragePool2d::name, x.spec(), options));
}
Variable average_pool2d(const Variable& x, Pool2dOptions options) {
  return averages(x, detail::pool2d_shape(AveragePool2d::name, x.value().spec(), options));
}

}  // namespace keratin
