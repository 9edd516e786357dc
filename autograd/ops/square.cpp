#include "autograd/ops/square.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Square {
  using Args = NoArgs;
  static constexpr std::string_view name = "square";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_number(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::square, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    return grads(detail::rounded_once([](const auto& g, const auto& x) { return g * x * 2.0; }, dy,
                                      saved.input(0)));
  }
};

}  // namespace

Tensor square(const Tensor& x) { return apply<Square>({}, x); }
Variable square(const Variable& x) { return apply<Square>({}, x); }

}  // namespace keratin
