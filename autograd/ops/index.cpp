#include "autograd/ops/index.h"

#include "autograd/op.h"

namespace keratin {
namespace {

struct Index {
  struct Args {
    std::int64_t i;
  };
  static constexpr std::string_view name = "index";
  static constexpr Keep keep{};
  static constexpr bool kernel_gradient = true;
  static Tensor view(const Tensor& x, const Args& a) { return x[a.i]; }
  static auto gradient(const auto& saved, const Args& a, const Tensor& dy) {
    Tensor dx = zeros(saved.spec(0).shape, dy.dtype());
    Tensor row = dx[a.i];
    row.copy_from(dy);
    return grads(dx);
  }
};

}  // namespace

Tensor index(const Tensor& x, std::int64_t i) { return x[i]; }
Variable index(const Variable& x, std::int64_t i) { return apply<Index>({i}, x); }

}  // namespace keratin
