#include "autograd/ops/log.h"

#include "autograd/elementwise.h"
#include "autograd/ops/divide.h"

namespace keratin {
namespace {

struct Log {
  using Args = NoArgs;
  static constexpr std::string_view name = "log";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, Args) { return detail::infer_floating(name, x); }
  static void cpu(const Tensor& x, Tensor& y, Args) {
    detail::unary_into(name, kernels::Unary::log, x, y);
  }
  static auto gradient([[maybe_unused]] const auto& saved, Args, const auto& dy) {
    return grads(dy / saved.input(0));
  }
};

}  // namespace

Tensor log(const Tensor& x) { return apply<Log>({}, x); }
Variable log(const Variable& x) { return apply<Log>({}, x); }

}  // namespace keratin
