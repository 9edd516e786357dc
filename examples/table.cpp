// A CSV of numbers and categories -> a model that takes the raw columns by name.
//
//   table FILE.csv LABEL_COLUMN OUT

#include <keratin/keratin.h>

#include <fmt/core.h>

#include <string>
#include <vector>

namespace kt = keratin;
namespace layers = kt::layers;

int main(int argc, char** argv) {
  if (argc != 4) return fmt::print(stderr, "usage: table FILE.csv LABEL_COLUMN OUT\n"), 2;
  const std::string file = argv[1], label = argv[2], out = argv[3];

  // Column kinds are inferred (float, int, string); a caller can overrule each one.
  kt::data::CsvTable table = kt::data::read_csv(file);
  auto [train_rows, val_rows] = table.split(0.8, {.seed = 1337});
  auto train =
      kt::data::from_table(train_rows, {.label = label}).shuffle(1024, {.seed = 1337}).batch(32);
  auto val = kt::data::from_table(val_rows, {.label = label}).batch(32);

  std::vector<kt::SymbolicTensor> inputs, features;
  for (const auto& column : table.columns()) {
    if (column.name == label) continue;
    if (column.dtype == kt::string) {
      auto input = kt::Input({.shape = {1}, .dtype = kt::string, .name = column.name});
      auto lookup = layers::StringLookup({.output_mode = "one_hot"});
      lookup.adapt(train_rows[column.name]);
      inputs.push_back(input);
      features.push_back(lookup(input));
    } else {
      auto input = kt::Input({.shape = {1}, .dtype = kt::float32, .name = column.name});
      auto normalize = layers::Normalization();
      normalize.adapt(train_rows[column.name]);
      inputs.push_back(input);
      features.push_back(normalize(input));
    }
  }
  auto x = layers::Concatenate()(features);
  x = layers::Dense(
      {.units = 32, .activation = "relu", .kernel_regularizer = kt::regularizers::L2(1e-4)})(x);
  x = layers::Dropout({.rate = 0.5})(x);
  auto outputs = layers::Dense({.units = 1, .activation = "sigmoid"})(x);

  kt::Model model(inputs, outputs);
  model.compile({.optimizer = kt::optimizers::Adam({.learning_rate = 1e-3, .clipnorm = 1.0}),
                 .loss = kt::losses::BinaryCrossentropy(),
                 .metrics = {"accuracy", kt::metrics::AUC({.name = "auc"})}});
  kt::plot_model(model, {.to_file = out + "/model.svg", .show_shapes = true});
  kt::History history = model.fit(train, {.epochs = 30, .verbose = 2, .validation_data = val});
  kt::plot_history(history, {.to_file = out + "/history.svg"});

  model.save(out + "/table.keras");
  kt::Model served = kt::load_model(out + "/table.keras");
  fmt::print("val auc {:.3f}, reloaded {:.3f}\n", model.evaluate(val).at("auc"),
             served.evaluate(val).at("auc"));
}
