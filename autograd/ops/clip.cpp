#include "autograd/ops/clip.h"

#include "autograd/elementwise.h"
#include "autograd/ops/where.h"
#include "autograd/rounded_once.h"
#include "tensor/compare.h"

namespace keratin {
namespace {

struct Clip {
  struct Args {
    double low, high;
  };
  static constexpr std::string_view name = "clip";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& x, const Args& a) {
    detail::infer_number(name, x);
    if (!(a.low <= a.high)) {
      throw ValueError(
          fmt::format("clip: low is {}, high is {}; expected low <= high", a.low, a.high));
    }
    return x;
  }
  static void cpu(const Tensor& x, Tensor& y, const Args& a) {
    detail::binary_into(name, kernels::Binary::maximum, x, detail::operand(name, a.low, x), y);
    detail::binary_into(name, kernels::Binary::minimum, y, detail::operand(name, a.high, x), y);
  }
  static auto gradient(const auto& saved, const Args& a, const auto& dy) {
    return grads(detail::rounded_once(
        [&](const auto& g, const auto& v) {
          const Tensor& x = detail::value_of(v);
          return where(logical_and(greater_equal(x, a.low), less_equal(x, a.high)), g, 0);
        },
        dy, saved.input(0)));
  }
};

}  // namespace

Tensor clip(const Tensor& x, double low, double high) { return apply<Clip>({low, high}, x); }
Variable clip(const Variable& x, double low, double high) { return apply<Clip>({low, high}, x); }

}  // namespace keratin
