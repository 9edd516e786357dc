#include "autograd/ops/maximum.h"

#include "autograd/elementwise.h"
#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Maximum {
  using Args = NoArgs;
  static constexpr std::string_view name = "maximum";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& a, const Spec& b, Args) { return detail::infer_binary(name, a, b); }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::maximum, a, b, y);
  }
  static auto gradient(const auto& saved, Args, const auto& dy) {
    const auto &a = saved.input(0), &b = saved.input(1);
    const auto part = [&](std::size_t i, kernels::Binary wins) {
      return detail::reduced_once(
          saved.spec(i).shape,
          [wins](const auto& g, const auto& u, const auto& v) {
            return g *
                   (detail::mask(wins, u, v) + detail::mask(kernels::Binary::equal, u, v) * 0.5);
          },
          dy, a, b);
    };
    return grads(saved.needs(0) ? part(0, kernels::Binary::greater) : saved.none(),
                 saved.needs(1) ? part(1, kernels::Binary::less) : saved.none());
  }
};

}  // namespace

Tensor maximum(const Tensor& a, const Tensor& b) { return apply<Maximum>({}, a, b); }
Tensor maximum(const Tensor& a, double b) {
  return maximum(a, detail::operand(Maximum::name, b, a));
}
Tensor maximum(double a, const Tensor& b) {
  return maximum(detail::operand(Maximum::name, a, b), b);
}
Variable maximum(const Variable& a, const Variable& b) { return apply<Maximum>({}, a, b); }
Variable maximum(const Variable& a, double b) {
  return maximum(a, detail::operand(Maximum::name, b, a));
}
Variable maximum(double a, const Variable& b) {
  return maximum(detail::operand(Maximum::name, a, b), b);
}

}  // namespace keratin
