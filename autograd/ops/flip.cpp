#include "autograd/ops/flip.h"

#include "autograd/layout.h"
#include "kernels/copy/copy.h"

namespace keratin {
namespace {

struct Flip {
  using Args = FlipOptions;
  static constexpr std::string_view name = "flip";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, const Args& a) {
    detail::require_movable(name, x);
    (void)a.axis.resolve("flip", x.shape.rank());  // throws for an axis that is not there
    return x;
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    std::vector<std::int64_t> at = detail::for_each_axis(x.rank(), 0);
    std::vector<std::int64_t> step = detail::for_each_axis(x.rank(), 1);
    for (const std::int64_t axis : a.axis.resolve("flip", x.rank())) {
      const auto k = static_cast<std::size_t>(axis);
      if (x.shape()[axis] == 0) return;
      at[k] = x.shape()[axis] - 1;
      step[k] = -1;
    }
    kernels::run(y.stream(), kernels::strided_copy_ladder, static_cast<const void*>(x.address()),
                 y.address(),
                 kernels::copy_out_of(y.shape().sizes(), x.shape().sizes(), at, step,
                                      detail::element_size(x.dtype())));
  }
  static auto gradient(const auto&, const Args& a, const auto& dy) { return grads(flip(dy, a)); }
};

}  // namespace

Tensor flip(const Tensor& x, FlipOptions options) { return apply<Flip>(options, x); }
Variable flip(const Variable& x, FlipOptions options) { return apply<Flip>(options, x); }

}  // namespace keratin
