#include "autograd/ops/abs.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sign.h"

namespace keratin {
namespace {

struct Abs {
  using Args = NoArgs;
  static constexpr std::string_view name = "abs";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_number(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::abs, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    return grads(dy * sign(saved.input(0)));
  }
};

}  // namespace

Tensor abs(const Tensor& x) { return apply<Abs>({}, x); }
Variable abs(const Variable& x) { return apply<Abs>({}, x); }

}  // namespace keratin
