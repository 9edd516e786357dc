// What a first project grows into: a training step, a loss and a metric of one's own; several inputs and outputs;
// shared and frozen layers; weights for classes and for samples.
//
//   custom MNIST_DIR OUT

#include <keratin/keratin.h>

#include <fmt/core.h>

#include <cmath>
#include <string>

namespace kt = keratin;
namespace layers = kt::layers;
namespace callbacks = kt::callbacks;

// A model with its own training step: it spoils each image and learns to restore it.
class Denoiser : public kt::Model {
 public:
  explicit Denoiser(const kt::Model& encoder) : encoder_(track(encoder)) {}

  kt::Variable call(const kt::Variable& x, kt::CallContext context) override {
    return decoder_(encoder_(x, context), context);
  }

  kt::Tensors train_step(const kt::Example& batch) override {
    const kt::Tensor noisy = kt::clip(batch.x + 0.3 * kt::randn(batch.x.shape()), 0, 1);
    kt::Variable restored = (*this)(noisy, {.training = true});
    kt::Variable loss = compute_loss(batch.x, batch.y, restored);
    loss.backward();
    optimizer().apply_gradients(trainable_variables());
    loss_tracker().update_state(loss.value());
    return compute_metrics(batch.x, batch.y, restored);
  }

 private:
  kt::LayerRef encoder_;
  layers::Dense decoder_ = track(layers::Dense({.units = 784, .activation = "sigmoid"}));
};

// A metric: by how much predictions are too high on average.
class Bias : public kt::Metric {
 public:
  Bias() : kt::Metric("bias") {}
  void update_state(const kt::Tensor& y_true, const kt::Tensor& y_pred,
                    const kt::Tensor&) override {
    total_.assign_add(kt::sum(y_pred - y_true));
    count_.assign_add(y_true.size());
  }
  kt::Tensor result() const override { return total_.value() / kt::maximum(count_.value(), 1); }
  void reset_state() override { total_.assign(0), count_.assign(0); }

 private:
  kt::Variable total_ = add_variable({.name = "total"}), count_ = add_variable({.name = "count"});
};

int main(int argc, char** argv) {
  if (argc != 3) return fmt::print(stderr, "usage: custom MNIST_DIR OUT\n"), 2;
  const std::string mnist = argv[1], out = argv[2];
  kt::set_random_seed(11);
  if (kt::gpu_available()) {
    kt::set_device("cuda:0");
    kt::config::set_dtype_policy("mixed_bfloat16");
  }

  auto [train, test] = kt::data::datasets::mnist({.directory = mnist});
  const kt::Tensor images = kt::reshape(kt::cast(train.x, kt::float32) / 255, {60000, 784});
  const kt::Tensor test_images = kt::reshape(kt::cast(test.x, kt::float32) / 255, {10000, 784});

  kt::Sequential encoder(
      {kt::Input({.shape = {784}}), layers::Dense({.units = 128, .activation = "relu"}),
       layers::Dense({.units = 32, .activation = "relu"})},
      "encoder");
  Denoiser denoiser(encoder);
  denoiser.compile({.optimizer = kt::optimizers::Adam(
                        {.learning_rate = kt::optimizers::schedules::CosineDecay(
                             {.initial_learning_rate = 2e-3, .decay_steps = 938})}),
                    .loss = "mse"});
  denoiser.fit(images, images, {.batch_size = 128, .epochs = 2});

  // The encoder, frozen, on two images at once. Two answers: their sum, and whether the left one is larger.
  encoder.set_trainable(false);
  auto left = kt::Input({.shape = {784}, .name = "left"}),
       right = kt::Input({.shape = {784}, .name = "right"});
  auto digit = layers::Dense(
      {.units = 64, .activation = "relu"});  // one layer, called twice: shared weights
  auto both = layers::Concatenate()({digit(encoder(left)), digit(encoder(right))});
  kt::Model pair({left, right},
                 {{"sum", layers::Dense({.units = 1})(both)},
                  {"larger", layers::Dense({.units = 1, .activation = "sigmoid"})(both)}});
  // A loss is any function of two variables that gives one value a sample.
  auto log_cosh = [](const kt::Variable& y_true, const kt::Variable& y_pred) {
    kt::Variable e = kt::abs(y_pred - y_true);
    return kt::mean(e + kt::log(1 + kt::exp(-2 * e)) - std::log(2.0), {.axis = -1});
  };
  pair.compile({.optimizer = "adam",
                .loss = {{"sum", log_cosh}, {"larger", "binary_crossentropy"}},
                .loss_weights = {{"sum", 0.5}, {"larger", 1.0}},
                .metrics = {{"sum", {"mae", kt::make_metric<Bias>()}}, {"larger", "accuracy"}}});

  const kt::Tensor a = kt::cast(kt::reshape(train.y, {60000, 1}), kt::float32);
  const kt::Tensor a0 = a.slice(0, 30000), a1 = a.slice(30000, 60000);
  pair.fit({{"left", images.slice(0, 30000)}, {"right", images.slice(30000, 60000)}},
           {{"sum", a0 + a1}, {"larger", kt::cast(kt::greater(a0, a1), kt::float32)}},
           {.epochs = 20,
            .callbacks = {callbacks::LearningRateScheduler(
                              {.schedule = [](int, double lr) { return 0.9 * lr; }}),
                          callbacks::EarlyStopping(
                              {.monitor = "val_sum_mae", .patience = 2, .mode = "min"})},
            .validation_split = 0.1});
  pair.save(out + "/pair.keras");

  kt::Tensors answer =
      pair.predict({{"left", test_images.slice(0, 1)}, {"right", test_images.slice(1, 2)}});
  fmt::print("sum {:.2f}, left larger {:.2f}\n", answer["sum"].item<float>(),
             answer["larger"].item<float>());

  // The same encoder in a classifier: first frozen, 4 and 9 counting double; then thawed. Worse for it? Then back.
  kt::Sequential classifier({encoder, layers::Dense({.units = 10, .activation = "softmax"})});
  classifier.compile({.loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  classifier.fit(images, train.y,
                 {.epochs = 1, .verbose = 2, .class_weight = {{4, 2.0}, {9, 2.0}}});
  const auto frozen = classifier.get_weights();
  const double before = classifier.evaluate(test_images, test.y).at("accuracy");
  encoder.set_trainable(true);
  classifier.compile({.loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  const kt::Tensor ink =
      kt::clip(8 * kt::mean(images, {.axis = -1}), 0.2, 1);  // faint digits count less
  classifier.fit(images, train.y, {.sample_weight = ink});
  if (classifier.evaluate(test_images, test.y).at("accuracy") < before)
    classifier.set_weights(frozen);
  fmt::print("digit: {}\n", kt::argmax(classifier(test_images.slice(0, 1)).value(), {.axis = -1}));
}
