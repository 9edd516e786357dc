#include "autograd/ops/affine_transform.h"

#include "autograd/op.h"
#include "autograd/ops/broadcast_to.h"
#include "kernels/warp/warp.h"
#include "tensor/resize_images.h"

namespace keratin {
namespace {

using kernels::FillMode;

FillMode fill_mode_of(std::string_view op, const std::string& name) {
  if (name == "reflect") return FillMode::reflect;
  if (name == "wrap") return FillMode::wrap;
  if (name == "nearest") return FillMode::nearest;
  if (name == "constant") return FillMode::constant;
  throw ValueError(fmt::format(
      "{}: fill_mode is \"{}\"; expected reflect, wrap, nearest or constant", op, name));
}

struct AffineTransform {
  struct Args {
    Tensor matrices;  // [batch, 8], where the images are
    kernels::Interpolation interpolation;
    FillMode fill_mode;
    double fill_value;
  };
  static constexpr std::string_view name = "affine_transform";
  static constexpr Keep keep{};
  static constexpr bool on_gpu = true;
  static constexpr bool kernel_gradient = true;
  static kernels::WarpShape shape(const Spec& x, const Args& a) {
    const std::int64_t rank = x.shape.rank(), height = x.shape[rank - 3], width = x.shape[rank - 2];
    return {rank == 4 ? x.shape[0] : 1,
            height,
            width,
            x.shape[rank - 1],
            height,
            width,
            a.interpolation,
            a.fill_mode,
            a.fill_value};
  }
  static Spec infer(const Spec& x, const Args&) { return x; }  // checked by args_of
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    dispatch_floats(name, x.dtype(), [&]<class T>() {
      kernels::run(y.stream(), kernels::warp_ladder<T>, x.on_device<T>(),
                   a.matrices.on_device<float>(), y.mutable_on_device<T>(), shape(x.spec(), a));
    });
  }
  static auto gradient(const auto& saved, const Args& a, const Tensor& dy) {
    Tensor dx = Tensor::empty(saved.spec(0));
    dispatch_floats(name, dy.dtype(), [&]<class T>() {
      kernels::run(dx.stream(), kernels::warp_gradient_ladder<T>, dy.on_device<T>(),
                   a.matrices.on_device<float>(), dx.mutable_on_device<T>(),
                   shape(saved.spec(0), a));
    });
    return grads(dx);
  }
};

AffineTransform::Args args_of(const Spec& x, const Tensor& transform,
                              const AffineTransformOptions& options) {
  constexpr std::string_view op = AffineTransform::name;
  detail::check_affine_transform_options(op, options);
  require_floating(op, x);
  detail::require_images(op, x);
  if (!transform.defined() || transform.dtype() != float32) {
    throw DTypeError(fmt::format("{}: transform is {}; expected f32[8] or f32[batch, 8]", op,
                                 transform.defined() ? transform.spec().text() : "not set"));
  }
  const std::int64_t batch = x.shape.rank() == 4 ? x.shape[0] : 1;
  const bool one = transform.shape() == Shape{8};
  if (!one && (x.shape.rank() != 4 || transform.shape() != Shape{batch, 8})) {
    throw ShapeError(fmt::format(
        "{}: transform is {}, the images are {}; expected f32[8]{}", op, transform.spec().text(),
        x.text(), x.shape.rank() == 4 ? fmt::format(" or f32[{}, 8]", batch) : std::string()));
  }
  Tensor matrices = transform.to(x.device);
  if (one && batch != 1) matrices = broadcast_to(matrices, {batch, 8});
  return {matrices, detail::interpolation_of(op, options.interpolation),
          fill_mode_of(op, options.fill_mode), options.fill_value};
}

}  // namespace

namespace detail {
void check_affine_transform_options(std::string_view op, const AffineTransformOptions& options) {
  if (options.interpolation != "nearest" && options.interpolation != "bilinear") {
    throw ValueError(fmt::format("{}: interpolation is \"{}\"; expected nearest or bilinear", op,
                                 options.interpolation));
  }
  (void)fill_mode_of(op, options.fill_mode);
}
}  // namespace detail

Tensor affine_transform(const Tensor& x, const Tensor& transform,
                        const AffineTransformOptions& options) {
  return apply<AffineTransform>(args_of(x.spec(), transform, options), x);
}
Variable affine_transform(const Variable& x, const Tensor& transform,
                          const AffineTransformOptions& options) {
  return apply<AffineTransform>(args_of(x.value().spec(), transform, options), x);
}

}  // namespace keratin
