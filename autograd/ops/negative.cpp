#include "autograd/ops/negative.h"

#include "autograd/elementwise.h"

namespace keratin {
namespace {

struct Negative {
  using Args = NoArgs;
  static constexpr std::string_view name = "negative";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_number(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::negative, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    return grads(negative(dy));
  }
};

}  // namespace

Tensor negative(const Tensor& x) { return apply<Negative>({}, x); }
Variable negative(const Variable& x) { return apply<Negative>({}, x); }

}  // namespace keratin
