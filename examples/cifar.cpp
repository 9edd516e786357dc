// Small colour photographs of ten kinds, in folders or as CIFAR-10's own files.
//
//   cifar [DIR [SEED]]      DIR/train and DIR/test hold a folder of images a class;
//                           without it CIFAR-10 is downloaded once

#include <fmt/core.h>
#include <keratin/keratin.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace kt = keratin;
namespace layers = kt::layers;

namespace {

constexpr std::int64_t kBatch = 64;

std::pair<kt::data::Dataset, kt::data::Dataset> photographs(const std::string& dir) {
  if (!dir.empty()) {
    const auto in = [&](const std::string& part) {
      return kt::data::image_dataset_from_directory(
          dir + "/" + part, {.batch_size = kBatch, .image_size = {32, 32}, .seed = 1});
    };
    return {in("train"), in("test")};
  }
  const auto [train, test] = kt::data::datasets::cifar10();
  return {kt::data::from_tensor_slices(train.x, train.y).shuffle(50'000, {.seed = 1}).batch(kBatch),
          kt::data::from_tensor_slices(test.x, test.y).batch(kBatch)};
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 3) return fmt::print(stderr, "usage: cifar [DIR [SEED]]\n"), 2;
  kt::set_random_seed(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  const auto [train, test] = photographs(argc > 1 ? argv[1] : "");

  kt::Sequential model({
      kt::Input({.shape = {32, 32, 3}}),
      layers::Rescaling({.scale = 1.0 / 255}),
      layers::RandomFlip({.mode = "horizontal"}),
      layers::Conv2D({.filters = 32, .kernel_size = 3, .padding = "same", .activation = "relu"}),
      layers::Conv2D({.filters = 32, .kernel_size = 3, .activation = "relu"}),
      layers::MaxPooling2D(),
      layers::Dropout({.rate = 0.25}),
      layers::Conv2D({.filters = 64, .kernel_size = 3, .padding = "same", .activation = "relu"}),
      layers::Conv2D({.filters = 64, .kernel_size = 3, .activation = "relu"}),
      layers::MaxPooling2D(),
      layers::Dropout({.rate = 0.25}),
      layers::Flatten(),
      layers::Dense({.units = 256, .activation = "relu"}),
      layers::Dropout({.rate = 0.5}),
      layers::Dense({.units = 10, .activation = "softmax"}),
  });
  model.summary();
  model.compile(
      {.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  model.fit(train, {.epochs = 20, .validation_data = test});
  fmt::print("test accuracy: {:.4f}\n", model.evaluate(test, {.verbose = 0}).at("accuracy"));
} catch (const kt::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
