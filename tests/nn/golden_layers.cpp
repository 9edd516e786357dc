#include "tests/nn/golden_layers.h"

#include "nn/layers/activation.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/concatenate.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dense.h"
#include "nn/layers/dropout.h"
#include "nn/layers/flatten.h"
#include "nn/layers/merge.h"
#include "nn/layers/pooling.h"
#include "nn/layers/rescaling.h"
#include "nn/layers/reshape.h"
#include "nn/layers/zero_padding.h"
#include "nn/saving/layer_registry.h"

namespace keratin::tests {
void read(Options& given, const char* name, Size2& size) {
  const Json* value = given.find(name);
  if (value == nullptr) return;
  size = value->is_array() ? Size2((*value)[0].get<std::int64_t>(), (*value)[1].get<std::int64_t>())
                           : Size2(value->get<std::int64_t>());
}

void read(Options& given, const char* name, Activation& activation) {
  if (const Json* value = given.find(name)) activation = Activation(value->get<std::string>());
}

namespace {

void read(Options& given, const char* name, Regularizer& regularizer) {
  const Json* value = given.find(name);
  if (value == nullptr) return;
  const std::string kind = value->begin().key();
  const Json& by = value->begin().value();
  if (kind == "L1") regularizer = regularizers::L1(by.get<double>());
  if (kind == "L2") regularizer = regularizers::L2(by.get<double>());
  if (kind == "L1L2") regularizer = regularizers::L1L2(by[0].get<double>(), by[1].get<double>());
  REQUIRE(regularizer.given());
}

layers::Padding2 to_padding(const Json& value) {
  const auto pair = [](const Json& v) {
    return std::pair(v[0].get<std::int64_t>(), v[1].get<std::int64_t>());
  };
  if (!value.is_array()) return layers::Padding2(value.get<std::int64_t>());
  if (value[0].is_array()) return layers::Padding2(pair(value[0]), pair(value[1]));
  return layers::Padding2(pair(value).first, pair(value).second);
}

// What Dense and Conv2D have in common.
template <class LayerOptions>
void read_weighted(Options& given, LayerOptions& o) {
  read(given, "activation", o.activation);
  read(given, "kernel_regularizer", o.kernel_regularizer);
  read(given, "bias_regularizer", o.bias_regularizer);
  read(given, "activity_regularizer", o.activity_regularizer);
  given.read("use_bias", o.use_bias);
}

LayerRef made(const std::string& name, Options& given) {
  using namespace layers;
  if (name == "Dense") {
    DenseOptions o;
    given.read("units", o.units);
    read_weighted(given, o);
    return Dense(o);
  }
  if (name == "Conv2D") {
    Conv2DOptions o;
    given.read("filters", o.filters).read("padding", o.padding).read("groups", o.groups);
    read(given, "kernel_size", o.kernel_size);
    read(given, "strides", o.strides);
    read(given, "dilation_rate", o.dilation_rate);
    read_weighted(given, o);
    return Conv2D(o);
  }
  if (name == "MaxPooling2D" || name == "AveragePooling2D") {
    Pooling2DOptions o;
    given.read("padding", o.padding);
    read(given, "pool_size", o.pool_size);
    read(given, "strides", o.strides);
    return name == "MaxPooling2D" ? LayerRef(MaxPooling2D(o)) : LayerRef(AveragePooling2D(o));
  }
  if (name == "GlobalAveragePooling2D" || name == "GlobalMaxPooling2D") {
    GlobalPoolingOptions o;
    given.read("keepdims", o.keepdims);
    return name == "GlobalMaxPooling2D" ? LayerRef(GlobalMaxPooling2D(o))
                                        : LayerRef(GlobalAveragePooling2D(o));
  }
  if (name == "BatchNormalization") {
    BatchNormalizationOptions o;
    given.read("axis", o.axis).read("momentum", o.momentum).read("epsilon", o.epsilon);
    given.read("center", o.center).read("scale", o.scale);
    return BatchNormalization(o);
  }
  if (name == "Reshape") {
    const Json* shape = given.find("target_shape");
    REQUIRE(shape != nullptr);
    return Reshape({.target_shape = to_shape(*shape)});
  }
  if (name == "ZeroPadding2D") {
    ZeroPadding2DOptions o;
    if (const Json* padding = given.find("padding")) o.padding = to_padding(*padding);
    return ZeroPadding2D(o);
  }
  if (name == "Activation") {
    keratin::Activation activation;
    read(given, "activation", activation);
    return layers::Activation(activation);
  }
  if (name == "ReLU") {
    ReLUOptions o;
    given.read("max_value", o.max_value).read("negative_slope", o.negative_slope);
    given.read("threshold", o.threshold);
    return ReLU(o);
  }
  if (name == "Rescaling") {
    RescalingOptions o;
    given.read("scale", o.scale).read("offset", o.offset);
    return Rescaling(o);
  }
  if (name == "Softmax" || name == "Concatenate") {
    int axis = -1;
    given.read("axis", axis);
    return name == "Softmax" ? LayerRef(Softmax({.axis = axis}))
                             : LayerRef(Concatenate({.axis = axis}));
  }
  if (name == "Dropout") {
    DropoutOptions o;
    given.read("rate", o.rate);
    return Dropout(o);
  }
  if (name == "Flatten") return Flatten();
  if (name == "Add") return Add();
  if (name == "Multiply") return Multiply();
  return made_for_sequences(name, given);
}

}  // namespace

LayerRef to_layer(const std::string& name, const Json& options) {
  Options given(options);
  LayerRef layer = made(name, given);
  // Others as files name them.
  if (!layer.defined()) return saving::built_in_layer(name, "keras.layers", options, "golden case");
  given.done();
  return layer;
}

namespace {

bool takes_several(const std::string& name, const Json& entry) {
  return entry["inputs"].size() > 1 || name == "Add" || name == "Multiply" || name == "Concatenate";
}

DType dtype_named(const Json& name) {
  for (const DType dtype : {uint8, int32, int64}) {
    if (name == name_of(dtype)) return dtype;
  }
  FAIL("golden case of dtype ", name.dump());
  return float32;
}

// Outputs and gradients of one call with given weights.
void check_call(const Json& entry, DType dtype) {
  const auto name = entry["name"].get<std::string>();
  LayerRef layer = to_layer(name, entry["options"]);
  std::vector<SymbolicTensor> symbols;
  const DType input_dtype = entry.contains("dtypes") ? dtype_named(entry["dtypes"][0]) : dtype;
  for (const Json& shape : entry["symbolic"]) {
    symbols.push_back(Input({.shape = to_shape(shape), .dtype = input_dtype}));
  }
  const SymbolicTensors symbolic =
      takes_several(name, entry) ? layer(SymbolicTensors(symbols)) : layer(symbols[0]);
  CHECK(symbolic.shape().tuple_text() == to_shape(entry["output_shape"]).tuple_text());
  CHECK(symbolic.dtype() == dtype);
  CHECK(layer.count_params() == entry["params"].get<std::int64_t>());

  std::vector<Tensor> weights;
  const std::vector<Variable> variables = layer.weights();
  REQUIRE(variables.size() == entry["weights"].size());
  for (std::size_t i = 0; i < variables.size(); ++i) {
    CHECK(variables[i].name() == entry["weights"][i]["name"].get<std::string>());
    weights.push_back(to_tensor(entry["weights"][i], dtype));
  }
  layer.set_weights(weights);

  std::vector<Variable> inputs;
  for (const Json& input : entry["inputs"]) {
    inputs.emplace_back(to_tensor(input, input_dtype), is_floating(input_dtype));
  }
  const CallContext context{.training = entry.value("training", false)};
  const Variable y = takes_several(name, entry) ? Variable(layer(Variables(inputs), context))
                                                : Variable(layer(inputs[0], context));
  const Tolerance tolerance = golden_tolerance(dtype);
  CHECK(difference(y.value(), entry["y"], tolerance) == "");
  if (!entry.contains("dy")) return;
  y.backward(to_tensor({{"shape", entry["y"]["shape"]}, {"values", entry["dy"]}}, dtype));
  if (entry.contains("dx")) {
    CHECK(difference(inputs[0].grad(), to_numbers(entry["dx"]), tolerance) == "");
  }
  const std::vector<Variable> trainable = layer.trainable_variables();
  REQUIRE(trainable.size() == entry["dw"].size());
  for (std::size_t i = 0; i < trainable.size(); ++i) {
    CAPTURE(i);
    CHECK(difference(trainable[i].grad(), to_numbers(entry["dw"][i]), tolerance) == "");
  }
}

// Batch normalization over several training steps.
void check_steps(const Json& entry, DType dtype) {
  LayerRef layer = to_layer(entry["name"], entry["options"]);
  const Tolerance tolerance = golden_tolerance(dtype);
  const auto run = [&](const Json& x, bool training) {
    return layer(Variable(to_tensor(x, dtype), false), {.training = training}).value();
  };
  for (std::size_t i = 0; i < entry["batches"].size(); ++i) {
    CHECK(difference(run(entry["batches"][i], true), entry["training_outputs"][i], tolerance) ==
          "");
  }
  const std::vector<Variable> weights = layer.weights();
  REQUIRE(weights.size() == entry["weights"].size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    CHECK(difference(weights[i].value(), entry["weights"][i], tolerance) == "");
  }
  CHECK(difference(run(entry["probe"], false), entry["inference"], tolerance) == "");
}

TEST_CASE("golden: layers with given weights") {
  for (const DType dtype : {float64, float32}) {
    const PolicyScope policy(dtype);
    for (const char* file : {"layers", "sequence_layers", "conv_layers"}) {
      for (const Json& entry : golden(file)["cases"]) {
        CAPTURE(entry["name"].get<std::string>());
        CAPTURE(entry["options"].dump());
        CAPTURE(entry.value("training", false));
        CAPTURE(name_of(dtype));
        if (entry.contains("batches")) {
          check_steps(entry, dtype);
        } else {
          CAPTURE(entry["symbolic"].dump());
          check_call(entry, dtype);
        }
      }
    }
  }
}

}  // namespace
}  // namespace keratin::tests
