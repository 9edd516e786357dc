#include "autograd/ops/multiply.h"

#include "autograd/elementwise.h"

#include "autograd/reduce_to_shape.h"

namespace keratin {
namespace {

struct Multiply {
  using Args = NoArgs;
  static constexpr std::string_view name = "multiply";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static Spec infer(const Spec& a, const Spec& b, Args) { return detail::infer_binary(name, a, b); }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::multiply, a, b, y);
  }
  static auto gradient(const auto& saved, Args, const auto& dy) {
    return grads(
        saved.needs(0) ? reduce_to_shape(dy * saved.input(1), saved.spec(0).shape) : saved.none(),
        saved.needs(1) ? reduce_to_shape(dy * saved.input(0), saved.spec(1).shape) : saved.none());
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
