#include "nn/saving/layer_registry.h"

#include <fmt/format.h>

#include <map>
#include <mutex>

#include "nn/layers/activation.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/concatenate.h"
#include "nn/layers/conv1d.h"
#include "nn/layers/conv1d_transpose.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/conv2d_transpose.h"
#include "nn/layers/cropping.h"
#include "nn/layers/dense.h"
#include "nn/layers/depthwise_conv1d.h"
#include "nn/layers/depthwise_conv2d.h"
#include "nn/layers/dot.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/flatten.h"
#include "nn/layers/group_normalization.h"
#include "nn/layers/identity.h"
#include "nn/layers/layer_normalization.h"
#include "nn/layers/masking.h"
#include "nn/layers/merge.h"
#include "nn/layers/noise.h"
#include "nn/layers/p_re_lu.h"
#include "nn/layers/permute.h"
#include "nn/layers/pooling.h"
#include "nn/layers/pooling1d.h"
#include "nn/layers/preprocessing/category_encoding.h"
#include "nn/layers/preprocessing/center_crop.h"
#include "nn/layers/preprocessing/discretization.h"
#include "nn/layers/preprocessing/hashing.h"
#include "nn/layers/preprocessing/integer_lookup.h"
#include "nn/layers/preprocessing/normalization.h"
#include "nn/layers/preprocessing/random_brightness.h"
#include "nn/layers/preprocessing/random_contrast.h"
#include "nn/layers/preprocessing/random_crop.h"
#include "nn/layers/preprocessing/random_flip.h"
#include "nn/layers/preprocessing/random_rotation.h"
#include "nn/layers/preprocessing/random_translation.h"
#include "nn/layers/preprocessing/random_zoom.h"
#include "nn/layers/preprocessing/resizing.h"
#include "nn/layers/preprocessing/string_lookup.h"
#include "nn/layers/preprocessing/text_vectorization.h"
#include "nn/layers/rescaling.h"
#include "nn/layers/reshape.h"
#include "nn/layers/time_distributed.h"
#include "nn/layers/up_sampling.h"
#include "nn/layers/zero_padding.h"
#include "nn/saving/json_fields.h"
#include "nn/saving/register_layer.h"

namespace keratin {
namespace {

using saving::Json;
using saving::JsonReader;
using Make = LayerRef (*)(JsonReader&);

// What all layers have, into options where they have it.
template <class Options>
void read_common(JsonReader& reader, Options& options, bool& trainable) {
  reader("name", options.name);
  reader("trainable", trainable);
  if constexpr (requires { options.dtype; }) reader("dtype", options.dtype);
  if constexpr (requires { options.trainable; }) options.trainable = trainable;
}

template <class Made, class Options>
LayerRef make(JsonReader& reader) {
  Options options;
  bool trainable = true;
  read_common(reader, options, trainable);
  if constexpr (!requires { options.dtype; }) reader.find("dtype");
  options.fields(reader);
  reader.done();
  Made layer(options);
  if (!trainable) layer.set_trainable(false);
  return layer;
}

const std::map<std::string, Make>& built_in() {
  namespace l = layers;
  static const std::map<std::string, Make> makers = {
      {"Activation", make<l::Activation, l::ActivationOptions>},
      {"ActivityRegularization", make<l::ActivityRegularization, l::ActivityRegularizationOptions>},
      {"Add", make<l::Add, l::MergeOptions>},
      {"AlphaDropout", make<l::AlphaDropout, l::AlphaDropoutOptions>},
      {"Average", make<l::Average, l::MergeOptions>},
      {"AveragePooling1D", make<l::AveragePooling1D, l::Pooling1DOptions>},
      {"AveragePooling2D", make<l::AveragePooling2D, l::Pooling2DOptions>},
      {"BatchNormalization", make<l::BatchNormalization, l::BatchNormalizationOptions>},
      {"CategoryEncoding", make<l::CategoryEncoding, l::CategoryEncodingOptions>},
      {"CenterCrop", make<l::CenterCrop, l::CenterCropOptions>},
      {"Concatenate", make<l::Concatenate, l::ConcatenateOptions>},
      {"Conv1D", make<l::Conv1D, l::Conv1DOptions>},
      {"Conv1DTranspose", make<l::Conv1DTranspose, l::Conv1DTransposeOptions>},
      {"Conv2D", make<l::Conv2D, l::Conv2DOptions>},
      {"Conv2DTranspose", make<l::Conv2DTranspose, l::Conv2DTransposeOptions>},
      {"Cropping1D", make<l::Cropping1D, l::Cropping1DOptions>},
      {"Cropping2D", make<l::Cropping2D, l::Cropping2DOptions>},
      {"Dense", make<l::Dense, l::DenseOptions>},
      {"DepthwiseConv1D", make<l::DepthwiseConv1D, l::DepthwiseConv1DOptions>},
      {"DepthwiseConv2D", make<l::DepthwiseConv2D, l::DepthwiseConv2DOptions>},
      {"Discretization", make<l::Discretization, l::DiscretizationOptions>},
      {"Dot", make<l::Dot, l::DotOptions>},
      {"Dropout", make<l::Dropout, l::DropoutOptions>},
      {"ELU", make<l::ELU, l::ELUOptions>},
      {"Embedding", make<l::Embedding, l::EmbeddingOptions>},
      {"Flatten", make<l::Flatten, l::FlattenOptions>},
      {"GaussianDropout", make<l::GaussianDropout, l::GaussianDropoutOptions>},
      {"GaussianNoise", make<l::GaussianNoise, l::GaussianNoiseOptions>},
      {"GlobalAveragePooling1D", make<l::GlobalAveragePooling1D, l::GlobalPoolingOptions>},
      {"GlobalAveragePooling2D", make<l::GlobalAveragePooling2D, l::GlobalPoolingOptions>},
      {"GlobalMaxPooling1D", make<l::GlobalMaxPooling1D, l::GlobalPoolingOptions>},
      {"GlobalMaxPooling2D", make<l::GlobalMaxPooling2D, l::GlobalPoolingOptions>},
      {"GroupNormalization", make<l::GroupNormalization, l::GroupNormalizationOptions>},
      {"HashedCrossing", make<l::HashedCrossing, l::HashedCrossingOptions>},
      {"Hashing", make<l::Hashing, l::HashingOptions>},
      {"Identity", make<l::Identity, l::IdentityOptions>},
      {"IntegerLookup", make<l::IntegerLookup, l::IntegerLookupOptions>},
      {"LayerNormalization", make<l::LayerNormalization, l::LayerNormalizationOptions>},
      {"LeakyReLU", make<l::LeakyReLU, l::LeakyReLUOptions>},
      {"Masking", make<l::Masking, l::MaskingOptions>},
      {"MaxPooling1D", make<l::MaxPooling1D, l::Pooling1DOptions>},
      {"MaxPooling2D", make<l::MaxPooling2D, l::Pooling2DOptions>},
      {"Maximum", make<l::Maximum, l::MergeOptions>},
      {"Minimum", make<l::Minimum, l::MergeOptions>},
      {"Multiply", make<l::Multiply, l::MergeOptions>},
      {"Normalization", make<l::Normalization, l::NormalizationOptions>},
      {"PReLU", make<l::PReLU, l::PReLUOptions>},
      {"Permute", make<l::Permute, l::PermuteOptions>},
      {"RMSNormalization", make<l::RMSNormalization, l::RMSNormalizationOptions>},
      {"RandomBrightness", make<l::RandomBrightness, l::RandomBrightnessOptions>},
      {"RandomContrast", make<l::RandomContrast, l::RandomContrastOptions>},
      {"RandomCrop", make<l::RandomCrop, l::RandomCropOptions>},
      {"RandomFlip", make<l::RandomFlip, l::RandomFlipOptions>},
      {"RandomRotation", make<l::RandomRotation, l::RandomRotationOptions>},
      {"RandomTranslation", make<l::RandomTranslation, l::RandomTranslationOptions>},
      {"RandomZoom", make<l::RandomZoom, l::RandomZoomOptions>},
      {"ReLU", make<l::ReLU, l::ReLUOptions>},
      {"RepeatVector", make<l::RepeatVector, l::RepeatVectorOptions>},
      {"Rescaling", make<l::Rescaling, l::RescalingOptions>},
      {"Reshape", make<l::Reshape, l::ReshapeOptions>},
      {"Resizing", make<l::Resizing, l::ResizingOptions>},
      {"SeparableConv1D", make<l::SeparableConv1D, l::SeparableConv1DOptions>},
      {"SeparableConv2D", make<l::SeparableConv2D, l::SeparableConv2DOptions>},
      {"Softmax", make<l::Softmax, l::SoftmaxOptions>},
      {"SpatialDropout1D", make<l::SpatialDropout1D, l::SpatialDropout1DOptions>},
      {"SpatialDropout2D", make<l::SpatialDropout2D, l::SpatialDropout2DOptions>},
      {"StringLookup", make<l::StringLookup, l::StringLookupOptions>},
      {"Subtract", make<l::Subtract, l::MergeOptions>},
      {"TextVectorization", make<l::TextVectorization, l::TextVectorizationOptions>},
      {"TimeDistributed", make<l::TimeDistributed, l::TimeDistributedOptions>},
      {"UnitNormalization", make<l::UnitNormalization, l::UnitNormalizationOptions>},
      {"UpSampling1D", make<l::UpSampling1D, l::UpSampling1DOptions>},
      {"UpSampling2D", make<l::UpSampling2D, l::UpSampling2DOptions>},
      {"ZeroPadding1D", make<l::ZeroPadding1D, l::ZeroPadding1DOptions>},
      {"ZeroPadding2D", make<l::ZeroPadding2D, l::ZeroPadding2DOptions>},
  };
  return makers;
}

struct Registered {
  std::string package, class_name;
  std::type_index type;
  std::function<LayerRef()> make;
};

struct Registry {
  std::mutex mutex;
  std::map<std::string, Registered> by_name;  // "package>Class"
};
Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

namespace detail {

void register_layer(std::string package, std::string class_name, std::type_index type,
                    std::function<LayerRef()> make) {
  if (package.empty() || package.find('>') != std::string::npos) {
    throw ValueError(
        fmt::format("register_layer: package is \"{}\"; expected a name without '>'", package));
  }
  const std::string name = package + ">" + class_name;
  const std::lock_guard lock(registry().mutex);
  const auto [found, added] = registry().by_name.try_emplace(
      name, Registered{std::move(package), std::move(class_name), type, std::move(make)});
  if (!added && found->second.type != type) {
    throw ValueError(
        fmt::format("register_layer: \"{}\" is the name of another class already", name));
  }
}

}  // namespace detail

namespace saving {

std::string package_of(const Layer& layer) {
  const std::lock_guard lock(registry().mutex);
  for (const auto& [name, registered] : registry().by_name) {
    if (registered.type == std::type_index(typeid(layer))) return registered.package;
  }
  const std::string class_name = layer.class_name();
  throw ValueError(
      fmt::format("save: {} is of a class of the program's own; call "
                  "register_layer<{}>(\"my_package\") first, so that load_model can find it",
                  layer.label(), class_name));
}

LayerRef registered_layer(const std::string& registered_name, const Json& config,
                          const std::string& where) {
  std::function<LayerRef()> make;
  {
    const std::lock_guard lock(registry().mutex);
    const auto found = registry().by_name.find(registered_name);
    if (found != registry().by_name.end()) make = found->second.make;
  }
  if (!make) {
    const std::size_t cut = registered_name.find('>');
    throw FileError(fmt::format(
        "{}: the layer is registered as \"{}\", which this program does not know; derive a class "
        "{} from Layer and call register_layer<{}>(\"{}\") before loading",
        where, registered_name, registered_name.substr(cut + 1), registered_name.substr(cut + 1),
        registered_name.substr(0, cut)));
  }
  JsonReader reader(config, where);
  const LayerRef layer = make();
  std::string name;
  bool trainable = true;
  DTypePolicy policy;
  reader("name", name);
  reader("trainable", trainable);
  reader("dtype", policy);
  layer.layer()->set_policy(policy);
  if (!name.empty()) layer.layer()->set_name(name);
  layer.layer()->fields(reader);
  reader.done();
  if (!trainable) layer.layer()->set_trainable(false);
  return layer;
}

std::vector<std::string> built_in_layer_names() {
  std::vector<std::string> names;
  for (const auto& [name, maker] : built_in()) names.push_back(name);
  return names;
}

LayerRef built_in_layer(const std::string& class_name, const std::string& module,
                        const Json& config, const std::string& where) {
  if (class_name == "Lambda" || class_name == "__lambda__" || class_name == "TFSMLayer" ||
      class_name == "TorchModuleWrapper") {
    throw FileError(fmt::format(
        "{}: holds code of another language, which is never run; replace the layer and save the "
        "model again",
        where));
  }
  const auto found = built_in().find(class_name);
  if (found == built_in().end() || (!module.empty() && !module.starts_with("keras"))) {
    const std::string nearest = nearest_name(class_name, built_in_layer_names());
    throw FileError(fmt::format(
        "{}: keratin has no layer \"{}\" of module \"{}\"{}; derive one from Layer, register it "
        "with register_layer and save the model with it, or leave the layer out",
        where, class_name, module,
        nearest.empty() || nearest == class_name ? ""
                                                 : fmt::format(" (the nearest is {})", nearest)));
  }
  JsonReader reader(config, where);
  return found->second(reader);
}

}  // namespace saving
}  // namespace keratin
