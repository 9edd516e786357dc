#include "autograd/ops/repeat.h"

#include "autograd/layout.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/sum.h"
#include "kernels/copy/copy.h"

namespace keratin {
namespace {

struct Repeat {
  struct Args {
    std::int64_t repeats;
    int axis;
  };
  static constexpr std::string_view name = "repeat";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, const Args& a) {
    detail::require_movable(name, x);
    if (a.repeats < 0) {
      throw ValueError(
          fmt::format("repeat: {} times {}; expected 0 times or more", a.repeats, x.text()));
    }
    const std::int64_t axis = normalized_axis("repeat", a.axis, x.shape.rank());
    return {x.shape.with(axis, detail::repeated_size(name, x, axis, a.repeats)), x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    const std::int64_t axis = normalized_axis("repeat", a.axis, x.rank());
    kernels::run(y.stream(), kernels::strided_copy_ladder, static_cast<const void*>(x.address()),
                 y.address(),
                 kernels::copy_repeat(x.shape().sizes(), static_cast<int>(axis), a.repeats,
                                      detail::element_size(x.dtype())));
  }
  // dx: the copies added up; dy is [before and size, repeats, after].
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    const Shape& x = saved.spec(0).shape;
    const std::int64_t axis = normalized_axis("repeat", a.axis, x.rank());
    const std::int64_t after = x.slice(axis + 1, x.rank()).size();
    const std::int64_t before = x.slice(0, axis + 1).size();
    return grads(reshape(sum(reshape(dy, {before, a.repeats, after}), {.axis = 1}), x));
  }
};

}  // namespace

Tensor repeat(const Tensor& x, std::int64_t repeats, RepeatOptions options) {
  return apply<Repeat>({repeats, options.axis}, x);
}
Variable repeat(const Variable& x, std::int64_t repeats, RepeatOptions options) {
  return apply<Repeat>({repeats, options.axis}, x);
}

}  // namespace keratin
