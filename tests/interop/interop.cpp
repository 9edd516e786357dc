// keratin's side of tests/interop/run.py.
//
//   interop check DIR    loads every NAME.keras, holds its results against those in
//                        NAME.safetensors, and saves it again as NAME.back.keras; the same of
//                        NAME.h5, which is not saved. Weights of NAME.weights.safetensors where there is
//                        one, which are written as NAME.back.safetensors. What ONNX can hold is
//                        written as NAME.onnx
//   interop write DIR    makes models, and writes both files of each
//   interop write-texts DIR    those that take strings, for which Keras needs TensorFlow
//
// NAME.safetensors: inputs x0, x1 ... (strings: text0 ..., as bytes with zeros after them) and
// results y0, y1 ... in the order of the model's; where the model is compiled, targets t0, t1 ...
// and the losses of ten more steps on the same batch.
#include <fmt/core.h>
#include <keratin/keratin.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "nn/saving/onnx/mapping.h"
#include "nn/saving/safetensors.h"

namespace kt = keratin;
namespace fs = std::filesystem;
namespace layers = kt::layers;

namespace {

constexpr int kSteps = 10;

// Strings from bytes with zeros after them, and back.
kt::Tensor texts_of(const kt::Tensor& bytes) {
  const kt::Shape shape = bytes.shape().slice(0, bytes.rank() - 1);
  const std::int64_t width = bytes.shape().back();
  std::vector<std::string> texts;
  for (std::int64_t i = 0; i < shape.size(); ++i) {
    const char* first = reinterpret_cast<const char*>(bytes.data<std::uint8_t>() + i * width);
    texts.emplace_back(first, std::find(first, first + width, '\0'));
  }
  return kt::Tensor::strings(std::move(texts), shape);
}
kt::Tensor bytes_of(const kt::Tensor& texts) {
  std::size_t width = 1;
  for (const std::string& text : texts.strings()) width = std::max(width, text.size());
  kt::Tensor bytes = kt::zeros(texts.shape().joined({static_cast<std::int64_t>(width)}), kt::uint8);
  std::uint8_t* to = bytes.mutable_data<std::uint8_t>();
  for (const std::string& text : texts.strings()) {
    std::copy(text.begin(), text.end(), to);
    to += width;
  }
  return bytes;
}

std::vector<kt::Tensor> numbered(const kt::Named<kt::Tensor>& tensors, char kind) {
  std::vector<kt::Tensor> list;
  while (true) {
    if (const kt::Tensor* tensor = tensors.find(fmt::format("{}{}", kind, list.size()))) {
      list.push_back(*tensor);
      continue;
    }
    const kt::Tensor* bytes = tensors.find(fmt::format("text{}", list.size()));
    if (kind != 'x' || bytes == nullptr) return list;
    list.push_back(texts_of(*bytes));
  }
}

kt::Tensors together(const std::vector<kt::Tensor>& list) {
  return list.size() == 1 ? kt::Tensors(list[0]) : kt::Tensors(list);
}

std::vector<double> losses(kt::Model& model, const kt::Tensors& x, const kt::Tensors& t) {
  std::vector<double> all;
  for (int step = 0; step < kSteps; ++step) all.push_back(model.train_on_batch(x, t).at("loss"));
  return all;
}

// Do all layers compute in float32, and have a mapping to ONNX? For run.py, which runs what is written then.
bool has_onnx(kt::Layer& model) {
  const auto all = kt::detail::all_layers(&model);
  return std::none_of(all.begin(), all.end(), [](const kt::Layer* layer) {
    return layer->compute_dtype() != kt::float32 ||
           kt::saving::onnx::without_mapping().count(layer->class_name()) > 0;
  });
}

// NAME.weights.safetensors, which run.py makes of what Keras wrote, into the model with other
// weights; and the weights as NAME.back.safetensors.
void check_safetensors(kt::Model& model, const kt::Tensors& x, const kt::Tensors& y,
                       const std::string& base) {
  const std::string path = base + ".weights.safetensors";
  if (!fs::exists(path)) return;
  std::vector<kt::Tensor> others;
  for (const kt::Tensor& weight : model.get_weights()) {
    others.push_back(kt::zeros(weight.shape(), weight.dtype()));
  }
  model.set_weights(others);
  model.load_weights(path);
  const kt::Tensors again = model.predict(x, {.verbose = 0});
  for (std::int64_t i = 0; i < y.count(); ++i) {
    if (!(kt::max_abs_difference(y.get(i), again.get(i)) == 0)) {
      throw kt::ValueError("weights from .safetensors give other results");
    }
  }
  model.save_weights(base + ".back.safetensors");
}

// Applications have a hundred layers; half a step of bfloat16, where a layer computes in it, is 2^-9.
double tolerance_for(const std::string& name) {
  return name.starts_with("app_") ? 1e-4 : name.starts_with("mixed_") ? 2e-2 : 1e-5;
}

// "" or what is wrong.
std::string compared(const fs::path& file) {
  const fs::path base = fs::path(file).replace_extension();
  kt::Model model = kt::load_model(file.string());
  const auto given = kt::saving::read_safetensors(base.string() + ".safetensors").tensors;
  const kt::Tensors x = together(numbered(given, 'x'));
  const std::vector<kt::Tensor> expected = numbered(given, 'y');
  const kt::Tensors y = model.predict(x, {.verbose = 0});
  if (y.count() != static_cast<std::int64_t>(expected.size())) {
    return fmt::format("{} results, expected {}", y.count(), expected.size());
  }
  const double tolerance = tolerance_for(base.filename().string());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const kt::Tensor mine = y.get(static_cast<std::int64_t>(i));
    if (mine.shape() != expected[i].shape()) {
      return fmt::format("result {} is {}, expected {}", i, mine.spec().text(),
                         expected[i].spec().text());
    }
    const kt::Tensor wanted = kt::cast(expected[i], kt::float64);
    const double size = kt::max(kt::abs(wanted)).item<double>();
    const double difference = kt::max_abs_difference(kt::cast(mine, kt::float64), wanted);
    if (!(difference <= tolerance * std::max(size, 1e-3))) {
      return fmt::format("result {} differs by {:.2e}, largest is {:.2e}", i, difference, size);
    }
  }
  if (file.extension() == ".keras") {
    model.save(base.string() + ".back.keras");
    if (has_onnx(*model.layer())) kt::export_onnx(model, base.string() + ".onnx");
    check_safetensors(model, x, y, base.string());
  }
  if (const kt::Tensor* wanted = given.find("losses")) {
    const double mine = losses(model, x, together(numbered(given, 't'))).back();
    const double theirs = wanted->item<double>({kSteps - 1});
    if (!(std::abs(mine - theirs) <= 1e-4 * std::abs(theirs))) {
      return fmt::format("after {} steps the loss is {}, expected {}", kSteps, mine, theirs);
    }
  }
  return "";
}

int check(const fs::path& folder) {
  int passed = 0, failed = 0;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool mine = name.ends_with(".back.keras");
    if ((name.ends_with(".keras") || name.ends_with(".h5")) && !mine) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    std::string wrong;
    try {
      wrong = compared(file);
    } catch (const std::exception& error) {
      wrong = error.what();
    }
    ++(wrong.empty() ? passed : failed);
    if (!wrong.empty()) fmt::print("FAILED {}: {}\n", file.filename().string(), wrong);
  }
  fmt::print("keratin: {} passed, {} failed\n", passed, failed);
  return failed > 0 || passed == 0;
}

// ---- models made here

class Writer {
 public:
  explicit Writer(fs::path folder) : folder_(std::move(folder)) {}

  // Writes a model and what it says of normal numbers in the shapes of its inputs.
  void write(const std::string& name, kt::Model model, const std::vector<kt::Shape>& inputs,
             const std::vector<kt::Tensor>& targets = {}) {
    std::vector<kt::Tensor> x;
    for (const kt::Shape& shape : inputs) x.push_back(kt::randn(shape));
    write_of(name, std::move(model), x, targets);
  }
  // The same of these inputs.
  void write_of(const std::string& name, kt::Model model, const std::vector<kt::Tensor>& x,
                const std::vector<kt::Tensor>& targets = {}) {
    const std::string base = (folder_ / name).string();
    kt::Named<kt::Tensor> tensors;
    // Moments and slots that are not their first values.
    if (!targets.empty()) losses(model, together(x), together(targets));
    const kt::Tensors y = model.predict(together(x), {.verbose = 0});
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool texts = x[i].dtype() == kt::string;
      tensors[fmt::format("{}{}", texts ? "text" : "x", i)] = texts ? bytes_of(x[i]) : x[i];
    }
    for (std::int64_t i = 0; i < y.count(); ++i) tensors[fmt::format("y{}", i)] = y.get(i);
    model.save(base + ".keras");
    if (!targets.empty()) {
      for (std::size_t i = 0; i < targets.size(); ++i) tensors[fmt::format("t{}", i)] = targets[i];
      tensors["losses"] = kt::Tensor::from(losses(model, together(x), together(targets)));
    }
    kt::saving::write_safetensors(base + ".safetensors", tensors);
  }

 private:
  fs::path folder_;
};

kt::Model small_cnn() {
  return kt::Sequential(
      {kt::Input({.shape = {12, 12, 3}}),
       layers::Conv2D({.filters = 8, .kernel_size = 3, .activation = "relu"}),
       layers::BatchNormalization(), layers::MaxPooling2D(),
       layers::Conv2D({.filters = 6, .kernel_size = 3, .padding = "same", .groups = 2}),
       layers::ReLU({.max_value = 6}), layers::GlobalAveragePooling2D(),
       layers::Dense({.units = 4, .activation = "softmax"})});
}

int write(const fs::path& folder) {
  kt::set_random_seed(4);
  Writer out(folder);
  const kt::Tensor classes = kt::Tensor::numbers({0, 3, 1, 2, 1, 0, 3, 2}, {8}, kt::int32);
  namespace opt = kt::optimizers;
  const std::pair<const char*, kt::OptimizerRef> optimizers[] = {
      {"sgd", opt::SGD({.learning_rate = 0.05, .momentum = 0.9, .nesterov = true})},
      {"rmsprop", opt::RMSprop({.learning_rate = 2e-3, .momentum = 0.5, .centered = true})},
      {"adam", opt::Adam({.learning_rate = 3e-3, .amsgrad = true, .clipnorm = 0.5})},
      {"adamw", opt::AdamW({.learning_rate = opt::schedules::CosineDecay(
                                {.initial_learning_rate = 3e-3, .decay_steps = 30})})},
      {"adagrad", opt::Adagrad({.learning_rate = 0.05})},
      {"adadelta", opt::Adadelta({.learning_rate = 0.5, .weight_decay = 1e-3})},
      {"adamax", opt::Adamax({.learning_rate = 3e-3})},
      {"nadam", opt::Nadam({.learning_rate = 3e-3, .use_ema = true})},
      {"lion", opt::Lion({.learning_rate = 1e-3})},
      {"ftrl", opt::Ftrl({.learning_rate = 0.05, .l1_regularization_strength = 1e-3})},
      {"lamb", opt::Lamb({.learning_rate = 3e-3})},
  };
  for (const auto& [name, optimizer] : optimizers) {
    kt::Model model = small_cnn();
    model.compile({.optimizer = optimizer,
                   .loss = "sparse_categorical_crossentropy",
                   .metrics = {"accuracy"}});
    out.write(fmt::format("optimizer_{}", name), model, {{8, 12, 12, 3}}, {classes});
  }

  kt::Sequential sequence({kt::Input({.shape = {9, 6}}), layers::Dense({.units = 4})});
  sequence.compile({.optimizer = "adam", .loss = kt::losses::CTC()});
  out.write("loss_ctc", sequence, {{2, 9, 6}},
            {kt::Tensor::numbers({1, 2, 2, 0, 3, 1, 0, 0}, {2, 4}, kt::int32)});
  kt::Sequential embedding(
      {kt::Input({.shape = {6}}), layers::Dense({.units = 5}), layers::UnitNormalization()});
  embedding.compile({.optimizer = "adam", .loss = kt::losses::Circle({.gamma = 4})});
  out.write("loss_circle", embedding, {{8, 6}}, {classes});

  const auto left = kt::Input({.shape = {6}, .name = "left"});
  const auto right = kt::Input({.shape = {6}, .name = "right"});
  const kt::Sequential tower(
      {kt::Input({.shape = {6}}), layers::Dense({.units = 5, .activation = "gelu"}),
       layers::LayerNormalization()},
      "tower");
  const auto inner_input = kt::Input({.shape = {5}});
  const kt::Model inner(inner_input,
                        layers::Add()({layers::Dense({.units = 3})(inner_input),
                                       layers::Dense({.units = 3})(inner_input)}),
                        "inner");
  const auto shared = layers::Dense({.units = 5, .kernel_regularizer = "l2"});
  const auto a = shared(tower(left)), b = shared(tower(right));
  const auto both = layers::Concatenate()({inner(a), inner(b), inner(layers::Multiply()({a, b}))});
  // A result that a nested functional model gives by itself, of its first call.
  kt::Model pair({left, right}, {layers::Dense({.units = 2, .name = "first"})(both), inner(a)},
                 "pair");
  pair.compile({.optimizer = "adam",
                .loss = {{"first", "mse"}, {"inner", kt::losses::Huber({.delta = 0.5})}},
                .loss_weights = {{"first", 0.5}, {"inner", 2.0}},
                .metrics = {{"first", {"mae", kt::metrics::RootMeanSquaredError()}}}});
  out.write("graph_pair", pair, {{8, 6}, {8, 6}}, {kt::randn({8, 2}), kt::randn({8, 3})});

  const auto x = kt::Input({.shape = {6}});
  const auto named = kt::Input({.shape = {6}});
  const kt::Model twice(named, layers::Dense({.units = 6})(named), "twice");
  out.write("graph_ends", kt::Model(x, {twice(twice(x)), tower(x)}), {{3, 6}});

  // A base model that infers, whatever the model around it does.
  kt::Sequential base(
      {kt::Input({.shape = {6}}), layers::Dense({.units = 4}), layers::BatchNormalization()},
      "base");
  base.set_trainable(false);
  kt::Model transfer(x, layers::Dense({.units = 1})(base(x, {.training = false})));
  transfer.compile({.optimizer = "sgd", .loss = "mse"});
  out.write("graph_transfer", transfer, {{8, 6}}, {kt::randn({8, 1})});

  const kt::DTypePolicy mixed("mixed_bfloat16");
  out.write("mixed_images",
            kt::Sequential({kt::Input({.shape = {8, 8, 3}}),
                            layers::Conv2D({.filters = 4, .kernel_size = 3, .dtype = mixed}),
                            layers::BatchNormalization({.dtype = mixed}),
                            layers::Flatten({.dtype = mixed}),
                            layers::Dense({.units = 2, .dtype = kt::float32})}),
            {{4, 8, 8, 3}});
  fmt::print("keratin wrote {} models\n", std::size(optimizers) + 6);
  return 0;
}

// Models that take raw strings and columns.
int write_texts(const fs::path& folder) {
  kt::set_random_seed(4);
  Writer out(folder);
  const kt::Tensor texts = kt::Tensor::strings(
      {"Wool, horn & hoof!", "the horn of THE rhino", "!", "élan, wool wool"}, {4, 1});
  const kt::Tensor numbers = kt::Tensor::numbers({1.5, -2, 0.25, 7}, {4, 1});
  const kt::Tensor labels = kt::Tensor::numbers({0, 1, 1, 0}, {4, 1});
  const auto text = kt::Input({.shape = {1}, .dtype = kt::string, .name = "text"});
  const auto number = kt::Input({.shape = {1}, .name = "number"});

  const std::pair<const char*, layers::TextVectorizationOptions> options[] = {
      {"int", {.max_tokens = 7, .output_sequence_length = 5}},
      {"count", {.ngrams = {1, 3}, .output_mode = "count"}},
      {"tf_idf", {.split = "character", .output_mode = "tf_idf"}},
      {"given", {.output_mode = "multi_hot", .vocabulary = {"wool", "horn"}}}};
  for (const auto& [name, chosen] : options) {
    layers::TextVectorization vectorize(chosen);
    if (chosen.vocabulary.empty()) vectorize.adapt(texts);
    out.write_of(fmt::format("text_{}", name), kt::Model(text, vectorize(text)), {texts});
  }

  layers::StringLookup lookup({.output_mode = "one_hot"});
  lookup.adapt(texts);
  layers::Normalization normalize;
  normalize.adapt(numbers);
  layers::Discretization bins({.num_bins = 3, .output_mode = "one_hot"});
  bins.adapt(numbers);
  const auto hashed = layers::Hashing({.num_bins = 5, .salt = {7}, .output_mode = "one_hot"});
  const auto x =
      layers::Concatenate()({lookup(text), normalize(number), bins(number), hashed(text)});
  kt::Model table({text, number}, layers::Dense({.units = 1, .activation = "sigmoid"})(x));
  table.compile(
      {.optimizer = kt::optimizers::Adam({.learning_rate = 1e-2}), .loss = "binary_crossentropy"});
  out.write_of("text_table", table, {texts, numbers}, {labels});
  fmt::print("keratin wrote {} models\n", 5);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string command = argc == 3 ? argv[1] : "";
  if (command == "check") return check(argv[2]);
  if (command == "write") return write(argv[2]);
  if (command == "write-texts") return write_texts(argv[2]);
  fmt::print(stderr, "usage: interop check|write|write-texts DIR\n");
  return 2;
} catch (const std::exception& error) {
  fmt::print(stderr, "interop: {}\n", error.what());
  return 1;
}
