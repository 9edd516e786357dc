#include "nn/layers/preprocessing/random_brightness.h"

#include "autograd/ops/add.h"
#include "autograd/ops/clip.h"
#include "nn/layers/preprocessing/value_range.h"

namespace keratin::layers {
namespace {

class RandomBrightnessLayer final : public RandomImageLayer<RandomBrightnessOptions> {
 public:
  explicit RandomBrightnessLayer(const RandomBrightnessOptions& options)
      : RandomImageLayer("RandomBrightness", options),
        factor_(symmetric_range("RandomBrightness", "factor", options.factor, -1, 1)) {
    require_value_range("RandomBrightness", options.value_range);
  }

 private:
  Variable augment(const Variable& images, const Draws& draws) override {
    const auto& [low, high] = options_.value_range;
    const Variable delta = per_image(images, [&, width = high - low](std::int64_t n) {
      return draws.uniform(n, 0, factor_.lower, factor_.upper) * width;
    });
    return clip(images + delta, low, high);
  }

  const FactorRange factor_;
};

}  // namespace

RandomBrightness::RandomBrightness(const RandomBrightnessOptions& options)
    : LayerRef(std::make_shared<RandomBrightnessLayer>(options)) {}

}  // namespace keratin::layers
