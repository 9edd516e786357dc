#include "autograd/ops/expm1.h"

#include "autograd/elementwise.h"
#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Expm1 {
  using Args = NoArgs;
  static constexpr std::string_view name = "expm1";
  static constexpr Keep keep{.output = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_floating(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::expm1, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    return grads(detail::rounded_once([](const auto& g, const auto& y) { return g * (y + 1.0); },
                                      dy, saved.output()));
  }
};

}  // namespace

Tensor expm1(const Tensor& x) { return apply<Expm1>({}, x); }
Variable expm1(const Variable& x) { return apply<Expm1>({}, x); }

}  // namespace keratin
