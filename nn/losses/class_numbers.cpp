#include "nn/losses/class_numbers.h"

#include <fmt/format.h>

#include <cmath>

#include "tensor/cast.h"

namespace keratin::losses {

Tensor class_numbers(std::string_view loss, const Tensor& y_true) {
  const Tensor y = y_true.to(Device{});
  if (is_floating(y.dtype())) {
    const std::vector<double> values = y.to_vector<double>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] == std::floor(values[i])) continue;
      throw ValueError(
          fmt::format("{}: target {} is {}; expected a whole number", loss, i, values[i]));
    }
  }
  return cast(y, int32);
}

}  // namespace keratin::losses
