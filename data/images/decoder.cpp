#include "data/images/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "kernels/error.h"

namespace keratin::data::detail {
namespace {

using namespace std::string_view_literals;

struct Beginning {
  std::string_view bytes;
  std::size_t at;
  const char* name;
};

// Formats that people meet in folders of images, and that are none of ours.
constexpr std::array kOthers{
    Beginning{"WEBP"sv, 8, "a WebP image"},
    Beginning{"ftypavif"sv, 4, "an AVIF image"},
    Beginning{"ftyphei"sv, 4, "a HEIC image"},
    Beginning{"ftyp"sv, 4, "a film (MP4 or QuickTime)"},
    Beginning{"II*\0"sv, 0, "a TIFF image"},
    Beginning{"MM\0*"sv, 0, "a TIFF image"},
    Beginning{"\0\0\1\0"sv, 0, "a Windows icon"},
    Beginning{"8BPS"sv, 0, "a Photoshop image"},
    Beginning{"\0\5\x16\7"sv, 0, "a macOS resource file (AppleDouble), no image"},
    Beginning{"\x1f\x8b"sv, 0, "gzip data"},
    Beginning{"PK\3\4"sv, 0, "a ZIP archive"},
    Beginning{"%PDF"sv, 0, "a PDF document"},
    Beginning{"version https://git-lfs"sv, 0, "a pointer of Git LFS; fetch the file itself"},
};

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool begins(std::string_view text, std::string_view with, std::size_t at = 0) {
  return text.size() >= at && text.substr(at).substr(0, with.size()) == with;
}

bool is_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 ? byte != 0x7f : c == '\n' || c == '\r' || c == '\t';
  });
}

}  // namespace

std::optional<ImageFormat> image_format(std::span<const std::byte> bytes) {
  const std::string_view text = text_of(bytes);
  if (begins(text, "\xff\xd8\xff"sv)) return ImageFormat::jpeg;
  if (begins(text, "\x89PNG\r\n\x1a\n"sv)) return ImageFormat::png;
  if (begins(text, "GIF87a"sv) || begins(text, "GIF89a"sv)) return ImageFormat::gif;
  if (begins(text, "BM"sv) && !is_text(text.substr(0, 64))) return ImageFormat::bmp;
  return {};
}

std::string content_text(std::span<const std::byte> bytes) {
  const std::string_view text = text_of(bytes);
  if (text.empty()) return "an empty file";
  for (const Beginning& other : kOthers)
    if (begins(text, other.bytes, other.at)) return other.name;
  if (std::ranges::all_of(text, [](char c) { return c == '\0'; })) return "zeros only";
  if (is_text(text.substr(0, 64))) {
    std::string start(text.substr(0, std::min(text.find_first_of("\r\n"), std::size_t{32})));
    // Not within a character of UTF-8.
    while (start.size() < text.size() && !start.empty() &&
           (static_cast<unsigned char>(text[start.size()]) & 0xc0) == 0x80) {
      start.pop_back();
    }
    return fmt::format("text, which begins with \"{}\"", start);
  }
  std::string start;
  for (const char c : text.substr(0, 4))
    start += fmt::format("{}{:02x}", start.empty() ? "" : " ", static_cast<unsigned char>(c));
  return fmt::format("unknown; its first bytes are {}", start);
}

void fail(const DecodeRequest& request, const std::string& text) {
  throw FileError(fmt::format("{}: {}", request.where, text));
}

void check_image_size(const DecodeRequest& request, std::int64_t height, std::int64_t width,
                      std::int64_t most_per_byte) {
  const std::string size = fmt::format("its header says {} x {} pixels", width, height);
  if (height < 1 || width < 1) fail(request, size + "; expected 1 or more each");
  std::int64_t elements = 0;
  if (__builtin_mul_overflow(height, width, &elements) ||
      __builtin_mul_overflow(elements, request.channels, &elements) ||
      elements > request.max_elements) {
    fail(request, fmt::format("too large: {} of {} channels; at most {} elements are decoded", size,
                              request.channels, request.max_elements));
  }
  const auto bytes = static_cast<std::int64_t>(request.bytes.size());
  if (height * width > bytes * std::max<std::int64_t>(most_per_byte, 1) + 64) {
    fail(request, fmt::format("truncated or corrupt: {}, more than a file of {} bytes can hold",
                              size, bytes));
  }
}

void decode_image(const DecodeRequest& request, PixelRoom room) {
  const std::optional<ImageFormat> format = image_format(request.bytes);
  if (!format) {
    fail(request, fmt::format("not an image that keratin reads: it is {}; expected JPEG, PNG, GIF "
                              "or BMP",
                              content_text(request.bytes)));
  }
  const auto decode = [&](PixelRoom to) {
    switch (*format) {
      case ImageFormat::jpeg:
        return decode_jpeg(request, to);
      case ImageFormat::png:
        return decode_png(request, to);
      case ImageFormat::gif:
        return decode_gif(request, to);
      case ImageFormat::bmp:
        return decode_bmp(request, to);
    }
  };
  const int orientation = request.exif_orientation ? exif_orientation(request.bytes, *format) : 1;
  if (orientation == 1) return decode(room);
  std::vector<std::uint8_t> stored;
  std::int64_t height = 0, width = 0;
  const auto keep = [&](std::int64_t h, std::int64_t w) {
    height = h, width = w;
    stored.resize(static_cast<std::size_t>(h * w * request.channels));
    return stored.data();
  };
  decode(keep);
  std::uint8_t* const to = orientation >= 5 ? room(width, height) : room(height, width);
  orient(stored.data(), height, width, request.channels, orientation, to);
}

}  // namespace keratin::data::detail
