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

// bfloat16 is the upper half of a float32: these loops are all that is special about it.
Tensor widened(const Tensor& x) {
  Tensor y = Tensor::empty(x.shape(), float32);
  const auto* from = x.data<BFloat16>();
  std::transform(from, from + x.size(), y.mutable_data<float>(), to_float);
  return y;
}
Tensor narrowed(const Tensor& x) {
  Tensor y = Tensor::empty(x.shape(), bfloat16);
  const auto* from = x.data<float>();
  std::transform(from, from + x.size(), y.mutable_data<BFloat16>(), to_bfloat16);
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
  if (x.dtype() == bfloat16) return cast(widened(x), dtype);
  if (dtype == bfloat16) return narrowed(cast(x, float32));
  Tensor y = Tensor::empty(x.shape(), dtype);
  with_type(x.dtype(), [&]<class From> {
    with_type(dtype, [&]<class To> {
      kernels::run(kernels::cast_ladder<From, To>, x.data<From>(), y.mutable_data<To>(),
                   kernels::CastShape{x.size()});
    });
  });
  return y;
}

}  // namespace keratin
