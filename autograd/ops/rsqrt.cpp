#include "autograd/ops/rsqrt.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/square.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Rsqrt {
  using Args = NoArgs;
  static constexpr std::string_view name = "rsqrt";
  static constexpr Keep keep{.output = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_floating(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::rsqrt, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    // dx = -dy y^3 / 2
    return grads(detail::rounded_once(
        [](const auto& g, const auto& y) { return g * y * square(y) * -0.5; }, dy, saved.output()));
  }
};

}  // namespace

Tensor rsqrt(const Tensor& x) { return apply<Rsqrt>({}, x); }
Variable rsqrt(const Variable& x) { return apply<Rsqrt>({}, x); }

}  // namespace keratin
