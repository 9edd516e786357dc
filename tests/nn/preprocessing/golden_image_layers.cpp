// Image layers give what Keras gives.
#include "nn/layers/preprocessing/center_crop.h"
#include "nn/layers/preprocessing/random_brightness.h"
#include "nn/layers/preprocessing/random_rotation.h"
#include "nn/layers/preprocessing/random_translation.h"
#include "nn/layers/preprocessing/random_zoom.h"
#include "nn/layers/preprocessing/resizing.h"
#include "tensor/cast.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

void read(Options& given, const char* name, layers::Factor& factor) {
  if (const Json* value = given.find(name)) {
    factor = layers::Factor((*value)[0].get<double>(), (*value)[1].get<double>());
  }
}

template <class LayerOptions>
void read_transform(Options& given, LayerOptions& o) {
  given.read("fill_mode", o.fill_mode)
      .read("interpolation", o.interpolation)
      .read("fill_value", o.fill_value);
}

LayerRef made(const std::string& name, Options& given) {
  if (name == "Resizing") {
    layers::ResizingOptions o;
    given.read("height", o.height)
        .read("width", o.width)
        .read("interpolation", o.interpolation)
        .read("crop_to_aspect_ratio", o.crop_to_aspect_ratio)
        .read("pad_to_aspect_ratio", o.pad_to_aspect_ratio)
        .read("fill_value", o.fill_value)
        .read("antialias", o.antialias);
    return layers::Resizing(o);
  }
  if (name == "CenterCrop") {
    layers::CenterCropOptions o;
    given.read("height", o.height).read("width", o.width);
    return layers::CenterCrop(o);
  }
  if (name == "RandomRotation") {
    layers::RandomRotationOptions o;
    read(given, "factor", o.factor);
    read_transform(given, o);
    return layers::RandomRotation(o);
  }
  if (name == "RandomZoom" || name == "RandomTranslation") {
    layers::RandomZoomOptions o;
    read(given, "height_factor", o.height_factor);
    read(given, "width_factor", o.width_factor);
    read_transform(given, o);
    if (name == "RandomZoom") return layers::RandomZoom(o);
    return layers::RandomTranslation({.height_factor = o.height_factor,
                                      .width_factor = o.width_factor,
                                      .fill_mode = o.fill_mode,
                                      .interpolation = o.interpolation,
                                      .fill_value = o.fill_value});
  }
  REQUIRE(name == "RandomBrightness");
  layers::RandomBrightnessOptions o;
  read(given, "factor", o.factor);
  given.read("value_range", o.value_range);
  return layers::RandomBrightness(o);
}

// Of pixels from 0 to 255. Lanczos adds up to 100 pixels with weights of both signs. Places of a
// transform are off by a rounding of float32, and the images change by 250 a pixel.
double allowed(const std::string& name, const Json& options) {
  if (name == "Resizing") {
    const bool lanczos = options.value("interpolation", "bilinear").starts_with("lanczos");
    return lanczos ? 3e-4 : 1e-4;
  }
  return name == "CenterCrop" || name == "RandomBrightness" ? 1e-4 : 5e-4;
}

}  // namespace

TEST_CASE("image layers: Keras' values") {
  const Json& file = golden("image_layers");
  std::set<std::string> seen;
  for (const Json& test : file["cases"]) {
    const std::string name = test["layer"], options = test["options"].dump();
    CAPTURE(name);
    CAPTURE(options);
    seen.insert(name);
    Options given(test["options"]);
    const LayerRef layer = made(name, given);
    given.done();
    const DType dtype = test["dtype"] == "uint8" ? uint8 : float32;
    const Json& input = file["inputs"][test["input"].get<std::size_t>()];
    const Tensor x = to_tensor(input, dtype), y = layer(Tensors(x)).value();
    CHECK(y.dtype() == float32);
    CHECK(difference(y, test, {0, allowed(name, test["options"])}) == "");
    // The shape is known beforehand, from unknown sizes too where the layer sets it.
    const auto specs = layer.layer()->output_specs({x.spec()});
    CHECK(specs[0].shape == y.shape());
    CHECK(specs[0].dtype == float32);
  }
  CHECK(seen.size() == 6);
}

}  // namespace keratin::tests
