// Photographs in folders -> a classifier that takes raw RGB bytes.
// The whole path of a first Keras project: load, look, train, watch, save, reload, use.
//
//   images DIR OUT      DIR holds one folder of PNG/JPEG/BMP/GIF files a class

#include <keratin/keratin.h>

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kt = keratin;
namespace layers = kt::layers;
namespace callbacks = kt::callbacks;

int main(int argc, char** argv) {
  if (argc != 3) return fmt::print(stderr, "usage: images DIR OUT\n"), 2;
  const std::string dir = argv[1], out = argv[2];

  auto train = kt::data::image_dataset_from_directory(dir, {.batch_size = 64,
                                                            .image_size = {200, 200},
                                                            .seed = 7,
                                                            .validation_split = 0.2,
                                                            .subset = "training"});
  auto val = kt::data::image_dataset_from_directory(dir, {.batch_size = 64,
                                                          .image_size = {200, 200},
                                                          .seed = 7,
                                                          .validation_split = 0.2,
                                                          .subset = "validation"});
  const auto num_classes = std::ssize(train.class_names());

  // Any size of 8-bit RGB image goes in: cropping, scaling and augmentation are layers of the model.
  auto inputs = kt::Input({.shape = {kt::None, kt::None, 3}, .dtype = kt::uint8});
  auto x = layers::CenterCrop({.height = 150, .width = 150})(inputs);
  x = layers::Rescaling({.scale = 1.0 / 255})(x);
  x = layers::RandomFlip({.mode = "horizontal"})(x);
  x = layers::Conv2D({.filters = 32, .kernel_size = {3, 3}, .activation = "relu"})(x);
  x = layers::MaxPooling2D({.pool_size = {3, 3}})(x);
  x = layers::Conv2D({.filters = 32, .kernel_size = {3, 3}, .activation = "relu"})(x);
  x = layers::MaxPooling2D({.pool_size = {3, 3}})(x);
  x = layers::Conv2D({.filters = 32, .kernel_size = 3, .activation = "relu"})(x);
  x = layers::MaxPooling2D({.pool_size = 3})(x);
  x = layers::GlobalAveragePooling2D()(x);
  auto outputs = layers::Dense({.units = num_classes, .activation = "softmax"})(x);

  kt::Model model(inputs, outputs);
  model.summary();

  model.compile({.optimizer = "rmsprop",
                 .loss = "sparse_categorical_crossentropy",
                 .metrics = {kt::metrics::SparseCategoricalAccuracy({.name = "acc"})}});

  kt::History history = model.fit(
      train, {.epochs = 10,
              .callbacks =
                  {
                      callbacks::ModelCheckpoint(
                          {.filepath = out + "/model_{epoch}.keras", .save_freq = "epoch"}),
                      callbacks::TensorBoard({.log_dir = out + "/logs"}),
                      callbacks::CSVLogger({.filename = out + "/history.csv"}),
                  },
              .validation_data = val});

  // One value an epoch, under the names that Keras gives them.
  const std::vector<double>& curve = history.history.at("val_acc");
  fmt::print("best val_acc: {:.3f}\n", *std::max_element(curve.begin(), curve.end()));

  auto scores = model.evaluate(val);
  fmt::print("loss: {:.2f}\nacc: {:.2f}\n", scores.at("loss"), scores.at("acc"));

  // The last checkpoint is the same model, preprocessing included.
  kt::Model reloaded = kt::load_model(out + "/model_10.keras");
  kt::Tensor a = model.predict(val), b = reloaded.predict(val);
  fmt::print("predictions: {}  largest difference after reload: {}\n", a.shape(),
             kt::max_abs_difference(a, b));
}
