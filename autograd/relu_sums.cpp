#include "autograd/relu_sums.h"

#include "autograd/op.h"
#include "kernels/reduce/relu.h"

namespace keratin::detail {

bool relu_sums_apply(const Tensor& dy) { return !dy.device().is_cpu() && dy.size() > 0; }

ReluSums relu_sums(std::string_view name, const Tensor& dy, const Tensor& y) {
  const std::int64_t cols = y.shape().back();
  ReluSums g{Tensor::empty(dy.spec()), Tensor::empty({cols}, dy.dtype(), dy.device())};
  dispatch_all_floats(name, dy.dtype(), [&]<class T>() {
    kernels::run(dy.stream(), kernels::relu_sums_ladder<T>, dy.on_device<T>(), y.on_device<T>(),
                 g.dz.mutable_on_device<T>(), g.bias.mutable_on_device<T>(),
                 kernels::ReluSumsShape{dy.size() / cols, cols});
  });
  return g;
}

}  // namespace keratin::detail
