#include "autograd/ops/power.h"

#include "autograd/elementwise.h"
#include "autograd/ops/add.h"
#include "autograd/ops/log.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/subtract.h"
#include "autograd/rounded_once.h"

namespace keratin {
namespace {

struct Power {
  using Args = NoArgs;
  static constexpr std::string_view name = "power";
  static constexpr Keep keep{.inputs = true};
  static constexpr bool on_gpu = true;
  static constexpr bool takes_bfloat16 = true;
  static Spec infer(const Spec& a, const Spec& b, Args) { return detail::infer_binary(name, a, b); }
  static void cpu(const Tensor& a, const Tensor& b, Tensor& y, Args) {
    detail::binary_into(name, kernels::Binary::power, a, b, y);
  }
  static auto gradient(const auto& saved, Args, const auto& dy) {
    const auto &a = saved.input(0),
               &b = saved.input(1);  // da = dy b a^(b - 1),  db = dy a^b ln a, 0 where a <= 0
    const auto da = [&] {
      return detail::reduced_once(
          saved.spec(0).shape,
          [](const auto& g, const auto& u, const auto& v) { return g * v * power(u, v - 1.0); }, dy,
          a, b);
    };
    const auto db = [&] {
      return detail::reduced_once(
          saved.spec(1).shape,
          [](const auto& g, const auto& u, const auto& v) {
            const auto positive = detail::mask(kernels::Binary::greater, u, detail::operand(0, u));
            // ln 1 = 0 in the place of ln of what is not positive
            const auto safe = u * positive + (1.0 - positive);
            return g * power(u, v) * log(safe);
          },
          dy, a, b);
    };
    return grads(saved.needs(0) ? da() : saved.none(), saved.needs(1) ? db() : saved.none());
  }
};

}  // namespace

Tensor power(const Tensor& a, const Tensor& b) { return apply<Power>({}, a, b); }
Tensor power(const Tensor& a, double b) { return power(a, detail::operand(Power::name, b, a)); }
Tensor power(double a, const Tensor& b) { return power(detail::operand(Power::name, a, b), b); }
Variable power(const Variable& a, const Variable& b) { return apply<Power>({}, a, b); }
Variable power(const Variable& a, double b) { return power(a, detail::operand(Power::name, b, a)); }
Variable power(double a, const Variable& b) { return power(detail::operand(Power::name, a, b), b); }

}  // namespace keratin
