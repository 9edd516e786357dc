#include "autograd/ops/divide.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/reduce_to_shape.h"

namespace keratin {
namespace {

struct Divide {
  using Args = NoArgs;
  static constexpr std::string_view name = "divide";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static Spec infer(const Spec& a, const Spec& b, Args) { return detail::infer_binary(name, a, b); }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::divide, a, b, y);
  }
  static auto gradient(const auto& saved, Args, const auto& dy) {
    // da = dy / b,  db = -dy a / b^2
    const auto da = dy / saved.input(1);
    return grads(reduce_to_shape(da, saved.spec(0).shape),
                 saved.needs(1) ? reduce_to_shape(negative(da * saved.input(0) / saved.input(1)),
                                                  saved.spec(1).shape)
                                : saved.none());
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
