#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "tensor/tensor.h"

namespace keratin::data {

struct ReadImageOptions {
  std::string color_mode = "rgb";  // "grayscale", "rgba"
  /// Turn and mirror the image as the camera that took it says. Keras and TensorFlow do not.
  bool exif_orientation = false;
  /// JPEG: "INTEGER_FAST", which is what TensorFlow decodes with, or "INTEGER_ACCURATE", which is
  /// what Pillow does; pixels differ by up to 4.
  std::string dct_method = "INTEGER_FAST";
  /// An image of more is refused: height times width times channels, 2^28.
  std::int64_t max_elements = 268435456;
};

/// Reads an image file: uint8 [height, width, channels], channels being 1 for grayscale, 3 for rgb,
/// 4 for rgba. What it is, its first bytes say, not its name:
///   JPEG   baseline, extended and progressive, gray, RGB, YCbCr, CMYK and YCCK, any sampling
///   PNG    every bit depth and colour type, interlaced; of an animation the default image
///   GIF    the first frame, on transparent black
///   BMP    1 to 32 bits, palettes and masks; not run-length coded
/// The pixels are those of tf.io.decode_image: alpha is dropped, not blended; 16 bits lose their
/// lower 8; colour profiles are not applied. Where TensorFlow refuses or errs, they are what was
/// meant: any format to any color_mode, opaque alpha is 255, palettes of BMP are looked up, a GIF's
/// size is its screen's.
/// Gray of colours is 0.299 R + 0.587 G + 0.114 B; of JPEG its stored brightness.
///
/// Throws FileError, "read_image: path: fault", for what is missing, no image, truncated, corrupt
/// (wrong CRCs, bad codes, a wrong palette index, libjpeg's warnings of wrong pixels) or too large,
/// before memory is set aside for what a header only claims; ValueError for options.
///
///     Tensor photo = data::read_image("cat.jpg");   // u8[375, 500, 3]
Tensor read_image(const std::string& path, const ReadImageOptions& options = {});

/// The same from the bytes of a file.
Tensor decode_image(std::span<const std::byte> bytes, const ReadImageOptions& options = {});

}  // namespace keratin::data
