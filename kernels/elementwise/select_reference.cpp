#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>

#include "kernels/elementwise/select.h"

namespace keratin::kernels {

std::int64_t SelectShape::size() const {
  std::int64_t count = 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(axes.rank); ++i) count *= axes.sizes[i];
  return count;
}

std::string SelectShape::text() const {
  return fmt::format("[{}] of {} bytes",
                     fmt::join(axes.sizes.begin(), axes.sizes.begin() + axes.rank, ", "),
                     element_size);
}

SelectShape make_select_shape(std::span<const std::int64_t> condition,
                              std::span<const std::int64_t> a, std::span<const std::int64_t> b,
                              int element_size) {
  return {broadcast<3>({condition, a, b}), element_size};
}

namespace cpu {

void select_reference(const std::uint8_t* condition, const void* a, const void* b, void* y,
                      const SelectShape& s) {
  const auto bytes = static_cast<std::size_t>(s.element_size);
  const std::int64_t size = s.size();
  for (std::int64_t i = 0; i < size; ++i) {
    std::array<std::int64_t, 3> at{};
    std::int64_t rest = i;
    for (auto k = static_cast<std::size_t>(s.axes.rank); k-- > 0;) {
      for (std::size_t n = 0; n < 3; ++n) at[n] += rest % s.axes.sizes[k] * s.axes.strides[n][k];
      rest /= s.axes.sizes[k];
    }
    const bool first = condition[at[0]] != 0;
    const char* from = static_cast<const char*>(first ? a : b);
    std::memcpy(static_cast<char*>(y) + i * s.element_size,
                from + at[first ? 1 : 2] * s.element_size, bytes);
  }
}

}  // namespace cpu
}  // namespace keratin::kernels
