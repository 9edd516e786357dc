#include "autograd/ops/minimum.h"

#include "autograd/elementwise.h"
#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Minimum {
  using Args = NoArgs;
  static constexpr std::string_view name = "minimum";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& a, const Spec& b, Args) { return detail::infer_binary(name, a, b); }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::minimum, a, b, y);
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
    return grads(saved.needs(0) ? part(0, kernels::Binary::less) : saved.none(),
                 saved.needs(1) ? part(1, kernels::Binary::greater) : saved.none());
  }
};

}  // namespace

Tensor minimum(const Tensor& a, const Tensor& b) { return apply<Minimum>({}, a, b); }
Tensor minimum(const Tensor& a, double b) {
  return minimum(a, detail::operand(Minimum::name, b, a));
}
Tensor minimum(double a, const Tensor& b) {
  return minimum(detail::operand(Minimum::name, a, b), b);
}
Variable minimum(const Variable& a, const Variable& b) { return apply<Minimum>({}, a, b); }
Variable minimum(const Variable& a, double b) {
  return minimum(a, detail::operand(Minimum::name, b, a));
}
Variable minimum(double a, const Variable& b) {
  return minimum(detail::operand(Minimum::name, a, b), b);
}

}  // namespace keratin
