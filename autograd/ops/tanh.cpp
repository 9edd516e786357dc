#include "autograd/ops/tanh.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/square.h"
#include "autograd/ops/subtract.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Tanh {
  using Args = NoArgs;
  static constexpr std::string_view name = "tanh";
  static constexpr Keep keep{.output = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_floating(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::tanh, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    const auto& y = saved.output();  // dx = dy (1 - y^2)
    if constexpr (std::same_as<std::remove_cvref_t<decltype(dy)>, Tensor>) {
      return grads(detail::binary(name, kernels::Binary::tanh_gradient, dy, y));
    } else {
      return grads(detail::rounded_once(
          [](const auto& g, const auto& of) { return g * (1.0 - square(of)); }, dy, y));
    }
  }
};

}  // namespace

Tensor tanh(const Tensor& x) { return apply<Tanh>({}, x); }
Variable tanh(const Variable& x) { return apply<Tanh>({}, x); }

}  // namespace keratin
