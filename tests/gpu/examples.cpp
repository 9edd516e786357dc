// What the programs of examples/ train, layer by layer and smaller, on the emulated GPU beside the
// CPU: their operations, losses, metrics and schedules all run there.
#include <cmath>
#include <string>
#include <vector>

#include "keratin.h"
#include "tests/gpu/programs.h"

namespace keratin::tests {
namespace {

Tensor bytes(const Shape& shape) {
  std::vector<std::uint8_t> values(static_cast<std::size_t>(shape.size()));
  std::mt19937_64 random(4);
  for (auto& value : values) value = static_cast<std::uint8_t>(random());
  return Tensor::from(values, shape);
}

// Half of the labels 1.
Tensor halves(std::int64_t count) {
  std::vector<float> labels(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = i * 5 % 7 < 3 ? 1 : 0;
  return Tensor::from(labels, {count, 1});
}

CompileOptions digits_options() {
  return {.optimizer = optimizers::Adam({.learning_rate = optimizers::schedules::CosineDecay(
                                             {.initial_learning_rate = 2e-3, .decay_steps = 6})}),
          .loss = "sparse_categorical_crossentropy",
          .metrics = {"accuracy"}};
}

constexpr Tolerance kTrained{.rel = 2e-4, .abs = 2e-5};

}  // namespace

TEST_CASE("gpu: examples/quickstart") {
  const WithEmulatedGpu gpu;
  const Tensor images = bytes({8, 14, 14});
  FitOptions fit = kShort;
  fit.validation_data = {images, classes(8, 10)};
  check_same(
      [] {
        return Sequential({
            Input({.shape = {14, 14}, .dtype = uint8}),
            layers::Rescaling({.scale = 1.0 / 255}),
            layers::Reshape({.target_shape = {14, 14, 1}}),
            layers::Conv2D({.filters = 6, .kernel_size = 3, .activation = "relu"}),
            layers::MaxPooling2D(),
            layers::Conv2D({.filters = 8, .kernel_size = 3, .activation = "relu"}),
            layers::Conv2D({.filters = 8, .kernel_size = 3, .activation = "relu"}),
            layers::MaxPooling2D(),
            layers::Flatten(),
            layers::Dropout({.rate = 0.5}),
            layers::Dense({.units = 10, .activation = "softmax"}),
        });
      },
      digits_options, images, classes(8, 10), fit, kTrained);
}

TEST_CASE("gpu: examples/fashion") {
  const WithEmulatedGpu gpu;
  const auto convolution = [](const SymbolicTensor& x, int filters) {
    const auto y = layers::Conv2D(
        {.filters = filters, .kernel_size = 3, .padding = "same", .use_bias = false})(x);
    return layers::ReLU()(layers::BatchNormalization()(y));
  };
  check_same(
      [&] {
        const auto inputs = Input({.shape = {8, 8}, .dtype = uint8});
        SymbolicTensor x = layers::Reshape({.target_shape = {8, 8, 1}})(inputs);
        x = layers::Rescaling({.scale = 1.0 / 255})(x);
        x = layers::RandomFlip({.mode = "horizontal"})(x);
        x = layers::MaxPooling2D()(convolution(x, 4));
        x = layers::MaxPooling2D()(convolution(convolution(x, 8), 8));
        x = layers::Dropout({.rate = 0.2})(layers::Flatten()(x));
        x = layers::Dense({.units = 12, .activation = "relu"})(x);
        x = layers::Dropout({.rate = 0.3})(x);
        return Model(inputs, layers::Dense({.units = 10, .activation = "softmax"})(x));
      },
      digits_options, bytes({8, 8, 8}), classes(8, 10), kShort, {.rel = 2e-3, .abs = 2e-4});
}

TEST_CASE("gpu: examples/cifar") {
  const WithEmulatedGpu gpu;
  const auto convolution = [](int filters, const char* padding) {
    return layers::Conv2D(
        {.filters = filters, .kernel_size = 3, .padding = padding, .activation = "relu"});
  };
  check_same(
      [&] {
        return Sequential({
            Input({.shape = {16, 16, 3}}),
            layers::Rescaling({.scale = 1.0 / 255}),
            layers::RandomFlip({.mode = "horizontal"}),
            convolution(4, "same"),
            convolution(4, "valid"),
            layers::MaxPooling2D(),
            layers::Dropout({.rate = 0.25}),
            convolution(8, "same"),
            convolution(8, "valid"),
            layers::MaxPooling2D(),
            layers::Dropout({.rate = 0.25}),
            layers::Flatten(),
            layers::Dense({.units = 16, .activation = "relu"}),
            layers::Dropout({.rate = 0.5}),
            layers::Dense({.units = 10, .activation = "softmax"}),
        });
      },
      [] {
        return CompileOptions{.optimizer = "adam",
                              .loss = "sparse_categorical_crossentropy",
                              .metrics = {"accuracy"}};
      },
      cast(bytes({8, 16, 16, 3}), float32), classes(8, 10), kShort, kTrained);
}

TEST_CASE("gpu: examples/images") {
  const WithEmulatedGpu gpu;
  check_same(
      [] {
        auto inputs = Input({.shape = {None, None, 3}, .dtype = uint8});
        auto x = layers::CenterCrop({.height = 20, .width = 20})(inputs);
        x = layers::Rescaling({.scale = 1.0 / 255})(x);
        x = layers::RandomFlip({.mode = "horizontal"})(x);
        x = layers::Conv2D({.filters = 4, .kernel_size = {3, 3}, .activation = "relu"})(x);
        x = layers::MaxPooling2D({.pool_size = {3, 3}})(x);
        x = layers::Conv2D({.filters = 4, .kernel_size = 3, .activation = "relu"})(x);
        x = layers::MaxPooling2D({.pool_size = 3})(x);
        x = layers::GlobalAveragePooling2D()(x);
        return Model(inputs, layers::Dense({.units = 3, .activation = "softmax"})(x));
      },
      [] {
        return CompileOptions{.optimizer = "rmsprop",
                              .loss = "sparse_categorical_crossentropy",
                              .metrics = {metrics::SparseCategoricalAccuracy({.name = "acc"})}};
      },
      bytes({8, 24, 22, 3}), classes(8, 3), kShort, kTrained);
}

TEST_CASE("gpu: examples/table") {
  const WithEmulatedGpu gpu;
  const Tensor colours = Tensor::strings(
      {"red", "blue", "green", "red", "pink", "blue", "red", "green", "blue", "red"}, {10, 1});
  const Tensor sizes = normal({10, 1}, 1), ages = normal({10, 1}, 2) * 10.0;
  const auto make = [&] {
    std::vector<SymbolicTensor> inputs, features;
    const auto colour = Input({.shape = {1}, .dtype = string, .name = "colour"});
    auto lookup = layers::StringLookup({.output_mode = "one_hot"});
    lookup.adapt(colours);
    inputs.push_back(colour);
    features.push_back(lookup(colour));
    for (const auto& [name, column] : {std::pair{"size", sizes}, std::pair{"age", ages}}) {
      const auto input = Input({.shape = {1}, .dtype = float32, .name = name});
      auto normalize = layers::Normalization();
      normalize.adapt(column);
      inputs.push_back(input);
      features.push_back(normalize(input));
    }
    auto x = layers::Concatenate()(features);
    x = layers::Dense(
        {.units = 8, .activation = "relu", .kernel_regularizer = regularizers::L2(1e-4)})(x);
    x = layers::Dropout({.rate = 0.5})(x);
    return Model(inputs, layers::Dense({.units = 1, .activation = "sigmoid"})(x));
  };
  check_same(
      make,
      [] {
        return CompileOptions{
            .optimizer = optimizers::Adam({.learning_rate = 1e-3, .clipnorm = 1.0}),
            .loss = losses::BinaryCrossentropy(),
            .metrics = {"accuracy", metrics::AUC({.name = "auc"})}};
      },
      {{"colour", colours}, {"size", sizes}, {"age", ages}}, halves(10), kShort, kTrained);
}

TEST_CASE("gpu: examples/text") {
  const WithEmulatedGpu gpu;
  const Tensor reviews = Tensor::strings({"a good film", "bad", "what a bad film", "good good",
                                          "so so", "a film", "very bad", "very good film"},
                                         {8, 1});
  FitOptions fit = kShort;
  fit.validation_data = {reviews, halves(8)};
  fit.callbacks = {callbacks::EarlyStopping(
      {.monitor = "val_loss", .patience = 2, .restore_best_weights = true})};
  check_same(
      [&] {
        auto vectorize = layers::TextVectorization(
            {.max_tokens = 20, .output_mode = "int", .output_sequence_length = 5});
        vectorize.adapt(reviews);
        auto inputs = Input({.shape = {1}, .dtype = string});
        auto x = vectorize(inputs);
        x = layers::Embedding({.input_dim = 20, .output_dim = 6})(x);
        x = layers::GlobalAveragePooling1D()(x);
        x = layers::Dense({.units = 16, .activation = "relu"})(x);
        x = layers::Dropout({.rate = 0.5})(x);
        return Model(inputs, layers::Dense({.units = 1, .activation = "sigmoid"})(x));
      },
      [] {
        return CompileOptions{
            .optimizer = "adam",
            .loss = "binary_crossentropy",
            .metrics = {"accuracy", metrics::Precision({.name = "precision"}),
                        metrics::Recall({.name = "recall"}), metrics::AUC({.name = "auc"})}};
      },
      reviews, halves(8), fit, kTrained);
}

TEST_CASE("gpu: examples/custom: two answers, a loss and a metric of one's own, a frozen encoder") {
  const WithEmulatedGpu gpu;
  class Bias : public Metric {
   public:
    Bias() : Metric("bias") {}
    void update_state(const Tensor& y_true, const Tensor& y_pred, const Tensor&) override {
      total_.assign_add(sum(y_pred - y_true));
      count_.assign_add(y_true.size());
    }
    Tensor result() const override { return total_.value() / maximum(count_.value(), 1); }
    void reset_state() override { total_.assign(0), count_.assign(0); }

   private:
    Variable total_ = add_variable({.name = "total"}), count_ = add_variable({.name = "count"});
  };
  const auto log_cosh = [](const Variable& y_true, const Variable& y_pred) {
    const Variable e = abs(y_pred - y_true);
    return mean(e + log(1 + exp(-2 * e)) - std::log(2.0), {.axis = -1});
  };
  const Tensor images = random_uniform({16, 12}, 0, 1, float32, {.seed = 3});
  const Tensor a = cast(classes(16, 5), float32);
  const Tensor a0 = reshape(a.slice(0, 8), {8, 1}), a1 = reshape(a.slice(8, 16), {8, 1});
  struct Numbers {
    std::vector<double> of_pair, of_classifier;
    std::vector<float> said;
  };
  const auto run = [&](const char* device) {
    set_device(device);
    set_random_seed(11);
    Sequential encoder({Input({.shape = {12}}), layers::Dense({.units = 8, .activation = "relu"})},
                       "encoder");
    encoder.set_trainable(false);
    const auto left = Input({.shape = {12}, .name = "left"}),
               right = Input({.shape = {12}, .name = "right"});
    auto digit = layers::Dense({.units = 6, .activation = "relu"});
    const auto both = layers::Concatenate()({digit(encoder(left)), digit(encoder(right))});
    Model pair({left, right},
               {{"sum", layers::Dense({.units = 1})(both)},
                {"larger", layers::Dense({.units = 1, .activation = "sigmoid"})(both)}});
    pair.compile({.optimizer = "adam",
                  .loss = {{"sum", log_cosh}, {"larger", "binary_crossentropy"}},
                  .loss_weights = {{"sum", 0.5}, {"larger", 1.0}},
                  .metrics = {{"sum", {"mae", make_metric<Bias>()}}, {"larger", "accuracy"}}});
    const History history =
        pair.fit({{"left", images.slice(0, 8)}, {"right", images.slice(8, 16)}},
                 {{"sum", a0 + a1}, {"larger", cast(greater(a0, a1), float32)}},
                 {.batch_size = 4,
                  .epochs = 2,
                  .verbose = 0,
                  .callbacks = {callbacks::LearningRateScheduler(
                                    {.schedule = [](int, double lr) { return 0.9 * lr; }}),
                                callbacks::EarlyStopping(
                                    {.monitor = "val_sum_mae", .patience = 2, .mode = "min"})},
                  .validation_split = 0.25});
    Numbers numbers;
    for (const auto& [name, values] : history.history)
      numbers.of_pair.insert(numbers.of_pair.end(), values.begin(), values.end());
    Sequential classifier({encoder, layers::Dense({.units = 5, .activation = "softmax"})});
    classifier.compile({.loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
    FitOptions fit = kShort;
    fit.class_weight = {{4, 2.0}, {2, 2.0}};
    classifier.fit(images, classes(16, 5), fit);
    encoder.set_trainable(true);
    classifier.compile({.loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
    const Tensor ink = clip(8 * mean(images, {.axis = -1}), 0.2, 1);
    FitOptions weighted = kShort;
    weighted.sample_weight = ink;
    const History second = classifier.fit(images, classes(16, 5), weighted);
    numbers.of_classifier = second.history.at("loss");
    numbers.said = classifier(images.slice(0, 4)).value().to_vector<float>();
    return numbers;
  };
  const Numbers cpu = run("cpu"), there = run("cuda:0"), again = run("cuda:0");
  CHECK(difference(there.of_pair, cpu.of_pair, kTrained) == "");
  CHECK(difference(there.of_classifier, cpu.of_classifier, kTrained) == "");
  CHECK(difference(there.said, cpu.said, kTrained) == "");
  CHECK(again.of_pair == there.of_pair);
  CHECK(again.said == there.said);
}

}  // namespace keratin::tests
