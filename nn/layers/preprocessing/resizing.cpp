#include "nn/layers/preprocessing/resizing.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/ops/resize.h"
#include "kernels/parallel.h"
#include "nn/layers/preprocessing/image_layer.h"

namespace keratin::layers {
namespace {

// In place to whole numbers within [low, high], halves to the even one.
void round_to_bytes(float* x, std::int64_t count) {
  constexpr float kWhole = 0x1.8p23f;  // adding it leaves no room for a fraction
  for (std::int64_t i = 0; i < count; ++i) {
    x[i] = (std::min(std::max(x[i], 0.0f), 255.0f) + kWhole) - kWhole;
  }
}
void round_to_integers(float* x, std::int64_t count, float low, float high) {
  for (std::int64_t i = 0; i < count; ++i) {
    x[i] = std::clamp(std::nearbyint(x[i]), low, high);
  }
}

class ResizingLayer final : public ImageLayer<ResizingOptions> {
 public:
  explicit ResizingLayer(const ResizingOptions& o)
      : ImageLayer("Resizing", o), how_{{o.height, o.width},   o.interpolation,
                                        o.antialias,           o.crop_to_aspect_ratio,
                                        o.pad_to_aspect_ratio, o.fill_value} {
    keratin::detail::check_resize_options("Resizing", how_);
    if (o.fill_mode != "constant") {
      throw ValueError(
          fmt::format("Resizing: fill_mode is \"{}\"; expected constant", o.fill_mode));
    }
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return sized_output(inputs);
  }

  Variable call(const Variable& x, CallContext) override {
    if (x.requires_grad()) return resize(x, how_);
    Tensor y = resize_images(x.value(), how_);
    if (!is_floating(x.dtype())) round(y, x.dtype());
    return Variable(cast(y, compute_dtype()), false);
  }

 private:
  static void round(Tensor& y, DType to) {
    auto* const values = y.mutable_data<float>();
    kernels::parallel_for(y.size(), kernels::grain_for(1),
                          [&](std::int64_t first, std::int64_t last) {
                            if (to == uint8) {
                              round_to_bytes(values + first, last - first);
                            } else if (to == int32) {
                              round_to_integers(values + first, last - first, -0x1p31f, 0x1p31f);
                            } else {
                              round_to_integers(values + first, last - first, -0x1p63f, 0x1p63f);
                            }
                          });
  }

  ResizeOptions how_;
};

}  // namespace

Resizing::Resizing(const ResizingOptions& options)
    : LayerRef(std::make_shared<ResizingLayer>(options)) {}

}  // namespace keratin::layers
