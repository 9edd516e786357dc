// What turns the bytes of an image file into pixels: one function a format. They read from memory,
// write to room that the caller gives once the size is known and checked, and throw FileError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "kernels/function_ref.h"

namespace keratin::data::detail {

enum class ImageFormat : std::uint8_t { jpeg, png, gif, bmp };

/// By the first bytes, whatever the file's name.
std::optional<ImageFormat> image_format(std::span<const std::byte> bytes);

/// "a text file that begins with "hello"": what bytes are that are no image of these formats.
std::string content_text(std::span<const std::byte> bytes);

struct DecodeRequest {
  std::string where = {};                 // what messages begin with: "read_image: a.jpg"
  std::span<const std::byte> bytes = {};  // the whole file
  std::int64_t channels = 3;              // 1, 3 or 4
  bool exif_orientation = false;          // turn and mirror as the file asks for
  bool accurate_dct = false;              // JPEG: JDCT_ISLOW, else JDCT_IFAST
  std::int64_t max_elements = 268435456;  // height times width times channels
};

/// Gives room for height * width * channels bytes.
using PixelRoom = kernels::FunctionRef<std::uint8_t*(std::int64_t height, std::int64_t width)>;

/// Any of the formats. `room` is called once, when nothing but the pixels can be wrong any more.
void decode_image(const DecodeRequest& request, PixelRoom room);

void decode_jpeg(const DecodeRequest& request, PixelRoom room);
void decode_png(const DecodeRequest& request, PixelRoom room);
void decode_gif(const DecodeRequest& request, PixelRoom room);  // the first frame
void decode_bmp(const DecodeRequest& request, PixelRoom room);

[[noreturn]] void fail(const DecodeRequest& request, const std::string& text);

/// Throws FileError unless 1 <= height, width and height * width * channels <= max_elements, and
/// the file is long enough: no format keeps more than `most_per_byte` pixels in a byte.
void check_image_size(const DecodeRequest& request, std::int64_t height, std::int64_t width,
                      std::int64_t most_per_byte);

/// 1 to 8 as EXIF counts them; 1 (upright) where nothing is said, or nothing sensible.
/// Source: CIPA DC-008, tag 0x0112.
int exif_orientation(std::span<const std::byte> bytes, ImageFormat format);

/// [height, width, channels] as the orientation wants them seen; 5 to 8 swap height and width.
void orient(const std::uint8_t* from, std::int64_t height, std::int64_t width,
            std::int64_t channels, int orientation, std::uint8_t* to);

/// A row of pixels with other channels: RGB or RGBA to gray is (19595 R + 38470 G + 7471 B + 32768)
/// / 65536, gray to RGB repeats, what has no alpha gets 255.
void convert_channels(const std::uint8_t* from, std::int64_t from_channels, std::uint8_t* to,
                      std::int64_t to_channels, std::int64_t pixels);

}  // namespace keratin::data::detail
