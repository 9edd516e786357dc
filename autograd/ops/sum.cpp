#include "autograd/ops/sum.h"

#include "autograd/elementwise.h"
#include "autograd/ops/broadcast_to.h"
#include "autograd/ops/reshape.h"
#include "tensor/reduction.h"

namespace keratin {
namespace {

struct Sum {
  using Args = ReduceOptions;
  static constexpr std::string_view name = "sum";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, const Args& a) {
    detail::infer_number(name, x);
    return {detail::reduced_shape(name, x.shape, a), x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    detail::reduce_into(name, kernels::Reduction::sum, x, y, a);
  }
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    return grads(broadcast_to(reshape(dy, detail::kept_shape(name, saved.spec(0).shape, a)),
                              saved.spec(0).shape));
  }
};

}  // namespace

Tensor sum(const Tensor& x, ReduceOptions options) {
  const bool narrow = x.dtype() == uint8 || x.dtype() == boolean;
  return apply<Sum>(options, narrow ? cast(x, int64) : x);
}
Variable sum(const Variable& x, ReduceOptions options) {
  if (!x.requires_grad()) return Variable(sum(x.value(), options), false);
  return apply<Sum>(options, x);
}

}  // namespace keratin
