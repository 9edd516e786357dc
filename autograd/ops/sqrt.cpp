#include "autograd/ops/sqrt.h"

#include "autograd/elementwise.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/multiply.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Sqrt {
  using Args = NoArgs;
  static constexpr std::string_view name = "sqrt";
  static constexpr Keep keep{.output = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_floating(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::sqrt, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    return grads(detail::rounded_once([](const auto& g, const auto& y) { return g / (y * 2.0); },
                                      dy, saved.output()));
  }
};

}  // namespace

Tensor sqrt(const Tensor& x) { return apply<Sqrt>({}, x); }
Variable sqrt(const Variable& x) { return apply<Sqrt>({}, x); }

}  // namespace keratin
