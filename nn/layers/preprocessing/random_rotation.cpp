#include "nn/layers/preprocessing/random_rotation.h"

#include <cmath>
#include <numbers>

#include "nn/layers/preprocessing/transform.h"

namespace keratin::layers {
namespace {

class RandomRotationLayer final : public RandomImageLayer<RandomRotationOptions> {
 public:
  explicit RandomRotationLayer(const RandomRotationOptions& options)
      : RandomImageLayer("RandomRotation", options),
        turns_(symmetric_range("RandomRotation", "factor", options.factor, -1, 1)),
        how_(transform_options("RandomRotation", options)) {}

 private:
  // Rows grow downwards, so that reading at an angle turns the image against the clock.
  Variable augment(const Variable& images, const Draws& draws) override {
    const double v = static_cast<double>(images.shape()[1] - 1) / 2;
    const double u = static_cast<double>(images.shape()[2] - 1) / 2;
    return transformed(images, how_, [&](std::int64_t n) -> Matrix {
      const double angle = 2 * std::numbers::pi * draws.uniform(n, 0, turns_.lower, turns_.upper);
      const double c = std::cos(angle), s = std::sin(angle);
      const auto f = [](double number) { return static_cast<float>(number); };
      return {f(c), f(-s), f(u - u * c + v * s), f(s), f(c), f(v - u * s - v * c), 0, 0};
    });
  }

  const FactorRange turns_;
  const AffineTransformOptions how_;
};

}  // namespace

RandomRotation::RandomRotation(const RandomRotationOptions& options)
    : LayerRef(std::make_shared<RandomRotationLayer>(options)) {}

}  // namespace keratin::layers
