#include "autograd/ops/pad.h"

#include "autograd/elementwise.h"
#include "autograd/layout.h"
#include "autograd/ops/slice.h"
#include "kernels/copy/copy.h"

namespace keratin {
namespace {

struct Pad {
  struct Args {
    std::vector<PadWidth> width;
    double value;
  };
  static constexpr std::string_view name = "pad";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, const Args& a) {
    detail::require_movable(name, x);
    if (static_cast<std::int64_t>(a.width.size()) != x.shape.rank()) {
      throw ShapeError(
          fmt::format("pad: {} amounts for {}, which has {} axes; expected one an axis",
                      a.width.size(), x.text(), x.shape.rank()));
    }
    Shape shape;
    for (std::int64_t k = 0; k < x.shape.rank(); ++k) {
      const PadWidth& width = a.width[static_cast<std::size_t>(k)];
      if (width.before < 0 || width.after < 0) {
        throw ValueError(fmt::format(
            "pad: {{{}, {}}} along axis {} of {}; expected amounts of 0 or more. Use slice to cut.",
            width.before, width.after, k, x.text()));
      }
      shape.push_back(width.before + x.shape[k] + width.after);
    }
    return {shape, x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    kernels::PadShape s;
    s.rank = static_cast<int>(x.rank());
    s.element_size = detail::element_size(x.dtype());
    for (std::size_t k = 0; k < a.width.size(); ++k) {
      s.sizes[k] = x.shape()[static_cast<std::int64_t>(k)];
      s.before[k] = a.width[k].before;
      s.after[k] = a.width[k].after;
    }
    const Tensor value = element(x.spec(), a.value);
    kernels::run(y.stream(), kernels::pad_ladder, static_cast<const void*>(x.address()),
                 y.address(), static_cast<const void*>(value.raw()), s);
  }
  // The value in x's dtype, on the CPU.
  static Tensor element(const Spec& x, double value) {
    if (x.dtype != boolean) return detail::operand_on_cpu(name, value, x);
    if (value != 0 && value != 1) {
      throw DTypeError(
          fmt::format("pad: the number {} beside {}; expected 0 or 1", value, x.text()));
    }
    return full({}, value, boolean);
  }
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    std::vector<SliceRange> middle;
    for (std::size_t k = 0; k < a.width.size(); ++k) {
      const std::int64_t size = saved.spec(0).shape[static_cast<std::int64_t>(k)];
      middle.push_back({.first = a.width[k].before, .last = a.width[k].before + size});
    }
    return grads(slice(dy, middle));
  }
};

}  // namespace

Tensor pad(const Tensor& x, const std::vector<PadWidth>& pad_width, PadOptions options) {
  return apply<Pad>({pad_width, options.constant_values}, x);
}
Variable pad(const Variable& x, const std::vector<PadWidth>& pad_width, PadOptions options) {
  return apply<Pad>({pad_width, options.constant_values}, x);
}

}  // namespace keratin
