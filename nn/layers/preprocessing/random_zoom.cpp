#include "nn/layers/preprocessing/random_zoom.h"

#include <cmath>

#include "nn/layers/preprocessing/transform.h"

namespace keratin::layers {
namespace {

FactorRange zoom_range(const char* option, const Factor& factor) {
  const FactorRange range = symmetric_range("RandomZoom", option, factor, -1, 1);
  if (factor.lower() > -1 && factor.upper() > -1) return range;
  throw ValueError(fmt::format(
      "RandomZoom: {} is {}, -1 among it: 1 + factor of the image would be nothing; expected "
      "numbers above -1, up to 1",
      option, factor.text()));
}

class RandomZoomLayer final : public RandomImageLayer<RandomZoomOptions> {
 public:
  explicit RandomZoomLayer(const RandomZoomOptions& options)
      : RandomImageLayer("RandomZoom", options),
        height_(zoom_range("height_factor", options.height_factor)),
        width_(options.width_factor.given() ? zoom_range("width_factor", options.width_factor)
                                            : height_),
        how_(transform_options("RandomZoom", options)) {}

 private:
  Variable augment(const Variable& images, const Draws& draws) override {
    const double v = static_cast<double>(images.shape()[1] - 1) / 2;
    const double u = static_cast<double>(images.shape()[2] - 1) / 2;
    return transformed(images, how_, [&](std::int64_t n) -> Matrix {
      const double y = 1 + draws.uniform(n, 0, height_.lower, height_.upper);
      const double x =
          options_.width_factor.given() ? 1 + draws.uniform(n, 1, width_.lower, width_.upper) : y;
      const auto f = [](double number) { return static_cast<float>(number); };
      return {f(x), 0, f(u * (1 - x)), 0, f(y), f(v * (1 - y)), 0, 0};
    });
  }

  const FactorRange height_, width_;
  const AffineTransformOptions how_;
};

}  // namespace

RandomZoom::RandomZoom(const RandomZoomOptions& options)
    : LayerRef(std::make_shared<RandomZoomLayer>(options)) {}

}  // namespace keratin::layers
