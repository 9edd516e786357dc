#include "autograd/pool2d.h"

#include "autograd/window.h"

namespace keratin::detail {

kernels::Pool2dShape pool2d_shape(std::string_view op, const Spec& x,
                                  const Pool2dOptions& options) {
  const auto window = [&](std::size_t axis) {
    const std::int64_t size = options.pool_size[axis], stride = options.strides[axis];
    return Window{size, stride == 0 ? size : stride};
  };
  const Window height = window(0), width = window(1);
  const auto [rows, columns] = windows_of_image(op, x, height, width, options.padding);
  return {.batch = x.shape[0],
          .in_h = x.shape[1],
          .in_w = x.shape[2],
          .channels = x.shape[3],
          .out_h = rows.count,
          .out_w = columns.count,
          .pool_h = height.size,
          .pool_w = width.size,
          .stride_h = height.stride,
          .stride_w = width.stride,
          .pad_top = rows.before,
          .pad_left = columns.before};
}

void require_image(std::string_view op, const Spec& x) {
  (void)windows_of_image(op, x, {}, {}, "valid");
}

}  // namespace keratin::detail
