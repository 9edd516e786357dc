#include "nn/saving/onnx/mapping.h"

#include <fmt/format.h>

#include <set>

#include "nn/layers/configured_layer.h"
#include "nn/model/model_layer.h"
#include "nn/saving/json_fields.h"
#include "nn/saving/onnx/map_model.h"

namespace keratin::saving::onnx {
namespace {

constexpr std::string_view kStrings = "ONNX has no such look-up of strings or ids";
constexpr std::string_view kRule = "its rule for ids has no counterpart in ONNX";
constexpr std::string_view kCrops = "it resizes or crops as the size of each image asks for";

[[noreturn]] void refuse_layer(const Layer& layer, std::string_view why) {
  throw ValueError(
      fmt::format("export_onnx: {}: {}. Export a Model of the layers before or after it, or build "
                  "the model without it.",
                  layer.label(), why));
}

bool only_trains(const std::string& class_name) {
  const auto found = mappings().find(class_name);
  return class_name == "BatchNormalization" ||
         (found != mappings().end() && found->second == map_identity && class_name != "Identity" &&
          class_name != "ActivityRegularization");
}

// Other floating types are cast before a layer sees them, but for ids.
std::vector<Value> as_taken(Builder& to, const std::string& class_name,
                            const std::vector<Value>& given) {
  std::vector<Value> inputs = given;
  if (class_name == "Embedding" || class_name == "TimeDistributed") return inputs;
  for (Value& input : inputs) {
    if (input->spec.dtype == float64) input = to.cast(input, float32);
  }
  return inputs;
}

// Layers that make or merge masks have set theirs; others hand on the one there is, or none.
Value with_mask(const Value& y, const Layer& layer, const std::vector<Value>& inputs) {
  static const std::set<std::string_view> own{"Add",       "Average",  "Concatenate",    "Dot",
                                              "Embedding", "Masking",  "Maximum",        "Minimum",
                                              "Multiply",  "Subtract", "TimeDistributed"};
  if (own.count(layer.class_name()) > 0 || inputs.size() != 1) return y;
  const Value& x = inputs[0];
  const bool hands_on = layer.supports_masking() && !x->mask.empty();
  const std::string mask = hands_on ? x->mask : "";
  if (y->mask == mask) return y;
  const Value other = std::make_shared<Held>(*y);  // y may be the input itself
  other->mask = mask;
  other->mask_rank = hands_on ? x->mask_rank : 0;
  return other;
}

}  // namespace

const std::map<std::string_view, Mapping>& mappings() {
  static const std::map<std::string_view, Mapping> all{
      {"Activation", map_activation},
      {"ActivityRegularization", map_identity},
      {"Add", map_add},
      {"AlphaDropout", map_identity},
      {"Average", map_average},
      {"AveragePooling1D", map_average_pooling},
      {"AveragePooling2D", map_average_pooling},
      {"BatchNormalization", map_batch_normalization},
      {"Concatenate", map_concatenate},
      {"Conv1D", map_conv},
      {"Conv1DTranspose", map_conv_transpose},
      {"Conv2D", map_conv},
      {"Conv2DTranspose", map_conv_transpose},
      {"Cropping1D", map_cropping},
      {"Cropping2D", map_cropping},
      {"Dense", map_dense},
      {"DepthwiseConv1D", map_depthwise_conv},
      {"DepthwiseConv2D", map_depthwise_conv},
      {"Dot", map_dot},
      {"Dropout", map_identity},
      {"ELU", map_elu},
      {"Embedding", map_embedding},
      {"Flatten", map_flatten},
      {"GaussianDropout", map_identity},
      {"GaussianNoise", map_identity},
      {"GlobalAveragePooling1D", map_global_average_pooling},
      {"GlobalAveragePooling2D", map_global_average_pooling},
      {"GlobalMaxPooling1D", map_global_max_pooling},
      {"GlobalMaxPooling2D", map_global_max_pooling},
      {"GroupNormalization", map_group_normalization},
      {"Identity", map_identity},
      {"LayerNormalization", map_layer_normalization},
      {"LeakyReLU", map_leaky_relu},
      {"Masking", map_masking},
      {"MaxPooling1D", map_max_pooling},
      {"MaxPooling2D", map_max_pooling},
      {"Maximum", map_maximum},
      {"Minimum", map_minimum},
      {"Multiply", map_multiply},
      {"Normalization", map_normalization},
      {"PReLU", map_p_re_lu},
      {"Permute", map_permute},
      {"RMSNormalization", map_rms_normalization},
      {"RandomBrightness", map_identity},
      {"RandomContrast", map_identity},
      {"RandomFlip", map_identity},
      {"RandomRotation", map_identity},
      {"RandomTranslation", map_identity},
      {"RandomZoom", map_identity},
      {"ReLU", map_relu},
      {"RepeatVector", map_repeat_vector},
      {"Rescaling", map_rescaling},
      {"Reshape", map_reshape},
      {"SeparableConv1D", map_separable_conv},
      {"SeparableConv2D", map_separable_conv},
      {"Softmax", map_softmax},
      {"SpatialDropout1D", map_identity},
      {"SpatialDropout2D", map_identity},
      {"Subtract", map_subtract},
      {"TimeDistributed", map_time_distributed},
      {"UnitNormalization", map_unit_normalization},
      {"UpSampling1D", map_up_sampling},
      {"UpSampling2D", map_up_sampling},
      {"ZeroPadding1D", map_zero_padding},
      {"ZeroPadding2D", map_zero_padding},
  };
  return all;
}

const std::map<std::string_view, std::string_view>& without_mapping() {
  static const std::map<std::string_view, std::string_view> all{
      {"CategoryEncoding", kRule},     {"CenterCrop", kCrops}, {"Discretization", kRule},
      {"HashedCrossing", kRule},       {"Hashing", kRule},     {"IntegerLookup", kStrings},
      {"RandomCrop", kCrops},          {"Resizing", kCrops},   {"StringLookup", kStrings},
      {"TextVectorization", kStrings},
  };
  return all;
}

Variable Call::weight(std::string_view name) const {
  for (const Weight& weight : layer.own_weights()) {
    if (weight.variable.name() == name) return weight.variable;
  }
  return {};
}

std::vector<std::int64_t> Call::list(const char* option) const {
  const Json& json = options.at(option);
  if (!json.is_array()) return {json.get<std::int64_t>()};
  return json.get<std::vector<std::int64_t>>();
}

void Call::refuse(const std::string& why) const { refuse_layer(layer, why); }

std::vector<Value> map_layer(Builder& to, Layer& layer, const std::vector<Value>& given,
                             const std::string& path, std::optional<bool> training) {
  if (auto* model = dynamic_cast<keratin::detail::ModelLayer*>(&layer)) {
    return map_model(to, *model, given, path, training);
  }
  const std::string class_name = layer.class_name();
  if (dynamic_cast<const layers::KerasLayer*>(&layer) == nullptr) {
    refuse_layer(layer,
                 "it is of a class of the program's own, for which nothing says what its "
                 "computation is in ONNX");
  }
  if (const auto found = without_mapping().find(class_name); found != without_mapping().end()) {
    refuse_layer(layer, found->second);
  }
  const auto mapping = mappings().find(class_name);
  if (mapping == mappings().end()) refuse_layer(layer, "this class has no mapping to ONNX");
  if (layer.compute_dtype() != float32) {
    refuse_layer(layer, fmt::format("it computes in {}, what is exported in float32; give it the "
                                    "dtype \"float32\" and load the weights",
                                    name_of(layer.compute_dtype())));
  }
  if (training.value_or(false) && only_trains(class_name)) {
    refuse_layer(layer, "it is called with training = true; an exported model only infers");
  }
  const std::string scope = to.scope();
  to.set_scope(path);
  const std::vector<Value> inputs = as_taken(to, class_name, given);
  std::vector<Spec> specs;
  for (const Value& input : inputs) specs.push_back(input->spec);
  layer.check_inputs(specs);
  JsonWriter options(layer.label());
  try {
    layer.fields(options);
  } catch (const ValueError&) {
    refuse_layer(layer, "one of its options is a function of the program, which no file can hold");
  }
  Call call{to, layer, inputs, layer.output_specs(specs).at(0), options.take()};
  const Value y = with_mask(mapping->second(call), layer, inputs);
  to.set_scope(scope);
  return {y};
}

}  // namespace keratin::saving::onnx
