#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct EmbeddingOptions {
  std::int64_t input_dim = 0;   // required: how many ids there are
  std::int64_t output_dim = 0;  // required
  Initializer embeddings_initializer = "uniform";
  Regularizer embeddings_regularizer = {};
  Constraint embeddings_constraint = {};
  bool mask_zero = false;  // id 0 is padding
  Tensor weights = {};     // the first embeddings, [input_dim, output_dim]
  bool trainable = true;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("input_dim", input_dim);
    f("output_dim", output_dim);
    f("embeddings_initializer", embeddings_initializer);
    f("embeddings_regularizer", embeddings_regularizer);
    f("embeddings_constraint", embeddings_constraint);
    f("mask_zero", mask_zero);
  }
};

/// A vector for each id.   y[..., :] = embeddings[x[...], :]
/// x: ids of any shape and integer type; floating ones are cut to whole numbers. Result: x's shape
/// with output_dim after it. Weights: embeddings [input_dim, output_dim]. With mask_zero the result
/// carries the mask x != 0.
/// Throws ValueError (options; an id outside 0 to input_dim - 1, with its place), DTypeError (bool,
/// strings), ShapeError (weights).
///
///     auto words = layers::Embedding({.input_dim = 10000, .output_dim = 64})(ids);
class Embedding : public LayerRef {
 public:
  explicit Embedding(const EmbeddingOptions& options);
};

}  // namespace keratin::layers
