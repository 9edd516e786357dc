// Cropping of images, for the layers here.
#pragma once

#include <cstdint>

#include "autograd/variable.h"

namespace keratin::detail {

struct CropSize {
  std::int64_t height, width;
};

/// The window of a batch of images or of one image whose first pixel is at (top, left).
Variable crop(const Variable& images, std::int64_t top, std::int64_t left, CropSize size);

/// The middle of images; what is left over is more below and right by one where it is odd. Images
/// smaller than that are cut to its aspect ratio and made larger, bilinearly: floats then.
Variable center_crop(const Variable& images, CropSize size);

/// Is an image large enough to be cropped without resizing?
bool has_room(const Variable& images, CropSize size);

}  // namespace keratin::detail
