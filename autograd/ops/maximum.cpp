#include "autograd/ops/maximum.h"

#include "autograd/elementwise.h"
#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "autograd/reduce_to_shape.h"

namespace keratin {
namespace {

struct Maximum {
  using Args = NoArgs;
  static constexpr std::string_view name = "maximum";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static Spec infer(const Spec& a, const Spec& b, Args) { return detail::infer_binary(name, a, b); }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::maximum, a, b, y);
  }
  static auto gradient(const auto& saved, Args, const auto& dy) {
    const auto &a = saved.input(0), &b = saved.input(1);
    const auto both = detail::mask(kernels::Binary::equal, a, b) * 0.5;
    const auto to_a = detail::mask(kernels::Binary::greater, a, b) + both;
    const auto to_b = detail::mask(kernels::Binary::less, a, b) + both;
    return grads(reduce_to_shape(dy * to_a, saved.spec(0).shape),
                 reduce_to_shape(dy * to_b, saved.spec(1).shape));
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
