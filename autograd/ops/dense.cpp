#include "autograd/ops/dense.h"

#include "autograd/elementwise.h"
#include "autograd/op.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/sum.h"
#include "autograd/relu_sums.h"
#include "kernels/gemm/bfloat16.h"
#include "kernels/gemm/gemm.h"

namespace keratin {
namespace {

using kernels::Activation;

// All samples as rows: [R, last].
Shape as_rows(const Shape& shape) {
  return {shape.slice(0, shape.rank() - 1).size(), shape.back()};
}

struct Dense {
  struct Args {
    Activation activation;
    bool use_bias;
  };
  static constexpr std::string_view name = "dense";
  static constexpr Keep keep{.inputs = true, .output = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;

  static Spec infer(const Spec& x, const Spec& kernel, const Spec& bias, const Args& a) {
    require_floating(name, x);
    require_same_dtype(name, x, kernel);
    if (x.shape.rank() < 2) {
      throw ShapeError(
          fmt::format("dense: input has rank {}, {}; expected [batch, ..., features].{}",
                      x.shape.rank(), x.text(),
                      x.shape.rank() == 1
                          ? fmt::format(" For one sample use reshape(x, {{1, {}}}).", x.shape[0])
                          : ""));
    }
    require_rank(name, kernel, 2, "[in, units] as kernel");
    if (x.shape.back() != kernel.shape[0]) {
      throw ShapeError(fmt::format(
          "dense: sizes differ: input is {}, kernel is {}; the last size of the input ({}) must "
          "equal the first of the kernel ({}).{}",
          x.text(), kernel.text(), x.shape.back(), kernel.shape[0],
          x.shape.back() == kernel.shape[1] ? " The kernel is stored as [in, units]." : ""));
    }
    if (a.use_bias) {
      require_same_dtype(name, x, bias);
      if (bias.shape != Shape{kernel.shape[1]}) {
        throw ShapeError(fmt::format("dense: bias is {}, kernel is {}; expected a bias of [{}]",
                                     bias.text(), kernel.text(), kernel.shape[1]));
      }
    }
    return {x.shape.with(-1, kernel.shape[1]), x.dtype, x.device};
  }

  static void cpu(const Tensor& x, const Tensor& kernel, const Tensor& bias, Tensor& y,
                  const Args& a) {
    const Shape rows = as_rows(y.shape());                                        // [R, units]
    const auto shape = kernels::gemm_shape(rows[0], rows[1], kernel.shape()[0]);  // [R, in] x W
    dispatch_all_floats(name, y.dtype(), [&]<class T>() {
      const kernels::Epilogue<T> epilogue{.bias = a.use_bias ? bias.on_device<T>() : nullptr,
                                          .activation = a.activation};
      kernels::run(y.stream(), kernels::gemm_ladder<T>, x.on_device<T>(), kernel.on_device<T>(),
                   y.mutable_on_device<T>(), epilogue, shape);
    });
  }

  // dz = dy where y > 0 (relu), else dy;  dx = dz W^T,  dW = x^T dz,  db = column sums of dz
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(dy)>, Tensor>) {
      if (a.activation == Activation::relu && saved.needs(2) && detail::relu_sums_apply(dy)) {
        detail::ReluSums g = detail::relu_sums(name, dy, saved.output());
        return products(saved, std::move(g.dz), std::move(g.bias));
      }
    }
    return products(saved, through_activation(saved, a, dy), saved.none());
  }

 private:
  // `bias`: its gradient, where it is known already.
  template <class T>
  static auto products(const auto& saved, const T& dz_of_all, T bias) {
    const auto &x = saved.input(0), &kernel = saved.input(1);
    const auto dz = reshape(dz_of_all, as_rows(dz_of_all.shape()));  // [R, units]
    const auto dx = [&] {
      return reshape(matmul(dz, kernel, {.transpose_b = true}), saved.spec(0).shape);
    };
    const auto dw = [&] {
      return matmul(reshape(x, as_rows(saved.spec(0).shape)), dz, {.transpose_a = true});
    };
    if (saved.needs(2) && !bias.defined()) bias = sum(dz, {.axis = 0});
    return grads(saved.needs(0) ? dx() : saved.none(), saved.needs(1) ? dw() : saved.none(), bias);
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

}  // namespace

Tensor dense(const Tensor& x, const Tensor& kernel, const Tensor& bias, DenseOptions options) {
  return apply<Dense>({options.activation, bias.defined()}, x, kernel, bias);
}
Variable dense(const Variable& x, const Variable& kernel, const Variable& bias,
               DenseOptions options) {
  return apply<Dense>({options.activation, bias.defined()}, x, kernel, bias);
}

}  // namespace keratin
