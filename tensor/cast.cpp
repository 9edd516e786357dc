#include "tensor/cast.h"

#include <fmt/format.h>

#include "kernels/cast/cast.h"
#include "kernels/device_run.h"

namespace keratin {
namespace {

template <class F>
void with_type(DType dtype, F&& f) {
  if (dtype == DType::boolean) return f.template operator()<bool>();
  dispatch_numbers("cast", dtype, f);
}

template <class From, class To>
Tensor converted(const Tensor& x, DType dtype) {
  Tensor y = Tensor::empty(x.shape(), dtype, x.device());
  kernels::run(y.stream(), kernels::cast_ladder<From, To>, static_cast<const From*>(x.address()),
               static_cast<To*>(y.address()), kernels::CastShape{x.size()});
  return y;
}

}  // namespace

Tensor cast(const Tensor& x, DType dtype) {
  if (x.defined() && x.dtype() == dtype) return x;
  if (!x.defined()) throw ValueError("cast: the tensor has no value: it was never set");
  if (x.dtype() == string || dtype == string) {
    throw DTypeError(fmt::format("cast: {} to {}; strings and numbers do not convert",
                                 x.spec().text(), name_of(dtype)));
  }
  // bfloat16 comes and goes by way of float32.
  if (x.dtype() == bfloat16) return cast(converted<BFloat16, float>(x, float32), dtype);
  if (dtype == bfloat16) return converted<float, BFloat16>(cast(x, float32), bfloat16);
  Tensor y;
  with_type(x.dtype(), [&]<class From> {
    with_type(dtype, [&]<class To> { y = converted<From, To>(x, dtype); });
  });
  return y;
}

}  // namespace keratin
