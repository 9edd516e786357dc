#include "autograd/ops/add.h"

#include "autograd/elementwise.h"

#include "autograd/reduce_to_shape.h"

namespace keratin {
namespace {

struct Add {
  using Args = NoArgs;
  static constexpr std::string_view name = "add";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& a, const Spec& b, Args) { return detail::infer_binary(name, a, b); }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::add, a, b, y);
  }
  static auto gradient(const auto& saved, Args, const auto& dy) {
    return grads(reduce_to_shape(dy, saved.spec(0).shape),
                 reduce_to_shape(dy, saved.spec(1).shape));
  }
};

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) { return apply<Add>({}, a, b); }
Tensor add(const Tensor& a, double b) { return add(a, detail::operand(Add::name, b, a)); }
Tensor add(double a, const Tensor& b) { return add(detail::operand(Add::name, a, b), b); }
Variable add(const Variable& a, const Variable& b) { return apply<Add>({}, a, b); }
Variable add(const Variable& a, double b) { return add(a, detail::operand(Add::name, b, a)); }
Variable add(double a, const Variable& b) { return add(detail::operand(Add::name, a, b), b); }

}  // namespace keratin
