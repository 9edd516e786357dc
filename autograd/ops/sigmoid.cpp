#include "autograd/ops/sigmoid.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/subtract.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Sigmoid {
  using Args = NoArgs;
  static constexpr std::string_view name = "sigmoid";
  static constexpr Keep keep{.output = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_floating(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::sigmoid, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    const auto& y = saved.output();  // dx = dy y (1 - y)
    if constexpr (std::same_as<std::remove_cvref_t<decltype(dy)>, Tensor>) {
      return grads(detail::binary(name, kernels::Binary::sigmoid_gradient, dy, y));
    } else {
      return grads(detail::rounded_once(
          [](const auto& g, const auto& of) { return g * of * (1.0 - of); }, dy, y));
    }
  }
};

}  // namespace

Tensor sigmoid(const Tensor& x) { return apply<Sigmoid>({}, x); }
Variable sigmoid(const Variable& x) { return apply<Sigmoid>({}, x); }

}  // namespace keratin
