// What golden values cannot tell of the image layers: errors, unknown sizes, gradients, models,
// datasets.
#include <algorithm>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "data/dataset.h"
#include "nn/layers/preprocessing/center_crop.h"
#include "nn/layers/preprocessing/random_brightness.h"
#include "nn/layers/preprocessing/random_contrast.h"
#include "nn/layers/preprocessing/random_crop.h"
#include "nn/layers/preprocessing/random_flip.h"
#include "nn/layers/preprocessing/random_rotation.h"
#include "nn/layers/preprocessing/random_translation.h"
#include "nn/layers/preprocessing/random_zoom.h"
#include "nn/layers/preprocessing/resizing.h"
#include "nn/model/model.h"
#include "nn/saving/layer_json.h"
#include "tensor/cast.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using namespace keratin::layers;

std::vector<LayerRef> random_layers(std::int64_t seed, DTypePolicy dtype = {}) {
  return {
      RandomCrop({.height = 5, .width = 4, .seed = seed, .dtype = dtype}),
      RandomFlip({.seed = seed, .dtype = dtype}),
      RandomRotation({.factor = 0.3, .seed = seed, .dtype = dtype}),
      RandomZoom({.height_factor = 0.4, .seed = seed, .dtype = dtype}),
      RandomTranslation({.height_factor = 0.3, .width_factor = 0.3, .seed = seed, .dtype = dtype}),
      RandomContrast({.factor = 0.6, .seed = seed, .dtype = dtype}),
      RandomBrightness({.factor = 0.4, .seed = seed, .dtype = dtype})};
}
std::vector<LayerRef> all_layers() {
  std::vector<LayerRef> all = random_layers(1);
  all.push_back(Resizing({.height = 5, .width = 4}));
  all.push_back(CenterCrop({.height = 5, .width = 4}));
  return all;
}

// Pixels of 0 to 250.
Tensor images(const Shape& shape, DType dtype = uint8) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < shape.size(); ++i)
    values.push_back(static_cast<double>(i * 37 % 251));
  return cast(Tensor::from(values, shape), dtype);
}

bool has_own_size(const LayerRef& layer) {
  const std::string name = layer.layer()->class_name();
  return name == "RandomCrop" || name == "CenterCrop" || name == "Resizing";
}

}  // namespace

TEST_CASE("image layers: ranks, number types, sizes of 1") {
  for (const LayerRef& layer : all_layers()) {
    CAPTURE(layer.name());
    for (const Shape& shape : {Shape{2, 9, 8, 3}, Shape{9, 8, 1}, Shape{1, 1, 3}, Shape{1, 1, 1, 2},
                               Shape{3, 5, 4, 4}, Shape{0, 9, 8, 3}}) {
      Shape expected = shape;
      if (has_own_size(layer)) {
        expected = expected.with(expected.rank() - 3, 5).with(expected.rank() - 2, 4);
      }
      for (const DType dtype : {uint8, int32, int64, float32, float64}) {
        const Tensor x = images(shape, dtype);
        for (const bool training : {false, true}) {
          const Tensor y = layer(Tensors(x), {.training = training}).value();
          CHECK(y.shape() == expected);
          CHECK(y.dtype() == float32);
          for (const float v : y.to_vector<float>()) REQUIRE((v >= -1e-4f && v <= 255));
        }
      }
    }
    // Unknown sizes, in a graph.
    const SymbolicTensor any = Input({.shape = {None, None, 3}, .dtype = uint8});
    CHECK(layer(any).shape() ==
          (has_own_size(layer) ? Shape{None, 5, 4, 3} : Shape{None, None, None, 3}));
    CHECK(layer(any).dtype() == float32);
  }
}

TEST_CASE("image layers: the same image as part of a batch or alone") {
  const Tensor x = images({9, 8, 3});
  for (std::size_t i = 0; i < random_layers(0).size(); ++i) {
    const Tensor alone = random_layers(7)[i](Tensors(x)).value();
    const Tensor batch = random_layers(7)[i](Tensors(reshape(x, {1, 9, 8, 3}))).value();
    CHECK(alone.to_vector<float>() == batch.to_vector<float>());
  }
}

TEST_CASE("image layers: training, by themselves and in models") {
  const Tensor x = images({6, 9, 8, 3});
  for (const LayerRef& layer : random_layers(3)) {
    CAPTURE(layer.name());
    const auto values = [&](const Variables& y) { return y.value().to_vector<float>(); };
    const std::vector<float> still = values(layer(Tensors(x), {.training = false}));
    const std::vector<float> passed = values(layer.layer()->class_name() == "RandomCrop"
                                                 ? CenterCrop({.height = 5, .width = 4})(Tensors(x))
                                                 : Variables(Variable(cast(x, float32), false)));
    CHECK(still == passed);
    CHECK(values(layer(Tensors(x), {.training = true})) != still);
    CHECK(values(layer(Tensors(x))) != still);  // by itself: in training
    const SymbolicTensor in = Input({.shape = {None, None, 3}, .dtype = uint8});
    Model model(in, layer(in));
    CHECK(values(model(Tensors(x))) == still);  // in a model: only when the model trains
    CHECK(values(model(Tensors(x), {.training = false})) == still);
    CHECK(values(model(Tensors(x), {.training = true})) != still);
    CHECK(model.predict(x).to_vector<float>() == still);
  }
}

TEST_CASE("image layers: gradients reach floating inputs") {
  const Tensor x = images({2, 6, 5, 2}, float64);
  // Contrast and brightness clip; here nothing is near the ends.
  const Tensor middle = 0.2 * x + 100.0;
  const auto all = [] {
    std::vector<LayerRef> made = random_layers(5, float64);
    made.push_back(Resizing({.height = 4, .width = 7, .dtype = float64}));
    made.push_back(
        Resizing({.height = 4, .width = 7, .pad_to_aspect_ratio = true, .dtype = float64}));
    made.push_back(CenterCrop({.height = 3, .width = 3, .dtype = float64}));
    made.push_back(CenterCrop({.height = 9, .width = 3, .dtype = float64}));
    return made;
  };
  for (std::size_t i = 0; i < all().size(); ++i) {
    CAPTURE(all()[i].layer()->class_name());
    // The same draw every time: a fresh layer.
    const auto f = [&](const Variable& v) { return Variable(all()[i](v)); };
    CHECK(gradcheck(f, middle).max_relative_error < 1e-7);
  }
}

TEST_CASE("image layers: in a dataset") {
  const RandomFlip flip({.seed = 2});
  const Resizing resizing({.height = 4, .width = 4});
  const data::Dataset dataset = data::from_tensor_slices(images({10, 9, 8, 3}), zeros({10}, int32))
                                    .map([=](Example e) {
                                      e.x = resizing(flip(e.x)).value();
                                      return e;
                                    })
                                    .batch(5);
  std::int64_t count = 0;
  for (const Example& batch : dataset) {
    CHECK(batch.x.shape() == Shape{5, 4, 4, 3});
    count += batch.x.shape()[0];
  }
  CHECK(count == 10);
  // From several threads at once, the first call included.
  const Resizing fresh({.height = 3, .width = 5});
  std::int64_t image = 0;
  for (const Example& example : data::from_tensor_slices(images({200, 9, 8, 3}))
                                    .map(
                                        [=](Example e) {
                                          e.x = fresh(e.x).value();
                                          return e;
                                        },
                                        {.num_parallel_calls = 4})) {
    const Tensor alone = fresh(Tensors(images({200, 9, 8, 3})[image++])).value();
    CHECK(example.x.to_vector<float>() == alone.to_vector<float>());
  }
  CHECK(image == 200);
}

TEST_CASE("image layers: Resizing rounds integers, halves to the even one") {
  const Resizing half({.height = 1, .width = 2});
  const Tensor x = Tensor::numbers({0, 1, 2, 3, 250, 251, 254, 255}, {2, 4, 1});
  // Means of four: 125.5 and 128.5.
  CHECK(half(Tensors(x)).value().to_vector<float>() == std::vector<float>{125.5f, 128.5f});
  for (const DType dtype : {uint8, int32, int64}) {
    CHECK(half(Tensors(cast(x, dtype))).value().to_vector<float>() == std::vector<float>{126, 128});
  }
  // Bicubic goes beyond the values; bytes end at 0 and 255, other integers do not.
  const Tensor edge = Tensor::numbers({0, 0, 0, 255, 255, 255}, {1, 6, 1});
  const Resizing cubic({.height = 1, .width = 17, .interpolation = "bicubic"});
  const auto ends = [&](DType dtype) {
    const auto y = cubic(Tensors(cast(edge, dtype))).value().to_vector<float>();
    const auto [low, high] = std::minmax_element(y.begin(), y.end());
    return std::pair(*low, *high);
  };
  CHECK(ends(uint8) == std::pair(0.f, 255.f));
  CHECK(ends(int32).first < -5);
  CHECK(ends(int32).second > 260);
}

TEST_CASE("image layers: options in files") {
  std::vector<LayerRef> all = all_layers();
  all.push_back(Resizing({.height = 3,
                          .width = 4,
                          .interpolation = "lanczos3",
                          .pad_to_aspect_ratio = true,
                          .fill_value = 3,
                          .antialias = true}));
  all.push_back(RandomRotation({.factor = {-0.1, 0.3},
                                .fill_mode = "constant",
                                .interpolation = "nearest",
                                .seed = 3,
                                .fill_value = 9}));
  all.push_back(RandomZoom({.height_factor = {0.1, 0.2}, .width_factor = 0.3, .seed = 3}));
  all.push_back(RandomContrast({.factor = {0, 0.3}, .value_range = {0, 300}, .seed = 3}));
  all.push_back(RandomFlip({.mode = "vertical", .seed = 3, .name = "mirror"}));
  const Tensor x = images({3, 9, 8, 3});
  for (const LayerRef& layer : all) {
    const saving::Json json = saving::layer_to_json(layer);
    CAPTURE(json.dump());
    const LayerRef again = saving::layer_from_json(json, "here");
    CHECK(again.name() == layer.name());
    CHECK(saving::layer_to_json(again) == json);
    CHECK(again(Tensors(x)).value().to_vector<float>() ==
          layer(Tensors(x)).value().to_vector<float>());
  }
  // As Keras 3.15 writes them.
  const auto config = [](const LayerRef& layer) {
    nlohmann::json json = saving::layer_to_json(layer)["config"];  // whatever the order of keys
    json.erase("dtype");
    return json;
  };
  CHECK(config(RandomRotation({.factor = 0.2, .name = "r"})) ==
        nlohmann::json::parse(R"({"name": "r", "data_format": "channels_last",
            "factor": [-0.2, 0.2], "fill_mode": "reflect", "fill_value": 0.0,
            "interpolation": "bilinear", "seed": null})"));
  CHECK(config(RandomZoom({.height_factor = 0.2, .name = "z"})) ==
        nlohmann::json::parse(R"({"name": "z", "data_format": "channels_last",
            "height_factor": [-0.2, 0.2], "width_factor": null, "fill_mode": "reflect",
            "interpolation": "bilinear", "seed": null, "fill_value": 0.0})"));
  // Which one number means the same in Keras.
  CHECK(config(RandomContrast({.factor = 0.3}))["factor"] == nlohmann::json{0.3, 0.3});
  saving::Json broken = saving::layer_to_json(RandomZoom({.height_factor = 0.2}));
  broken["config"]["height_factor"] = {1, 2, 3};
  CHECK_THROWS_WITH_AS((void)saving::layer_from_json(broken, "here"),
                       doctest::Contains("height_factor holds 3 numbers"), Error);
}

TEST_CASE("image layers: errors") {
  const auto throws = [](auto make, const char* text) {
    CHECK_THROWS_WITH_AS((void)make(), doctest::Contains(text), ValueError);
  };
  throws([] { return Resizing({.width = 3}); }, "Resizing: the size to resize to, height 0");
  throws([] { return Resizing({.height = 3, .width = 3, .interpolation = "area"}); },
         "Resizing: interpolation is \"area\"");
  throws([] { return Resizing({.height = 3, .width = 3, .fill_mode = "reflect"}); },
         "Resizing: fill_mode is \"reflect\"; expected constant");
  throws(
      [] {
        return Resizing(
            {.height = 3, .width = 3, .crop_to_aspect_ratio = true, .pad_to_aspect_ratio = true});
      },
      "both true; choose one");
  throws([] { return CenterCrop({.height = 3}); }, "CenterCrop: height is 3 and width 0");
  throws([] { return RandomCrop({.height = -3, .width = 2}); }, "RandomCrop: height is -3");
  throws([] { return CenterCrop({.height = 3, .width = 3, .data_format = "channels_first"}); },
         "CenterCrop: data_format is \"channels_first\"; images are kept as \"channels_last\"");
  throws([] { return RandomFlip({.data_format = "channels_first"}); }, "channels_last");
  throws([] { return RandomFlip({.mode = "sideways"}); }, "mode is \"sideways\"; expected horiz");
  throws([] { return RandomRotation({}); }, "RandomRotation: factor is missing");
  throws([] { return RandomRotation({.factor = 1.5}); }, "factor is 1.5; expected numbers from -1");
  throws([] { return RandomRotation({.factor = 0.1, .fill_mode = "edge"}); },
         "RandomRotation: fill_mode is \"edge\"");
  throws([] { return RandomRotation({.factor = 0.1, .interpolation = "bicubic"}); },
         "RandomRotation: interpolation is \"bicubic\"");
  throws([] { return RandomZoom({.height_factor = {-1, 0.5}}); }, "above -1, up to 1");
  throws([] { return RandomZoom({.height_factor = -1}); }, "factor is -1, -1 among it");
  throws(
      [] {
        return RandomZoom({.height_factor = 0.5, .width_factor = {0, 2}});
      },
      "RandomZoom: width_factor is {0, 2}");
  throws([] { return RandomTranslation({.height_factor = 0.5}); }, "width_factor is missing");
  throws([] { return RandomContrast({.factor = -0.2}); }, "RandomContrast: factor is -0.2");
  throws([] { return RandomContrast({.factor = {0.5, 0.2}}); }, "the smaller number first");
  throws(
      [] {
        return RandomContrast({.factor = 0.5, .value_range = {1, 0}});
      },
      "value_range is {1, 0}");
  throws([] { return RandomBrightness({.factor = std::nan("")}); }, "factor is nan");
  for (const LayerRef& layer : all_layers()) {
    CHECK_THROWS_WITH_AS(layer(Tensors(zeros({4, 4}))), doctest::Contains("input has rank 2"),
                         ShapeError);
    CHECK_THROWS_WITH_AS(layer(Tensors(zeros({2, 0, 4, 3}))),
                         doctest::Contains("images need a pixel"), ShapeError);
    CHECK_THROWS_AS(layer(Tensors(zeros({4, 4, 3}, boolean))), DTypeError);
    CHECK_THROWS_AS(layer(Tensors(Tensor::strings({"a"}, {1, 1, 1}))), DTypeError);
    CHECK_THROWS_AS(layer(Input({.shape = {3}})), ShapeError);
  }
}

}  // namespace keratin::tests
