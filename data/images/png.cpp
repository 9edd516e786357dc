// PNG by libpng. Its errors leave by longjmp, over C frames only: every call into it is made by
// PngReader::call, whose lambdas own nothing.
#include <png.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include "data/images/decoder.h"

namespace keratin::data::detail {
namespace {

constexpr std::int64_t kMostInflated = 1032;  // bytes that deflate makes of one, at the most

class PngReader {
 public:
  explicit PngReader(const DecodeRequest& request) : request_(request), left_(request.bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, leave, [](png_structp, auto) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      fail(request, "libpng could not be started");
    }
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  void decode(PixelRoom room) {
    read_header();
    const std::int64_t height = png_get_image_height(png_, info_),
                       width = png_get_image_width(png_, info_);
    const std::int64_t bits = png_get_bit_depth(png_, info_) * png_get_channels(png_, info_);
    check_image_size(request_, height, width, 8 * kMostInflated / bits);
    call([this] { transform(); });
    const std::int64_t row = width * request_.channels;
    if (static_cast<std::int64_t>(png_get_rowbytes(png_, info_)) != row) {
      fail(request_, fmt::format("PNG of {} bytes a row; expected {} pixels of {} channels",
                                 png_get_rowbytes(png_, info_), width, request_.channels));
    }
    std::uint8_t* const pixels = room(height, width);
    // Interlaced passes build upon what earlier ones have written.
    call([this, pixels, row, height] {
      for (int pass = 0; pass < passes_; ++pass)
        for (std::int64_t i = 0; i < height; ++i) png_read_row(png_, pixels + i * row, nullptr);
      png_read_end(png_, nullptr);
    });
  }

  // libpng shows a pixel past the end of its palette as black.
  void check_palette() {
    read_header();
    png_colorp palette = nullptr;
    int colours = 0;
    if (png_get_PLTE(png_, info_, &palette, &colours) == 0 ||
        png_get_color_type(png_, info_) != PNG_COLOR_TYPE_PALETTE ||
        colours >= 1 << png_get_bit_depth(png_, info_)) {
      return;
    }
    const std::int64_t height = png_get_image_height(png_, info_),
                       width = png_get_image_width(png_, info_);
    check_image_size(request_, height, width, 8 * kMostInflated / png_get_bit_depth(png_, info_));
    const bool interlaced = png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE;
    std::vector<png_byte> row(static_cast<std::size_t>(width));
    call([this] {
      png_set_packing(png_);
      png_read_update_info(png_, info_);
    });
    const auto check_rows = [&](std::int64_t rows, std::int64_t columns) {
      for (std::int64_t i = 0; i < rows && columns > 0; ++i) {
        call([this, &row] { png_read_row(png_, row.data(), nullptr); });
        const png_byte most = *std::max_element(row.begin(), row.begin() + columns);
        if (most < colours) continue;
        fail(request_, fmt::format("corrupt PNG: a pixel is colour {} of a palette of {}",
                                   static_cast<int>(most), colours));
      }
    };
    if (!interlaced) return check_rows(height, width);
    const auto h = static_cast<png_uint_32>(height), w = static_cast<png_uint_32>(width);
    for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; ++pass)
      check_rows(PNG_PASS_ROWS(h, pass), PNG_PASS_COLS(w, pass));
  }

 private:
  void read_header() {
    call([this] {
      png_set_read_fn(png_, this, read);
      png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
      png_set_user_limits(png_, 0x7fffffff, 0x7fffffff);  // ours follow
      ignore_chunks();
      png_read_info(png_, info_);
    });
  }

  template <class F>
  void call(F f) {
    if (setjmp(png_jmpbuf(png_)) != 0) fail(request_, message_.data());
    f();
  }

  // All that is not pixels, palette or transparency; a gamma counts where colours become gray.
  void ignore_chunks() {
    static constexpr png_byte kKept[] = "gAMA\0cHRM\0sRGB\0iCCP";
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    if (request_.channels == 1)
      png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_AS_DEFAULT, kKept, 4);
  }

  // 8 bits of the wanted channels, whatever is stored. 16 bits lose their lower 8.
  void transform() {
    const png_byte type = png_get_color_type(png_, info_);
    const bool colours = (type & PNG_COLOR_MASK_COLOR) != 0;
    const bool alpha = (type & PNG_COLOR_MASK_ALPHA) != 0;
    const bool transparent = png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
    if (request_.channels == 4) {
      if (transparent) png_set_tRNS_to_alpha(png_);
      if (!alpha && !transparent) png_set_add_alpha(png_, 0xff, PNG_FILLER_AFTER);
    } else if (alpha || transparent) {
      png_set_strip_alpha(png_);
    }
    if (png_get_bit_depth(png_, info_) == 16) png_set_strip_16(png_);
    png_set_packing(png_);
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
    if (!colours && png_get_bit_depth(png_, info_) < 8) png_set_expand_gray_1_2_4_to_8(png_);
    if (request_.channels == 1 && colours) {
      png_set_rgb_to_gray(png_, PNG_ERROR_ACTION_NONE, 0.299, 0.587);
    } else if (request_.channels >= 3 && !colours) {
      png_set_gray_to_rgb(png_);
    }
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  }

  // What libpng calls.
  [[noreturn]] static void leave(png_structp png, png_const_charp text) {
    auto& self = *static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(self.message_.data(), self.message_.size(), "%s%s",
                  self.ended_ ? "" : "corrupt PNG: ", text);
    png_longjmp(png, 1);
  }
  static void read(png_structp png, png_bytep to, std::size_t count) {
    auto& self = *static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > self.left_.size()) {
      self.ended_ = true;
      png_error(png, "truncated PNG: the file ends before its IEND chunk");
    }
    std::memcpy(to, self.left_.data(), count);
    self.left_ = self.left_.subspan(count);
  }

  const DecodeRequest& request_;
  std::span<const std::byte> left_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
  bool ended_ = false;
  std::array<char, 200> message_ = {};
};

}  // namespace

void decode_png(const DecodeRequest& request, PixelRoom room) {
  PngReader(request).check_palette();
  PngReader(request).decode(room);
}

}  // namespace keratin::data::detail
