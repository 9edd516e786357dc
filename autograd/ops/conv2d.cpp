#include "autograd/ops/conv2d.h"

#include "autograd/conv2d_gradient.h"
#include "autograd/conv2d_in_parts.h"
#include "autograd/elementwise.h"
#include "autograd/op.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sum.h"
#include "autograd/relu_sums.h"
#include "autograd/window.h"
#include "kernels/conv2d/bfloat16.h"
#include "kernels/conv2d/conv2d.h"

namespace keratin {
namespace {

using kernels::Activation;
using kernels::Conv2dShape;

constexpr std::string_view kName = "conv2d";

// x: [batch, height, width, in], kernel: [kh, kw, in / groups, out].
Conv2dShape shape_of(const Spec& x, const Spec& kernel, const Conv2dOptions& options) {
  require_rank(kName, kernel, 4, "[height, width, in / groups, out] as kernel");
  const Shape& k = kernel.shape;
  const detail::Window height{k[0], options.strides[0], options.dilation_rate[0]},
      width{k[1], options.strides[1], options.dilation_rate[1]};
  const auto [rows, columns] = detail::windows_of_image(kName, x, height, width, options.padding);
  const std::int64_t in = x.shape[3], groups = options.groups;
  if (std::max(height.stride, width.stride) > 1 && std::max(height.dilation, width.dilation) > 1) {
    throw ValueError(
        fmt::format("conv2d: strides {}x{} and dilation {}x{} together; expected 1 for one of them",
                    height.stride, width.stride, height.dilation, width.dilation));
  }
  if (groups < 1 || k[3] < 1 || in % groups != 0 || k[3] % groups != 0) {
    throw ValueError(fmt::format(
        "conv2d: groups is {} for an input of {} and a kernel of {}; expected a number that "
        "divides both {} input channels and {} output channels",
        groups, x.text(), kernel.text(), in, k[3]));
  }
  if (k[2] * groups != in) {
    throw ShapeError(fmt::format(
        "conv2d: channels differ: input is {}, kernel is {}; the kernel's third size must be the "
        "input's channels divided by groups, {} / {} = {}. The kernel is stored as [height, width, "
        "in / groups, out].",
        x.text(), kernel.text(), in, groups, in / groups));
  }
  return {.batch = x.shape[0],
          .in_h = x.shape[1],
          .in_w = x.shape[2],
          .in_c = in,
          .out_h = rows.count,
          .out_w = columns.count,
          .out_c = k[3],
          .kernel_h = k[0],
          .kernel_w = k[1],
          .stride_h = height.stride,
          .stride_w = width.stride,
          .dilation_h = height.dilation,
          .dilation_w = width.dilation,
          .pad_top = rows.before,
          .pad_left = columns.before,
          .groups = groups};
}

Shape in_shape(const Conv2dShape& s) { return {s.batch, s.in_h, s.in_w, s.in_c}; }
Shape out_shape(const Conv2dShape& s) { return {s.batch, s.out_h, s.out_w, s.out_c}; }
Shape kernel_shape(const Conv2dShape& s) { return {s.kernel_h, s.kernel_w, s.group_in(), s.out_c}; }

// The three passes are linear in both of their operands, and each one's gradients are the other
// two: with <.,.> the sum of products of all elements, <dy, conv(x, w)> = <input_gradient(dy, w),
// x> = <weight_gradient(x, dy), w>.
template <class T>
T input_gradient(const T& dy, const T& kernel, const Conv2dShape& s);
template <class T>
T weight_gradient(const T& x, const T& dy, const Conv2dShape& s);
template <class T>
T linear_conv2d(const T& x, const T& kernel, const Conv2dShape& s);

detail::Conv2dWants wants(const auto& saved) {
  return {saved.needs(0), saved.needs(1), saved.needs(2)};
}
auto together(detail::Conv2dGradients g) {
  return grads(std::move(g.x), std::move(g.kernel), std::move(g.bias));
}

struct Conv2d {
  struct Args {
    Conv2dShape shape;
    Activation activation = Activation::linear;
    bool use_bias = false;
  };
  static constexpr std::string_view name = kName;
  static constexpr Keep keep{.inputs = true, .output = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;

  static Spec infer(const Spec& x, const Spec& kernel, const Spec& bias, const Args& a) {
    require_floating(name, x);
    require_same_dtype(name, x, kernel);
    if (a.use_bias) {
      require_same_dtype(name, x, bias);
      if (bias.shape != Shape{a.shape.out_c}) {
        throw ShapeError(fmt::format("conv2d: bias is {}, kernel is {}; expected a bias of [{}]",
                                     bias.text(), kernel.text(), a.shape.out_c));
      }
    }
    return {out_shape(a.shape), x.dtype, x.device};
  }
  static void cpu(const Tensor& x, const Tensor& kernel, const Tensor& bias, Tensor& y,
                  const Args& a) {
    dispatch_all_floats(name, y.dtype(), [&]<class T>() {
      const kernels::Epilogue<T> epilogue{.bias = a.use_bias ? bias.on_device<T>() : nullptr,
                                          .activation = a.activation};
      kernels::run(y.stream(), kernels::conv2d_ladder<T>, x.on_device<T>(), kernel.on_device<T>(),
                   y.mutable_on_device<T>(), epilogue, a.shape);
    });
  }
  // dz = dy where y > 0 (relu), else dy;  db = sums of dz by channel
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(dy)>, Tensor>) {
      if (a.activation == Activation::relu && detail::conv2d_relu_gradient_applies(dy, a.shape)) {
        return together(detail::conv2d_relu_gradient(saved.input(0), saved.input(1), saved.output(),
                                                     dy, a.shape, wants(saved)));
      }
      if (a.activation == Activation::relu && saved.needs(2) && detail::relu_sums_apply(dy)) {
        detail::ReluSums g = detail::relu_sums(name, dy, saved.output());
        return passes(saved, a, std::move(g.dz), std::move(g.bias));
      }
    }
    return passes(saved, a, through_activation(saved, a, dy), saved.none());
  }
  static bool takes_pooled_gradient(const Spec& y, const Args&) {
    return y.dtype == float32 && y.device.is_cpu() && y.shape.size() > 0;
  }
  static auto pooled_gradient(const auto& saved, const Args& a, const detail::PooledGradient& dy) {
    return together(detail::conv2d_pooled_gradient(saved.input(0), saved.input(1), dy, a.activation,
                                                   a.shape, wants(saved)));
  }

 private:
  // `bias`: its gradient, where it is known already.
  template <class T>
  static auto passes(const auto& saved, const Args& a, const T& dz, T bias) {
    if (saved.needs(2) && !bias.defined()) bias = sum(dz, {.axis = {0, 1, 2}});
    return grads(saved.needs(0) ? input_gradient(dz, saved.input(1), a.shape) : saved.none(),
                 saved.needs(1) ? weight_gradient(saved.input(0), dz, a.shape) : saved.none(),
                 bias);
  }
  template <class T>
  static T through_activation([[maybe_unused]] const auto& saved, const Args& a, const T& dy) {
    if (a.activation == Activation::linear) return dy;
    const T& y = saved.output();
    if constexpr (std::same_as<T, Tensor>) {
      return detail::binary(name, kernels::Binary::relu_gradient, dy, y);
    } else {
      return dy * detail::mask(kernels::Binary::greater, y, detail::operand(0, y));
    }
  }
};

struct InputGradient {
  using Args = Conv2dShape;
  static constexpr std::string_view name = "conv2d_input_gradient";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& dy, const Spec&, const Args& s) {
    return {in_shape(s), dy.dtype, dy.device};
  }
  static void cpu(const Tensor& dy, const Tensor& kernel, Tensor& dx, const Args& s) {
    dispatch_all_floats(name, dy.dtype(), [&]<class T>() {
      kernels::run(dx.stream(), kernels::conv2d_input_gradient_ladder<T>, dy.on_device<T>(),
                   kernel.on_device<T>(), dx.mutable_on_device<T>(), s);
    });
  }
  static auto gradient(const auto& saved, const Args& s, const auto& g) {  // g is like x
    return grads(saved.needs(0) ? linear_conv2d(g, saved.input(1), s) : saved.none(),
                 saved.needs(1) ? weight_gradient(g, saved.input(0), s) : saved.none());
  }
};

struct WeightGradient {
  using Args = Conv2dShape;
  static constexpr std::string_view name = "conv2d_weight_gradient";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, const Spec&, const Args& s) {
    return {kernel_shape(s), x.dtype, x.device};
  }
  static void cpu(const Tensor& x, const Tensor& dy, Tensor& dw, const Args& s) {
    dispatch_all_floats(name, x.dtype(), [&]<class T>() {
      kernels::run(dw.stream(), kernels::conv2d_weight_gradient_ladder<T>, x.on_device<T>(),
                   dy.on_device<T>(), dw.mutable_on_device<T>(), s);
    });
  }
  static auto gradient(const auto& saved, const Args& s, const auto& g) {  // g is like the kernel
    return grads(saved.needs(0) ? input_gradient(saved.input(1), g, s) : saved.none(),
                 saved.needs(1) ? linear_conv2d(saved.input(0), g, s) : saved.none());
  }
};

template <class T>
T input_gradient(const T& dy, const T& kernel, const Conv2dShape& s) {
  return apply<InputGradient>(s, dy, kernel);
}
template <class T>
T weight_gradient(const T& x, const T& dy, const Conv2dShape& s) {
  return apply<WeightGradient>(s, x, dy);
}
template <class T>
T linear_conv2d(const T& x, const T& kernel, const Conv2dShape& s) {
  return apply<Conv2d>({.shape = s}, x, kernel, T());
}

template <class T>
T computed(const T& x, const T& kernel, const T& bias, const Conv2dOptions& options,
           const Spec& x_spec, const Spec& kernel_spec) {
  return apply<Conv2d>({.shape = shape_of(x_spec, kernel_spec, options),
                        .activation = options.activation,
                        .use_bias = bias.defined()},
                       x, kernel, bias);
}

}  // namespace

namespace detail {
Tensor conv2d_input_gradient(const Tensor& dy, const Tensor& kernel, const Conv2dShape& s) {
  return input_gradient(dy, kernel, s);
}
Variable conv2d_input_gradient(const Variable& dy, const Variable& kernel, const Conv2dShape& s) {
  return input_gradient(dy, kernel, s);
}
}  // namespace detail

Tensor conv2d(const Tensor& x, const Tensor& kernel, const Tensor& bias, Conv2dOptions options) {
  return computed(x, kernel, bias, options, x.spec(), kernel.spec());
}
Variable conv2d(const Variable& x, const Variable& kernel, const Variable& bias,
                Conv2dOptions options) {
  return computed(x, kernel, bias, options, x.value().spec(), kernel.value().spec());
}

}  // namespace keratin
