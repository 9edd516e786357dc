#include "autograd/ops/max.h"

#include "autograd/elementwise.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/sum.h"
#include "tensor/reduction.h"

namespace keratin {
namespace {

struct Max {
  using Args = ReduceOptions;
  static constexpr std::string_view name = "max";
  static constexpr Keep keep{.inputs = true, .output = true};
  static constexpr bool on_gpu = true;
  static Spec infer(const Spec& x, const Args& a) {
    detail::infer_number(name, x);
    return {detail::reduced_shape(name, x.shape, a), x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    detail::reduce_into(name, kernels::Reduction::max, x, y, a);
  }
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    const Shape kept = detail::kept_shape(name, saved.spec(0).shape, a);
    const auto best =
        detail::mask(kernels::Binary::equal, saved.input(0), reshape(saved.output(), kept));
    const auto shares = sum(best, {.axis = a.axis, .keepdims = true});
    return grads(best * (reshape(dy, kept) / shares));
  }
};

}  // namespace

Tensor max(const Tensor& x, ReduceOptions options) { return apply<Max>(options, x); }
Variable max(const Variable& x, ReduceOptions options) { return apply<Max>(options, x); }

}  // namespace keratin
