// BMP without compression. Here and not by stb_image, which takes files that end early, and pixels
// past the end of the palette.
// Source: Microsoft, BITMAPFILEHEADER, BITMAPCOREHEADER, BITMAPINFOHEADER to BITMAPV5HEADER.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "data/images/decoder.h"
#include "data/images/numbers.h"

namespace keratin::data::detail {
namespace {

struct Header {
  std::int64_t width = 0, height = 0;
  bool top_down = false;
  std::uint64_t bits = 0;     // a pixel
  std::uint64_t offset = 0;   // of the pixels
  std::uint64_t palette = 0;  // its place
  std::uint64_t entry = 4;    // bytes of one colour there
  std::int64_t colours = 0;
  std::array<std::uint32_t, 4> masks = {};  // red, green, blue, alpha: of 16 and 32 bits
  std::uint64_t stride = 0;                 // bytes of a row
};

Header read_header(const DecodeRequest& request) {
  const Numbers numbers{request.bytes, true};
  const auto number = [&](std::uint64_t at, int size) { return numbers.at(at, size); };
  const auto signed_number = [&](std::uint64_t at) {
    return std::int64_t{static_cast<std::int32_t>(static_cast<std::uint32_t>(number(at, 4)))};
  };
  constexpr std::uint64_t kFileHeader = 14;
  Header h;
  const std::uint64_t info = number(kFileHeader, 4);
  if (request.bytes.size() < kFileHeader + 12 || request.bytes.size() - kFileHeader < info)
    fail(request, "truncated BMP: it ends within its header");
  const bool core = info == 12;
  if (!core && (info < 40 || info > 124))
    fail(request, fmt::format("BMP with a header of {} bytes; expected 12 or 40 to 124", info));
  h.width = core ? static_cast<std::int64_t>(number(18, 2)) : signed_number(18);
  const std::int64_t height = core ? static_cast<std::int64_t>(number(20, 2)) : signed_number(22);
  h.top_down = height < 0;
  h.height = height < 0 ? -height : height;
  h.bits = core ? number(24, 2) : number(28, 2);
  h.offset = number(10, 4);
  const std::uint64_t compression = core ? 0 : number(30, 4);
  constexpr std::uint64_t kNone = 0, kRle8 = 1, kRle4 = 2, kMasks = 3, kAlphaMasks = 6;
  if (compression == kRle8 || compression == kRle4)
    fail(request, "a run-length coded BMP, which is not read; save it uncompressed or as PNG");
  const bool masked = compression == kMasks || compression == kAlphaMasks;
  if ((compression != kNone && !masked) || (masked && h.bits != 16 && h.bits != 32)) {
    fail(request, fmt::format("BMP of compression {} with {} bits a pixel, which is not read",
                              compression, h.bits));
  }
  if (h.bits != 1 && h.bits != 4 && h.bits != 8 && h.bits != 16 && h.bits != 24 && h.bits != 32)
    fail(request, fmt::format("BMP of {} bits a pixel; expected 1, 4, 8, 16, 24 or 32", h.bits));
  h.palette = kFileHeader + info;
  if (h.bits == 16) h.masks = {0x7c00, 0x3e0, 0x1f, 0};
  if (h.bits == 32) h.masks = {0xff0000, 0xff00, 0xff, 0xff000000};
  if (masked) {
    for (std::size_t i = 0; i < 4; ++i) {
      const bool there = i < 3 || info >= 56 || compression == kAlphaMasks;
      h.masks[i] = there ? static_cast<std::uint32_t>(number(54 + 4 * i, 4)) : 0;
    }
    if (info == 40) h.palette += compression == kMasks ? 12 : 16;
  }
  if (h.bits <= 8) {
    h.entry = core ? 3 : 4;
    const std::int64_t most = std::int64_t{1} << h.bits;
    const std::int64_t said = core ? 0 : static_cast<std::int64_t>(number(46, 4));
    h.colours = said > 0 && said < most ? said : most;
    const std::uint64_t room = h.offset > h.palette ? (h.offset - h.palette) / h.entry : 0;
    h.colours = std::min(h.colours, static_cast<std::int64_t>(room));
  }
  h.stride =
      (static_cast<std::uint64_t>(std::max<std::int64_t>(h.width, 0)) * h.bits + 31) / 32 * 4;
  return h;
}

// The bits of a mask as 0 ... 255.
std::uint8_t component(std::uint32_t pixel, std::uint32_t mask) {
  const int shift = std::countr_zero(mask);
  const std::uint64_t most = mask >> shift, value = (pixel & mask) >> shift;
  return static_cast<std::uint8_t>((value * 255 + most / 2) / most);
}

class Rows {
 public:
  Rows(const DecodeRequest& request, const Header& header) : request_(request), h_(header) {
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(h_.colours); ++i)
      for (std::uint64_t c = 0; c < 3; ++c)
        palette_[4 * i + c] = byte(h_.palette + i * h_.entry + 2 - c);
    for (std::size_t i = 3; i < palette_.size(); i += 4) palette_[i] = 255;
    if (h_.bits == 32 || h_.bits == 16) opaque_ = h_.masks[3] == 0 || !any_alpha();
  }

  // RGBA
  void read(std::int64_t row, std::uint8_t* to) const {
    const std::uint64_t start = start_of(row);
    const auto width = static_cast<std::uint64_t>(h_.width);
    for (std::uint64_t j = 0; j < width; ++j, to += 4) {
      if (h_.bits <= 8) {
        const std::uint64_t bit = j * h_.bits;
        const auto index = static_cast<std::uint64_t>(
            byte(start + bit / 8) >> (8 - h_.bits - bit % 8) & ((1u << h_.bits) - 1));
        if (index >= static_cast<std::uint64_t>(h_.colours)) {
          fail(request_, fmt::format("corrupt BMP: a pixel is colour {} of a palette of {}", index,
                                     h_.colours));
        }
        std::copy_n(palette_.data() + 4 * index, 4, to);
      } else if (h_.bits == 24) {
        for (std::uint64_t c = 0; c < 3; ++c) to[c] = byte(start + 3 * j + 2 - c);
        to[3] = 255;
      } else {
        const std::uint32_t pixel = masked(start, j);
        for (std::size_t c = 0; c < 4; ++c)
          to[c] = h_.masks[c] == 0 ? 0 : component(pixel, h_.masks[c]);
        if (opaque_) to[3] = 255;
      }
    }
  }

 private:
  std::uint8_t byte(std::uint64_t at) const {
    return std::to_integer<std::uint8_t>(request_.bytes[at]);
  }
  std::uint64_t start_of(std::int64_t row) const {
    const std::int64_t stored = h_.top_down ? row : h_.height - 1 - row;
    return h_.offset + static_cast<std::uint64_t>(stored) * h_.stride;
  }
  std::uint32_t masked(std::uint64_t start, std::uint64_t j) const {
    const std::uint64_t bytes = h_.bits / 8;
    std::uint32_t pixel = 0;
    for (std::uint64_t i = bytes; i-- > 0;) pixel = pixel << 8 | byte(start + j * bytes + i);
    return pixel;
  }
  // Writers that know no alpha leave it 0.
  bool any_alpha() const {
    for (std::int64_t i = 0; i < h_.height; ++i)
      for (std::uint64_t j = 0; j < static_cast<std::uint64_t>(h_.width); ++j)
        if ((masked(start_of(i), j) & h_.masks[3]) != 0) return true;
    return false;
  }

  const DecodeRequest& request_;
  const Header& h_;
  std::array<std::uint8_t, 4 * 256> palette_ = {};
  bool opaque_ = true;
};

}  // namespace

void decode_bmp(const DecodeRequest& request, PixelRoom room) {
  const Header h = read_header(request);
  check_image_size(request, h.height, h.width,
                   static_cast<std::int64_t>(8 / std::min<std::uint64_t>(h.bits, 8)));
  // The last row may lack its padding.
  const std::uint64_t last = (static_cast<std::uint64_t>(h.width) * h.bits + 7) / 8;
  const std::uint64_t needed =
      h.offset + static_cast<std::uint64_t>(h.height - 1) * h.stride + last;
  if (h.offset < h.palette || needed > request.bytes.size()) {
    fail(request, fmt::format("truncated or corrupt BMP: {} x {} pixels of {} bits from byte {} "
                              "need {} bytes; the file has {}",
                              h.width, h.height, h.bits, h.offset, needed, request.bytes.size()));
  }
  const Rows rows(request, h);
  std::uint8_t* to = room(h.height, h.width);
  std::vector<std::uint8_t> row(static_cast<std::size_t>(4 * h.width));
  for (std::int64_t i = 0; i < h.height; ++i, to += h.width * request.channels) {
    rows.read(i, row.data());
    convert_channels(row.data(), 4, to, request.channels, h.width);
  }
}

}  // namespace keratin::data::detail
