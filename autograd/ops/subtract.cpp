#include "autograd/ops/subtract.h"

#include "autograd/elementwise.h"
#include "autograd/ops/negative.h"
#include "autograd/reduce_to_shape.h"

namespace keratin {
namespace {

struct Subtract {
  using Args = NoArgs;
  static constexpr std::string_view name = "subtract";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& a, const Spec& b, Args) { return detail::infer_binary(name, a, b); }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::subtract, a, b, y);
  }
  static auto gradient(const auto& saved, Args, const auto& dy) {
    return grads(
        reduce_to_shape(dy, saved.spec(0).shape),
        saved.needs(1) ? reduce_to_shape(negative(dy), saved.spec(1).shape) : saved.none());
  }
};

}  // namespace

Tensor subtract(const Tensor& a, const Tensor& b) { return apply<Subtract>({}, a, b); }
Tensor subtract(const Tensor& a, double b) {
  return subtract(a, detail::operand(Subtract::name, b, a));
}
Tensor subtract(double a, const Tensor& b) {
  return subtract(detail::operand(Subtract::name, a, b), b);
}
Variable subtract(const Variable& a, const Variable& b) { return apply<Subtract>({}, a, b); }
Variable subtract(const Variable& a, double b) {
  return subtract(a, detail::operand(Subtract::name, b, a));
}
Variable subtract(double a, const Variable& b) {
  return subtract(detail::operand(Subtract::name, a, b), b);
}

}  // namespace keratin
