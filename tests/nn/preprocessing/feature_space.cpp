#include "nn/model/feature_space.h"

#include "keratin.h"
#include "tests/data/files.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using doctest::Contains;

Tensors table() {
  return Tensors({{"age", Tensor::numbers({20, 40, 60, 40})},
                  {"job", Tensor::strings({"smith", "baker", "smith", "miller"})},
                  {"town", Tensor::numbers({3, 3, 5, 7}, {4}, int64)}});
}

FeatureSpaceOptions options(std::string output_mode = "concat") {
  return {.features = {{"town", "integer_hashed"},
                       {"job", "string_categorical"},
                       {"age", "float_normalized"}},
          .output_mode = std::move(output_mode),
          .crosses = {{"town", "job"}},
          .crossing_dim = 6,
          .hashing_dim = 5};
}

}  // namespace

TEST_CASE("feature space: columns in the order of their names, then crosses") {
  FeatureSpace space(options());
  space.adapt(data::from_tensor_slices(table()).batch(3));
  const Tensor rows = space(table());
  // age 1, job [UNK] smith miller baker, town 5, cross 6
  CHECK(rows.shape() == Shape{4, 1 + 4 + 5 + 6});
  CHECK(rows.dtype() == float32);
  const double deviation = std::sqrt(200.0);  // of 20, 40, 60, 40
  CHECK(rows.item<double>({0, 0}) == doctest::Approx(-20 / deviation));
  CHECK(rows.item<double>({2, 0}) == doctest::Approx(20 / deviation));
  CHECK(slice(rows, {{}, {1, 5}}).to_vector<float>() ==
        std::vector<float>{0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0});
  for (std::int64_t row = 0; row < 4; ++row) {
    CHECK(sum(slice(rows, {{row, row + 1}, {5, 10}})).item<float>() == 1);
    CHECK(sum(slice(rows, {{row, row + 1}, {10, 16}})).item<float>() == 1);
  }
  // A job that was never seen.
  const Tensor unknown = space({{"age", Tensor::numbers({40}, {1, 1})},
                                {"job", Tensor::strings({"pilot"}, {1, 1})},
                                {"town", Tensor::numbers({3}, {1, 1}, int64)}});
  CHECK(unknown.item<float>({0, 0}) == doctest::Approx(0));
  CHECK(unknown.item<float>({0, 1}) == 1);
}

TEST_CASE("feature space: by name, in a model that is saved and loaded") {
  const TemporaryFolder folder;
  FeatureSpace space(options("dict"));
  space.adapt(data::from_tensor_slices(table()));
  const Tensors encoded = space(table());
  REQUIRE(encoded.count() == 4);
  CHECK(encoded["job"].shape() == Shape{4, 4});
  CHECK(encoded["town_X_job"].shape() == Shape{4, 6});

  FeatureSpace together(options());
  together.adapt(data::from_tensor_slices(table()));
  Model model(together.get_inputs(), layers::Dense({.units = 2})(together.get_encoded_features()));
  model.save(folder / "m.keras");
  Model loaded = load_model(folder / "m.keras");
  Tensors columns = table().map([](const Tensor& t) { return t.reshaped({4, 1}); });
  CHECK(model.predict(columns, {.verbose = 0}).to_vector<float>() ==
        loaded.predict(columns, {.verbose = 0}).to_vector<float>());
}

TEST_CASE("feature space: a layer of one's own, and what cannot be") {
  FeatureSpace space({.features = {{"n", Feature(float32, layers::Rescaling({.scale = 2}))}}});
  CHECK(space({{"n", Tensor::numbers({1, 2})}}).to_vector<float>() == std::vector<float>{2, 4});

  const auto throws = [](const FeatureSpaceOptions& o, const char* text) {
    CHECK_THROWS_WITH_AS(FeatureSpace{o}, Contains(text), ValueError);
  };
  throws({}, "no features");
  throws({.features = {{"a", "floats"}}}, "column \"a\" is a \"floats\"");
  throws({.features = {{"a", "float"}}, .output_mode = "list"}, "output_mode is \"list\"");
  throws({.features = {{"a", "string_hashed"}}, .crosses = {{"a", "b"}}}, "no column \"b\"");
  throws({.features = {{"a", "float"}, {"b", "string_hashed"}}, .crosses = {{"a", "b"}}},
         "use float_discretized");
  FeatureSpace unlearned({.features = {{"a", "float_normalized"}}});
  CHECK_THROWS_WITH_AS((void)unlearned.get_inputs(), Contains("call adapt"), ValueError);
  CHECK_THROWS_WITH_AS(unlearned.adapt(data::from_tensor_slices(Tensors({{"b", ones({3})}}))),
                       Contains("no column \"a\""), ValueError);
}

}  // namespace keratin::tests
