// Clothes in 28x28 grey pixels: batch normalization, dropout and mirrored images to 92 % and more.
//
//   fashion [DIR [SEED]]      the Fashion-MNIST files in DIR; else they are downloaded once

#include <fmt/core.h>
#include <keratin/keratin.h>

#include <cstdlib>
#include <string>

namespace kt = keratin;
namespace layers = kt::layers;

namespace {

kt::SymbolicTensor convolution(const kt::SymbolicTensor& x, int filters) {
  const auto y = layers::Conv2D(
      {.filters = filters, .kernel_size = 3, .padding = "same", .use_bias = false})(x);
  return layers::ReLU()(layers::BatchNormalization()(y));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 3) return fmt::print(stderr, "usage: fashion [DIR [SEED]]\n"), 2;
  kt::set_random_seed(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  const auto [train, test] =
      kt::data::datasets::fashion_mnist({.directory = argc > 1 ? argv[1] : ""});

  const auto inputs = kt::Input({.shape = {28, 28}, .dtype = kt::uint8});
  kt::SymbolicTensor x = layers::Reshape({.target_shape = {28, 28, 1}})(inputs);
  x = layers::Rescaling({.scale = 1.0 / 255})(x);
  x = layers::RandomFlip({.mode = "horizontal"})(x);
  x = convolution(x, 32);
  x = layers::MaxPooling2D()(x);
  x = convolution(x, 64);
  x = convolution(x, 64);
  x = layers::MaxPooling2D()(x);
  x = convolution(x, 128);
  x = layers::GlobalAveragePooling2D()(x);
  x = layers::Dropout({.rate = 0.3})(x);
  kt::Model model(inputs, layers::Dense({.units = 10, .activation = "softmax"})(x));
  model.summary();

  const int epochs = 15;
  const std::int64_t batch_size = 128, steps = train.x.shape()[0] / batch_size + 1;
  model.compile({.optimizer = kt::optimizers::Adam(
                     {.learning_rate = kt::optimizers::schedules::CosineDecay(
                          {.initial_learning_rate = 2e-3, .decay_steps = epochs * steps})}),
                 .loss = "sparse_categorical_crossentropy",
                 .metrics = {"accuracy"}});
  model.fit(train.x, train.y,
            {.batch_size = batch_size, .epochs = epochs, .validation_data = {test.x, test.y}});

  const kt::Tensor said = kt::argmax(model.predict(test.x, {.verbose = 0}), {.axis = -1});
  fmt::print("\n{}", kt::classification_report_text(
                         kt::classification_report(test.y, said),
                         {.class_names = {"T-shirt", "trouser", "pullover", "dress", "coat",
                                          "sandal", "shirt", "sneaker", "bag", "ankle boot"}}));
  fmt::print("\ntest accuracy: {:.4f}\n",
             model.evaluate(test.x, test.y, {.verbose = 0}).at("accuracy"));
} catch (const kt::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
