#include "autograd/ops/minimum.h"

#include "autograd/elementwise.h"
#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "autograd/reduce_to_shape.h"

namespace keratin {
namespace {

struct Minimum {
  using Args = NoArgs;
  static constexpr std::string_view name = "minimum";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static Spec infer(const Spec& a, const Spec& b, Args) { return detail::infer_binary(name, a, b); }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::minimum, a, b, y);
  }
  static auto gradient(const auto& saved, Args, const auto& dy) {
    const auto &a = saved.input(0), &b = saved.input(1);
    const auto both = detail::mask(kernels::Binary::equal, a, b) * 0.5;
    const auto to_a = detail::mask(kernels::Binary::less, a, b) + both;
    const auto to_b = detail::mask(kernels::Binary::greater, a, b) + both;
    return grads(reduce_to_shape(dy * to_a, saved.spec(0).shape),
                 reduce_to_shape(dy * to_b, saved.spec(1).shape));
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
