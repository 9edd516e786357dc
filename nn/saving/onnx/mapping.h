// How a layer becomes nodes.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/layer.h"
#include "nn/saving/json.h"
#include "nn/saving/onnx/builder.h"

namespace keratin::saving::onnx {

/// One call of a layer.
struct Call {
  Builder& to;
  Layer& layer;
  std::vector<Value> inputs;
  Spec output;   // of its first result
  Json options;  // as files have them

  const Value& x() const { return inputs[0]; }
  std::int64_t rank() const { return inputs[0]->spec.shape.rank(); }
  /// x as floating numbers.
  Value floating() const { return to.cast(inputs[0], float32); }
  /// Not defined() where the layer has none of that name.
  Variable weight(std::string_view name) const;
  std::int64_t integer(const char* option) const { return options.at(option).get<std::int64_t>(); }
  double number(const char* option) const { return options.at(option).get<double>(); }
  bool flag(const char* option) const { return options.at(option).get<bool>(); }
  std::string text(const char* option) const { return options.at(option).get<std::string>(); }
  /// One number, or a list of them.
  std::vector<std::int64_t> list(const char* option) const;
  /// Throws ValueError: the layer, and why it has no mapping.
  [[noreturn]] void refuse(const std::string& why) const;
};

using Mapping = Value (*)(Call& call);

/// By the class of the layer.
const std::map<std::string_view, Mapping>& mappings();
/// Layers of keratin's that have none, and why.
const std::map<std::string_view, std::string_view>& without_mapping();

/// Nodes for a layer with its inputs, whatever its class; model and TimeDistributed among them.
/// `training`: does its call say so?
std::vector<Value> map_layer(Builder& to, Layer& layer, const std::vector<Value>& inputs,
                             const std::string& path, std::optional<bool> training);

/// Of an activation by its name, on `x`, whose axis `channels` is the last one in Keras.
std::string activated(Call& call, const std::string& activation, const std::string& x,
                      std::int64_t channels);
/// The layer's option "activation", on a value as it is.
Value activated(Call& call, Value x);

// The mappings, by kind.
Value map_activation(Call& call);
Value map_relu(Call& call);
Value map_leaky_relu(Call& call);
Value map_elu(Call& call);
Value map_p_re_lu(Call& call);
Value map_softmax(Call& call);

Value map_dense(Call& call);
Value map_embedding(Call& call);
Value map_identity(Call& call);
Value map_masking(Call& call);
Value map_normalization(Call& call);
Value map_rescaling(Call& call);
Value map_time_distributed(Call& call);

Value map_conv(Call& call);
Value map_depthwise_conv(Call& call);
Value map_separable_conv(Call& call);
Value map_conv_transpose(Call& call);

Value map_average_pooling(Call& call);
Value map_max_pooling(Call& call);
Value map_global_average_pooling(Call& call);
Value map_global_max_pooling(Call& call);

Value map_batch_normalization(Call& call);
Value map_group_normalization(Call& call);
Value map_layer_normalization(Call& call);
Value map_rms_normalization(Call& call);
Value map_unit_normalization(Call& call);

Value map_cropping(Call& call);
Value map_flatten(Call& call);
Value map_permute(Call& call);
Value map_repeat_vector(Call& call);
Value map_reshape(Call& call);
Value map_up_sampling(Call& call);
Value map_zero_padding(Call& call);

Value map_add(Call& call);
Value map_average(Call& call);
Value map_concatenate(Call& call);
Value map_dot(Call& call);
Value map_maximum(Call& call);
Value map_minimum(Call& call);
Value map_multiply(Call& call);
Value map_subtract(Call& call);

}  // namespace keratin::saving::onnx
