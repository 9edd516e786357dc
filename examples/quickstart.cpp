// A small convolutional network learns to read digits, in less than a minute.
//
//   quickstart [DIR]     digits that the program draws itself, or the MNIST files in DIR

#include <fmt/core.h>
#include <keratin/keratin.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kt = keratin;
namespace layers = kt::layers;

int main(int argc, char** argv) try {
  if (argc > 2) return fmt::print(stderr, "usage: quickstart [DIR]\n"), 2;
  const double start = kt::now();
  kt::set_random_seed(1);

  // Grey images, uint8 [samples, 28, 28], and what they show, uint8 [samples].
  const auto parts =
      argc == 2 ? kt::data::datasets::mnist({.directory = argv[1]}) : kt::data::datasets::digits();
  const auto &train = parts.first, &test = parts.second;

  kt::Sequential model({
      kt::Input({.shape = {28, 28}, .dtype = kt::uint8}),
      layers::Rescaling({.scale = 1.0 / 255}),
      layers::Reshape({.target_shape = {28, 28, 1}}),
      layers::Conv2D({.filters = 32, .kernel_size = 3, .activation = "relu"}),
      layers::MaxPooling2D(),
      layers::Conv2D({.filters = 64, .kernel_size = 3, .activation = "relu"}),
      layers::Conv2D({.filters = 64, .kernel_size = 3, .activation = "relu"}),
      layers::MaxPooling2D(),
      layers::Flatten(),
      layers::Dropout({.rate = 0.5}),
      layers::Dense({.units = 10, .activation = "softmax"}),
  });
  model.summary();

  const int epochs = 5;
  const std::int64_t batch_size = 64, steps = train.x.shape()[0] / batch_size + 1;
  model.compile({.optimizer = kt::optimizers::Adam(
                     {.learning_rate = kt::optimizers::schedules::CosineDecay(
                          {.initial_learning_rate = 2e-3, .decay_steps = epochs * steps})}),
                 .loss = "sparse_categorical_crossentropy",
                 .metrics = {"accuracy"}});
  const kt::History history =
      model.fit(train.x, train.y,
                {.batch_size = batch_size, .epochs = epochs, .validation_data = {test.x, test.y}});
  kt::plot_history(history, {.to_file = "history.svg"});

  // What it says of the test digits: the first few, and those that it gets wrong.
  const kt::Tensor probabilities = model.predict(test.x, {.batch_size = 256, .verbose = 0});
  const kt::Tensor said = kt::argmax(probabilities, {.axis = -1});
  const auto show = [&](const char* title, const std::vector<std::int64_t>& which) {
    std::vector<kt::Tensor> images, answers, truths;
    for (const std::int64_t i : which) {
      images.push_back(test.x[i]);
      answers.push_back(probabilities[i]);
      truths.push_back(test.y[i]);
    }
    if (which.empty()) return;
    fmt::print("\n{}\n{}", title,
               kt::draw_images(kt::stack(images), {.captions = kt::prediction_captions(
                                                       kt::stack(answers), kt::stack(truths)),
                                                   .width = 24}));
  };
  std::vector<std::int64_t> wrong;
  for (std::int64_t i = 0; i < test.y.size() && wrong.size() < 3; ++i) {
    if (said.item<int>({i}) != test.y.item<int>({i})) wrong.push_back(i);
  }
  show("The first test digits, and what the model says:", {0, 1, 2});
  show("Where it is wrong:", wrong);
  fmt::print("\nRows: what it is; columns: what the model says.\n{}",
             kt::confusion_matrix_text(kt::confusion_matrix(test.y, said)));

  const kt::Logs measured = model.evaluate(test.x, test.y, {.verbose = 0});
  fmt::print("\ntraining curves: history.svg\n");
  fmt::print("test accuracy: {:.4f}\n", measured.at("accuracy"));
  fmt::print("took: {:.0f} s\n", kt::now() - start);
} catch (const kt::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
