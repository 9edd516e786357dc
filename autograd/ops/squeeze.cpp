#include "autograd/ops/squeeze.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/ops/reshape.h"

namespace keratin {
namespace {

Shape squeezed(const Shape& x, const SqueezeOptions& options) {
  const std::vector<std::int64_t> named = options.axis.resolve("squeeze", x.rank());
  Shape shape;
  for (std::int64_t k = 0; k < x.rank(); ++k) {
    const bool meant = std::find(named.begin(), named.end(), k) != named.end();
    if (options.axis.given() && meant && x[k] != 1) {
      throw ShapeError(
          fmt::format("squeeze: axis {} of {} has size {}; only axes of size 1 can be dropped", k,
                      x.text(), x[k]));
    }
    if (!meant || x[k] != 1) shape.push_back(x[k]);
  }
  return shape;
}

}  // namespace

Tensor squeeze(const Tensor& x, SqueezeOptions options) {
  return reshape(x, squeezed(x.shape(), options));
}
Variable squeeze(const Variable& x, SqueezeOptions options) {
  return reshape(x, squeezed(x.shape(), options));
}

}  // namespace keratin
