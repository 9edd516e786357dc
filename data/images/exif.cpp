// The orientation that cameras write, from the EXIF block of a JPEG or PNG file. What is malformed
// says nothing, as with every reader of photographs.
#include <string_view>

#include "data/images/decoder.h"
#include "data/images/numbers.h"

namespace keratin::data::detail {
namespace {

using Bytes = std::span<const std::byte>;
using namespace std::string_view_literals;

bool begins(Bytes bytes, std::string_view with) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())
      .starts_with(with);
}

// A TIFF header and its first directory: entries of 12 bytes, tag, type, count, value.
int orientation_of_tiff(Bytes tiff) {
  const bool little = begins(tiff, "II*\0"sv);
  if (!little && !begins(tiff, "MM\0*"sv)) return 1;
  const Numbers numbers{tiff, little};
  const std::uint64_t directory = numbers.at(4, 4), entries = numbers.at(directory, 2);
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::uint64_t entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.size()) break;
    constexpr std::uint64_t kOrientation = 0x0112, kShort = 3;
    if (numbers.at(entry, 2) != kOrientation) continue;
    const std::uint64_t value = numbers.at(entry + 8, 2);
    const bool sensible = numbers.at(entry + 2, 2) == kShort && value >= 1 && value <= 8;
    return sensible ? static_cast<int>(value) : 1;
  }
  return 1;
}

int orientation_of_jpeg(Bytes file) {
  const Numbers numbers{file};
  for (std::uint64_t at = 2; at + 4 <= file.size();) {
    const std::uint64_t marker = numbers.at(at, 2), length = numbers.at(at + 2, 2);
    constexpr std::uint64_t kFill = 0xffff, kScan = 0xffda, kApp1 = 0xffe1;
    if (marker == kFill) {
      ++at;
      continue;
    }
    if (marker < 0xff00 || marker == kScan || length < 2 || at + 2 + length > file.size()) break;
    const Bytes segment = file.subspan(at + 4, length - 2);
    if (marker == kApp1 && begins(segment, "Exif\0\0"sv))
      return orientation_of_tiff(segment.subspan(6));
    at += 2 + length;
  }
  return 1;
}

int orientation_of_png(Bytes file) {
  const Numbers numbers{file};
  for (std::uint64_t at = 8; at + 12 <= file.size();) {
    const std::uint64_t length = numbers.at(at, 4);
    if (length > file.size() - at - 12) break;
    if (begins(file.subspan(at + 4), "eXIf"sv))
      return orientation_of_tiff(file.subspan(at + 8, length));
    at += 12 + length;
  }
  return 1;
}

}  // namespace

int exif_orientation(Bytes bytes, ImageFormat format) {
  if (format == ImageFormat::jpeg) return orientation_of_jpeg(bytes);
  if (format == ImageFormat::png) return orientation_of_png(bytes);
  return 1;
}

}  // namespace keratin::data::detail
