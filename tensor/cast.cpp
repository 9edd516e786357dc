#include "tensor/cast.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/cast/cast.h"

namespace keratin {
namespace {

template <class F>
void with_type(DType dtype, F&& f) {
  if (dtype == DType::boolean) return f.template operator()<bool>();
  dispatch_numbers("cast", dtype, f);
}

}  // namespace

Tensor cast(const Tensor& x, DType dtype) {
  if (x.defined() && x.dtype() == dtype) return x;
  if (!x.defined()) throw ValueError("cast: the tensor has no value: it was never set");
  if (x.dtype() == string || dtype == string) {
    throw DTypeError(fmt::format("cast: {} to {}; strings and numbers do not convert",
                                 x.spec().text(), name_of(dtype)));
  }
  if (x.dtype() == bfloat16) {  // storage only: a few values at a time
    return cast(Tensor::from(x.to_vector<float>(), x.shape()), dtype);
  }
  Tensor y = Tensor::empty(x.shape(), dtype);
  if (dtype == bfloat16) {
    const Tensor wide = cast(x, float32);
    std::transform(wide.data<float>(), wide.data<float>() + wide.size(), y.mutable_data<BFloat16>(),
                   to_bfloat16);
    return y;
  }
  with_type(x.dtype(), [&]<class From> {
    with_type(dtype, [&]<class To> {
      kernels::run(kernels::cast_ladder<From, To>, x.data<From>(), y.mutable_data<To>(),
                   kernels::CastShape{x.size()});
    });
  });
  return y;
}

}  // namespace keratin
