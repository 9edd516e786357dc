// Models through files and back: the same bits, and clear words where that can't be. Against real
// Keras: tests/interop.
#include "nn/saving/model_file.h"

#include <cstring>
#include <filesystem>

#include "autograd/ops.h"
#include "data/zip.h"
#include "keratin.h"
#include "tests/data/files.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using doctest::Contains;
namespace fs = std::filesystem;

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.raw(), b.raw(), static_cast<std::size_t>(a.bytes())) == 0;
}

Tensor numbers(const Shape& shape, std::uint64_t seed = 5) {
  return Tensor::from(normal_values(shape.size(), seed), shape);
}

// Saved and loaded again.
Model reloaded(const Model& model, const TemporaryFolder& folder) {
  const std::string path = folder / "model.keras";
  model.save(path);
  return load_model(path);
}

void check_same(Model& a, Model& b, const Tensors& x) {
  const std::vector<Variable> mine = a.weights(), theirs = b.weights();
  REQUIRE(mine.size() == theirs.size());
  for (std::size_t i = 0; i < mine.size(); ++i) {
    CHECK(same_bits(mine[i].value(), theirs[i].value()));
    CHECK(mine[i].name() == theirs[i].name());
  }
  const Tensors ya = a.predict(x, {.verbose = 0}), yb = b.predict(x, {.verbose = 0});
  REQUIRE(ya.count() == yb.count());
  for (std::int64_t i = 0; i < ya.count(); ++i) {
    CHECK(ya.name(i) == yb.name(i));
    CHECK(same_bits(ya.get(i), yb.get(i)));
  }
}

class Scale final : public Layer {
 public:
  Scale() = default;
  explicit Scale(double start) : start_(start) {}
  void fields(Fields& f) override { f("start", start_); }
  void build(const Shape& input) override {
    gain_ = add_weight(
        {.shape = {input.back()}, .initializer = initializers::Constant(start_), .name = "gain"});
  }
  Variable call(const Variable& x, CallContext) override { return x * gain_; }

 private:
  double start_ = 1;
  Variable gain_;
};

class Unregistered final : public Layer {
 public:
  Variable call(const Variable& x, CallContext) override { return x; }
};

}  // namespace

TEST_CASE("saving: every layer, with options that are not the defaults") {
  namespace l = layers;
  struct Case {
    LayerRef layer;
    Shape input;
    DType dtype = float32;
  };
  const Shape image{4, 6, 6, 4}, sequence{3, 8, 5}, flat{4, 6};
  const std::vector<Case> cases = {
      {l::Activation("tanh"), flat},
      {l::Activation("swish"), flat},
      {l::AveragePooling1D({.pool_size = 3, .strides = 2, .padding = "same"}), sequence},
      {l::AveragePooling2D({.pool_size = {3, 2}, .padding = "same"}), image},
      {l::BatchNormalization({.momentum = 0.9, .epsilon = 1e-2, .center = false}), image},
      {l::Conv1D({.filters = 3, .kernel_size = 2, .padding = "causal", .dilation_rate = 2}),
       sequence},
      {l::Conv2D({.filters = 6,
                  .kernel_size = {3, 2},
                  .strides = 2,
                  .padding = "same",
                  .groups = 2,
                  .activation = "relu",
                  .kernel_initializer = initializers::HeNormal(7),
                  .kernel_regularizer = regularizers::L1L2(1e-3, 1e-2),
                  .bias_constraint = "non_neg"}),
       image},
      {l::Conv1DTranspose({.filters = 3,
                           .kernel_size = 2,
                           .strides = 3,
                           .output_padding = 2,
                           .kernel_constraint = "max_norm"}),
       sequence},
      {l::Conv2DTranspose({.filters = 3,
                           .kernel_size = {2, 3},
                           .strides = {1, 2},
                           .padding = "same",
                           .output_padding = {0, 1},
                           .use_bias = false}),
       image},
      {l::Cropping1D({.cropping = {1, 2}}), sequence},
      {l::Cropping2D({.cropping = {{1, 0}, {2, 1}}}), image},
      {l::Dense({.units = 3,
                 .activation = "selu",
                 .use_bias = false,
                 .kernel_initializer = initializers::Orthogonal(0.5),
                 .activity_regularizer = "l2"}),
       flat},
      {l::Dense({.units = 3,
                 .kernel_regularizer = regularizers::OrthogonalRegularizer(0.1, "columns"),
                 .kernel_constraint = constraints::MaxNorm({.max_value = 0.5, .axis = 1}),
                 .bias_constraint = "unit_norm"}),
       flat},
      {l::Conv2D({.filters = 2,
                  .kernel_size = 2,
                  .kernel_constraint =
                      constraints::MinMaxNorm({.min_value = 0.1, .rate = 0.5, .axis = {0, 1, 2}}),
                  .bias_constraint = constraints::UnitNorm({.axis = Axes()})}),
       image},
      {l::Dropout({.rate = 0.3, .noise_shape = {None, 1}, .seed = 3}), flat},
      {l::ELU({.alpha = 0.5}), flat},
      {l::Embedding({.input_dim = 7, .output_dim = 2, .mask_zero = true}), {4, 3}, int32},
      {l::Flatten(), image},
      {l::GaussianDropout({.rate = 0.2}), flat},
      {l::GaussianNoise({.stddev = 0.2}), flat},
      {l::GlobalAveragePooling1D({.keepdims = true}), sequence},
      {l::GlobalAveragePooling2D(), image},
      {l::GlobalMaxPooling1D(), sequence},
      {l::GlobalMaxPooling2D({.keepdims = true}), image},
      {l::GroupNormalization({.groups = 2, .scale = false}), image},
      {l::Identity(), flat},
      {l::ActivityRegularization({.l2 = 0.1}), flat},
      {l::LayerNormalization({.axis = {1, -1}, .epsilon = 1e-5}), sequence},
      {l::LeakyReLU({.negative_slope = 0.1}), flat},
      {l::Masking({.mask_value = 1}), sequence},
      {l::MaxPooling1D(), sequence},
      {l::MaxPooling2D({.pool_size = 3, .strides = 1}), image},
      {l::PReLU({.shared_axes = {1, 2}}), image},
      {l::Permute({.dims = {2, 1}}), sequence},
      {l::RMSNormalization(), sequence},
      {l::ReLU({.max_value = 1, .negative_slope = 0.1, .threshold = 0.2}), flat},
      {l::RepeatVector({.n = 3}), flat},
      {l::Rescaling({.scale = 0.5, .offset = -1}), image},
      {l::Reshape({.target_shape = {-1, 8}}), image},
      {l::Softmax({.axis = 1}), sequence},
      {l::SpatialDropout1D({.rate = 0.2}), sequence},
      {l::SpatialDropout2D({.rate = 0.2, .seed = 1}), image},
      {l::TimeDistributed(l::Dense({.units = 2})), sequence},
      {l::UnitNormalization(), flat},
      {l::UpSampling1D({.size = 3}), sequence},
      {l::UpSampling2D({.size = {1, 2}}), image},
      {l::ZeroPadding1D({.padding = {0, 2}}), sequence},
      {l::ZeroPadding2D({.padding = {{1, 2}, {0, 1}}}), image},
  };
  const TemporaryFolder folder;
  for (const Case& one : cases) {
    CAPTURE(one.layer.layer()->class_name());
    const Shape sample = one.input.slice(1, one.input.rank());
    Sequential model({Input({.shape = sample, .dtype = one.dtype}), one.layer});
    Model copy = reloaded(model, folder);
    const Tensor x = one.dtype == int32
                         ? Tensor::numbers({0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4}, one.input, int32)
                         : numbers(one.input);
    check_same(model, copy, x);
    // Written again it is the same text: no option was lost.
    copy.save(folder / "again.keras");
    const data::ZipReader first("test", folder / "model.keras"),
        second("test", folder / "again.keras");
    CHECK(first.read("config.json").text() == second.read("config.json").text());
    CHECK(first.read("model.weights.h5").text() == second.read("model.weights.h5").text());
  }
}

TEST_CASE("saving: graphs with several inputs and outputs, shared and nested") {
  namespace l = layers;
  const TemporaryFolder folder;
  const auto left = Input({.shape = {6}, .name = "left"}),
             right = Input({.shape = {6}, .name = "right"});
  const Sequential tower({Input({.shape = {6}}), l::Dense({.units = 4, .activation = "relu"}),
                          l::BatchNormalization()},
                         "tower");
  const auto inner_input = Input({.shape = {4}});
  const auto inner_hidden = l::Dense({.units = 3})(inner_input);
  const Model inner(inner_input, l::Add()({inner_hidden, l::Dense({.units = 3})(inner_input)}),
                    "inner");
  const auto shared = l::Dense({.units = 4, .name = "shared"});
  const auto a = shared(tower(left)), b = shared(tower(right));
  const auto both = l::Concatenate()({inner(a), inner(b), inner(l::Multiply()({a, b}))});
  Model model({left, right},
              {{"sum", l::Dense({.units = 1})(both)},
               {"kind", l::Dense({.units = 3, .activation = "softmax"})(both)}},
              "pair");
  Model copy = reloaded(model, folder);
  CHECK(copy.name() == "pair");
  CHECK(copy.get_layer("shared").count_params() == 20);
  CHECK(copy.weights().size() == model.weights().size());
  check_same(model, copy, {{"left", numbers({5, 6}, 1)}, {"right", numbers({5, 6}, 2)}});

  // Outputs that nested models give by themselves, of the first call and of a later one.
  const auto x = Input({.shape = {6}});
  const Sequential same({Input({.shape = {6}}), l::Dense({.units = 6})}, "same");
  const auto wide_input = Input({.shape = {6}});
  const Model wide(wide_input, l::Dense({.units = 6})(wide_input), "wide");
  Model ends(x, {wide(x), wide(wide(x)), same(x), same(same(x))});
  Model ends_copy = reloaded(ends, folder);
  check_same(ends, ends_copy, numbers({3, 6}));
}

TEST_CASE("saving: training goes on where it stood") {
  namespace l = layers;
  const TemporaryFolder folder;
  const Tensor x = numbers({32, 6}, 1),
               y = cast(greater(sum(x, {.axis = -1, .keepdims = true}), zeros({1})), float32);
  const std::vector<OptimizerRef> optimizers = {
      optimizers::Adam({.learning_rate = 0.0123, .amsgrad = true, .clipnorm = 1.0}),
      optimizers::AdamW({.learning_rate = optimizers::schedules::CosineDecay(
                             {.initial_learning_rate = 0.01, .decay_steps = 50}),
                         .use_ema = true}),
      optimizers::RMSprop({.momentum = 0.5, .centered = true}),
      optimizers::SGD({.learning_rate = 0.1,
                       .momentum = 0.9,
                       .nesterov = true,
                       .gradient_accumulation_steps = 2}),
      optimizers::SGD(),
      optimizers::Adagrad(
          {.learning_rate = optimizers::schedules::ExponentialDecay(
               {.initial_learning_rate = 0.1, .decay_steps = 4, .decay_rate = 0.9})}),
      optimizers::Adadelta({.learning_rate = optimizers::schedules::CosineDecayRestarts(
                                {.initial_learning_rate = 1, .first_decay_steps = 5})}),
      optimizers::Adamax({.learning_rate = optimizers::schedules::PiecewiseConstantDecay(
                              {.boundaries = {3, 11}, .values = {0.1, 0.01, 0.001}})}),
      optimizers::Nadam({.clipnorm = 1.0, .use_ema = true}),
      optimizers::Lion({.learning_rate = optimizers::schedules::PolynomialDecay(
                            {.initial_learning_rate = 0.01, .decay_steps = 10, .cycle = true})}),
      optimizers::Ftrl({.learning_rate = optimizers::schedules::InverseTimeDecay(
                            {.initial_learning_rate = 0.1, .decay_steps = 4, .decay_rate = 1}),
                        .l1_regularization_strength = 0.001}),
      optimizers::Lamb({.weight_decay = 0.01}),
  };
  for (const OptimizerRef& optimizer : optimizers) {
    CAPTURE(optimizer.name());
    Sequential model({Input({.shape = {6}}),
                      l::Dense({.units = 5, .activation = "relu", .kernel_regularizer = "l2"}),
                      l::BatchNormalization(), l::Dense({.units = 1, .activation = "sigmoid"})});
    model.compile({.optimizer = optimizer,
                   .loss = losses::BinaryCrossentropy({.label_smoothing = 0.1}),
                   .metrics = {"accuracy", metrics::AUC({.num_thresholds = 50, .name = "area"})}});
    const FitOptions quietly = {.batch_size = 8, .epochs = 2, .verbose = 0, .shuffle = false};
    model.fit(x, y, quietly);
    Model copy = reloaded(model, folder);
    const History one = model.fit(x, y, quietly), other = copy.fit(x, y, quietly);
    for (const auto& [name, values] : one.history) {
      CAPTURE(name);
      CHECK(other.history.at(name) == values);
    }
    check_same(model, copy, x);
  }
}

TEST_CASE("saving: losses and metrics by name, by object and by output") {
  namespace l = layers;
  const TemporaryFolder folder;
  const auto x = Input({.shape = {3}});
  Model model(x, {{"a", l::Dense({.units = 1})(x)},
                  {"b", l::Dense({.units = 2, .activation = "softmax"})(x)}});
  model.compile(
      {.optimizer = "adam",
       .loss = {{"a", losses::Huber({.delta = 0.5})}, {"b", "sparse_categorical_crossentropy"}},
       .loss_weights = {{"a", 0.25}},
       .metrics = {{"a", {"mae", metrics::RootMeanSquaredError()}}, {"b", "acc"}},
       .weighted_metrics = {{"b", "accuracy"}}});
  Model copy = reloaded(model, folder);
  const Tensors y{{"a", numbers({4, 1})}, {"b", Tensor::numbers({0, 1, 1, 0}, {4}, int32)}};
  const Logs one = model.evaluate(numbers({4, 3}), y, {.verbose = 0});
  const Logs other = copy.evaluate(numbers({4, 3}), y, {.verbose = 0});
  REQUIRE(one.size() == other.size());
  for (const auto& [name, value] : one) CHECK(other.at(name) == value);

  const std::string path = folder / "model.keras";
  const auto own = [](const Variable& t, const Variable& p) {
    return mean(square(t - p), {.axis = -1});
  };
  model.compile({.loss = own});
  CHECK_THROWS_WITH_AS(model.save(path), Contains("a function of the program"), ValueError);
  CHECK_FALSE(load_model(path, {.compile = false}).compiled());
}

TEST_CASE("saving: layers of one's own are registered, or named in an error") {
  const TemporaryFolder folder;
  const std::string path = folder / "model.keras";
  Sequential unknown({Input({.shape = {3}}), make_layer<Unregistered>()});
  CHECK_THROWS_WITH_AS(unknown.save(path), Contains("register_layer<Unregistered>(\"my_package\")"),
                       ValueError);
  CHECK_FALSE(fs::exists(path));
  register_layer<Scale>("my_package");
  register_layer<Scale>("my_package");
  CHECK_THROWS_AS(register_layer<Scale>("a>b"), ValueError);
  Sequential model({Input({.shape = {3}}), make_layer<Scale>(2.5)});
  Model copy = reloaded(model, folder);
  check_same(model, copy, numbers({2, 3}));
  CHECK(copy.weights()[0].value().item<float>({0}) == 2.5f);

  Sequential lambda(
      {Input({.shape = {3}}), layers::Lambda([](const Variable& x) { return x * 2.0; })});
  CHECK_THROWS_WITH_AS(lambda.save(path), Contains("Lambda"), ValueError);
  const auto softly = [](const Variable& x) { return x * 2.0; };
  Sequential function({Input({.shape = {3}}), layers::Dense({.units = 2, .activation = softly})});
  CHECK_THROWS_WITH_AS(function.save(path), Contains("activation is a function of the program"),
                       ValueError);
}

TEST_CASE("saving: frozen layers stay frozen, and calls that infer stay so") {
  namespace l = layers;
  const TemporaryFolder folder;
  const auto x = Input({.shape = {4}});
  Sequential base({Input({.shape = {4}}), l::Dense({.units = 3}), l::BatchNormalization()}, "base");
  base.set_trainable(false);
  Model model(x, l::Dense({.units = 1})(base(x, {.training = false})));
  Model copy = reloaded(model, folder);
  CHECK(copy.trainable_variables().size() == 2);
  CHECK_FALSE(copy.get_layer("base").trainable());
  // Thawed, the batch normalization still infers: that is how it was called.
  copy.set_trainable(true);
  const Tensor in = numbers({5, 4});
  CHECK(same_bits(copy(Variable(in, false), {.training = true}).value(),
                  model(Variable(in, false)).value()));
}

TEST_CASE("weights: by structure, whole or not at all") {
  namespace l = layers;
  const TemporaryFolder folder;
  const std::string path = folder / "model.weights.h5";
  const auto made = [](std::int64_t units, bool bias = true) {
    return Sequential({Input({.shape = {4}}), l::Dense({.units = units, .use_bias = bias}),
                       l::Dense({.units = 2})});
  };
  Sequential model = made(3), same = made(3), wider = made(5), fewer = made(3, false);
  Sequential longer({Input({.shape = {4}}), l::Dense({.units = 3}), l::Dense({.units = 2}),
                     l::Dense({.units = 2})});
  model.save_weights(path);
  same.load_weights(path);
  check_same(model, same, numbers({2, 4}));
  const auto before = wider.get_weights();
  CHECK_THROWS_WITH_AS(wider.load_weights(path), Contains("the file has shape"), FileError);
  CHECK_THROWS_WITH_AS(fewer.load_weights(path), Contains("has 1 variables, the file has 2"),
                       FileError);
  CHECK_THROWS_WITH_AS(longer.load_weights(path), Contains("has 2 variables, the file has 0"),
                       FileError);
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(same_bits(before[i], wider.get_weights()[i]));
  longer.load_weights(path, true);  // what fits
  CHECK(same_bits(longer.get_weights()[0], model.get_weights()[0]));
  longer.save_weights(path);
  CHECK_THROWS_WITH_AS(model.load_weights(path), Contains("for which the model has no place"),
                       FileError);
  CHECK_THROWS_WITH_AS(model.save_weights(folder / "model.h5"), Contains("must end with"),
                       ValueError);

  model.save(folder / "model.keras");
  same.load_weights(folder / "model.keras");
  CHECK_THROWS_AS(model.load_weights(folder / "missing.weights.h5"), FileError);
}

TEST_CASE("saving: a file that cannot be written leaves what was there") {
  const TemporaryFolder folder;
  const std::string path = folder / "model.keras";
  Sequential model({Input({.shape = {4}}), layers::Dense({.units = 3})});
  model.save(path);
  const std::string before = read_file(path);
  model.compile({.loss = [](const Variable& t, const Variable&) { return t; }});
  CHECK_THROWS_AS(model.save(path), ValueError);
  CHECK(read_file(path) == before);
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
  CHECK_THROWS_AS(model.save(folder / "no/such/folder.keras"), Error);
  CHECK_THROWS_WITH_AS(model.save(folder / "model.zip"), Contains("must end with \".keras\""),
                       ValueError);
  Sequential unbuilt({layers::Dense({.units = 3})});
  CHECK_THROWS_WITH_AS(unbuilt.save(path), Contains("has no weights yet"), ValueError);
}

TEST_CASE("load_model: what a hostile or foreign file says") {
  const TemporaryFolder folder;
  const std::string path = folder / "model.keras";
  Sequential model({Input({.shape = {4}}), layers::Dense({.units = 3, .name = "head"})});
  model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
  model.save(path);
  const data::ZipReader archive("test", path);
  const std::string config(archive.read("config.json").text());
  // The same file with some text of its config replaced.
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = config;
    const auto at = changed.find(from);
    REQUIRE(at != std::string::npos);
    changed.replace(at, from.size(), to);
    const std::string other = folder / "other.keras";
    data::ZipWriter writer("test", other);
    writer.add("metadata.json", archive.read("metadata.json"));
    writer.add("config.json", data::Bytes::from(changed));
    writer.add("model.weights.h5", archive.read("model.weights.h5"));
    writer.finish();
    return other;
  };
  CHECK_NOTHROW(load_model(with("\"units\"", "\"units\"")));
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"\"units\": 3", "\"units\": 4", "the file has shape"},
      {"\"units\": 3", "\"units\": 4000000000000", "do not fit what the file holds"},
      {"\"units\": 3", "\"units\": \"3\"", "units is \"3\"; expected a whole number"},
      {"\"units\": 3", "\"units\": -1", "units is -1"},
      {"\"units\": 3", "\"units\": 3, \"lora_rank\": 4",
       "lora_rank is 4; this option is not known"},
      {"\"Dense\"", "\"Densest\"", "keratin has no layer \"Densest\""},
      {"\"Dense\"", "\"Lambda\"", "is never run"},
      {"\"class_name\": \"Dense\"", "\"class\": \"Dense\"", "expected an object with"},
      {"\"GlorotUniform\"", "\"Evil\"", "initializer of class \"Evil\""},
      {"\"activation\": \"linear\"", "\"activation\": \"linea\"", "did you mean \"linear\""},
      {"\"batch_shape\": [null, 4]", "\"batch_shape\": [null, -4]", "expected a size"},
      {"\"batch_shape\": [null, 4]", "\"batch_shape\": 4", "expected a shape"},
      {"\"layers\": [", "\"layers\": 3, \"others\": [", "is no list"},
      {"\"Adam\"", "\"Adamant\"", "optimizer of class \"Adamant\""},
      {"\"mse\"", "\"mes\"", "did you mean"},
      {"\"DTypePolicy\"", "\"QuantizedDTypePolicy\"", "quantized"},
      {"{\"module\"", "[1, {\"module\"", "load_model"},
  };
  for (const auto& [from, to, message] : rows) {
    CAPTURE(to);
    CHECK_THROWS_WITH_AS(load_model(with(from, to)), Contains(message), FileError);
  }
  CHECK_THROWS_AS(load_model(folder / "missing.keras"), FileError);
  CHECK_THROWS_WITH_AS(load_model(folder / "model.pt"), Contains("must end with"), ValueError);
  CHECK_THROWS_AS(load_model(write_file(folder / "text.keras", "no archive")), FileError);
}

}  // namespace keratin::tests
