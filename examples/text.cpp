// Reviews in folders -> a sentiment model that takes raw UTF-8 strings.
//
//   text DIR OUT        DIR holds train/{neg,pos}/*.txt and test/{neg,pos}/*.txt

#include <keratin/keratin.h>

#include <fmt/core.h>

#include <string>

namespace kt = keratin;
namespace layers = kt::layers;

int main(int argc, char** argv) {
  if (argc != 3) return fmt::print(stderr, "usage: text DIR OUT\n"), 2;
  const std::string dir = argv[1], out = argv[2];

  auto train = kt::data::text_dataset_from_directory(
      dir + "/train", {.batch_size = 64, .seed = 7, .validation_split = 0.2, .subset = "training"});
  auto val = kt::data::text_dataset_from_directory(
      dir + "/train",
      {.batch_size = 64, .seed = 7, .validation_split = 0.2, .subset = "validation"});
  auto test =
      kt::data::text_dataset_from_directory(dir + "/test", {.batch_size = 64, .shuffle = false});

  // A layer with state: its vocabulary is learned from the data before training starts.
  auto vectorize = layers::TextVectorization(
      {.max_tokens = 10000, .output_mode = "int", .output_sequence_length = 200});
  vectorize.adapt(train.map([](kt::Example e) { return kt::Example{e.x}; }));
  const auto vocabulary = vectorize.get_vocabulary();  // [0] is the padding, [1] is [UNK]
  fmt::print("vocabulary: {} words, first: {}\n", vocabulary.size(), vocabulary[2]);

  auto inputs = kt::Input({.shape = {1}, .dtype = kt::string});
  auto x = vectorize(inputs);
  x = layers::Embedding({.input_dim = 10000, .output_dim = 64})(x);
  x = layers::GlobalAveragePooling1D()(x);
  x = layers::Dense({.units = 16, .activation = "relu"})(x);
  x = layers::Dropout({.rate = 0.5})(x);
  auto outputs = layers::Dense({.units = 1, .activation = "sigmoid"})(x);

  kt::Model model(inputs, outputs);
  model.summary();
  model.compile({.optimizer = "adam",
                 .loss = "binary_crossentropy",
                 .metrics = {"accuracy", kt::metrics::Precision(), kt::metrics::Recall(),
                             kt::metrics::AUC()}});

  model.fit(train.prefetch(2),
            {.epochs = 10,
             .callbacks = {kt::callbacks::EarlyStopping(
                 {.monitor = "val_loss", .patience = 2, .restore_best_weights = true})},
             .validation_data = val});
  for (const auto& [name, value] : model.evaluate(test)) fmt::print("{}: {:.3f}\n", name, value);

  model.save(out + "/sentiment.keras");

  // Whoever has the file needs no preprocessing of their own.
  kt::Model served = kt::load_model(out + "/sentiment.keras");
  kt::Tensor p = served.predict(kt::Tensor::strings(
      {"A joy from start to finish.", "Two hours I will never get back."}, {2, 1}));
  fmt::print("{:.3f} {:.3f}\n", p.item<float>({0, 0}), p.item<float>({1, 0}));
}
