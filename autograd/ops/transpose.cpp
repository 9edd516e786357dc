#include "autograd/ops/transpose.h"

#include <fmt/ranges.h>

#include "autograd/layout.h"
#include "kernels/transpose/transpose.h"

namespace keratin {
namespace {

struct Transpose {
  using Args = TransposeOptions;
  static constexpr std::string_view name = "transpose";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;

  // The axes from the front, reversed if none are given.
  static std::vector<int> order(const Shape& shape, const Args& a) {
    const auto rank = static_cast<int>(shape.rank());
    std::vector<int> axes = a.axes;
    if (axes.empty()) {
      for (int k = rank; k-- > 0;) axes.push_back(k);
    }
    std::vector<bool> seen(static_cast<std::size_t>(rank), false);
    bool good = axes.size() == seen.size();
    for (int& axis : axes) {
      good = good && axis >= -rank && axis < rank;
      if (!good) break;
      if (axis < 0) axis += rank;
      good = !seen[static_cast<std::size_t>(axis)];
      seen[static_cast<std::size_t>(axis)] = true;
    }
    if (!good) {
      throw ShapeError(fmt::format(
          "transpose: axes ({}) are no order of the {} axes of {}; expected each of 0 to {} once",
          fmt::join(a.axes, ", "), rank, shape.text(), rank - 1));
    }
    return axes;
  }

  static Spec infer(const Spec& x, const Args& a) {
    detail::require_movable(name, x);
    Shape shape;
    for (const int axis : order(x.shape, a)) shape.push_back(x.shape[axis]);
    return {shape, x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    kernels::run(y.stream(), kernels::transpose_ladder, static_cast<const void*>(x.address()),
                 y.address(),
                 kernels::transpose_shape(x.shape().sizes(), order(x.shape(), a),
                                          detail::element_size(x.dtype())));
  }
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    const std::vector<int> axes = order(saved.spec(0).shape, a);  // dx: back by the inverse order
    Args inverse{axes};
    for (std::size_t k = 0; k < axes.size(); ++k) {
      inverse.axes[static_cast<std::size_t>(axes[k])] = static_cast<int>(k);
    }
    return grads(transpose(dy, inverse));
  }
};

}  // namespace

Tensor transpose(const Tensor& x, TransposeOptions options) { return apply<Transpose>(options, x); }
Variable transpose(const Variable& x, TransposeOptions options) {
  return apply<Transpose>(options, x);
}

}  // namespace keratin
