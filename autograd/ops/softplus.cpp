#include "autograd/ops/softplus.h"

#include "autograd/elementwise.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sigmoid.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Softplus {
  using Args = NoArgs;
  static constexpr std::string_view name = "softplus";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_floating(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::softplus, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    return grads(detail::rounded_once([](const auto& g, const auto& x) { return g * sigmoid(x); },
                                      dy, saved.input(0)));
  }
};

}  // namespace

Tensor softplus(const Tensor& x) { return apply<Softplus>({}, x); }
Variable softplus(const Variable& x) { return apply<Softplus>({}, x); }

}  // namespace keratin
