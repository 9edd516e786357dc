#include "data/images/write_png.h"

#include <fmt/format.h>
#include <png.h>

#include <array>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <vector>

#include "data/atomic_file.h"

namespace keratin::data {
namespace {

std::vector<std::uint8_t> bytes_of(const std::string& op, const Tensor& image) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(static_cast<std::size_t>(image.size()));
  if (image.dtype() == uint8) {
    const std::uint8_t* const x = image.data<std::uint8_t>();
    bytes.assign(x, x + image.size());
    return bytes;
  }
  for (const double value : image.to_vector<double>()) {
    if (!(value >= 0 && value <= 255)) {
      throw ValueError(
          fmt::format("{}: the image has a value of {}; expected 0 to 255. Multiply by 255, or "
                      "clip.",
                      op, value));
    }
    bytes.push_back(static_cast<std::uint8_t>(std::lround(value)));
  }
  return bytes;
}

// Errors of libpng leave by longjmp, over C frames only.
class PngWriter {
 public:
  PngWriter(const std::string& op, std::string& to) : op_(op), to_(to) {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, leave, [](png_structp, auto) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_write_struct(&png_, nullptr);
      throw Error(op + ": libpng could not be started");
    }
  }
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  void write(const std::uint8_t* pixels, std::int64_t height, std::int64_t width,
             std::int64_t channels) {
    static constexpr std::array kTypes{PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                       PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    if (setjmp(png_jmpbuf(png_)) != 0) throw Error(fmt::format("{}: {}", op_, message_.data()));
    png_set_write_fn(png_, this, append, [](png_structp) {});
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), 8,
                 kTypes[static_cast<std::size_t>(channels - 1)], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    for (std::int64_t i = 0; i < height; ++i) png_write_row(png_, pixels + i * width * channels);
    png_write_end(png_, nullptr);
  }

 private:
  [[noreturn]] static void leave(png_structp png, png_const_charp text) {
    auto& self = *static_cast<PngWriter*>(png_get_error_ptr(png));
    std::snprintf(self.message_.data(), self.message_.size(), "%s", text);
    png_longjmp(png, 1);
  }
  static void append(png_structp png, png_bytep bytes, std::size_t count) {
    auto& self = *static_cast<PngWriter*>(png_get_io_ptr(png));
    try {
      self.to_.append(reinterpret_cast<const char*>(bytes), count);
      return;
    } catch (...) {
    }
    png_error(png, "no memory");
  }

  const std::string& op_;
  std::string& to_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::array<char, 200> message_ = {};
};

Bytes encoded(const std::string& op, const Tensor& image) {
  if (!image.defined()) throw ValueError(op + ": the image has no value: it was never set");
  if (image.dtype() != uint8 && !is_floating(image.dtype())) {
    throw DTypeError(fmt::format("{}: the image is {}; expected uint8, or float from 0 to 255", op,
                                 image.spec().text()));
  }
  const std::int64_t rank = image.rank(), channels = rank == 3 ? image.shape()[2] : 1;
  constexpr std::int64_t kMost = (std::int64_t{1} << 31) - 1;
  if ((rank != 2 && rank != 3) || channels < 1 || channels > 4 || image.size() == 0 ||
      image.shape()[0] > kMost || image.shape()[1] > kMost) {
    throw ShapeError(fmt::format(
        "{}: the image is {}; expected [height, width] or [height, width, 1 to 4 channels]", op,
        image.spec().text()));
  }
  const std::vector<std::uint8_t> pixels = bytes_of(op, image);
  std::string file;
  PngWriter(op, file).write(pixels.data(), image.shape()[0], image.shape()[1], channels);
  return Bytes::from(std::move(file));
}

}  // namespace

Bytes encode_png(const Tensor& image) { return encoded("encode_png", image); }

void write_png(const std::string& path, const Tensor& image) {
  const Bytes bytes = encoded("write_png", image);
  write_file("write_png", path, bytes.span());
}

}  // namespace keratin::data
