#pragma once

#include <string>

#include "data/bytes.h"
#include "tensor/tensor.h"

namespace keratin::data {

/// A PNG file of an image [height, width] or [height, width, channels]: 1 gray, 2 gray and alpha, 3
/// RGB, 4 RGBA. uint8, or float32 and float64 from 0 to 255, rounded to the nearest. Throws
/// ShapeError, DTypeError, and ValueError for numbers outside 0 to 255, NaN among them.
Bytes encode_png(const Tensor& image);

/// The same into a file, which appears whole or not at all. Throws FileError too.
///
///     data::write_png("first.png", batch.x[0]);
void write_png(const std::string& path, const Tensor& image);

}  // namespace keratin::data
