// JPEG by libjpeg. Its errors leave by longjmp, over C frames only: every call into it is made by
// JpegReader::call, whose lambdas own nothing.
#include <csetjmp>
#include <cstddef>
#include <cstdio>
// jpeglib.h wants the two above.
#include <jerror.h>
#include <jpeglib.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "data/images/decoder.h"

namespace keratin::data::detail {
namespace {

constexpr int kMaxScans = 500;  // a progressive file of more is made to keep readers busy

class JpegReader {
 public:
  explicit JpegReader(const DecodeRequest& request) : request_(request) {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = leave;
    errors_.emit_message = notice;
    errors_.output_message = [](j_common_ptr) {};
    progress_.progress_monitor = count_scans;
    call([this] { jpeg_create_decompress(&jpeg_); });
    jpeg_.progress = &progress_;
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  void decode(PixelRoom room) {
    call([this] {
      jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(request_.bytes.data()),
                   static_cast<unsigned long>(request_.bytes.size()));
      jpeg_read_header(&jpeg_, TRUE);
    });
    // Huffman codes take a bit at the least for each block of 64 samples.
    check_image_size(request_, jpeg_.image_height, jpeg_.image_width,
                     jpeg_.arith_code ? std::int64_t{1} << 20 : 512);
    choose_colours();
    std::uint8_t* const pixels = room(jpeg_.image_height, jpeg_.image_width);
    call([this] { jpeg_start_decompress(&jpeg_); });
    read_rows(pixels);
    call([this] { jpeg_finish_decompress(&jpeg_); });
  }

 private:
  template <class F>
  void call(F f) {
    if (setjmp(back_) != 0) fail(request_, message_.data());
    f();
  }

  void choose_colours() {
    jpeg_.dct_method = request_.accurate_dct ? JDCT_ISLOW : JDCT_IFAST;
    jpeg_.do_fancy_upsampling = TRUE;
    const J_COLOR_SPACE stored = jpeg_.jpeg_color_space;
    const bool cmyk = stored == JCS_CMYK || stored == JCS_YCCK;
    if (!cmyk && jpeg_.num_components != 1 && jpeg_.num_components != 3) {
      fail(request_, fmt::format("JPEG with {} colour components; expected 1 (gray), 3 (colours) "
                                 "or 4 (CMYK)",
                                 jpeg_.num_components));
    }
    if (cmyk) {
      jpeg_.out_color_space = JCS_CMYK;
    } else if (request_.channels == 1 || stored == JCS_GRAYSCALE) {
      jpeg_.out_color_space = JCS_GRAYSCALE;
    } else {
      jpeg_.out_color_space = JCS_RGB;
    }
  }

  // In steps of the library's own, some rows each.
  void read_rows(std::uint8_t* pixels) {
    const std::int64_t width = jpeg_.output_width, stored = jpeg_.output_components,
                       wanted = request_.channels, row = width * wanted;
    const bool direct = stored == wanted && jpeg_.out_color_space != JCS_CMYK;
    constexpr std::int64_t kRows = 16;
    std::vector<std::uint8_t> raw;
    if (!direct)
      raw.resize(static_cast<std::size_t>(kRows * width * std::max<std::int64_t>(stored, 3)));
    while (jpeg_.output_scanline < jpeg_.output_height) {
      const std::int64_t first = jpeg_.output_scanline;
      const std::int64_t count = std::min<std::int64_t>(kRows, jpeg_.output_height - first);
      for (std::int64_t i = 0; i < count; ++i) {
        rows_[static_cast<std::size_t>(i)] =
            direct ? pixels + (first + i) * row : raw.data() + i * width * stored;
      }
      call([this, count] {
        const JDIMENSION end = jpeg_.output_scanline + static_cast<JDIMENSION>(count);
        for (JDIMENSION start = jpeg_.output_scanline; jpeg_.output_scanline < end;) {
          jpeg_read_scanlines(&jpeg_, rows_.data() + (jpeg_.output_scanline - start),
                              end - jpeg_.output_scanline);
        }
      });
      if (direct) continue;
      std::int64_t channels = stored;
      if (jpeg_.out_color_space == JCS_CMYK) {
        rgb_of_cmyk(raw.data(), count * width);
        channels = 3;
      }
      convert_channels(raw.data(), channels, pixels + first * row, wanted, count * width);
    }
  }

  // In place. Adobe's writers store 255 for no ink.
  void rgb_of_cmyk(std::uint8_t* pixels, std::int64_t count) const {
    const std::uint8_t* from = pixels;
    const int flip = jpeg_.saw_Adobe_marker ? 0 : 255;
    for (std::uint8_t* to = pixels; to < pixels + 3 * count; from += 4, to += 3) {
      const int light = from[3] ^ flip;
      for (int c = 0; c < 3; ++c) to[c] = static_cast<std::uint8_t>((from[c] ^ flip) * light / 255);
    }
  }

  // What libjpeg calls.
  static JpegReader& of(j_common_ptr info) { return *static_cast<JpegReader*>(info->client_data); }
  [[noreturn]] static void leave(j_common_ptr info) {
    JpegReader& self = of(info);
    std::array<char, JMSG_LENGTH_MAX> text;
    (*info->err->format_message)(info, text.data());
    const char* const kind =
        info->err->msg_code == JWRN_JPEG_EOF || info->err->msg_code == JWRN_HIT_MARKER
            ? "truncated or corrupt JPEG: "
            : "corrupt JPEG: ";
    std::snprintf(self.message_.data(), self.message_.size(), "%s%s", kind, text.data());
    std::longjmp(self.back_, 1);
  }
  // A warning means wrong pixels, but for these: unknown versions, and bytes that follow the last
  // pixel of the picture.
  static void notice(j_common_ptr info, int level) {
    if (level >= 0) return;
    const int code = info->err->msg_code;
    if (code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM) return;
    constexpr int kEndOfImage = 0xd9;
    if (code == JWRN_EXTRANEOUS_DATA && info->err->msg_parm.i[1] == kEndOfImage) return;
    leave(info);
  }
  static void count_scans(j_common_ptr info) {
    if (info->is_decompressor == FALSE) return;
    JpegReader& self = of(info);
    if (self.jpeg_.input_scan_number <= kMaxScans) return;
    std::snprintf(self.message_.data(), self.message_.size(),
                  "JPEG of more than %d scans; a picture has some ten", kMaxScans);
    std::longjmp(self.back_, 1);
  }

  const DecodeRequest& request_;
  jpeg_decompress_struct jpeg_ = {};
  jpeg_error_mgr errors_ = {};
  jpeg_progress_mgr progress_ = {};
  std::jmp_buf back_ = {};
  std::array<char, JMSG_LENGTH_MAX + 40> message_ = {};
  std::array<JSAMPROW, 16> rows_ = {};
};

}  // namespace

void decode_jpeg(const DecodeRequest& request, PixelRoom room) { JpegReader(request).decode(room); }

}  // namespace keratin::data::detail
