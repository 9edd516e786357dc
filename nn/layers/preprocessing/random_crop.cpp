#include "nn/layers/preprocessing/random_crop.h"

#include "autograd/ops/concatenate.h"
#include "autograd/ops/slice.h"
#include "nn/layers/preprocessing/crop.h"
#include "nn/layers/preprocessing/image_layer.h"

namespace keratin::layers {
namespace {

class RandomCropLayer final : public RandomImageLayer<RandomCropOptions> {
 public:
  explicit RandomCropLayer(const RandomCropOptions& options)
      : RandomImageLayer("RandomCrop", options) {
    require_size("RandomCrop");
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return sized_output(inputs);
  }
  Variable call(const Variable& x, CallContext context) override {
    if (!context.training.value_or(true) || !keratin::detail::has_room(x, size())) {
      return as_floating(keratin::detail::center_crop(x, size()));
    }
    const Draws draws(seeds_.next());
    return as_floating(as_batch(x, [&](const Variable& images) { return augment(images, draws); }));
  }

 private:
  keratin::detail::CropSize size() const { return {options_.height, options_.width}; }

  Variable augment(const Variable& images, const Draws& draws) override {
    const std::int64_t room_h = images.shape()[1] - options_.height;
    const std::int64_t room_w = images.shape()[2] - options_.width;
    if (images.shape()[0] == 0 || (room_h == 0 && room_w == 0)) {
      return keratin::detail::crop(images, 0, 0, size());
    }
    std::vector<Variable> windows;
    for (std::int64_t n = 0; n < images.shape()[0]; ++n) {
      const std::int64_t top = draws.integer(n, 0, 0, room_h);
      const std::int64_t left = draws.integer(n, 1, 0, room_w);
      windows.push_back(keratin::detail::crop(slice(images, {{n, n + 1}}), top, left, size()));
    }
    return concatenate(windows);
  }
};

}  // namespace

RandomCrop::RandomCrop(const RandomCropOptions& options)
    : LayerRef(std::make_shared<RandomCropLayer>(options)) {}

}  // namespace keratin::layers
