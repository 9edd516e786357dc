// Image files made by tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include "data/images/write_png.h"
#include "tests/data/files.h"
#include "tests/data/support.h"

namespace keratin::tests {

inline std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return bytes;
}

inline std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

inline int largest_difference(const Tensor& image, const std::string& pixels) {
  const auto values = image.to_vector<int>();
  if (values.size() != pixels.size()) return 256;
  int most = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    most = std::max(most, std::abs(values[i] - static_cast<unsigned char>(pixels[i])));
  return most;
}

/// A number of `size` bytes, the lowest first.
inline std::string little_endian(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

inline std::string png_chunk(const std::string& name, const std::string& content) {
  const std::string body = name + content;
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(content.size(), 4) + body + big_endian(crc, 4);
}
inline const std::string kPngBegin = "\x89PNG\r\n\x1a\n";
inline std::string png_header(std::uint32_t width, std::uint32_t height, int bits, int type) {
  return png_chunk("IHDR", big_endian(width, 4) + big_endian(height, 4) + static_cast<char>(bits) +
                               static_cast<char>(type) + std::string(3, '\0'));
}
inline std::string deflated(const std::string& bytes) {
  std::string result(compressBound(static_cast<uLong>(bytes.size())), '\0');
  auto size = static_cast<uLongf>(result.size());
  REQUIRE(compress(reinterpret_cast<Bytef*>(result.data()), &size,
                   reinterpret_cast<const Bytef*>(bytes.data()),
                   static_cast<uLong>(bytes.size())) == Z_OK);
  result.resize(size);
  return result;
}

/// A PNG file, gray, of one value.
inline std::string plain_png(std::int64_t height, std::int64_t width, int value) {
  const data::Bytes file =
      data::encode_png(full({height, width}, static_cast<double>(value), uint8));
  return std::string(file.text());
}

}  // namespace keratin::tests
