// keratin's side of services.py: what it hands to mail servers and TensorBoard.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "keratin.h"

namespace {

namespace kt = keratin;
namespace layers = keratin::layers;

// A mail by this server; what it says to a server that refuses goes to standard error.
int mail(const std::vector<std::string>& args) {
  kt::Sequential model({kt::Input({.shape = {2}}), layers::Dense({.units = 1})}, "worker");
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const kt::History history = model.fit(
      kt::ones({4, 2}), kt::ones({4, 1}),
      {.epochs = 2,
       .verbose = 0,
       .callbacks = {kt::callbacks::EmailNotifier({.server = args[0],
                                                   .from = "Lab <lab@example.org>",
                                                   .to = {"me@example.org", "you@example.org"},
                                                   .subject = "Ergebnis für euch",
                                                   .user = args[2],
                                                   .password = args[3],
                                                   .ca_file = args[1],
                                                   .timeout = 2})}});
  fmt::print("{}\n", history.history.at("loss").back());
  return 0;
}

// Two sessions of a small image model, in folders of their own.
int logs(const std::vector<std::string>& args) {
  kt::callbacks::hparams_config(
      {.log_dir = args[0],
       .hparams = {{.name = "filters", .values = {4, 8}, .display_name = "Filters"},
                   {.name = "optimizer", .values = {"adam"}},
                   {.name = "augment", .values = {true, false}},
                   {.name = "rate", .min_value = 0.0001, .max_value = 0.01}},
       .metrics = {{.tag = "epoch_accuracy"}, {.tag = "epoch_loss", .group = "train"}}});
  kt::set_random_seed(7);
  const kt::Tensor x = kt::random_uniform({64, 8, 8, 3});
  const kt::Tensor y = kt::argmax(kt::randn({64, 3}), {.axis = -1});
  for (const int filters : {4, 8}) {
    const auto input = kt::Input({.shape = {8, 8, 3}, .name = "picture"});
    auto h = layers::Conv2D({.filters = filters, .kernel_size = 3, .activation = "relu"})(input);
    h = layers::BatchNormalization()(h);
    h = layers::Flatten()(h);
    kt::Model model(input, layers::Dense({.units = 3, .activation = "softmax"})(h));
    model.compile(
        {.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
    std::vector<std::pair<std::string, kt::callbacks::HParam>> hparams{
        {"filters", filters}, {"optimizer", "adam"}, {"augment", filters == 8}};
    if (filters == 8) hparams.emplace_back("rate", 0.001);
    model.fit(x, y,
              {.batch_size = 16,
               .epochs = 5,
               .verbose = 0,
               .callbacks = {kt::callbacks::TensorBoard(
                   {.log_dir = fmt::format("{}/{}", args[0], filters),
                    .histogram_freq = 1,
                    .write_images = true,
                    .update_freq = "batch",
                    .write_inputs = true,
                    .write_gradients = true,
                    .hparams = hparams})},
               .validation_split = 0.25});
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> args(argv + std::min(argc, 2), argv + argc);
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "mail" && args.size() == 4) return mail(args);
  if (command == "logs" && args.size() == 1) return logs(args);
  fmt::print(stderr, "usage: services mail SERVER CA_FILE USER PASSWORD | logs DIR\n");
  return 2;
} catch (const std::exception& error) {
  fmt::print(stderr, "services: {}\n", error.what());
  return 1;
}
