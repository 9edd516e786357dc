#include "nn/model/feature_space.h"

#include <fmt/format.h>

#include <algorithm>

#include "nn/layers/concatenate.h"
#include "nn/layers/identity.h"
#include "nn/layers/preprocessing/adapt.h"
#include "nn/layers/preprocessing/category_encoding.h"
#include "nn/layers/preprocessing/discretization.h"
#include "nn/layers/preprocessing/hashing.h"
#include "nn/layers/preprocessing/integer_lookup.h"
#include "nn/layers/preprocessing/normalization.h"
#include "nn/layers/preprocessing/string_lookup.h"
#include "nn/layers/rescaling.h"

namespace keratin {
namespace {

using layers::detail::Adaptable;

constexpr const char* kKinds =
    "float, float_rescaled, float_normalized, float_discretized, integer_categorical, "
    "string_categorical, integer_hashed, string_hashed, or a layer";

// One column, or one cross of several.
struct Column {
  std::string name;
  DType dtype = float32;  // of its input
  LayerRef preprocessor;
  bool one_hot = false;
  std::function<std::int64_t()> categories;  // of one that is encoded; known after adapt
};

Column column_of(const std::string& name, const Feature& feature, const FeatureSpaceOptions& o) {
  const std::string layer_name = name + "_preprocessor";
  const std::string& kind = feature.kind;
  const auto constant = [](std::int64_t n) { return [n] { return n; }; };
  if (kind == "float") return {name, float32, layers::Identity({.name = layer_name}), false, {}};
  if (kind == "float_rescaled") {
    return {name, float32, layers::Rescaling({.scale = 1, .name = layer_name}), false, {}};
  }
  if (kind == "float_normalized") {
    return {name, float32, layers::Normalization({.name = layer_name}), false, {}};
  }
  if (kind == "float_discretized") {
    const layers::Discretization bins({.num_bins = o.num_discretization_bins, .name = layer_name});
    return {name, float32, bins, true, constant(o.num_discretization_bins)};
  }
  if (kind == "integer_categorical") {
    const layers::IntegerLookup lookup({.name = layer_name});
    return {name, int64, lookup, true, [lookup] { return lookup.vocabulary_size(); }};
  }
  if (kind == "string_categorical") {
    const layers::StringLookup lookup({.name = layer_name});
    return {name, string, lookup, true, [lookup] { return lookup.vocabulary_size(); }};
  }
  if (kind == "integer_hashed" || kind == "string_hashed") {
    const layers::Hashing hashing({.num_bins = o.hashing_dim, .name = layer_name});
    return {name, kind == "integer_hashed" ? int64 : string, hashing, true,
            constant(o.hashing_dim)};
  }
  if (!kind.empty() || !feature.preprocessor.defined()) {
    throw ValueError(
        fmt::format("FeatureSpace: column \"{}\" is a \"{}\"; expected {}", name, kind, kKinds));
  }
  const bool one_hot = feature.output_mode == "one_hot";
  if (!one_hot && feature.output_mode != "float") {
    throw ValueError(
        fmt::format("FeatureSpace: column \"{}\": output_mode is \"{}\"; expected float or one_hot",
                    name, feature.output_mode));
  }
  if (one_hot && feature.categories < 1) {
    throw ValueError(
        fmt::format("FeatureSpace: column \"{}\": {} categories; one_hot needs their number", name,
                    feature.categories));
  }
  return {name, feature.dtype, feature.preprocessor, one_hot, constant(feature.categories)};
}

bool by_name(const Column& a, const Column& b) { return a.name < b.name; }

}  // namespace

struct FeatureSpace::State {
  FeatureSpaceOptions options;
  std::vector<Column> columns;  // as they were given
  std::vector<Column> crosses;
  bool adapted = false;
  Named<SymbolicTensor> inputs;
  SymbolicTensors encoded;
  std::optional<Model> model;

  const Column& column(const std::string& name) const {
    for (const Column& one : columns) {
      if (one.name == name) return one;
    }
    std::vector<std::string> known;
    for (const Column& one : columns) known.push_back(one.name);
    throw ValueError(
        fmt::format("FeatureSpace: there is no column \"{}\"{}", name, name_hint(name, known)));
  }

  bool needs_adapt() const {
    return std::any_of(columns.begin(), columns.end(), [](const Column& one) {
      return dynamic_cast<const Adaptable*>(one.preprocessor.layer().get()) != nullptr;
    });
  }

  void build() {
    if (!encoded.none()) return;
    if (!adapted && needs_adapt()) {
      throw ValueError("FeatureSpace: call adapt before it is used");
    }
    Named<SymbolicTensor> processed;
    for (const Column& one : columns) {
      const SymbolicTensor input = Input({.shape = {1}, .dtype = one.dtype, .name = one.name});
      inputs[one.name] = input;
      processed[one.name] = one.preprocessor(input);
    }
    for (std::size_t i = 0; i < crosses.size(); ++i) {
      std::vector<SymbolicTensor> crossed;
      for (const std::string& name : options.crosses[i]) crossed.push_back(processed.at(name));
      processed[crosses[i].name] = crosses[i].preprocessor(crossed);
    }
    std::vector<Column> order = columns, last = crosses;
    std::sort(order.begin(), order.end(), by_name);
    std::sort(last.begin(), last.end(), by_name);
    order.insert(order.end(), last.begin(), last.end());
    Named<SymbolicTensor> features;
    for (const Column& one : order) {
      SymbolicTensor feature = processed.at(one.name);
      if (one.one_hot) {
        feature = layers::CategoryEncoding({.num_tokens = one.categories()})(feature);
      }
      features[one.name] = feature;
    }
    if (options.output_mode == "dict") {
      encoded = SymbolicTensors(features);
    } else if (features.size() == 1) {
      encoded = features.begin()->second;
    } else {
      std::vector<SymbolicTensor> list;
      for (const auto& [name, feature] : features) list.push_back(feature);
      encoded = layers::Concatenate()(list);
    }
    model.emplace(SymbolicTensors(inputs), encoded);
  }
};

FeatureSpace::FeatureSpace(const FeatureSpaceOptions& o) : state_(std::make_shared<State>()) {
  if (o.features.empty()) throw ValueError("FeatureSpace: no features were given");
  if (o.output_mode != "concat" && o.output_mode != "dict") {
    throw ValueError(
        fmt::format("FeatureSpace: output_mode is \"{}\"; expected concat or dict", o.output_mode));
  }
  state_->options = o;
  for (const auto& [name, feature] : o.features) {
    state_->columns.push_back(column_of(name, feature, o));
  }
  for (const std::vector<std::string>& names : o.crosses) {
    if (names.size() < 2) throw ValueError("FeatureSpace: a cross needs two columns or more");
    for (const std::string& name : names) {
      if (state_->column(name).one_hot) continue;
      throw ValueError(fmt::format(
          "FeatureSpace: column \"{}\" of a cross has no categories; use float_discretized", name));
    }
    const std::string name = fmt::format("{}", fmt::join(names, "_X_"));
    state_->crosses.push_back({name, int64,
                               layers::HashedCrossing({.num_bins = o.crossing_dim, .name = name}),
                               true, [bins = o.crossing_dim] { return bins; }});
  }
}

void FeatureSpace::adapt(const Dataset& data) {
  if (!state_->encoded.none()) {
    throw ValueError("FeatureSpace: adapt after it was used; make another one");
  }
  for (const Column& one : state_->columns) {
    auto* layer = dynamic_cast<Adaptable*>(one.preprocessor.layer().get());
    if (layer == nullptr) continue;
    layer->adapt(data.map([name = one.name](const Example& example) {
      if (!example.x.contains(name)) {
        throw ValueError(fmt::format(
            "FeatureSpace: adapt: the examples have no column \"{}\"; they are to have x by name, "
            "without labels",
            name));
      }
      const Tensor& column = example.x[name];
      return Example{column.reshaped({column.size(), 1})};
    }));
  }
  state_->adapted = true;
}

SymbolicTensors FeatureSpace::get_inputs() {
  state_->build();
  return SymbolicTensors(state_->inputs);
}

SymbolicTensors FeatureSpace::get_encoded_features() {
  state_->build();
  return state_->encoded;
}

Tensors FeatureSpace::operator()(const Tensors& columns) {
  state_->build();
  if (!columns.named()) throw ValueError("FeatureSpace: called on what is not by name");
  Named<Tensor> given;
  for (const auto& [name, input] : state_->inputs) {
    const Tensor& column = columns[name];
    given[name] = column.rank() < 2 ? column.reshaped({column.size(), 1}) : column;
  }
  const Variables y = (*state_->model)(Tensors(given), {.training = false});
  return y.map([](const Variable& v) { return v.value(); });
}

const LayerRef& FeatureSpace::preprocessor(const std::string& column) const {
  return state_->column(column).preprocessor;
}

}  // namespace keratin
