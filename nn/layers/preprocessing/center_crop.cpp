#include "nn/layers/preprocessing/center_crop.h"

#include "nn/layers/preprocessing/crop.h"
#include "nn/layers/preprocessing/image_layer.h"

namespace keratin::layers {
namespace {

class CenterCropLayer final : public ImageLayer<CenterCropOptions> {
 public:
  explicit CenterCropLayer(const CenterCropOptions& options) : ImageLayer("CenterCrop", options) {
    require_size("CenterCrop");
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return sized_output(inputs);
  }
  // Cropped first: what is left is cheaper to convert.
  Variable call(const Variable& x, CallContext) override {
    return as_floating(keratin::detail::center_crop(x, {options_.height, options_.width}));
  }
};

}  // namespace

CenterCrop::CenterCrop(const CenterCropOptions& options)
    : LayerRef(std::make_shared<CenterCropLayer>(options)) {}

}  // namespace keratin::layers
