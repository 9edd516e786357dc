#include "data/images/read_image.h"

#include <fmt/format.h>

#include "data/bytes.h"
#include "data/images/decoder.h"
#include "data/images/options.h"

namespace keratin::data {

namespace detail {

std::int64_t channels_of(const std::string& op, const std::string& color_mode) {
  if (color_mode == "rgb") return 3;
  if (color_mode == "rgba") return 4;
  if (color_mode == "grayscale") return 1;
  throw ValueError(
      fmt::format("{}: color_mode is \"{}\"; expected grayscale, rgb or rgba", op, color_mode));
}

bool is_accurate(const std::string& op, const std::string& dct_method) {
  if (dct_method == "INTEGER_ACCURATE") return true;
  if (dct_method == "INTEGER_FAST") return false;
  throw ValueError(fmt::format(
      "{}: dct_method is \"{}\"; expected INTEGER_FAST or INTEGER_ACCURATE", op, dct_method));
}

}  // namespace detail

namespace {

detail::DecodeRequest request_of(const std::string& op, const ReadImageOptions& options) {
  if (options.max_elements < 1) {
    throw ValueError(
        fmt::format("{}: max_elements is {}; expected 1 or more", op, options.max_elements));
  }
  return {.where = op,
          .channels = detail::channels_of(op, options.color_mode),
          .exif_orientation = options.exif_orientation,
          .accurate_dct = detail::is_accurate(op, options.dct_method),
          .max_elements = options.max_elements};
}

Tensor decoded(const detail::DecodeRequest& request) {
  Tensor image;
  detail::decode_image(request, [&](std::int64_t height, std::int64_t width) {
    image = Tensor::empty({height, width, request.channels}, uint8);
    return image.mutable_data<std::uint8_t>();
  });
  return image;
}

}  // namespace

Tensor read_image(const std::string& path, const ReadImageOptions& options) {
  detail::DecodeRequest request = request_of("read_image", options);
  const Bytes bytes = read_file(request.where, path);
  request.where += ": " + path;
  request.bytes = bytes.span();
  return decoded(request);
}

Tensor decode_image(std::span<const std::byte> bytes, const ReadImageOptions& options) {
  detail::DecodeRequest request = request_of("decode_image", options);
  request.bytes = bytes;
  return decoded(request);
}

}  // namespace keratin::data
