#include "nn/inspect/labels.h"

#include <fmt/format.h>

#include "kernels/error.h"

namespace keratin::detail {

std::vector<std::int64_t> labels_of(std::string_view operation, std::string_view name,
                                    const Tensor& y) {
  if (!y.defined()) {
    throw ValueError(
        fmt::format("{}: {} is not set; expected integer labels, [N]", operation, name));
  }
  const std::string given = y.spec().text();
  if (!is_integer(y.dtype())) {
    throw DTypeError(
        fmt::format("{}: labels must be integers: {} is {}; expected uint8, int32 or int64. Of "
                    "probabilities [N, C] take argmax(x, {{.axis = -1}}).",
                    operation, name, given));
  }
  if (y.rank() != 1 && !(y.rank() == 2 && y.shape()[1] == 1)) {
    throw ShapeError(fmt::format("{}: not one label a sample: {} is {}; expected [N] or [N, 1]",
                                 operation, name, given));
  }
  return y.to_vector<std::int64_t>();
}

}  // namespace keratin::detail
