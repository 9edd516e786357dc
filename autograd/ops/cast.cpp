#include "autograd/ops/cast.h"

#include "autograd/op.h"

namespace keratin {
namespace {

struct CastArgs {
  DType dtype = float32;
};

struct Cast {
  using Args = CastArgs;
  static constexpr std::string_view name = "cast";
  static constexpr Keep keep{};
  static constexpr bool reads_weights_as_they_are = true;
  static Tensor view(const Tensor& x, const Args& a) { return cast(x, a.dtype); }
  static auto gradient(const auto& saved, const Args&, const auto& dy) {
    return grads(cast(dy, saved.spec(0).dtype));
  }
};

}  // namespace

Variable cast(const Variable& x, DType dtype) {
  if (x.defined() && x.dtype() == dtype) return x;
  if (!x.requires_grad() || !is_floating(dtype))
    return Variable(cast(x.defined() ? x.value() : Tensor(), dtype), false);
  return apply<Cast>({dtype}, x);
}

namespace detail {

Variable cast_to(const Variable& x, const Tensor& y) {
  if (!x.requires_grad() || !grad_enabled()) return Variable(y, false);
  return result_of(
      y, std::make_shared<OpNode<Cast>>(CastArgs{y.dtype()}, std::array{x}, y, NoExtra{}));
}

}  // namespace detail
}  // namespace keratin
