#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "nn/layer.h"
#include "nn/model/model.h"

namespace keratin {

/// How FeatureSpace takes one column: by a name, or by a layer of one's own.
///   float                  as it is
///   float_rescaled         Rescaling by 1
///   float_normalized       Normalization
///   float_discretized      Discretization into num_discretization_bins, one_hot
///   integer_categorical    IntegerLookup, one_hot
///   string_categorical     StringLookup, one_hot
///   integer_hashed         Hashing into hashing_dim, one_hot
///   string_hashed          Hashing into hashing_dim, one_hot
struct Feature {
  Feature() = default;
  Feature(const char* kind) : kind(kind) {}
  Feature(std::string kind) : kind(std::move(kind)) {}
  /// A layer that takes [batch, 1] of `dtype`. output_mode float: its result is taken as it is;
  /// one_hot: its whole numbers are encoded, `categories` wide.
  Feature(DType dtype, LayerRef preprocessor, std::string output_mode = "float",
          std::int64_t categories = 0)
      : dtype(dtype),
        preprocessor(std::move(preprocessor)),
        output_mode(std::move(output_mode)),
        categories(categories) {}

  std::string kind = {};
  DType dtype = float32;
  LayerRef preprocessor = {};
  std::string output_mode = {};
  std::int64_t categories = 0;
};

struct FeatureSpaceOptions {
  Named<Feature> features = {};                        // required: columns by name
  std::string output_mode = "concat";                  // or dict: each column's own numbers by name
  std::vector<std::vector<std::string>> crosses = {};  // columns whose combinations count
  std::int64_t crossing_dim = 32;
  std::int64_t hashing_dim = 32;
  std::int64_t num_discretization_bins = 32;
};

/// The columns of a table as numbers for a network: a layer for each, learned together. Encoded
/// columns stand in the order of their names, then the crosses "a_X_b". The layers are those of
/// layers::, so that a model from inputs() to encoded_features() is saved and loaded as any other.
/// Throws ValueError (options, columns that are not there, not adapted yet), and what the layers
/// throw.
/// Source: Keras, keras.utils.FeatureSpace.
///
///     FeatureSpace space({.features = {{"age", "float_normalized"}, {"job", "string_categorical"}},
///                         .crosses = {{"job", "town"}}});
///     space.adapt(train.map([](Example e) { return Example{e.x}; }));
///     Model model(space.get_inputs(), layers::Dense({.units = 1})(space.get_encoded_features()));
class FeatureSpace {
 public:
  explicit FeatureSpace(const FeatureSpaceOptions& options);

  /// Learns from examples whose x has the columns by name: [batch], [batch, 1], or scalars.
  void adapt(const Dataset& data);
  /// Inputs of shape {1} by the names of the columns, in the order they were given.
  SymbolicTensors get_inputs();
  /// [batch, width], or in dict mode each column's by name. Always the same tensors.
  SymbolicTensors get_encoded_features();
  /// Encodes a batch of columns by name.
  Tensors operator()(const Tensors& columns);
  /// What adapt learned of one column.
  const LayerRef& preprocessor(const std::string& column) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace keratin
