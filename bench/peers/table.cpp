// Trains a table's model as it was saved, and tells how well it ranks other rows.
//
//   peer_table MODEL.keras TRAIN.csv VALIDATION.csv LABEL EPOCHS BATCH SEED
//
// Batches come in the order of the file. Prints the area under the ROC curve of the validation
// rows. peers/table.py runs it.
#include <fmt/core.h>
#include <keratin/keratin.h>

#include <cstdlib>
#include <string>

namespace kt = keratin;

int main(int argc, char** argv) try {
  if (argc != 8) {
    fmt::print(stderr,
               "usage: peer_table MODEL.keras TRAIN.csv VALIDATION.csv LABEL EPOCHS BATCH SEED\n");
    return 2;
  }
  kt::set_random_seed(std::strtoull(argv[7], nullptr, 10));
  const auto rows_of = [&](const char* file) {
    return kt::data::from_table(kt::data::read_csv(file), {.label = argv[4]})
        .batch(std::atoi(argv[6]));
  };
  kt::Model model = kt::load_model(argv[1]);
  model.fit(rows_of(argv[2]), {.epochs = std::atoi(argv[5]), .verbose = 0});
  fmt::print("{:.6f}\n", model.evaluate(rows_of(argv[3]), {.verbose = 0}).at("auc"));
} catch (const kt::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
