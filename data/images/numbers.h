#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace keratin::data::detail {

/// Numbers of `size` bytes in a file; what lies past its end is 0.
struct Numbers {
  std::span<const std::byte> bytes = {};
  bool little = false;  // the lowest byte first

  std::uint64_t at(std::uint64_t offset, int size) const {
    if (offset > bytes.size() || bytes.size() - offset < static_cast<std::uint64_t>(size)) return 0;
    std::uint64_t value = 0;
    for (int i = 0; i < size; ++i) {
      const int place = little ? size - 1 - i : i;
      value = value << 8 |
              std::to_integer<std::uint64_t>(bytes[offset + static_cast<std::uint64_t>(place)]);
    }
    return value;
  }
};

}  // namespace keratin::data::detail
