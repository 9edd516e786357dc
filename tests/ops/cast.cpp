#include "autograd/ops/cast.h"

#include "autograd/ops/multiply.h"
#include "autograd/ops/sum.h"
#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("cast: the gradient comes back in the dtype of the input") {
  const DType floats[] = {float32, float64, bfloat16};
  for (const DType from : floats) {
    for (const DType to : floats) {
      CAPTURE(name_of(from));
      CAPTURE(name_of(to));
      const Variable x(Tensor::numbers({1.001, -2}, {2}, from));
      const Variable y = cast(x, to);
      CHECK(y.dtype() == to);
      CHECK(bits_of(y.value()) == bits_of(cast(x.value(), to)));
      CHECK(y.is(x) == (from == to));
      sum(y * 3.0).backward();
      CHECK(x.grad().dtype() == from);
      CHECK(numbers_of(x.grad()) == std::vector<double>{3, 3});
    }
  }
}

TEST_CASE("cast: to other types it gives constants") {
  const Variable x(Tensor::numbers({1.7, -2}, {2}));
  for (const DType dtype : {int32, int64, boolean}) {
    const Variable y = cast(x, dtype);
    CHECK(y.dtype() == dtype);
    CHECK_FALSE(y.requires_grad());
  }
  CHECK_FALSE(cast(Variable(Tensor::numbers({1, 2}, {2}, int32), false), bfloat16).requires_grad());
  CHECK(complaint<DTypeError>([&] { return cast(x, string); }, {"cast", "f32[2]"}) == "");
  CHECK(complaint<ValueError>([] { return cast(Variable(), float64); }, {"cast"}) == "");
}

}  // namespace keratin::tests
