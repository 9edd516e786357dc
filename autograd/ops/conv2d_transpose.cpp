#include "autograd/ops/conv2d_transpose.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/conv2d_gradient.h"
#include "autograd/op.h"
#include "autograd/ops/add.h"
#include "autograd/window.h"

namespace keratin {
namespace {

constexpr std::string_view kTransposeName = "conv2d_transpose";

void check_options(const Conv2dTransposeOptions& o) {
  const auto &s = o.strides, &d = o.dilation_rate;
  if (o.padding != "valid" && o.padding != "same") {
    throw ValueError(fmt::format(
        "conv2d_transpose: padding is \"{}\"; expected \"valid\" or \"same\"", o.padding));
  }
  if (std::min({s[0], s[1], d[0], d[1]}) < 1) {
    throw ValueError(fmt::format(
        "conv2d_transpose: strides {}x{}, dilation {}x{}; expected numbers of at least 1", s[0],
        s[1], d[0], d[1]));
  }
  if (std::max(s[0], s[1]) > 1 && std::max(d[0], d[1]) > 1) {
    throw ValueError(fmt::format(
        "conv2d_transpose: strides {}x{} and dilation {}x{} together; expected 1 for one of them",
        s[0], s[1], d[0], d[1]));
  }
  for (std::size_t i = 0; o.output_padding && i < 2; ++i) {
    const std::int64_t more = (*o.output_padding)[i];
    if (more >= 0 && more < s[i]) continue;
    throw ValueError(
        fmt::format("conv2d_transpose: output_padding is {}x{} with strides {}x{}; expected at "
                    "least 0, and less than the stride",
                    (*o.output_padding)[0], (*o.output_padding)[1], s[0], s[1]));
  }
}

// Of the convolution whose transpose it is: its input is our result.
kernels::Conv2dShape shape_of(const Spec& x, const Spec& kernel, const Spec* bias,
                              const Conv2dTransposeOptions& o) {
  check_options(o);
  if (x.shape.rank() != 4) {
    throw ShapeError(fmt::format(
        "conv2d_transpose: input has rank {}, {}; expected [batch, height, width, channels].{}",
        x.shape.rank(), x.text(),
        x.shape.rank() == 3 ? " For one image or one channel use expand_dims." : ""));
  }
  require_rank(kTransposeName, kernel, 4, "[height, width, out, in] as kernel");
  require_floating(kTransposeName, x);
  require_same_dtype(kTransposeName, x, kernel);
  const Shape &in = x.shape, &k = kernel.shape;
  if (k[3] != in[3]) {
    throw ShapeError(fmt::format(
        "conv2d_transpose: channels differ: input is {}, kernel is {}; the kernel's last size must "
        "be the input's channels, {}. The kernel is stored as [height, width, out, in].",
        x.text(), kernel.text(), in[3]));
  }
  if (std::min({in[1], in[2], in[3], k[0], k[1], k[2]}) < 1) {
    throw ShapeError(
        fmt::format("conv2d_transpose: input {} or kernel {} has no pixels or channels", x.text(),
                    kernel.text()));
  }
  if (bias != nullptr) {
    require_same_dtype(kTransposeName, x, *bias);
    if (bias->shape != Shape{k[2]}) {
      throw ShapeError(
          fmt::format("conv2d_transpose: bias is {}, kernel is {}; expected a bias of [{}]",
                      bias->text(), kernel.text(), k[2]));
    }
  }
  const auto along = [&](std::int64_t axis) {
    const auto i = static_cast<std::size_t>(axis);
    return detail::transposed_along(
        in[axis + 1], {k[axis], o.strides[i], o.dilation_rate[i]}, o.padding == "same",
        o.output_padding ? std::optional((*o.output_padding)[i]) : std::nullopt);
  };
  const detail::Windows rows = along(0), columns = along(1);
  if (rows.count < 1 || columns.count < 1) {
    throw ShapeError(fmt::format(
        "conv2d_transpose: nothing is left of {} with kernel {}, padding \"same\" and an "
        "output_padding of {}x{}; use a larger output_padding, or none",
        x.text(), kernel.text(), (*o.output_padding)[0], (*o.output_padding)[1]));
  }
  return {.batch = in[0],
          .in_h = rows.count,
          .in_w = columns.count,
          .in_c = k[2],
          .out_h = in[1],
          .out_w = in[2],
          .out_c = in[3],
          .kernel_h = k[0],
          .kernel_w = k[1],
          .stride_h = o.strides[0],
          .stride_w = o.strides[1],
          .dilation_h = o.dilation_rate[0],
          .dilation_w = o.dilation_rate[1],
          .pad_top = rows.before,
          .pad_left = columns.before};
}

template <class T>
T computed(const T& x, const T& kernel, const T& bias, const kernels::Conv2dShape& s) {
  const T y = detail::conv2d_input_gradient(x, kernel, s);
  return bias.defined() ? y + bias : y;
}

}  // namespace

Tensor conv2d_transpose(const Tensor& x, const Tensor& kernel, const Tensor& bias,
                        Conv2dTransposeOptions options) {
  const Spec b = bias.defined() ? bias.spec() : Spec{};
  return computed(x, kernel, bias,
                  shape_of(x.spec(), kernel.spec(), bias.defined() ? &b : nullptr, options));
}
Variable conv2d_transpose(const Variable& x, const Variable& kernel, const Variable& bias,
                          Conv2dTransposeOptions options) {
  std::vector<Variable> weights{kernel, bias};  // as the operations below will read them
  if (const auto dtype = detail::AutocastScope::dtype())
    weights = detail::autocasted(std::move(weights), *dtype);
  const Spec b = bias.defined() ? weights[1].value().spec() : Spec{};
  return computed(x, weights[0], weights[1],
                  shape_of(x.value().spec(), weights[0].value().spec(),
                           bias.defined() ? &b : nullptr, options));
}

}  // namespace keratin
