#include "tensor/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/device_run.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/error.h"
#include "tensor/cast.h"
#include "tensor/recording.h"
#include "tensor/reduction.h"

namespace keratin {
namespace {

using kernels::Binary;
using kernels::Reduction;

void require_comparable(const char* name, const Tensor& x) {
  if (!x.defined()) throw ValueError(fmt::format("{}: a tensor has no value", name));
  if (x.dtype() != string && x.dtype() != bfloat16) return;
  throw DTypeError(
      fmt::format("{}: not defined for {}; expected numbers or bool", name, x.spec().text()));
}

void require_bool(const char* name, const Tensor& x) {
  if (!x.defined()) throw ValueError(fmt::format("{}: a tensor has no value", name));
  if (x.dtype() == boolean) return;
  throw DTypeError(fmt::format("{}: not defined for {}; expected bool. Use not_equal(x, 0).", name,
                               x.spec().text()));
}

// A bool tensor's bytes, 0 or 1, under a type that kernels compute with.
const std::uint8_t* bytes_of(const Tensor& x) {
  return static_cast<const std::uint8_t*>(x.address());
}
std::uint8_t* mutable_bytes_of(Tensor& x) { return static_cast<std::uint8_t*>(x.address()); }

// Where both are. Throws DeviceError.
Device device_of(const char* name, const Tensor& a, const Tensor& b) {
  if (a.device() == b.device()) return a.device();
  throw DeviceError(fmt::format(
      "{}: operands on different devices: {} on {} and {} on {}; expected one device. Use "
      ".to(\"{}\") on one of them.",
      name, a.spec().text(), a.device().text(), b.spec().text(), b.device().text(),
      a.device().text()));
}

// Of two bool tensors, with a result of 0 or 1.
Tensor on_bytes(const char* name, Binary op, const Tensor& a, const Tensor& b) {
  Tensor y =
      Tensor::empty(broadcast_shapes(name, a.shape(), b.shape()), boolean, device_of(name, a, b));
  kernels::run(y.stream(), kernels::binary_ladder<std::uint8_t>, bytes_of(a), bytes_of(b),
               mutable_bytes_of(y),
               kernels::make_binary_shape(op, a.shape().sizes(), b.shape().sizes()));
  return y;
}

Tensor compare(const char* name, Binary op, const Tensor& a, const Tensor& b) {
  require_comparable(name, a);
  require_comparable(name, b);
  if (a.dtype() != b.dtype()) {
    throw DTypeError(
        fmt::format("{}: dtypes differ: {} and {}; expected the same. Use cast on one of them.",
                    name, a.spec().text(), b.spec().text()));
  }
  if (a.dtype() == boolean) return on_bytes(name, op, a, b);
  Tensor y =
      Tensor::empty(broadcast_shapes(name, a.shape(), b.shape()), a.dtype(), device_of(name, a, b));
  dispatch_numbers(name, a.dtype(), [&]<class T> {
    kernels::run(y.stream(), kernels::binary_ladder<T>, a.on_device<T>(), b.on_device<T>(),
                 y.mutable_on_device<T>(),
                 kernels::make_binary_shape(op, a.shape().sizes(), b.shape().sizes()));
  });
  return cast(y, boolean);
}

// Can every value of x be compared with `number` in its own dtype?
bool holds(const Tensor& x, double number) {
  if (is_floating(x.dtype())) return true;
  return x.dtype() != boolean &&
         cast(Tensor::scalar(number, float64), x.dtype()).item<double>() == number;
}

Tensor compare(const char* name, Binary op, const Tensor& a, double b) {
  require_comparable(name, a);
  const DType wide = holds(a, b) ? a.dtype() : float64;
  return compare(name, op, cast(a, wide), detail::scalar_on(a.device(), b, wide));
}
Tensor compare(const char* name, Binary op, double a, const Tensor& b) {
  require_comparable(name, b);
  const DType wide = holds(b, a) ? b.dtype() : float64;
  return compare(name, op, detail::scalar_on(b.device(), a, wide), cast(b, wide));
}

// all and any: the smallest and the largest of 0 and 1.
Tensor over_bytes(const char* name, Reduction op, const Tensor& x, const ReduceOptions& options) {
  require_bool(name, x);
  const Shape shape = detail::reduced_shape(name, x.shape(), options);
  if (detail::reduced_count(name, x.shape(), options) == 0) {
    return full(shape, op == Reduction::min ? 1 : 0, boolean).to(x.device());
  }
  Tensor y = Tensor::empty(shape, uint8, x.device());
  detail::reduce_into(name, op, cast(x, uint8), y, options);
  return cast(y, boolean);
}

Tensor arg_reduce(const char* name, bool largest, const Tensor& x, const ReduceOptions& options) {
  require_comparable(name, x);
  if (x.dtype() == boolean) return arg_reduce(name, largest, cast(x, uint8), options);
  const auto axes = options.axis.resolve(name, x.rank());
  if (options.axis.given() && axes.size() != 1) {
    throw ShapeError(fmt::format("{}: {} axes given for {}; expected one, or none for all elements",
                                 name, axes.size(), x.spec().text()));
  }
  kernels::ArgReduceShape s{largest, 1, x.size(), 1};
  if (options.axis.given()) {
    s = {largest, x.shape().slice(0, axes[0]).size(), x.shape()[axes[0]],
         x.shape().slice(axes[0] + 1, x.rank()).size()};
  }
  if (s.reduced == 0) {
    throw ShapeError(fmt::format("{}: {} has nothing to take it of", name, x.spec().text()));
  }
  Tensor y = Tensor::empty(detail::reduced_shape(name, x.shape(), options), int64, x.device());
  dispatch_numbers(name, x.dtype(), [&]<class T> {
    kernels::run(y.stream(), kernels::arg_reduce_ladder<T>, x.on_device<T>(),
                 y.mutable_on_device<std::int64_t>(), s);
  });
  return y;
}

void require_number(const char* name, const Tensor& x) {
  require_comparable(name, x);
  if (x.dtype() != boolean) return;
  throw DTypeError(fmt::format("{}: not defined for {}; expected numbers", name, x.spec().text()));
}

}  // namespace

#define KERATIN_COMPARISON(name)                                                               \
  Tensor name(const Tensor& a, const Tensor& b) { return compare(#name, Binary::name, a, b); } \
  Tensor name(const Tensor& a, double b) { return compare(#name, Binary::name, a, b); }        \
  Tensor name(double a, const Tensor& b) { return compare(#name, Binary::name, a, b); }
KERATIN_COMPARISON(greater)
KERATIN_COMPARISON(greater_equal)
KERATIN_COMPARISON(less)
KERATIN_COMPARISON(less_equal)
KERATIN_COMPARISON(equal)
KERATIN_COMPARISON(not_equal)
#undef KERATIN_COMPARISON

Tensor logical_not(const Tensor& x) {
  require_bool("logical_not", x);
  return on_bytes("logical_not", Binary::equal, x, zeros({}, boolean).to(x.device()));
}
Tensor logical_and(const Tensor& a, const Tensor& b) {
  require_bool("logical_and", a);
  require_bool("logical_and", b);
  return on_bytes("logical_and", Binary::minimum, a, b);
}
Tensor logical_or(const Tensor& a, const Tensor& b) {
  require_bool("logical_or", a);
  require_bool("logical_or", b);
  return on_bytes("logical_or", Binary::maximum, a, b);
}

Tensor all(const Tensor& x, ReduceOptions options) {
  return over_bytes("all", Reduction::min, x, options);
}
Tensor any(const Tensor& x, ReduceOptions options) {
  return over_bytes("any", Reduction::max, x, options);
}

Tensor argmax(const Tensor& x, ReduceOptions options) {
  return arg_reduce("argmax", true, x, options);
}
Tensor argmin(const Tensor& x, ReduceOptions options) {
  return arg_reduce("argmin", false, x, options);
}

Tensor isnan(const Tensor& x) {
  require_number("isnan", x);
  return not_equal(x, x);
}

Tensor isfinite(const Tensor& x) {
  require_number("isfinite", x);
  if (!is_floating(x.dtype())) return ones(x.shape(), boolean).to(x.device());
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return logical_and(greater(x, -infinity), less(x, infinity));
}

double max_abs_difference(const Tensor& a, const Tensor& b) {
  require_comparable("max_abs_difference", a);
  require_comparable("max_abs_difference", b);
  if (a.shape() != b.shape()) {
    throw ShapeError(fmt::format("max_abs_difference: shapes differ: {} and {}; expected the same",
                                 a.spec().text(), b.spec().text()));
  }
  const Tensor wide_a = cast(a.to(Device{}), float64), wide_b = cast(b.to(Device{}), float64);
  const double *x = wide_a.data<double>(), *y = wide_b.data<double>();
  double largest = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double difference = x[i] == y[i] ? 0 : std::fabs(x[i] - y[i]);
    if (std::isnan(difference)) return difference;
    largest = std::max(largest, difference);
  }
  return largest;
}

}  // namespace keratin
