#include "autograd/ops/concatenate.h"

#include "autograd/layout.h"
#include "autograd/ops/slice.h"
#include "kernels/copy/copy.h"

namespace keratin {
namespace {

struct Concatenate {
  using Args = ConcatenateOptions;
  static constexpr std::string_view name = "concatenate";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;

  static std::string texts(std::span<const Spec> xs) {
    std::string all;
    for (const Spec& x : xs) all += (all.empty() ? "" : ", ") + x.text();
    return all;
  }
  static Spec infer(std::span<const Spec> xs, const Args& a) {
    if (xs.empty()) throw ValueError("concatenate: no tensors given; expected at least one");
    const Spec& first = xs[0];
    if (first.shape.rank() == 0) {
      throw ShapeError(fmt::format(
          "concatenate: {} has no axis to go along. Use stack for scalars.", first.text()));
    }
    const std::int64_t axis = normalized_axis("concatenate", a.axis, first.shape.rank());
    std::int64_t size = 0;
    for (std::size_t i = 0; i < xs.size(); ++i) {
      const Spec& x = xs[i];
      detail::require_movable(name, x);
      if (x.dtype != first.dtype) {
        throw DTypeError(fmt::format(
            "concatenate: dtypes differ: {}; expected one. Use cast on some of them.", texts(xs)));
      }
      if (x.shape.rank() != first.shape.rank() ||
          x.shape.with(axis, 0) != first.shape.with(axis, 0)) {
        throw ShapeError(fmt::format(
            "concatenate: input {} does not fit along axis {}: the inputs are {}; expected equal "
            "sizes but for that axis",
            i, axis, texts(xs)));
      }
      size += x.shape[axis];
    }
    return {first.shape.with(axis, size), first.dtype, first.device};
  }
  static void cpu(std::span<const Tensor> xs, Tensor& y, const Args& a) {
    const std::int64_t rank = y.rank(), axis = normalized_axis("concatenate", a.axis, rank);
    std::vector<std::int64_t> at = detail::for_each_axis(rank, 0);
    const std::vector<std::int64_t> step = detail::for_each_axis(rank, 1);
    for (const Tensor& x : xs) {
      kernels::run(y.stream(), kernels::strided_copy_ladder, static_cast<const void*>(x.address()),
                   y.address(),
                   kernels::copy_into(x.shape().sizes(), y.shape().sizes(), at, step,
                                      detail::element_size(x.dtype())));
      at[static_cast<std::size_t>(axis)] += x.shape()[axis];
    }
  }
  // Each input gets its part of dy back.
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    const std::int64_t axis = normalized_axis("concatenate", a.axis, dy.shape().rank());
    std::vector<std::remove_cvref_t<decltype(dy)>> dxs;
    std::int64_t first = 0;
    for (std::size_t i = 0; i < saved.count(); ++i) {
      const std::int64_t last = first + saved.spec(i).shape[axis];
      std::vector<SliceRange> ranges(static_cast<std::size_t>(axis + 1));
      ranges.back() = {.first = first, .last = last};
      dxs.push_back(saved.needs(i) ? slice(dy, ranges) : saved.none());
      first = last;
    }
    return dxs;
  }
};

}  // namespace

Tensor concatenate(std::span<const Tensor> xs, ConcatenateOptions options) {
  return apply_list<Concatenate>(options, xs);
}
Tensor concatenate(std::initializer_list<Tensor> xs, ConcatenateOptions options) {
  return concatenate(std::span(xs.begin(), xs.size()), options);
}
Variable concatenate(std::span<const Variable> xs, ConcatenateOptions options) {
  return apply_list<Concatenate>(options, xs);
}
Variable concatenate(std::initializer_list<Variable> xs, ConcatenateOptions options) {
  return concatenate(std::span(xs.begin(), xs.size()), options);
}

}  // namespace keratin
