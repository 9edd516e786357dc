#include "autograd/ops/broadcast_to.h"

#include "autograd/layout.h"
#include "autograd/reduce_to_shape.h"
#include "kernels/copy/copy.h"

namespace keratin {
namespace {

struct BroadcastTo {
  struct Args {
    Shape shape;
  };
  static constexpr std::string_view name = "broadcast_to";
  static constexpr Keep keep{};
  static constexpr bool takes_bfloat16 = true;
  static constexpr bool on_gpu = true;
  static Spec infer(const Spec& x, const Args& a) {
    detail::require_movable(name, x);
    if (broadcast_shapes("broadcast_to", x.shape, a.shape) != a.shape) {
      throw ShapeError(
          fmt::format("broadcast_to: {} does not repeat into {}", x.text(), a.shape.text()));
    }
    return {a.shape, x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args&) {
    kernels::run(y.stream(), kernels::strided_copy_ladder, static_cast<const void*>(x.address()),
                 y.address(),
                 kernels::copy_broadcast(x.shape().sizes(), y.shape().sizes(),
                                         detail::element_size(x.dtype())));
  }
  static auto gradient(const auto& saved, const Args&, const auto& dy) {
    return grads(reduce_to_shape(dy, saved.spec(0).shape));
  }
};

}  // namespace

Tensor broadcast_to(const Tensor& x, const Shape& shape) { return apply<BroadcastTo>({shape}, x); }
Variable broadcast_to(const Variable& x, const Shape& shape) {
  return apply<BroadcastTo>({shape}, x);
}

}  // namespace keratin
