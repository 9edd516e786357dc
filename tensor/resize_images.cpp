#include "tensor/resize_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/copy/copy.h"
#include "kernels/device_run.h"
#include "tensor/cast.h"

namespace keratin {
namespace {

// int(a b / c), in float32 as Keras computes it, so that the same pixels are cut off.
std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t c) {
  return static_cast<std::int64_t>(static_cast<float>(a * b) / static_cast<float>(c));
}

// Can an image of this dtype hold the value?
bool holds(DType dtype, double value) {
  if (is_floating(dtype)) return true;
  if (value != std::floor(value)) return false;
  if (dtype == uint8) return value >= 0 && value <= 255;
  return std::abs(value) <= std::numeric_limits<std::int32_t>::max();
}

Tensor padded(const Tensor& x, detail::AspectPadding by, double value) {
  const std::int64_t rank = x.rank();
  kernels::PadShape s;
  s.rank = static_cast<int>(rank);
  s.element_size = static_cast<int>(size_of(x.dtype()));
  std::copy_n(x.shape().sizes().begin(), rank, s.sizes.begin());
  const auto rows = static_cast<std::size_t>(rank - 3), columns = rows + 1;
  s.before[rows] = s.after[rows] = by.rows;
  s.before[columns] = s.after[columns] = by.columns;
  const Shape shape = detail::with_image_size(x.shape(), s.sizes[rows] + 2 * by.rows,
                                              s.sizes[columns] + 2 * by.columns);
  Tensor y = Tensor::empty(shape, x.dtype(), x.device());
  const Tensor element = full({}, value, x.dtype());
  kernels::run(y.stream(), kernels::pad_ladder, static_cast<const void*>(x.address()), y.address(),
               static_cast<const void*>(element.raw()), s);
  return y;
}

}  // namespace

namespace detail {

kernels::Interpolation interpolation_of(std::string_view op, const std::string& name) {
  using kernels::Interpolation;
  if (name == "nearest") return Interpolation::nearest;
  if (name == "bilinear") return Interpolation::bilinear;
  if (name == "bicubic") return Interpolation::bicubic;
  if (name == "lanczos3") return Interpolation::lanczos3;
  if (name == "lanczos5") return Interpolation::lanczos5;
  throw ValueError(fmt::format(
      "{}: interpolation is \"{}\"; expected nearest, bilinear, bicubic, lanczos3 or lanczos5", op,
      name));
}

void check_resize_options(std::string_view op, const ResizeOptions& o) {
  if (o.size[0] < 1 || o.size[1] < 1) {
    throw ValueError(
        fmt::format("{}: the size to resize to, height {} and width {}, must be 1 or more", op,
                    o.size[0], o.size[1]));
  }
  constexpr std::int64_t kLargest = std::int64_t{1} << 30;
  if (o.size[0] > kLargest || o.size[1] > kLargest) {
    throw ValueError(fmt::format("{}: the size to resize to is {} x {}; at most {} each", op,
                                 o.size[0], o.size[1], kLargest));
  }
  (void)interpolation_of(op, o.interpolation);
  if (o.crop_to_aspect_ratio && o.pad_to_aspect_ratio) {
    throw ValueError(fmt::format(
        "{}: crop_to_aspect_ratio and pad_to_aspect_ratio are both true; choose one", op));
  }
}

bool are_images(const Shape& x) {
  if (x.rank() != 3 && x.rank() != 4) return false;
  return x[-3] != 0 && x[-2] != 0 && x[-1] != 0;
}

void require_images(std::string_view op, const Spec& x) {
  if (are_images(x.shape)) return;
  if (x.shape.rank() != 3 && x.shape.rank() != 4) {
    throw ShapeError(
        fmt::format("{}: input has rank {}, {}; expected [batch, height, width, channels] or, for "
                    "one image, [height, width, channels]",
                    op, x.shape.rank(), x.text()));
  }
  throw ShapeError(
      fmt::format("{}: input is {}; images need a pixel and a channel at least", op, x.text()));
}

kernels::ResizeShape resize_shape(std::string_view op, const Spec& x, const ResizeOptions& o) {
  check_resize_options(op, o);
  require_images(op, x);
  const std::int64_t rank = x.shape.rank();
  kernels::ResizeShape s = kernels::resize_shape(
      rank == 4 ? x.shape[0] : 1, x.shape[rank - 3], x.shape[rank - 2], x.shape[rank - 1],
      o.size[0], o.size[1], interpolation_of(op, o.interpolation), o.antialias);
  if (o.crop_to_aspect_ratio) {
    s.in_h = std::clamp<std::int64_t>(scaled(s.image_w, s.out_h, s.out_w), 1, s.image_h);
    s.in_w = std::clamp<std::int64_t>(scaled(s.image_h, s.out_w, s.out_h), 1, s.image_w);
    s.top = (s.image_h - s.in_h) / 2;
    s.left = (s.image_w - s.in_w) / 2;
  }
  return s;
}

AspectPadding aspect_padding(const Spec& x, const ResizeOptions& o) {
  if (!o.pad_to_aspect_ratio) return {};
  const std::int64_t rank = x.shape.rank(), height = x.shape[rank - 3], width = x.shape[rank - 2];
  return {(std::max(height, scaled(width, o.size[0], o.size[1])) - height) / 2,
          (std::max(width, scaled(height, o.size[1], o.size[0])) - width) / 2};
}

Shape with_image_size(const Shape& x, std::int64_t height, std::int64_t width) {
  return x.with(x.rank() - 3, height).with(x.rank() - 2, width);
}

}  // namespace detail

Tensor resize_images(const Tensor& images, const ResizeOptions& options) {
  constexpr std::string_view op = "resize_images";
  if (!images.defined())
    throw ValueError("resize_images: the tensor has no value: it was never set");
  if (images.dtype() == string || images.dtype() == boolean) {
    throw DTypeError(fmt::format("{}: images are {}; expected numbers", op, images.spec().text()));
  }
  detail::check_resize_options(op, options);
  detail::require_images(op, images.spec());
  Tensor x = images;
  if (const auto by = detail::aspect_padding(x.spec(), options); by.rows > 0 || by.columns > 0) {
    x = padded(holds(x.dtype(), options.fill_value) ? x : cast(x, float32), by, options.fill_value);
  }
  if (x.dtype() != uint8 && x.dtype() != float64) x = cast(x, float32);
  const kernels::ResizeShape s = detail::resize_shape(op, x.spec(), options);
  Tensor y = Tensor::empty(detail::with_image_size(x.shape(), s.out_h, s.out_w),
                           x.dtype() == float64 ? float64 : float32, x.device());
  const auto run = [&]<class T>() {
    kernels::run(y.stream(), kernels::resize_ladder<T>, x.on_device<T>(),
                 y.mutable_on_device<kernels::Resized<T>>(), s);
  };
  if (x.dtype() == uint8) {
    run.operator()<std::uint8_t>();
  } else if (x.dtype() == float64) {
    run.operator()<double>();
  } else {
    run.operator()<float>();
  }
  return y;
}

}  // namespace keratin
