#include "autograd/ops/reshape.h"

#include "autograd/op.h"

namespace keratin {
namespace {

struct Reshape {
  struct Args {
    Shape shape;
  };
  static constexpr std::string_view name = "reshape";
  static constexpr Keep keep{};
  static Tensor view(const Tensor& x, const Args& a) { return x.reshaped(a.shape); }
  static auto gradient(const auto& saved, const Args&, const auto& dy) {
    return grads(reshape(dy, saved.spec(0).shape));
  }
};

}  // namespace

Variable reshape(const Variable& x, const Shape& shape) { return apply<Reshape>({shape}, x); }

}  // namespace keratin
