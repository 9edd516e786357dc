// Layers for texts, categories and numbers learn and give what Keras' do.
#include "nn/layers/preprocessing/adapt.h"
#include "nn/layers/preprocessing/discretization.h"
#include "nn/layers/preprocessing/hash.h"
#include "nn/layers/preprocessing/integer_lookup.h"
#include "nn/layers/preprocessing/string_lookup.h"
#include "nn/layers/preprocessing/text_vectorization.h"
#include "nn/saving/layer_registry.h"
#include "tensor/cast.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

Tensor array(const Json& json) {
  const Shape shape = to_shape(json["shape"]);
  if (json["dtype"] == "string") {
    return Tensor::strings(json["values"].get<std::vector<std::string>>(), shape);
  }
  if (json["dtype"] == "int64") {
    return Tensor::from(json["values"].get<std::vector<std::int64_t>>(), shape);
  }
  const DType dtype = json["dtype"] == "int32" ? int32 : float32;
  return cast(Tensor::from(to_numbers(json["values"]), shape), dtype);
}

Dataset batches(const Json& list) {
  std::vector<Tensor> all;
  for (const Json& one : list) all.push_back(array(one));
  return data::from_generator([all, next = std::size_t{0}]() mutable -> std::optional<Example> {
    if (next == all.size()) return std::nullopt;
    return Example{all[next++]};
  });
}

Variables called(const LayerRef& layer, const Json& inputs) {
  if (inputs.size() == 1) return layer(Tensors(array(inputs[0])));
  std::vector<Tensor> several;
  for (const Json& one : inputs) several.push_back(array(one));
  return layer(Tensors(several));
}

// Of the layer in its own class.
template <class Made>
Json vocabulary_of(const LayerRef& layer) {
  struct Handle : Made {
    explicit Handle(const LayerRef& other) { this->layer_ = other.layer(); }
  };
  return Handle(layer).get_vocabulary();
}

void check(const Json& test) {
  const std::string name = test["layer"];
  const Json options = test["options"];
  const LayerRef layer = saving::built_in_layer(name, "keras.layers", options, "test");
  auto* adaptable = dynamic_cast<layers::detail::Adaptable*>(layer.layer().get());
  if (test.contains("adapt")) adaptable->adapt(array(test["adapt"]));
  if (test.contains("batches")) adaptable->adapt(batches(test["batches"]));
  if (test.contains("vocabulary")) {
    const Json learned = name == "StringLookup" ? vocabulary_of<layers::StringLookup>(layer)
                         : name == "IntegerLookup"
                             ? vocabulary_of<layers::IntegerLookup>(layer)
                             : vocabulary_of<layers::TextVectorization>(layer);
    CHECK(learned == test["vocabulary"]);
  }
  const Tensor expected = array(test["result"]);
  const Tensor y = called(layer, test["inputs"]).value();
  CHECK(y.shape() == expected.shape());
  CHECK(y.dtype() == expected.dtype());
  if (y.dtype() == string) {
    CHECK(y.to_vector<std::string>() == expected.to_vector<std::string>());
  } else {
    CHECK(difference(y, expected.to_vector<double>(), {2e-6, 1e-6}) == "");
  }
  // The shape is known beforehand, but for how long texts are.
  std::vector<Spec> specs;
  for (const Json& one : test["inputs"]) specs.push_back(array(one).spec());
  const Spec said = layer.layer()->output_specs(specs)[0];
  CHECK(said.dtype == y.dtype());
  CHECK(said.shape.rank() == y.rank());
  for (std::int64_t i = 0; i < said.shape.rank(); ++i) {
    CHECK((said.shape[i] == None || said.shape[i] == y.shape()[i]));
  }
}

}  // namespace

TEST_CASE("preprocessing: Keras' values") {
  std::set<std::string> seen;
  for (const Json& test : golden("preprocessing")["cases"]) {
    const std::string name = test["layer"], options = test["options"].dump();
    CAPTURE(name);
    CAPTURE(options);
    seen.insert(name);
    check(test);
  }
  CHECK(seen.size() == 8);
}

TEST_CASE("preprocessing: Discretization's boundaries are Keras'") {
  for (const Json& test : golden("preprocessing")["cases"]) {
    if (!test.contains("boundaries")) continue;
    CAPTURE(test["options"].dump());
    layers::DiscretizationOptions o;
    Options(test["options"])
        .read("bin_boundaries", o.bin_boundaries)
        .read("num_bins", o.num_bins)
        .read("epsilon", o.epsilon)
        .read("output_mode", o.output_mode)
        .done();
    layers::Discretization layer(o);
    if (test.contains("adapt")) layer.adapt(array(test["adapt"]));
    if (test.contains("batches")) layer.adapt(batches(test["batches"]));
    const Tensor boundaries = Tensor::from(layer.bin_boundaries());
    CHECK(difference(boundaries, to_numbers(test["boundaries"]), {1e-6, 1e-6}) == "");
  }
}

TEST_CASE("preprocessing: TensorFlow's hashes") {
  const Json& file = golden("preprocessing")["hashes"];
  const auto modulo = file["modulo"].get<std::uint64_t>();
  const auto key = file["key"].get<std::array<std::uint64_t, 2>>();
  for (std::size_t i = 0; i < file["texts"].size(); ++i) {
    const auto text = file["texts"][i].get<std::string>();
    CAPTURE(text.size());
    CHECK(layers::detail::fingerprint64(text) % modulo == file["farmhash"][i]);
    CHECK(layers::detail::siphash24(text, key) % modulo == file["siphash"][i]);
  }
}

}  // namespace keratin::tests
