#include "autograd/ops/sign.h"

#include "autograd/elementwise.h"

namespace keratin {
namespace {

struct Sign {
  using Args = NoArgs;
  static constexpr std::string_view name = "sign";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_number(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::sign, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto&) {
    return grads(saved.none());
  }
};

}  // namespace

Tensor sign(const Tensor& x) { return apply<Sign>({}, x); }
Variable sign(const Variable& x) { return apply<Sign>({}, x); }

}  // namespace keratin
