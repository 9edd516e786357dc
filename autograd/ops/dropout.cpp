#include "autograd/ops/dropout.h"

#include "autograd/op.h"
#include "kernels/dropout/bfloat16.h"

namespace keratin {
namespace {

struct Dropout {
  struct Args {
    double rate;
    RandomStream stream;
  };
  static constexpr std::string_view name = "dropout";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, const Args& a) {
    require_floating(name, x);
    if (!(a.rate >= 0 && a.rate <= 1)) {
      throw ValueError(fmt::format("dropout: rate is {}; expected 0 to 1", a.rate));
    }
    return x;
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    dispatch_all_floats(name, x.dtype(), [&]<class T> {
      kernels::run(y.stream(), kernels::dropout_ladder<T>, x.on_device<T>(),
                   y.mutable_on_device<T>(),
                   kernels::DropoutShape{
                       x.size(), a.rate, {a.stream.seed, a.stream.stream, a.stream.shift}});
    });
  }
  static auto gradient(const auto&, const Args& a, const auto& dy) {
    return grads(dropout(dy, a.rate, a.stream));
  }
};

}  // namespace

Tensor dropout(const Tensor& x, double rate, RandomStream stream) {
  return apply<Dropout>({rate, stream}, x);
}
Variable dropout(const Variable& x, double rate, RandomStream stream) {
  return apply<Dropout>({rate, stream}, x);
}

}  // namespace keratin
