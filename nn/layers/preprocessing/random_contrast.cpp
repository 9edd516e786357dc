#include "nn/layers/preprocessing/random_contrast.h"

#include "autograd/ops/add.h"
#include "autograd/ops/clip.h"
#include "autograd/ops/mean.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/subtract.h"
#include "nn/layers/preprocessing/value_range.h"

namespace keratin::layers {
namespace {

class RandomContrastLayer final : public RandomImageLayer<RandomContrastOptions> {
 public:
  explicit RandomContrastLayer(const RandomContrastOptions& options)
      : RandomImageLayer("RandomContrast", options) {
    const Factor& factor = options.factor;
    (void)symmetric_range("RandomContrast", "factor", factor, 0, 1);
    if (factor.lower() > factor.upper()) {
      throw ValueError(fmt::format(
          "RandomContrast: factor is {}; expected the smaller number first, as Keras sorts the two",
          factor.text()));
    }
    require_value_range("RandomContrast", options.value_range);
  }

 private:
  // (x - m) f + m = x f + m (1 - f), with m the smaller tensor
  Variable augment(const Variable& images, const Draws& draws) override {
    const Variable f = per_image(images, [&](std::int64_t n) {
      return draws.uniform(n, 0, 1 - options_.factor.lower(), 1 + options_.factor.upper());
    });
    const Variable m = mean(images, {.axis = {1, 2}, .keepdims = true});  // [batch, 1, 1, channels]
    return clip(images * f + m * (1 - f), options_.value_range[0], options_.value_range[1]);
  }
};

}  // namespace

RandomContrast::RandomContrast(const RandomContrastOptions& options)
    : LayerRef(std::make_shared<RandomContrastLayer>(options)) {}

}  // namespace keratin::layers
