// Loss curves on an emulated GPU beside the CPU's: 20 steps of the quickstart's model and of networks
// with what it lacks.
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "nn/layers/activation.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/flatten.h"
#include "nn/layers/layer_normalization.h"
#include "nn/layers/pooling.h"
#include "nn/layers/pooling1d.h"
#include "nn/layers/preprocessing/normalization.h"
#include "nn/layers/preprocessing/text_vectorization.h"
#include "nn/layers/rescaling.h"
#include "nn/layers/reshape.h"
#include "tests/gpu/programs.h"

namespace keratin::tests {
namespace {

struct Curves {
  std::vector<double> losses, accuracies;
  std::vector<float> first, last;
};

Curves curves(const char* device, const std::function<Model()>& make, const Tensor& x,
              const Tensor& y, std::int64_t batch) {
  set_device(device);
  set_random_seed(11);
  Model model = make();
  model.compile(
      {.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  Curves all;
  all.first = weights_of(model);
  const std::int64_t batches = x.shape()[0] / batch;
  for (std::int64_t step = 0; step < 20; ++step) {
    const std::int64_t row = step % batches * batch;
    const Logs logs = model.train_on_batch(x.slice(row, row + batch), y.slice(row, row + batch));
    all.losses.push_back(logs.at("loss"));
    all.accuracies.push_back(logs.at("accuracy"));
  }
  all.last = weights_of(model);
  return all;
}

// Losses of 20 steps within `tolerance`; a prediction near a tie may fall to the other side.
void check_curves(const std::function<Model()>& make, const Tensor& x, const Tensor& y,
                  std::int64_t batch, Tolerance tolerance) {
  const WithEmulatedGpu gpu;
  const Curves cpu = curves("cpu", make, x, y, batch);
  const Curves there = curves("cuda:0", make, x, y, batch);
  const Curves again = curves("cuda:0", make, x, y, batch);
  const auto mean_of = [&](std::size_t first) {  // of five steps
    return std::accumulate(cpu.losses.begin() + static_cast<std::ptrdiff_t>(first),
                           cpu.losses.begin() + static_cast<std::ptrdiff_t>(first) + 5, 0.0) /
           5;
  };
  CHECK(mean_of(15) < mean_of(0));
  CHECK(there.first == cpu.first);
  CHECK(difference(there.losses, cpu.losses, tolerance) == "");
  CHECK(difference(there.accuracies, cpu.accuracies, {.rel = 0, .abs = 1.0 / batch + 1e-6}) == "");
  CHECK(again.losses == there.losses);
  CHECK(again.last == there.last);
}

Tensor pixels(const Shape& shape) {
  std::vector<std::uint8_t> values(static_cast<std::size_t>(shape.size()));
  std::mt19937_64 random(4);
  for (auto& value : values) value = static_cast<std::uint8_t>(random());
  return Tensor::from(values, shape);
}

}  // namespace

TEST_CASE("gpu: the quickstart's model learns as on the CPU, masks of Dropout included") {
  check_curves(
      [] {
        return Sequential(
            {Input({.shape = {12, 12}, .dtype = uint8}), layers::Rescaling({.scale = 1.0 / 255}),
             layers::Reshape({.target_shape = {12, 12, 1}}),
             layers::Conv2D({.filters = 8, .kernel_size = 3, .activation = "relu"}),
             layers::MaxPooling2D(), layers::Flatten(), layers::Dropout({.rate = 0.25}),
             layers::Dense({.units = 5, .activation = "softmax"})});
      },
      pixels({16, 12, 12}), classes(16, 5), 8, {.rel = 2e-4, .abs = 1e-5});
}

TEST_CASE("gpu: a network with batch normalization learns as on the CPU") {
  check_curves(
      [] {
        return Sequential(
            {Input({.shape = {8, 8, 2}}),
             layers::Conv2D({.filters = 6, .kernel_size = 3, .padding = "same", .use_bias = false}),
             layers::BatchNormalization(), layers::ReLU(), layers::MaxPooling2D(),
             layers::Conv2D({.filters = 6, .kernel_size = 3, .strides = 2, .padding = "same"}),
             layers::BatchNormalization(), layers::ReLU(), layers::GlobalAveragePooling2D(),
             layers::Dense({.units = 4, .activation = "softmax"})});
      },
      normal({16, 8, 8, 2}, 1), classes(16, 4), 8, {.rel = 1e-3, .abs = 1e-4});
}

TEST_CASE("gpu: columns of a table, normalized, learn as on the CPU") {
  const Tensor x = normal({16, 6}, 2);
  check_curves(
      [&] {
        layers::Normalization scaled;
        scaled.adapt(x);
        return Sequential({Input({.shape = {6}}), scaled, layers::Dense({.units = 8}),
                           layers::LayerNormalization(), layers::Dropout({.rate = 0.2}),
                           layers::Dense({.units = 3, .activation = "softmax"})});
      },
      x, classes(16, 3), 8, {.rel = 2e-4, .abs = 1e-5});
}

TEST_CASE("gpu: texts learn as on the CPU: strings stay there") {
  const Tensor x = Tensor::strings({"a good film", "bad", "what a bad film", "good good", "so so",
                                    "a film", "very bad", "very good film"},
                                   {8, 1});
  check_curves(
      [&] {
        layers::TextVectorization words({.max_tokens = 20, .output_sequence_length = 4});
        words.adapt(x);
        return Sequential({Input({.shape = {1}, .dtype = string}), words,
                           layers::Embedding({.input_dim = 20, .output_dim = 5}),
                           layers::GlobalAveragePooling1D(),
                           layers::Dense({.units = 2, .activation = "softmax"})});
      },
      x, classes(8, 2), 4, {.rel = 2e-4, .abs = 1e-5});
}

}  // namespace keratin::tests
