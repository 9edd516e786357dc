#include "autograd/ops/broadcast_to.h"

#include "autograd/elementwise.h"
#include "autograd/reduce_to_shape.h"

namespace keratin {
namespace {

struct BroadcastTo {
  struct Args {
    Shape shape;
  };
  static constexpr std::string_view name = "broadcast_to";
  static constexpr Keep keep{};
  static Spec infer(const Spec& x, const Args& a) {
    detail::infer_number(name, x);
    if (broadcast_shapes("broadcast_to", x.shape, a.shape) != a.shape) {
      throw ShapeError(
          fmt::format("broadcast_to: {} does not repeat into {}", x.text(), a.shape.text()));
    }
    return {a.shape, x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args&) {
    // y = 0 + x, with the zero repeated over the whole shape: one pass that only writes y.
    const Tensor zero = zeros({}, x.dtype());
    kernels::BinaryShape shape =
        kernels::make_binary_shape(kernels::Binary::add, x.shape().sizes(), y.shape().sizes());
    shape.b = {};
    dispatch_numbers(name, x.dtype(), [&]<class T> {
      kernels::run(kernels::binary_ladder<T>, x.data<T>(), zero.data<T>(), y.mutable_data<T>(),
                   shape);
    });
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
