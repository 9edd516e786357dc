#include "autograd/elementwise.h"

#include <array>

#include "kernels/elementwise/bfloat16.h"
#include "tensor/cast.h"
#include "tensor/recording.h"

namespace keratin::detail {

void unary_into(std::string_view name, kernels::Unary op, const Tensor& x, Tensor& y) {
  if (x.device() != y.device()) common_device(name, std::array{x, y}, true);
  dispatch_all_numbers(name, x.dtype(), [&]<class T> {
    kernels::run(y.stream(), kernels::unary_ladder<T>, x.on_device<T>(), y.mutable_on_device<T>(),
                 kernels::UnaryShape{op, x.size()});
  });
}

void binary_into(std::string_view name, kernels::Binary op, const Tensor& a, const Tensor& b,
                 Tensor& y) {
  if (a.device() != y.device() || b.device() != y.device())
    common_device(name, std::array{a, b, y}, true);  // throws
  const kernels::BinaryShape shape =
      kernels::make_binary_shape(op, a.shape().sizes(), b.shape().sizes());
  dispatch_all_numbers(name, y.dtype(), [&]<class T> {
    kernels::run(y.stream(), kernels::binary_ladder<T>, a.on_device<T>(), b.on_device<T>(),
                 y.mutable_on_device<T>(), shape);
  });
}

Tensor binary(std::string_view name, kernels::Binary op, const Tensor& a, const Tensor& b) {
  Spec spec = infer_binary(name, a.spec(), b.spec());
  spec.device = common_device(name, std::array{a, b}, true);
  Tensor y = Tensor::empty(spec);
  binary_into(name, op, a, b, y);
  return y;
}

Spec infer_binary(std::string_view name, const Spec& a, const Spec& b) {
  require_same_dtype(name, a, b);
  infer_number(name, a);
  if (a.shape == b.shape) return a;
  return {broadcast_shapes(std::string(name).c_str(), a.shape, b.shape), a.dtype, a.device};
}

Spec infer_floating(std::string_view name, const Spec& x) {
  require_floating(name, x);
  return x;
}

Spec infer_number(std::string_view name, const Spec& x) {
  if (x.dtype == boolean || x.dtype == string) {
    throw DTypeError(fmt::format(
        "{}: not defined for {}; expected numbers. Use cast(x, float32) first.", name, x.text()));
  }
  return x;
}

Tensor operand_on_cpu(std::string_view name, double number, const Spec& x) {
  if (is_integer(x.dtype)) {
    const Tensor held = cast(Tensor::scalar(number, float64), x.dtype);
    if (held.item<double>() == number) return held;
    throw DTypeError(
        fmt::format("{}: the number {} beside {}; expected one that an {} can hold. Use cast(x, "
                    "float32) first.",
                    name, number, x.text(), name_of(x.dtype)));
  }
  return Tensor::scalar(number, is_floating(x.dtype) ? x.dtype : float32);
}
Tensor operand(std::string_view name, double number, const Tensor& x) {
  if (!is_floating(x.dtype())) return operand_on_cpu(name, number, x.spec()).to(x.device());
  return scalar_on(x.device(), number, x.dtype());
}
Variable operand(std::string_view name, double number, const Variable& x) {
  return Variable(operand(name, number, x.value()), false);
}

Tensor mask(kernels::Binary op, const Tensor& a, const Tensor& b) {
  return binary("mask", op, a, b);
}
Variable mask(kernels::Binary op, const Variable& a, const Variable& b) {
  return Variable(mask(op, a.value(), b.value()), false);
}

}  // namespace keratin::detail
