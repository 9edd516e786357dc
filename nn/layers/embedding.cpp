#include "nn/layers/embedding.h"

#include "autograd/ops/cast.h"
#include "autograd/ops/gather.h"
#include "autograd/tape.h"
#include "nn/layers/configured_layer.h"
#include "nn/mask.h"
#include "tensor/compare.h"

namespace keratin::layers {
namespace {

class EmbeddingLayer final : public ConfiguredLayer<EmbeddingOptions> {
 public:
  explicit EmbeddingLayer(const EmbeddingOptions& options) : ConfiguredLayer("Embedding", options) {
    if (options.input_dim < 1 || options.output_dim < 1) {
      throw ValueError(fmt::format("Embedding: input_dim is {}, output_dim {}; expected at least 1",
                                   options.input_dim, options.output_dim));
    }
    const Shape shape{options.input_dim, options.output_dim};
    if (options.weights.defined() && options.weights.shape() != shape) {
      throw ShapeError(fmt::format("Embedding: weights is {}; expected {}",
                                   options.weights.spec().text(), shape.text()));
    }
    set_supports_masking(options.mask_zero);
    set_autocast(false);  // ids are no quantities: bfloat16 would round them
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_count(inputs);
    if (inputs[0].dtype != boolean && inputs[0].dtype != string) return;
    throw DTypeError(fmt::format(
        "{}: input is {}; expected ids, of an integer type.{}", label(), inputs[0].text(),
        inputs[0].dtype == string ? " Use TextVectorization or StringLookup on texts." : ""));
  }

  void build(const Shape&) override {
    embeddings_ = add_weight({.shape = {options_.input_dim, options_.output_dim},
                              .initializer = options_.embeddings_initializer,
                              .regularizer = options_.embeddings_regularizer,
                              .constraint = options_.embeddings_constraint,
                              .name = "embeddings"});
    if (options_.weights.defined()) embeddings_.assign(options_.weights);
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {{inputs[0].shape.joined({options_.output_dim}), compute_dtype(), {}}};
  }

  Variable call(const Variable& x, CallContext) override {
    const Variable y = looked_up(ids_of(x.value()));
    if (options_.mask_zero) detail::attach_mask(y, not_equal(x.value(), 0.0));
    return y;
  }

 private:
  Variable looked_up(const Tensor& ids) const {
    try {
      const detail::AutocastScope in_float32(std::nullopt);  // rows are cast, not the whole table
      return cast(gather(embeddings_, ids), compute_dtype());
    } catch (const ValueError& error) {
      throw ValueError(fmt::format("{}: an id is out of range of input_dim {}: {}", label(),
                                   options_.input_dim, error.what()));
    }
  }

  Tensor ids_of(const Tensor& x) const {
    if (x.dtype() == int32 || x.dtype() == int64) return x;
    if (!is_floating(x.dtype())) return cast(x, int32);
    const std::vector<double> values = x.to_vector<double>();  // NaN has no whole number
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] > -1 && values[i] < static_cast<double>(options_.input_dim)) continue;
      throw ValueError(
          fmt::format("{}: id {} at element {} of {} is out of range; expected 0 to {}", label(),
                      values[i], i, x.spec().text(), options_.input_dim - 1));
    }
    return cast(x, int64);
  }

  Variable embeddings_;
};

}  // namespace

Embedding::Embedding(const EmbeddingOptions& options)
    : LayerRef(std::make_shared<EmbeddingLayer>(options)) {
  if (options.weights.defined()) layer_->ensure_built({});
}

}  // namespace keratin::layers
