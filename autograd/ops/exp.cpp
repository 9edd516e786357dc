#include "autograd/ops/exp.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"

namespace keratin {
namespace {

struct Exp {
  using Args = NoArgs;
  static constexpr std::string_view name = "exp";
  static constexpr Keep keep{.output = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_floating(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::exp, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    return grads(dy * saved.output());
  }
};

}  // namespace

Tensor exp(const Tensor& x) { return apply<Exp>({}, x); }
Variable exp(const Variable& x) { return apply<Exp>({}, x); }

}  // namespace keratin
