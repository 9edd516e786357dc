#include "nn/layers/activation.h"
#include "nn/layers/conv1d.h"
#include "nn/layers/cropping.h"
#include "nn/layers/dot.h"
#include "nn/layers/embedding.h"
#include "nn/layers/group_normalization.h"
#include "nn/layers/identity.h"
#include "nn/layers/layer_normalization.h"
#include "nn/layers/masking.h"
#include "nn/layers/merge.h"
#include "nn/layers/noise.h"
#include "nn/layers/p_re_lu.h"
#include "nn/layers/permute.h"
#include "nn/layers/pooling1d.h"
#include "nn/layers/time_distributed.h"
#include "nn/layers/up_sampling.h"
#include "nn/layers/zero_padding.h"
#include "tests/nn/golden_layers.h"

namespace keratin::tests {
namespace {

void read(Options& given, const char* name, Axes& axes) {
  const Json* value = given.find(name);
  if (value == nullptr) return;
  axes = value->is_array() ? Axes(value->get<std::vector<int>>()) : Axes(value->get<int>());
}

void read(Options& given, const char* name, layers::Padding1& padding) {
  const Json* value = given.find(name);
  if (value == nullptr) return;
  padding = value->is_array() ? layers::Padding1((*value)[0].get<int>(), (*value)[1].get<int>())
                              : layers::Padding1(value->get<int>());
}

void read(Options& given, const char* name, layers::Padding2& padding) {
  const Json* value = given.find(name);
  if (value == nullptr) return;
  const auto pair = [](const Json& v) { return std::pair(v[0].get<int>(), v[1].get<int>()); };
  if (!value->is_array()) {
    padding = layers::Padding2(value->get<int>());
  } else if ((*value)[0].is_array()) {
    padding = layers::Padding2(pair((*value)[0]), pair((*value)[1]));
  } else {
    padding = layers::Padding2(pair(*value).first, pair(*value).second);
  }
}

LayerRef made_for_shapes(const std::string& name, Options& given) {
  using namespace layers;
  if (name == "ZeroPadding1D") {
    ZeroPadding1DOptions o;
    read(given, "padding", o.padding);
    return ZeroPadding1D(o);
  }
  if (name == "Cropping1D") {
    Cropping1DOptions o;
    read(given, "cropping", o.cropping);
    return Cropping1D(o);
  }
  if (name == "Cropping2D") {
    Cropping2DOptions o;
    read(given, "cropping", o.cropping);
    return Cropping2D(o);
  }
  if (name == "UpSampling1D") {
    UpSampling1DOptions o;
    given.read("size", o.size);
    return UpSampling1D(o);
  }
  if (name == "UpSampling2D") {
    UpSampling2DOptions o;
    read(given, "size", o.size);
    return UpSampling2D(o);
  }
  if (name == "RepeatVector") {
    RepeatVectorOptions o;
    given.read("n", o.n);
    return RepeatVector(o);
  }
  if (name == "Permute") {
    PermuteOptions o;
    given.read("dims", o.dims);
    return Permute(o);
  }
  if (name == "Dot") {
    DotOptions o;
    const Json& axes = *given.find("axes");
    o.axes = axes.is_array() ? DotAxes(axes[0].get<int>(), axes[1].get<int>())
                             : DotAxes(axes.get<int>());
    given.read("normalize", o.normalize);
    return Dot(o);
  }
  if (name == "TimeDistributed") {
    const Json& layer = *given.find("layer");
    return TimeDistributed(to_layer(layer[0].get<std::string>(), layer[1]));
  }
  return {};
}

LayerRef made_pointwise(const std::string& name, Options& given) {
  using namespace layers;
  if (name == "Subtract") return Subtract();
  if (name == "Average") return Average();
  if (name == "Maximum") return Maximum();
  if (name == "Minimum") return Minimum();
  if (name == "Identity") return Identity();
  double rate = 0.5;
  if (name == "GaussianNoise") {
    given.read("stddev", rate);
    return GaussianNoise({.stddev = rate});
  }
  if (name == "GaussianDropout" || name == "SpatialDropout1D") {
    given.read("rate", rate);
    return name == "GaussianDropout" ? LayerRef(GaussianDropout({.rate = rate}))
                                     : LayerRef(SpatialDropout1D({.rate = rate}));
  }
  if (name == "ActivityRegularization") {
    ActivityRegularizationOptions o;
    given.read("l1", o.l1).read("l2", o.l2);
    return ActivityRegularization(o);
  }
  if (name == "LeakyReLU") {
    LeakyReLUOptions o;
    given.read("negative_slope", o.negative_slope);
    return LeakyReLU(o);
  }
  if (name == "ELU") {
    ELUOptions o;
    given.read("alpha", o.alpha);
    return ELU(o);
  }
  if (name == "PReLU") {
    PReLUOptions o;
    given.read("shared_axes", o.shared_axes);
    return PReLU(o);
  }
  if (name == "Masking") {
    MaskingOptions o;
    given.read("mask_value", o.mask_value);
    return Masking(o);
  }
  return {};
}

LayerRef made_normalization(const std::string& name, Options& given) {
  using namespace layers;
  if (name == "LayerNormalization") {
    LayerNormalizationOptions o;
    read(given, "axis", o.axis);
    given.read("epsilon", o.epsilon).read("center", o.center).read("scale", o.scale);
    return LayerNormalization(o);
  }
  if (name == "GroupNormalization") {
    GroupNormalizationOptions o;
    given.read("groups", o.groups).read("axis", o.axis).read("epsilon", o.epsilon);
    given.read("center", o.center).read("scale", o.scale);
    return GroupNormalization(o);
  }
  if (name == "RMSNormalization") {
    RMSNormalizationOptions o;
    read(given, "axis", o.axis);
    given.read("epsilon", o.epsilon);
    return RMSNormalization(o);
  }
  if (name == "UnitNormalization") {
    UnitNormalizationOptions o;
    read(given, "axis", o.axis);
    return UnitNormalization(o);
  }
  return {};
}

}  // namespace

LayerRef made_for_sequences(const std::string& name, Options& given) {
  using namespace layers;
  if (name == "Embedding") {
    EmbeddingOptions o;
    given.read("input_dim", o.input_dim).read("output_dim", o.output_dim);
    given.read("mask_zero", o.mask_zero);
    return Embedding(o);
  }
  if (name == "Conv1D") {
    Conv1DOptions o;
    given.read("filters", o.filters).read("kernel_size", o.kernel_size);
    given.read("strides", o.strides).read("padding", o.padding).read("groups", o.groups);
    given.read("dilation_rate", o.dilation_rate).read("use_bias", o.use_bias);
    read(given, "activation", o.activation);
    return Conv1D(o);
  }
  if (name == "MaxPooling1D" || name == "AveragePooling1D") {
    Pooling1DOptions o;
    given.read("pool_size", o.pool_size).read("strides", o.strides).read("padding", o.padding);
    return name == "MaxPooling1D" ? LayerRef(MaxPooling1D(o)) : LayerRef(AveragePooling1D(o));
  }
  if (name == "GlobalAveragePooling1D" || name == "GlobalMaxPooling1D") {
    GlobalPoolingOptions o;
    given.read("keepdims", o.keepdims);
    return name == "GlobalMaxPooling1D" ? LayerRef(GlobalMaxPooling1D(o))
                                        : LayerRef(GlobalAveragePooling1D(o));
  }
  for (const auto make : {made_for_shapes, made_pointwise, made_normalization}) {
    if (LayerRef layer = make(name, given); layer.defined()) return layer;
  }
  return {};
}

}  // namespace keratin::tests
