// Training that survives being killed: the second run goes on where the first stopped, and ends
// with the same weights, bit for bit, as a run that was never interrupted.
//
//   resume OUT [die-after-batch]

#include <keratin/keratin.h>

#include <fmt/core.h>

#include <csignal>
#include <string>

namespace kt = keratin;
namespace layers = kt::layers;

int main(int argc, char** argv) {
  if (argc < 2) return fmt::print(stderr, "usage: resume OUT [die-after-batch]\n"), 2;
  const std::string out = argv[1];
  const long die_after = argc > 2 ? std::stol(argv[2]) : -1;
  kt::set_random_seed(3);

  auto [train, test] = kt::data::datasets::digits();  // (x, y) tensors, uint8
  auto dataset = kt::data::from_tensor_slices(train.x, train.y)
                     .take(4096)
                     .shuffle(4096, {.seed = 5})
                     .batch(64)
                     .prefetch(2);

  kt::Sequential model({
      kt::Input({.shape = {28, 28}, .dtype = kt::uint8}),
      layers::Rescaling({.scale = 1.0 / 255}),
      layers::Reshape({.target_shape = {28, 28, 1}}),
      layers::Conv2D({.filters = 16, .kernel_size = 3, .activation = "relu"}),
      layers::BatchNormalization(),
      layers::MaxPooling2D(),
      layers::Flatten(),
      layers::Dropout({.rate = 0.3}),
      layers::Dense({.units = 10}),
  });
  model.compile({.optimizer = kt::optimizers::AdamW({.learning_rate = 1e-3}),
                 .loss = kt::losses::SparseCategoricalCrossentropy({.from_logits = true}),
                 .metrics = {"accuracy"}});

  long batches = 0;
  model.fit(dataset,
            {.epochs = 3,
             .callbacks = {
                 kt::callbacks::BackupAndRestore({.backup_dir = out + "/backup", .save_freq = 20}),
                 kt::callbacks::LambdaCallback({.on_train_batch_end =
                                                    [&](long, const kt::Logs&) {
                                                      if (++batches == die_after)
                                                        std::raise(SIGKILL);
                                                    }}),
             }});
  model.save_weights(out + "/final.weights.h5");
  fmt::print("test accuracy {:.4f}\n", model.evaluate(test.x, test.y).at("accuracy"));
}
