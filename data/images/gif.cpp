// The first frame of a GIF, on a screen that is transparent black elsewhere. The rest of the file
// is walked through, as one that ends early is not to pass for a whole one. Here and not by
// stb_image, which takes such files, and pixels past the end of the palette.
// Source: CompuServe, "Graphics Interchange Format, version 89a".
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "data/images/decoder.h"
#include "data/images/numbers.h"

namespace keratin::data::detail {
namespace {

constexpr std::int64_t kMostPerByte = 4096;  // a code of 12 bits stands for fewer pixels

struct Frame {
  std::int64_t left = 0, top = 0, width = 0, height = 0;
  bool interlaced = false;
  int transparent = -1;
  std::int64_t colours = 0;
  const std::byte* palette = nullptr;  // [colours, 3]
  std::vector<std::uint8_t> pixels = {};
};

class GifReader {
 public:
  explicit GifReader(const DecodeRequest& request)
      : request_(request), numbers_{request.bytes, true} {}

  void decode(PixelRoom room) {
    const auto screen_width = static_cast<std::int64_t>(numbers_.at(6, 2)),
               screen_height = static_cast<std::int64_t>(numbers_.at(8, 2));
    const std::uint64_t flags = numbers_.at(10, 1);
    take(13, "header");
    read_palette(flags, frame_);
    while (!read_block()) continue;
    const std::int64_t height = std::max(screen_height, frame_.top + frame_.height);
    const std::int64_t width = std::max(screen_width, frame_.left + frame_.width);
    check_image_size(request_, height, width, request_.max_elements);
    while (at_ < request_.bytes.size() && read_later_block()) continue;
    paint(room(height, width), height, width);
  }

 private:
  // Steps over `count` bytes, which must be there.
  std::uint64_t take(std::uint64_t count, const char* part) {
    if (request_.bytes.size() - at_ < count)
      fail(request_, fmt::format("truncated GIF: it ends within its {}", part));
    at_ += count;
    return at_ - count;
  }
  std::uint64_t take_byte(const char* part) { return numbers_.at(take(1, part), 1); }

  void read_palette(std::uint64_t flags, Frame& frame) {
    if ((flags & 0x80) == 0) return;
    frame.colours = std::int64_t{2} << (flags & 7);
    frame.palette =
        request_.bytes.data() + take(static_cast<std::uint64_t>(3 * frame.colours), "palette");
  }

  void skip_sub_blocks(const char* part) {
    while (const std::uint64_t length = take_byte(part)) take(length, part);
  }

  // True when that was the first frame.
  bool read_block() {
    switch (take_byte("blocks, before any frame")) {
      case kExtension: {
        const std::uint64_t label = take_byte("extension"), start = at_;
        skip_sub_blocks("extension");
        constexpr std::uint64_t kGraphicControl = 0xf9;
        if (label == kGraphicControl && numbers_.at(start, 1) == 4) {
          const bool has_transparent = (numbers_.at(start + 1, 1) & 1) != 0;
          frame_.transparent = has_transparent ? static_cast<int>(numbers_.at(start + 4, 1)) : -1;
        }
        return false;
      }
      case kImage:
        read_frame();
        return true;
      case kTrailer:
        fail(request_, "GIF without a frame");
      default:
        fail(request_, fmt::format("corrupt GIF: byte {} begins no block", at_ - 1));
    }
  }

  // False at the trailer.
  bool read_later_block() {
    switch (take_byte("blocks")) {
      case kExtension:
        take(1, "extension");
        skip_sub_blocks("extension");
        return true;
      case kImage: {
        Frame other;
        read_palette(numbers_.at(take(9, "frame") + 8, 1), other);
        take(1, "frame");
        skip_sub_blocks("frame");
        return true;
      }
      case kTrailer:
        return false;
      default:
        fail(request_, fmt::format("corrupt GIF: byte {} begins no block", at_ - 1));
    }
  }

  void read_frame() {
    const std::uint64_t start = take(9, "frame");
    const auto number = [&](std::uint64_t offset) {
      return static_cast<std::int64_t>(numbers_.at(start + offset, 2));
    };
    frame_.left = number(0), frame_.top = number(2);
    frame_.width = number(4), frame_.height = number(6);
    const std::uint64_t flags = numbers_.at(start + 8, 1);
    frame_.interlaced = (flags & 0x40) != 0;
    read_palette(flags, frame_);
    if (frame_.palette == nullptr) fail(request_, "corrupt GIF: it has no palette");
    check_image_size(request_, frame_.height, frame_.width, kMostPerByte);
    const int bits = static_cast<int>(take_byte("frame"));
    if (bits < 2 || bits > 8)
      fail(request_, fmt::format("corrupt GIF: codes of {} bits; expected 2 to 8", bits));
    unpack(bits);
    const std::uint8_t most = *std::ranges::max_element(frame_.pixels);
    if (most >= frame_.colours) {
      fail(request_, fmt::format("corrupt GIF: a pixel is colour {} of a palette of {}",
                                 static_cast<int>(most), frame_.colours));
    }
  }

  // Lempel-Ziv-Welch: code c stands for that of `before` and one pixel more.
  void unpack(int bits) {
    constexpr int kCodes = 4096;
    std::array<std::uint16_t, kCodes> before, length;
    std::array<std::uint8_t, kCodes> first, last;
    const int clear = 1 << bits, end = clear + 1;
    for (int c = 0; c < clear; ++c) {
      length[static_cast<std::size_t>(c)] = 1;
      first[static_cast<std::size_t>(c)] = last[static_cast<std::size_t>(c)] =
          static_cast<std::uint8_t>(c);
    }
    const auto wanted = static_cast<std::size_t>(frame_.width * frame_.height);
    frame_.pixels.resize(wanted);
    std::size_t done = 0;
    int next = end + 1, width = bits + 1, previous = -1, buffered = 0;
    std::uint32_t buffer = 0;
    std::uint64_t left = 0;  // in the sub-block
    bool ended = false;
    while (done < wanted && !ended) {
      while (buffered < width && !ended) {
        if (left == 0) left = take_byte("frame");
        if (left == 0) {
          ended = true;
        } else {
          buffer |= static_cast<std::uint32_t>(take_byte("frame")) << buffered;
          buffered += 8, --left;
        }
      }
      if (ended) break;
      const int code = static_cast<int>(buffer & ((1u << width) - 1));
      buffer >>= width, buffered -= width;
      if (code == end) break;
      if (code == clear) {
        next = end + 1, width = bits + 1, previous = -1;
        continue;
      }
      const bool is_new = code == next && previous >= 0 && next < kCodes;
      if (code > next || (code >= next && !is_new))
        fail(request_, fmt::format("corrupt GIF: code {} where {} are known", code, next));
      const auto old = static_cast<std::size_t>(previous < 0 ? 0 : previous);
      const std::uint8_t begin = first[is_new ? old : static_cast<std::size_t>(code)];
      if (previous >= 0 && next < kCodes) {
        const auto n = static_cast<std::size_t>(next++);
        before[n] = static_cast<std::uint16_t>(previous);
        length[n] = static_cast<std::uint16_t>(length[old] + 1);
        first[n] = first[old], last[n] = begin;
        if (next == 1 << width && width < 12) ++width;
      }
      auto c = static_cast<std::size_t>(code);
      const std::size_t count = length[c];
      for (std::size_t i = count; i-- > 0; c = i > 0 ? before[c] : c)
        if (done + i < wanted) frame_.pixels[done + i] = last[c];
      done += count;
      previous = code;
    }
    if (done < wanted) {
      fail(request_, fmt::format("truncated or corrupt GIF: its first frame has {} of {} pixels",
                                 done, wanted));
    }
    if (!ended) {
      take(left, "frame");
      skip_sub_blocks("frame");
    }
  }

  void paint(std::uint8_t* to, std::int64_t height, std::int64_t width) const {
    const auto channels = request_.channels;
    std::memset(to, 0, static_cast<std::size_t>(height * width * channels));
    std::array<std::uint8_t, 256 * 4> colours = {};
    convert_channels(reinterpret_cast<const std::uint8_t*>(frame_.palette), 3, colours.data(),
                     channels, frame_.colours);
    // Interlaced: every eighth row from 0, then from 4, every fourth from 2, every second from 1.
    struct Pass {
      std::int64_t first, step;
    };
    constexpr std::array kPlain{Pass{0, 1}};
    constexpr std::array kInterlaced{Pass{0, 8}, Pass{4, 8}, Pass{2, 4}, Pass{1, 2}};
    const std::span<const Pass> passes =
        frame_.interlaced ? std::span<const Pass>(kInterlaced) : std::span<const Pass>(kPlain);
    const std::uint8_t* from = frame_.pixels.data();
    for (const Pass pass : passes) {
      for (std::int64_t i = pass.first; i < frame_.height; i += pass.step) {
        std::uint8_t* pixel = to + ((frame_.top + i) * width + frame_.left) * channels;
        for (std::int64_t j = 0; j < frame_.width; ++j, ++from, pixel += channels) {
          if (*from == frame_.transparent) continue;
          std::memcpy(pixel, colours.data() + *from * channels, static_cast<std::size_t>(channels));
        }
      }
    }
  }

  static constexpr std::uint64_t kExtension = 0x21, kImage = 0x2c, kTrailer = 0x3b;

  const DecodeRequest& request_;
  const Numbers numbers_;
  std::uint64_t at_ = 0;
  Frame frame_;
};

}  // namespace

void decode_gif(const DecodeRequest& request, PixelRoom room) { GifReader(request).decode(room); }

}  // namespace keratin::data::detail
