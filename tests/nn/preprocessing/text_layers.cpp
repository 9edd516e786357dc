// What golden values cannot tell of the layers for texts, categories and numbers: errors, models and
// their files, several threads.
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "keratin.h"
#include "tests/data/files.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using namespace keratin::layers;
using doctest::Contains;

const std::vector<std::string> kTexts = {"wool is keratin", "horn is keratin too", "is it", ""};

Tensor texts(const Shape& shape = {4, 1}) { return Tensor::strings(kTexts, shape); }

void check_same(Model& a, Model& b, const Tensors& x) {
  const Tensor ya = a.predict(x, {.verbose = 0}), yb = b.predict(x, {.verbose = 0});
  CHECK(ya.to_vector<float>() == yb.to_vector<float>());
}

}  // namespace

TEST_CASE("text layers: a model of raw strings, saved and loaded") {
  const TemporaryFolder folder;
  for (const std::string mode : {"int", "multi_hot", "count", "tf_idf"}) {
    CAPTURE(mode);
    TextVectorization vectorize(
        {.max_tokens = 6,
         .ngrams = {1, 2},
         .output_mode = mode,
         .output_sequence_length = mode == "int" ? std::optional<std::int64_t>(5) : std::nullopt});
    vectorize.adapt(texts());
    auto in = Input({.shape = {1}, .dtype = string});
    auto x = vectorize(in);
    x = mode == "int" ? GlobalAveragePooling1D()(Embedding({.input_dim = 6, .output_dim = 3})(x))
                      : Dense({.units = 3})(x);
    Model model(in, x);
    model.save(folder / "m.keras");
    Model loaded = load_model(folder / "m.keras");
    check_same(model, loaded, texts());
    check_same(model, loaded, Tensor::strings({"horn horn WOOL, it is!"}, {1, 1}));
    // The weights alone have what is learned of frequencies, but no words.
    model.save_weights(folder / "m.weights.h5");
    model.load_weights(folder / "m.weights.h5");
    check_same(model, loaded, texts());
  }
}

TEST_CASE("text layers: the vocabulary given at the start is kept in the configuration") {
  const TemporaryFolder folder;
  TextVectorization vectorize(
      {.output_mode = "tf_idf", .vocabulary = {"horn", "of\nlines"}, .idf_weights = {0.5, 2}});
  auto in = Input({.shape = {1}, .dtype = string});
  Model model(in, vectorize(in));
  model.save(folder / "m.keras");
  Model loaded = load_model(folder / "m.keras");
  check_same(model, loaded, texts());
  CHECK_THROWS_WITH_AS(vectorize.adapt(texts()), Contains("vocabulary was given"), ValueError);
}

TEST_CASE("text layers: words that the lines of a file hold only with care") {
  const TemporaryFolder folder;
  auto in = Input({.shape = {1}, .dtype = string});
  for (const char* odd : {"",
                          "a\xc2\x85"
                          "b",
                          "a\rb"}) {
    StringLookup lookup({.output_mode = "one_hot"});
    lookup.adapt(Tensor::strings({"z", "z", "y", odd}));
    Model model(in, lookup(in));
    model.save(folder / "m.keras");
    Model loaded = load_model(folder / "m.keras");
    check_same(model, loaded, Tensor::strings({"y", odd, "?"}, {3, 1}));
  }
  StringLookup lookup;
  lookup.adapt(Tensor::strings({"two\nlines"}));
  Model model(in, lookup(in));
  CHECK_THROWS_WITH_AS(model.save(folder / "n.keras"), Contains("line break"), ValueError);
}

TEST_CASE("text layers: several inputs of a table, side by side") {
  const TemporaryFolder folder;
  auto kind = Input({.shape = {1}, .dtype = string, .name = "kind"});
  auto age = Input({.shape = {1}, .name = "age"});
  auto level = Input({.shape = {1}, .dtype = int64, .name = "level"});
  StringLookup lookup({.output_mode = "one_hot"});
  lookup.adapt(Tensor::strings({"b", "a", "b", "c"}));
  Normalization normalize;
  normalize.adapt(Tensor::numbers({1, 2, 3, 6}));
  IntegerLookup levels({.output_mode = "one_hot"});
  levels.adapt(Tensor::numbers({10, 20, 10}, {3}, int64));
  const SymbolicTensor x =
      Concatenate()(std::vector<SymbolicTensor>{lookup(kind), normalize(age), levels(level)});
  CHECK(x.dtype() == float32);
  CHECK(x.shape() == Shape{None, 4 + 1 + 3});
  Model model({kind, age, level}, Dense({.units = 2})(x));
  const Tensors rows({{"kind", Tensor::strings({"a", "z"}, {2, 1})},
                      {"age", Tensor::numbers({3, 6}, {2, 1})},
                      {"level", Tensor::numbers({20, 7}, {2, 1}, int64)}});
  model.save(folder / "m.keras");
  Model loaded = load_model(folder / "m.keras");
  check_same(model, loaded, rows);
  // Mean 3 and variance 3.5 of 1, 2, 3, 6.
  const Tensor three = normalize(Tensors(Tensor::numbers({3}, {1, 1}))).value();
  CHECK(three.item<float>() == doctest::Approx(0));
}

TEST_CASE("text layers: the same on many threads, and in a pipeline") {
  std::vector<std::string> many;
  for (int i = 0; i < 300; ++i)
    many.push_back(fmt::format("word{} word{}, Word{}!", i, i % 7, i % 3));
  const Tensor all = Tensor::strings(many);
  TextVectorization vectorize({.output_sequence_length = 4});
  vectorize.adapt(all);
  const Tensor whole = vectorize(Tensors(all)).value();
  const Dataset mapped = data::from_tensor_slices(all).batch(16).map(
      [&](Example e) { return Example{vectorize(e.x).value()}; }, {.num_parallel_calls = 3});
  std::vector<std::int64_t> gathered;
  for (const Example& batch : mapped) {
    for (const std::int64_t id : batch.x.to_vector<std::int64_t>()) gathered.push_back(id);
  }
  CHECK(gathered == whole.to_vector<std::int64_t>());
}

TEST_CASE(
    "text layers: adapt learns the same on any number of threads, from one tensor and batches") {
  // Words of a Zipf-like mix, many of them equally frequent.
  std::mt19937_64 random(5);
  std::vector<std::string> all;
  std::map<std::string, std::pair<double, double>> counted;  // times, documents
  for (int i = 0; i < 300; ++i) {
    std::string text;
    std::set<std::string> seen;
    for (int k = 0; k < 40; ++k) {
      const std::string word = fmt::format("w{}", random() % (1 + random() % 2000));
      text += word + " ";
      counted[word].first += 1;
      if (seen.insert(word).second) counted[word].second += 1;
    }
    all.push_back(text);
  }
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [word, count] : counted) order.emplace_back(count.first, word);
  std::sort(order.rbegin(), order.rend());
  std::vector<std::string> vocabulary{"[UNK]"};
  for (std::size_t i = 0; i < 499; ++i) vocabulary.push_back(order[i].second);
  const Tensor x = Tensor::strings(all);
  const int before = kernels::thread_count();
  for (const int threads : {1, 2, 7}) {
    kernels::set_thread_count(threads);
    CAPTURE(threads);
    for (const std::int64_t batch : {300, 64, 1}) {
      TextVectorization vectorize({.max_tokens = 500, .output_mode = "tf_idf"});
      if (batch == 300) {
        vectorize.adapt(x);
      } else {
        vectorize.adapt(data::from_tensor_slices(x).batch(batch));
      }
      CHECK(vectorize.get_vocabulary() == vocabulary);
      const Tensor weights = vectorize(Tensors(Tensor::strings({order[7].second}))).value();
      CHECK(weights.to_vector<double>()[8] ==
            doctest::Approx(std::log(1 + 300 / (1 + counted[order[7].second].second))));
    }
  }
  kernels::set_thread_count(before);
}

TEST_CASE("text layers: functions to standardize and split are used, and not saved") {
  const TemporaryFolder folder;
  TextVectorization vectorize({.standardize = [](const std::string& text) { return text + ";END"; },
                               .split =
                                   [](const std::string& text) {
                                     return std::vector<std::string>{
                                         text.substr(0, text.find(';')),
                                         text.substr(text.find(';') + 1)};
                                   }});
  vectorize.adapt(texts({4}));
  CHECK(vectorize.get_vocabulary()[2] == "END");
  CHECK(vectorize(Tensors(texts({4}))).value().shape() == Shape{4, 2});
  auto in = Input({.shape = {1}, .dtype = string});
  Model model(in, vectorize(in));
  CHECK_THROWS_WITH_AS(model.save(folder / "m.keras"), Contains("standardize is a function"),
                       ValueError);
}

TEST_CASE("text layers: NaN is left out of what is learned") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Normalization normalize;
  normalize.adapt(Tensor::numbers({1, nan, 3}));
  const std::vector<Tensor> weights = normalize.get_weights();
  CHECK(weights[0].item<double>() == 2);
  CHECK(weights[1].item<double>() == 1);
  CHECK_THROWS_WITH_AS(normalize.adapt(Tensor::numbers({nan, nan})), Contains("NaN"), ValueError);
  CHECK(normalize.get_weights()[0].item<double>() == 2);
  Discretization bins({.num_bins = 2});
  bins.adapt(Tensor::numbers({nan, 1, 2, 3, 4, nan}));
  CHECK(bins.bin_boundaries() == std::vector<double>{2});
}

TEST_CASE("text layers: Normalization over batches is that over all") {
  const Tensor all = Tensor::from(normal_values(60, 3), {20, 3});
  for (const Axes& axis : {Axes(-1), Axes()}) {
    Normalization whole({.axis = axis}), batched({.axis = axis}), single({.axis = axis});
    whole.adapt(all);
    batched.adapt(data::from_tensor_slices(all).batch(7));
    single.adapt(data::from_tensor_slices(all));
    for (std::size_t i = 0; i < 2; ++i) {
      const Tensor wanted = whole.get_weights()[i];
      CHECK(max_abs_difference(batched.get_weights()[i], wanted) < 1e-6);
      CHECK(max_abs_difference(single.get_weights()[i], wanted) < 1e-6);
    }
  }
}

TEST_CASE("text layers: what cannot be is said") {
  const auto throws = [](auto make, const char* text) {
    CHECK_THROWS_WITH_AS((void)make(), Contains(text), ValueError);
  };
  throws([] { return TextVectorization({.standardize = "upper"}); }, "standardize is \"upper\"");
  throws([] { return TextVectorization({.split = "comma"}); }, "split is \"comma\"");
  throws([] { return TextVectorization({.ngrams = 0}); }, "ngrams of 0");
  throws([] { return TextVectorization({.output_mode = "bag"}); }, "output_mode is \"bag\"");
  throws([] { return TextVectorization({.max_tokens = 1}); }, "max_tokens is 1");
  throws([] { return TextVectorization({.output_mode = "count", .output_sequence_length = 3}); },
         "it is for \"int\"");
  throws([] { return TextVectorization({.pad_to_max_tokens = true}); }, "pad_to_max_tokens");
  throws([] { return TextVectorization({.encoding = "latin-1"}); }, "strings are UTF-8");
  throws([] { return StringLookup({.vocabulary = {"a", "b", "a"}}); }, "\"a\" twice, at 0 and 2");
  throws(
      [] {
        return StringLookup({.mask_token = "m", .vocabulary = {"a", "m"}});
      },
      "mask token \"m\" at 1");
  throws([] { return StringLookup({.vocabulary = {"a"}, .output_mode = "tf_idf"}); },
         "needs its idf_weights");
  throws([] { return StringLookup({.idf_weights = {1}}); }, "idf_weights without a vocabulary");
  throws([] { return StringLookup({.invert = true, .output_mode = "count"}); }, "with invert");
  throws([] { return StringLookup({.salt = {1, 2, 3}}); }, "salt has 3 numbers");
  throws([] { return IntegerLookup({.salt = {1}}); }, "it is for \"farmhash\"");
  throws([] { return IntegerLookup({.max_tokens = 2, .num_oov_indices = 3}); }, "take 3 already");
  throws([] { return Normalization({.mean = Tensor::scalar(1)}); }, "mean without variance");
  throws([] { return Discretization({}); }, "neither bin_boundaries nor num_bins");
  throws([] { return Discretization({.bin_boundaries = {2, 1}}); }, "expected rising");
  throws([] { return Discretization({.num_bins = 0}); }, "num_bins is 0");
  throws([] { return CategoryEncoding({}); }, "num_tokens is 0");
  throws([] { return CategoryEncoding({.num_tokens = 2, .output_mode = "int"}); },
         "expected one of one_hot, multi_hot, count");
  throws([] { return Hashing({}); }, "num_bins is 0");

  const Tensors a_text(Tensor::strings({"a"}));
  throws([&] { return TextVectorization()(a_text); }, "has no vocabulary");
  throws([&] { return StringLookup({.output_mode = "one_hot"})(a_text); }, "no vocabulary yet");
  throws([&] { return StringLookup({.num_oov_indices = 0, .vocabulary = {"b"}})(a_text); },
         "\"a\" is not in the vocabulary");
  throws(
      [] {
        return CategoryEncoding({.num_tokens = 2})(Tensors(Tensor::numbers({0, 2})));
      },
      "category 2 at element 1");
  CHECK_THROWS_WITH_AS((void)StringLookup()(Tensors(Tensor::numbers({1}))),
                       Contains("Use IntegerLookup"), DTypeError);
  CHECK_THROWS_WITH_AS((void)IntegerLookup()(a_text), Contains("Use StringLookup"), DTypeError);
  CHECK_THROWS_WITH_AS((void)Normalization()(a_text), Contains("Use StringLookup"), DTypeError);
  CHECK_THROWS_WITH_AS((void)TextVectorization()(Tensors(Tensor::strings({"a", "b"}, {1, 2}))),
                       Contains("[batch, 1]"), ShapeError);
  CHECK_THROWS_WITH_AS((void)Hashing({.num_bins = 3, .mask_value = 1})(a_text),
                       Contains("mask_value is a number"), DTypeError);
}

TEST_CASE("text layers: adapt refuses what it cannot learn from, and keeps what it knows") {
  StringLookup lookup({.output_mode = "one_hot"});
  lookup.adapt(Tensor::strings({"a", "b"}));
  const auto before = lookup.get_vocabulary();
  CHECK_THROWS_WITH_AS(lookup.adapt(data::from_tensor_slices(Tensor::strings({"a"})).repeat()),
                       Contains("has no end"), ValueError);
  CHECK_THROWS_WITH_AS(lookup.adapt(data::from_tensor_slices(
                           Tensors({Tensor::strings({"a"}), Tensor::strings({"b"})}))),
                       Contains("has 2 inputs"), ValueError);
  CHECK_THROWS_WITH_AS(lookup.set_vocabulary({"a", "b", "b"}), Contains("twice"), ValueError);
  auto in = Input({.shape = {1}, .dtype = string});
  (void)lookup(in);
  CHECK_THROWS_WITH_AS(lookup.adapt(Tensor::strings({"a", "b", "c"})),
                       Contains("adapt before the first call"), ValueError);
  CHECK(lookup.get_vocabulary() == before);
  TextVectorization vectorize;
  CHECK_THROWS_WITH_AS(vectorize.adapt(Tensor::strings({"good", "b\xff"})),
                       Contains("text 1 is not UTF-8 at byte 1"), ValueError);
}

}  // namespace keratin::tests
