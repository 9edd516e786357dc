#include "autograd/ops/cos.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/ops/sin.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Cos {
  using Args = NoArgs;
  static constexpr std::string_view name = "cos";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_floating(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::cos, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    return grads(detail::rounded_once(
        [](const auto& g, const auto& x) { return negative(g * sin(x)); }, dy, saved.input(0)));
  }
};

}  // namespace

Tensor cos(const Tensor& x) { return apply<Cos>({}, x); }
Variable cos(const Variable& x) { return apply<Cos>({}, x); }

}  // namespace keratin
