// Pixels put in other places, or given other channels.
#include <cstring>

#include "data/images/decoder.h"

namespace keratin::data::detail {

void convert_channels(const std::uint8_t* from, std::int64_t from_channels, std::uint8_t* to,
                      std::int64_t to_channels, std::int64_t pixels) {
  if (from_channels == to_channels) {
    std::memcpy(to, from, static_cast<std::size_t>(pixels * from_channels));
    return;
  }
  for (std::int64_t i = 0; i < pixels; ++i, from += from_channels, to += to_channels) {
    const std::uint8_t r = from[0], g = from_channels >= 3 ? from[1] : r,
                       b = from_channels >= 3 ? from[2] : r;
    if (to_channels == 1) {
      to[0] = static_cast<std::uint8_t>((19595 * r + 38470 * g + 7471 * b + 32768) >> 16);
      continue;
    }
    to[0] = r, to[1] = g, to[2] = b;
    if (to_channels == 4) to[3] = 255;
  }
}

void orient(const std::uint8_t* from, std::int64_t height, std::int64_t width,
            std::int64_t channels, int orientation, std::uint8_t* to) {
  const bool swapped = orientation >= 5;
  const bool flip_rows =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool flip_columns =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const std::int64_t seen_height = swapped ? width : height, seen_width = swapped ? height : width;
  for (std::int64_t i = 0; i < seen_height; ++i) {
    const std::int64_t row = flip_rows ? seen_height - 1 - i : i;
    for (std::int64_t j = 0; j < seen_width; ++j, to += channels) {
      const std::int64_t column = flip_columns ? seen_width - 1 - j : j;
      const std::int64_t pixel = swapped ? column * width + row : row * width + column;
      std::memcpy(to, from + pixel * channels, static_cast<std::size_t>(channels));
    }
  }
}

}  // namespace keratin::data::detail
