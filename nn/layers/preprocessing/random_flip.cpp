#include "nn/layers/preprocessing/random_flip.h"

#include "nn/layers/preprocessing/transform.h"

namespace keratin::layers {
namespace {

class RandomFlipLayer final : public RandomImageLayer<RandomFlipOptions> {
 public:
  explicit RandomFlipLayer(const RandomFlipOptions& options)
      : RandomImageLayer("RandomFlip", options),
        horizontal_(options.mode != "vertical"),
        vertical_(options.mode != "horizontal") {
    if (options.mode != "horizontal" && options.mode != "vertical" &&
        options.mode != "horizontal_and_vertical") {
      throw ValueError(fmt::format(
          "RandomFlip: mode is \"{}\"; expected horizontal, vertical or horizontal_and_vertical",
          options.mode));
    }
  }

 private:
  Variable augment(const Variable& images, const Draws& draws) override {
    const auto last_row = static_cast<float>(images.shape()[1] - 1);
    const auto last_column = static_cast<float>(images.shape()[2] - 1);
    return transformed(images, {.interpolation = "nearest", .fill_mode = "nearest"},
                       [&](std::int64_t n) -> Matrix {
                         const bool across = horizontal_ && draws.uniform(n, 0, 0, 1) < 0.5;
                         const bool down = vertical_ && draws.uniform(n, 1, 0, 1) < 0.5;
                         Matrix m = {1, 0, 0, 0, 1, 0, 0, 0};
                         if (across) m[0] = -1, m[2] = last_column;
                         if (down) m[4] = -1, m[5] = last_row;
                         return m;
                       });
  }

  const bool horizontal_, vertical_;
};

}  // namespace

RandomFlip::RandomFlip(const RandomFlipOptions& options)
    : LayerRef(std::make_shared<RandomFlipLayer>(options)) {}

}  // namespace keratin::layers
