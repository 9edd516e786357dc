#include "autograd/ops/divide.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Divide {
  using Args = NoArgs;
  static constexpr std::string_view name = "divide";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& a, const Spec& b, Args) { return detail::infer_binary(name, a, b); }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::divide, a, b, y);
  }
  static auto gradient(const auto& saved, Args, const auto& dy) {
    const auto &a = saved.input(0), &b = saved.input(1);  // da = dy / b,  db = -dy a / b^2
    const auto da = [&] {
      if (dy.shape() == saved.spec(0).shape) return dy / b;
      return detail::reduced_once(
          saved.spec(0).shape, [](const auto& g, const auto& v) { return g / v; }, dy, b);
    };
    const auto db = [&] {
      return detail::reduced_once(
          saved.spec(1).shape,
          [](const auto& g, const auto& u, const auto& v) { return negative(g / v * u / v); }, dy,
          a, b);
    };
    return grads(saved.needs(0) ? da() : saved.none(), saved.needs(1) ? db() : saved.none());
  }
};

}  // namespace

Tensor divide(const Tensor& a, const Tensor& b) { return apply<Divide>({}, a, b); }
Tensor divide(const Tensor& a, double b) { return divide(a, detail::operand(Divide::name, b, a)); }
Tensor divide(double a, const Tensor& b) { return divide(detail::operand(Divide::name, a, b), b); }
Variable divide(const Variable& a, const Variable& b) { return apply<Divide>({}, a, b); }
Variable divide(const Variable& a, double b) {
  return divide(a, detail::operand(Divide::name, b, a));
}
Variable divide(double a, const Variable& b) {
  return divide(detail::operand(Divide::name, a, b), b);
}

}  // namespace keratin
