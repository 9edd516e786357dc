// Elements whose values are not looked at, by their size.
#pragma once

#include <cstdint>

namespace keratin::kernels::cuda {

/// Calls f with 0 of an unsigned type of 1, 2, 4 or 8 bytes.
template <class F>
void with_element_size(int bytes, F f) {
  switch (bytes) {
    case 1:
      return f(std::uint8_t{});
    case 2:
      return f(std::uint16_t{});
    case 4:
      return f(std::uint32_t{});
    default:
      return f(std::uint64_t{});
  }
}

}  // namespace keratin::kernels::cuda
