#include "autograd/ops/mean.h"

#include "autograd/elementwise.h"
#include "autograd/ops/broadcast_to.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/rounded_once.h"
#include "tensor/recording.h"
#include "tensor/reduction.h"

namespace keratin {
namespace {

struct Mean {
  using Args = ReduceOptions;
  static constexpr std::string_view name = "mean";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, const Args& a) {
    detail::infer_floating(name, x);
    return {detail::reduced_shape(name, x.shape, a), x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    if (y.dtype() == bfloat16) {  // rounded once
      Tensor wide = Tensor::empty(y.shape(), float32, y.device());
      cpu(x, wide, a);
      y = cast(wide, bfloat16);
      return;
    }
    detail::reduce_into(name, kernels::Reduction::sum, x, y, a);
    const auto count = static_cast<double>(detail::reduced_count(name, x.shape(), a));
    detail::binary_into(name, kernels::Binary::multiply, y,
                        detail::scalar_on(y.device(), 1 / count, y.dtype()), y);
  }
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    const auto count = static_cast<double>(detail::reduced_count(name, saved.spec(0).shape, a));
    const auto share = detail::rounded_once([&](const auto& g) { return g * (1 / count); }, dy);
    const auto shared = reshape(share, detail::kept_shape(name, saved.spec(0).shape, a));
    return grads(broadcast_to(shared, saved.spec(0).shape));
  }
};

}  // namespace

Tensor mean(const Tensor& x, ReduceOptions options) { return apply<Mean>(options, x); }
Variable mean(const Variable& x, ReduceOptions options) { return apply<Mean>(options, x); }

}  // namespace keratin
