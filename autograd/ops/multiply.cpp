#include "autograd/ops/multiply.h"

#include "autograd/elementwise.h"

#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Multiply {
  using Args = NoArgs;
  static constexpr std::string_view name = "multiply";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& a, const Spec& b, Args) { return detail::infer_binary(name, a, b); }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::multiply, a, b, y);
  }
  static auto gradient(const auto& saved, Args, const auto& dy) {
    const auto part = [&](std::size_t i) {
      if (dy.shape() == saved.spec(i).shape) return dy * saved.input(1 - i);
      return detail::reduced_once(
          saved.spec(i).shape, [](const auto& g, const auto& other) { return g * other; }, dy,
          saved.input(1 - i));
    };
    return grads(saved.needs(0) ? part(0) : saved.none(), saved.needs(1) ? part(1) : saved.none());
  }
};

}  // namespace

Tensor multiply(const Tensor& a, const Tensor& b) { return apply<Multiply>({}, a, b); }
Tensor multiply(const Tensor& a, double b) {
  return multiply(a, detail::operand(Multiply::name, b, a));
}
Tensor multiply(double a, const Tensor& b) {
  return multiply(detail::operand(Multiply::name, a, b), b);
}
Variable multiply(const Variable& a, const Variable& b) { return apply<Multiply>({}, a, b); }
Variable multiply(const Variable& a, double b) {
  return multiply(a, detail::operand(Multiply::name, b, a));
}
Variable multiply(double a, const Variable& b) {
  return multiply(detail::operand(Multiply::name, a, b), b);
}

}  // namespace keratin
