#include "autograd/ops/erf.h"

#include "autograd/elementwise.h"
#include "autograd/ops/exp.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/ops/square.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Erf {
  using Args = NoArgs;
  static constexpr std::string_view name = "erf";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static constexpr double kTwoOverRootPi = 1.12837916709551257390;
  static Spec infer(const Spec& x, Args) { return detail::infer_floating(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::erf, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    return grads(detail::rounded_once(
        [](const auto& g, const auto& x) { return g * exp(negative(square(x))) * kTwoOverRootPi; },
        dy, saved.input(0)));
  }
};

}  // namespace

Tensor erf(const Tensor& x) { return apply<Erf>({}, x); }
Variable erf(const Variable& x) { return apply<Erf>({}, x); }

}  // namespace keratin
