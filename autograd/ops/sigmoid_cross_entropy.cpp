#include "autograd/ops/sigmoid_cross_entropy.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/ops/sigmoid.h"
#include "autograd/ops/subtract.h"
#include "autograd/reduce_to_shape.h"

namespace keratin {
namespace {

struct SigmoidCrossEntropy {
  using Args = NoArgs;
  static constexpr std::string_view name = "sigmoid_cross_entropy";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static Spec infer(const Spec& x, const Spec& t, Args) {
    require_floating(name, x);
    return detail::infer_binary(name, x, t);
  }
  static void cpu(const Tensor& x, const Tensor& t, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::sigmoid_cross_entropy, x, t, y);
  }
  static auto gradient(const auto& saved, Args,
                       const auto& dy) {  // dx = dy (sigmoid(x) - t),  dt = -dy x
    const auto &x = saved.input(0), &t = saved.input(1);
    return grads(
        reduce_to_shape(dy * (sigmoid(x) - t), saved.spec(0).shape),
        saved.needs(1) ? reduce_to_shape(negative(dy * x), saved.spec(1).shape) : saved.none());
  }
};

}  // namespace

Tensor sigmoid_cross_entropy(const Tensor& logits, const Tensor& targets) {
  return apply<SigmoidCrossEntropy>({}, logits, targets);
}
Variable sigmoid_cross_entropy(const Variable& logits, const Variable& targets) {
  return apply<SigmoidCrossEntropy>({}, logits, targets);
}

}  // namespace keratin
