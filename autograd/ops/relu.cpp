#include "autograd/ops/relu.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"

namespace keratin {
namespace {

struct Relu {
  using Args = NoArgs;
  static constexpr std::string_view name = "relu";
  static constexpr Keep keep{.output = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_number(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::relu, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    const auto& y = saved.output();  // dx = dy where y > 0
    if constexpr (std::same_as<std::remove_cvref_t<decltype(dy)>, Tensor>) {
      return grads(detail::binary(name, kernels::Binary::relu_gradient, dy, y));
    } else {
      return grads(dy * detail::mask(kernels::Binary::greater, y, detail::operand(0, y)));
    }
  }
};

}  // namespace

Tensor relu(const Tensor& x) { return apply<Relu>({}, x); }
Variable relu(const Variable& x) { return apply<Relu>({}, x); }

}  // namespace keratin
