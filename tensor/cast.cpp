#include "tensor/cast.h"

#include <fmt/format.h>

#include "kernels/cast/cast.h"

namespace keratin {
namespace {

template <class F>
void with_type(DType dtype, F&& f) {
  if (dtype == DType::boolean) return f.template operator()<bool>();
  dispatch_numbers("cast", dtype, f);
}

template <class From, class To>
Tensor converted(const Tensor& x) {
  Tensor y = Tensor::empty(x.shape(), dtype_of<To>);
  kernels::run(kernels::cast_ladder<From, To>, x.data<From>(), y.mutable_data<To>(),
               kernels::CastShape{x.size()});
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
  if (x.dtype() == bfloat16) return cast(converted<BFloat16, float>(x), dtype);
  if (dtype == bfloat16) return converted<float, BFloat16>(cast(x, float32));
  Tensor y;
  with_type(x.dtype(),
            [&]<class From> { with_type(dtype, [&]<class To> { y = converted<From, To>(x); }); });
  return y;
}

}  // namespace keratin
