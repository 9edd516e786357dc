#include "nn/layers/preprocessing/random_translation.h"

#include "nn/layers/preprocessing/transform.h"

namespace keratin::layers {
namespace {

class RandomTranslationLayer final : public RandomImageLayer<RandomTranslationOptions> {
 public:
  explicit RandomTranslationLayer(const RandomTranslationOptions& options)
      : RandomImageLayer("RandomTranslation", options),
        height_(
            symmetric_range("RandomTranslation", "height_factor", options.height_factor, -1, 1)),
        width_(symmetric_range("RandomTranslation", "width_factor", options.width_factor, -1, 1)),
        how_(transform_options("RandomTranslation", options)) {}

 private:
  Variable augment(const Variable& images, const Draws& draws) override {
    const auto height = static_cast<double>(images.shape()[1]);
    const auto width = static_cast<double>(images.shape()[2]);
    return transformed(images, how_, [&](std::int64_t n) -> Matrix {
      const double down = height * draws.uniform(n, 0, height_.lower, height_.upper);
      const double right = width * draws.uniform(n, 1, width_.lower, width_.upper);
      return {1, 0, static_cast<float>(-right), 0, 1, static_cast<float>(-down), 0, 0};
    });
  }

  const FactorRange height_, width_;
  const AffineTransformOptions how_;
};

}  // namespace

RandomTranslation::RandomTranslation(const RandomTranslationOptions& options)
    : LayerRef(std::make_shared<RandomTranslationLayer>(options)) {}

}  // namespace keratin::layers
