#include "nn/layers/preprocessing/crop.h"

#include "autograd/ops/resize.h"
#include "autograd/ops/slice.h"

namespace keratin::detail {

Variable crop(const Variable& images, std::int64_t top, std::int64_t left, CropSize size) {
  std::vector<SliceRange> ranges(static_cast<std::size_t>(images.rank() - 3));
  ranges.push_back({top, top + size.height});
  ranges.push_back({left, left + size.width});
  return slice(images, ranges);
}

bool has_room(const Variable& images, CropSize size) {
  return images.shape()[-3] >= size.height && images.shape()[-2] >= size.width;
}

Variable center_crop(const Variable& images, CropSize size) {
  if (has_room(images, size)) {
    return crop(images, (images.shape()[-3] - size.height) / 2,
                (images.shape()[-2] - size.width) / 2, size);
  }
  const ResizeOptions how{.size = {size.height, size.width}, .crop_to_aspect_ratio = true};
  return images.requires_grad() ? resize(images, how)
                                : Variable(resize_images(images.value(), how), false);
}

}  // namespace keratin::detail
