#include "autograd/ops/resize.h"

#include "autograd/op.h"
#include "autograd/ops/pad.h"

namespace keratin {
namespace {

struct Resize {
  using Args = ResizeOptions;
  static constexpr std::string_view name = "resize";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool kernel_gradient = true;
  static Spec infer(const Spec& x, const Args& a) {
    require_floating(name, x);
    const auto s = detail::resize_shape(name, x, a);
    return {detail::with_image_size(x.shape, s.out_h, s.out_w), x.dtype, x.device};
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    const auto s = detail::resize_shape(name, x.spec(), a);
    dispatch_floats(name, x.dtype(), [&]<class T>() {
      kernels::run(y.stream(), kernels::resize_ladder<T>, x.on_device<T>(),
                   y.mutable_on_device<T>(), s);
    });
  }
  // y = R x Cᵀ for each image and channel, R and C the weights; dx = Rᵀ dy C
  static auto gradient(const auto& saved, const Args& a, const Tensor& dy) {
    const auto s = detail::resize_shape(name, saved.spec(0), a);
    Tensor dx = Tensor::empty(saved.spec(0));
    dispatch_floats(name, dy.dtype(), [&]<class T>() {
      kernels::run(dx.stream(), kernels::resize_gradient_ladder<T>, dy.on_device<T>(),
                   dx.mutable_on_device<T>(), s);
    });
    return grads(dx);
  }
};

template <class X>
X resized(const X& x, const Spec& spec, const ResizeOptions& options) {
  detail::check_resize_options(Resize::name, options);
  detail::require_images(Resize::name, spec);
  const auto by = detail::aspect_padding(spec, options);
  if (by.rows == 0 && by.columns == 0) return apply<Resize>(options, x);
  std::vector<PadWidth> widths(static_cast<std::size_t>(spec.shape.rank()));
  widths[widths.size() - 3] = {by.rows, by.rows};
  widths[widths.size() - 2] = {by.columns, by.columns};
  return apply<Resize>(options, pad(x, widths, {.constant_values = options.fill_value}));
}

}  // namespace

Tensor resize(const Tensor& x, const ResizeOptions& options) {
  return resized(x, x.spec(), options);
}
Variable resize(const Variable& x, const ResizeOptions& options) {
  return resized(x, x.value().spec(), options);
}

}  // namespace keratin
