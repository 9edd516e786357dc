#include "autograd/ops/log1p.h"

#include "autograd/elementwise.h"
#include "autograd/ops/add.h"
#include "autograd/ops/divide.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Log1p {
  using Args = NoArgs;
  static constexpr std::string_view name = "log1p";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_floating(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::log1p, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    return grads(detail::rounded_once([](const auto& g, const auto& x) { return g / (x + 1.0); },
                                      dy, saved.input(0)));
  }
};

}  // namespace

Tensor log1p(const Tensor& x) { return apply<Log1p>({}, x); }
Variable log1p(const Variable& x) { return apply<Log1p>({}, x); }

}  // namespace keratin
