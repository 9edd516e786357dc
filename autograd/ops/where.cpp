#include "autograd/ops/where.h"

#include "autograd/elementwise.h"
#include "autograd/layout.h"
#include "autograd/reduce_to_shape.h"
#include "kernels/elementwise/select.h"

namespace keratin {
namespace {

struct Where {
  struct Args {
    Tensor condition;       // where the values are
    std::uint64_t version;  // of the condition, when it was used
  };
  static constexpr std::string_view name = "where";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& a, const Spec& b, const Args& args) {
    require_same_dtype(name, a, b);
    detail::require_movable(name, a);
    const Shape either = broadcast_shapes("where", a.shape, b.shape);
    return {broadcast_shapes("where: the condition and the values", args.condition.shape(), either),
            a.dtype, a.device};
  }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, const Args& args) {
    const Tensor& condition = args.condition;
    detail::common_device(name, std::array{condition, y}, true);
    kernels::run(
        y.stream(), kernels::select_ladder, static_cast<const std::uint8_t*>(condition.address()),
        static_cast<const void*>(a.address()), static_cast<const void*>(b.address()), y.address(),
        kernels::make_select_shape(condition.shape().sizes(), a.shape().sizes(), b.shape().sizes(),
                                   detail::element_size(y.dtype())));
  }
  static auto gradient(const auto& saved, const Args& args, const auto& dy) {
    if (args.condition.version() != args.version) detail::throw_changed_in_place(name);
    const auto part = [&](std::size_t i) {
      return reduce_to_shape(i == 0 ? where(args.condition, dy, 0) : where(args.condition, 0, dy),
                             saved.spec(i).shape);
    };
    return grads(saved.needs(0) ? part(0) : saved.none(), saved.needs(1) ? part(1) : saved.none());
  }
};

Where::Args checked(const Tensor& condition) {
  if (!condition.defined()) throw ValueError("where: the condition has no value");
  if (condition.dtype() != boolean) {
    throw DTypeError(
        fmt::format("where: the condition is {}; expected bool. Use not_equal(condition, 0).",
                    condition.spec().text()));
  }
  return {condition, condition.version()};
}

}  // namespace

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  return apply<Where>(checked(condition), a, b);
}
Tensor where(const Tensor& condition, const Tensor& a, double b) {
  return where(condition, a, detail::operand(Where::name, b, a));
}
Tensor where(const Tensor& condition, double a, const Tensor& b) {
  return where(condition, detail::operand(Where::name, a, b), b);
}
Variable where(const Tensor& condition, const Variable& a, const Variable& b) {
  return apply<Where>(checked(condition), a, b);
}
Variable where(const Tensor& condition, const Variable& a, double b) {
  return where(condition, a, detail::operand(Where::name, b, a));
}
Variable where(const Tensor& condition, double a, const Variable& b) {
  return where(condition, detail::operand(Where::name, a, b), b);
}

}  // namespace keratin
