#include "autograd/ops.h"
#include "nn/layers/activation.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/conv1d.h"
#include "nn/layers/cropping.h"
#include "nn/layers/dense.h"
#include "nn/layers/dot.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/group_normalization.h"
#include "nn/layers/identity.h"
#include "nn/layers/lambda.h"
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
#include "nn/mask.h"
#include "nn/model/sequential.h"
#include "nn/saving/layer_json.h"
#include "tensor/cast.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using namespace layers;

Variable input(const Shape& shape, std::uint64_t seed = 1) {
  return Variable(Tensor::from(normal_values(shape.size(), seed), shape), false);
}
std::vector<float> values(const Variable& x) { return x.value().to_vector<float>(); }

TEST_CASE("sequence layers: options out of range are refused when the layer is made") {
  const std::pair<const char*, std::function<void()>> rows[] = {
      {"input_dim", [] { Embedding({.output_dim = 3}); }},
      {"output_dim", [] { Embedding({.input_dim = 3}); }},
      {"filters", [] { Conv1D({.kernel_size = 3}); }},
      {"kernel_size", [] { Conv1D({.filters = 3}); }},
      {"strides", [] { Conv1D({.filters = 3, .kernel_size = 3, .strides = 0}); }},
      {"padding", [] { Conv1D({.filters = 3, .kernel_size = 3, .padding = "casual"}); }},
      {"strides",
       [] { Conv1D({.filters = 3, .kernel_size = 3, .strides = 2, .dilation_rate = 2}); }},
      {"groups", [] { Conv1D({.filters = 3, .kernel_size = 3, .groups = 2}); }},
      {"data_format",
       [] { Conv1D({.filters = 3, .kernel_size = 3, .data_format = "channels_first"}); }},
      {"pool_size", [] { MaxPooling1D({.pool_size = 0}); }},
      {"strides", [] { AveragePooling1D({.strides = 0}); }},
      {"padding", [] { MaxPooling1D({.padding = "causal"}); }},
      {"padding", [] { ZeroPadding1D({.padding = -1}); }},
      {"cropping",
       [] {
         Cropping1D({.cropping = {0, -1}});
       }},
      {"cropping", [] { Cropping2D({.cropping = -1}); }},
      {"size", [] { UpSampling1D({.size = 0}); }},
      {"size", [] { UpSampling2D({.size = 0}); }},
      {"interpolation", [] { UpSampling2D({.interpolation = "bilinear"}); }},
      {"n is 0", [] { RepeatVector({}); }},
      {"dims", [] { Permute({}); }},
      {"dims",
       [] {
         Permute({.dims = {1, 1}});
       }},
      {"dims",
       [] {
         Permute({.dims = {0, 1}});
       }},
      {"axes", [] { Dot({}); }},
      {"groups", [] { GroupNormalization({.groups = 0}); }},
      {"rate", [] { SpatialDropout1D({}); }},
      {"rate", [] { SpatialDropout2D({.rate = 1.5}); }},
      {"stddev", [] { GaussianNoise({.stddev = -0.5}); }},
      {"rate", [] { GaussianDropout({.rate = 1}); }},
      {"rate", [] { AlphaDropout({.rate = 1}); }},
      {"negative_slope", [] { LeakyReLU({.negative_slope = -1}); }},
      {"shared_axes", [] { PReLU({.shared_axes = {0}}); }},
      {"l1", [] { ActivityRegularization({.l1 = -1}); }},
      {"function", [] { Lambda{LambdaOptions{}}; }},
      {"layer is missing", [] { TimeDistributed{TimeDistributedOptions{}}; }},
  };
  for (const auto& [option, make] : rows) {
    CAPTURE(option);
    CHECK_THROWS_WITH_AS(make(), doctest::Contains(option), ValueError);
  }
}

TEST_CASE("sequence layers: inputs that do not fit leave the layer as it was") {
  struct Row {
    LayerRef layer;
    Shape right, wrong;
  };
  const Row rows[] = {
      {Masking(), {2, 3, 4}, {3}},
      {Conv1D({.filters = 2, .kernel_size = 3}), {1, 5, 3}, {1, 5, 5, 3}},
      {Conv1D({.filters = 2, .kernel_size = 3}), {1, 5, 3}, {1, 5, 4}},
      {Conv1D({.filters = 2, .kernel_size = 3}), {1, 5, 3}, {1, 2, 3}},
      {Conv1D({.filters = 2, .kernel_size = 3, .groups = 2}), {1, 5, 4}, {1, 5, 3}},
      {MaxPooling1D({.pool_size = 3}), {1, 5, 3}, {1, 2, 3}},
      {AveragePooling1D(), {1, 5, 3}, {5, 5}},
      {GlobalAveragePooling1D(), {1, 5, 3}, {5, 3}},
      {GlobalMaxPooling1D(), {1, 5, 3}, {1, 5, 3, 2}},
      {ZeroPadding1D(), {1, 5, 3}, {5, 3}},
      {Cropping1D(), {1, 5, 3}, {1, 2, 3}},
      {Cropping2D({.cropping = 1}), {1, 5, 5, 3}, {1, 5, 2, 3}},
      {UpSampling1D(), {1, 5, 3}, {5, 3}},
      {UpSampling2D(), {1, 5, 5, 3}, {1, 5, 3}},
      {RepeatVector({.n = 2}), {2, 3}, {2, 3, 4}},
      {Permute({.dims = {2, 1}}), {2, 3, 4}, {2, 3}},
      {LayerNormalization(), {2, 3}, {2, 4}},
      {LayerNormalization(), {2, 3}, {3}},
      {LayerNormalization({.axis = {1, 2}}), {2, 3, 4}, {2, 4, 3}},
      {LayerNormalization({.axis = 2}), {2, 3, 4}, {2, 3}},
      {RMSNormalization(), {2, 3}, {2, 4}},
      {UnitNormalization({.axis = 2}), {2, 3, 4}, {2, 3}},
      {GroupNormalization({.groups = 2}), {2, 4}, {2, 6}},
      {GroupNormalization({.groups = 2}), {2, 4}, {4}},
      {PReLU(), {2, 4}, {2, 6}},
      {SpatialDropout1D({.rate = 0.5}), {2, 3, 4}, {2, 3}},
      {SpatialDropout2D({.rate = 0.5}), {2, 3, 4, 1}, {2, 3, 4}},
      {TimeDistributed(Dense({.units = 2})), {2, 3, 4}, {2, 3}},
      {TimeDistributed(Dense({.units = 2})), {2, 3, 4}, {2, 3, 5}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.layer.name());
    CAPTURE(row.wrong.text());
    const std::vector<float> y = values(row.layer(input(row.right)));
    CHECK_THROWS_AS(row.layer(input(row.wrong)), ShapeError);
    CHECK(values(row.layer(input(row.right))) == y);
  }
  CHECK_THROWS_AS(GroupNormalization()(input({2, 4})), ShapeError);  // 4 channels, 32 groups
  CHECK_THROWS_AS(LayerNormalization({.axis = 0})(input({2, 4})), ShapeError);
  CHECK_THROWS_AS(PReLU()(Input({.shape = {None, 3}})), ShapeError);
  const Variables two({input({2, 3}), input({2, 4})});
  CHECK_THROWS_WITH_AS(Dot({.axes = 1})(two), doctest::Contains("f32[2, 3] and f32[2, 4]"),
                       ShapeError);
  CHECK_THROWS_AS(Dot({.axes = 1})(input({2, 3})), ValueError);
  CHECK_THROWS_AS(Dot({.axes = -2})(two), ShapeError);  // the batch's
  CHECK_THROWS_AS(Dot({.axes = 1})(Variables({input({2, 3}), input({3, 3})})), ShapeError);
}

TEST_CASE("embedding: ids of any type, and those out of range") {
  const Tensor table = Tensor::from(normal_values(12, 3), {4, 3});
  Embedding embedding({.input_dim = 4, .output_dim = 3, .weights = table, .name = "words"});
  CHECK(embedding.get_weights()[0].to_vector<float>() == table.to_vector<float>());  // built
  const std::vector<float> expected =
      gather(table, Tensor::numbers({3, 0}, {2}, int32)).to_vector<float>();
  for (const DType dtype : {uint8, int32, int64, float32, float64}) {
    CAPTURE(name_of(dtype));
    CHECK(values(embedding(Variable(Tensor::numbers({3, 0}, {2}, dtype), false))) == expected);
  }
  CHECK(values(embedding(Variable(Tensor::numbers({3.9, 0.5}), false))) == expected);  // cut
  const auto at = [&](std::initializer_list<double> ids, const Shape& shape, DType dtype) {
    return embedding(Variable(Tensor::numbers(ids, shape, dtype), false));
  };
  CHECK_THROWS_WITH_AS(at({0, 1, 2, 4}, {2, 2}, int32), doctest::Contains("Embedding \"words\""),
                       ValueError);
  CHECK_THROWS_WITH_AS(at({0, 1, 2, 4}, {2, 2}, int32), doctest::Contains("index 4 at [1, 1]"),
                       ValueError);
  CHECK_THROWS_WITH_AS(at({0, -1}, {2}, int64), doctest::Contains("expected 0 to 3"), ValueError);
  CHECK_THROWS_WITH_AS(at({0, 4}, {2}, float32), doctest::Contains("id 4 at element 1"),
                       ValueError);
  CHECK_THROWS_AS(at({0, 200}, {2}, uint8), ValueError);
  CHECK_THROWS_AS(at({0, std::nan("")}, {2}, float32), ValueError);
  CHECK_THROWS_AS(at({0, 1e30}, {2}, float64), ValueError);
  CHECK_THROWS_AS(at({0, 1}, {2}, boolean), DTypeError);
  CHECK_THROWS_WITH_AS(embedding(Variable(Tensor::strings({"a"}), false)),
                       doctest::Contains("StringLookup"), DTypeError);
  CHECK_THROWS_WITH_AS(Embedding({.input_dim = 3, .output_dim = 3, .weights = table}),
                       doctest::Contains("weights is f32[4, 3]"), ShapeError);
  // The gradient of equal ids adds up; of those that are not there it is 0.
  const Variable y = at({1, 1, 2}, {3}, int32);
  sum(y).backward();
  CHECK(embedding.weights()[0].grad().to_vector<float>() ==
        std::vector<float>{0, 0, 0, 2, 2, 2, 1, 1, 1, 0, 0, 0});
  // Frozen, it takes no gradient.
  Embedding frozen({.input_dim = 4, .output_dim = 3, .weights = table, .trainable = false});
  CHECK_FALSE(Variable(frozen(Variable(Tensor::numbers({1}, {1}, int32), false))).requires_grad());
}

TEST_CASE("noise: how much, in training only, and the same for the same seed") {
  const std::int64_t n = 20000;
  const Variable x(full({n}, 2), false);
  struct Row {
    const char* name;
    std::function<LayerRef()> make;
    double variance;  // of the result
  };
  const Row rows[] = {
      {"noise", [] { return GaussianNoise({.stddev = 0.5, .seed = 4}); }, 0.25},
      {"dropout", [] { return GaussianDropout({.rate = 0.2, .seed = 4}); }, 4 * 0.25},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const LayerRef layer = row.make();
    CHECK(values(layer(x)) == values(x));
    const std::vector<float> y = values(layer(x, {.training = true}));
    double mean = 0, square = 0;
    for (const float v : y) mean += v / static_cast<double>(n);
    for (const float v : y) square += (v - mean) * (v - mean) / static_cast<double>(n);
    CHECK(std::abs(mean - 2) < 5 * std::sqrt(row.variance / n));
    CHECK(std::abs(square / row.variance - 1) < 5 * std::sqrt(2.0 / n));
    CHECK(values(layer(x, {.training = true})) != y);
    CHECK(values(row.make()(x, {.training = true})) == y);
  }
  SpatialDropout1D spatial({.rate = 0.5, .seed = 1});
  const std::vector<float> y =
      values(spatial(Variable(ones({20, 3, 4}), false), {.training = true}));
  double kept = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    CHECK((y[i] == 0 || y[i] == 2));
    CHECK(y[i] == y[i / 12 * 12 + i % 4]);  // as at the first step
    kept += y[i] != 0;
  }
  CHECK(kept > 0.3 * static_cast<double>(y.size()));
  CHECK(kept < 0.7 * static_cast<double>(y.size()));
  const std::vector<float> image = values(SpatialDropout2D({.rate = 0.5, .seed = 1})(
      Variable(ones({5, 2, 2, 3}), false), {.training = true}));
  for (std::size_t i = 0; i < image.size(); ++i) CHECK(image[i] == image[i / 12 * 12 + i % 3]);
}

TEST_CASE("noise: alpha dropout keeps mean and variance") {
  const std::int64_t n = 20000;
  // Of normal numbers mean and variance stay, in spite of the dropped ones.
  const Variable normal = input({n}, 9);
  const AlphaDropout alpha({.rate = 0.3, .seed = 2});
  CHECK(values(alpha(normal)) == values(normal));
  const std::vector<float> kept_normal = values(alpha(normal, {.training = true}));
  double mean = 0, square = 0;
  for (const float v : kept_normal) mean += v / static_cast<double>(n);
  for (const float v : kept_normal) square += (v - mean) * (v - mean) / static_cast<double>(n);
  CHECK(std::abs(mean) < 0.04);
  CHECK(std::abs(square - 1) < 0.06);
  const Variable rows = AlphaDropout({.rate = 0.5, .noise_shape = {None, 1}, .seed = 1})(
      Variable(ones({50, 4}), false), {.training = true});
  for (std::size_t i = 0; i < 200; ++i) CHECK(values(rows)[i] == values(rows)[i - i % 4]);
  CHECK_THROWS_AS(
      AlphaDropout({.rate = 0.5, .noise_shape = {1}})(input({2, 3}), {.training = true}),
      ValueError);
}

TEST_CASE("time distributed: all steps at once are as one by one") {
  const Dense dense({.units = 2});
  const TimeDistributed all(dense);
  const Variable x = input({3, 4, 5});
  const Variable y = all(x);
  for (std::int64_t t = 0; t < 4; ++t) {
    const Variable step = reshape(slice(x, {{}, {t, t + 1}}), {3, 5});
    CHECK(values(dense(step)) == values(reshape(slice(y, {{}, {t, t + 1}}), {3, 2})));
  }
  CHECK(all.weights().size() == 2);
  // One after the other: batch normalization sees each step's own batch.
  const TimeDistributed each(BatchNormalization({.momentum = 0.5}));
  each(x, {.training = true});
  CHECK(each.weights().size() == 4);
  CHECK(each.trainable_variables().size() == 2);
  // Wrapped models, unknown steps.
  const Sequential inner({Dense({.units = 3}), layers::ReLU()});
  const auto symbolic = TimeDistributed(LayerRef(inner))(Input({.shape = {None, 5}}));
  CHECK(symbolic.shape() == Shape{None, None, 3});
}

TEST_CASE("lambda: a function of the user's own") {
  const Lambda halved([](const Variable& x) { return x * 0.5; });
  CHECK(values(halved(Variable(full({2, 3}, 4), false))) == std::vector<float>(6, 2));
  CHECK(halved(Input({.shape = {None, 3}})).shape() == Shape{None, None, 3});
  CHECK(halved.weights().empty());
  const Lambda first({.function =
                          [](const Variable& x) {
                            return slice(x, {{}, {0, 1}});
                          },
                      .output_shape = {1},
                      .mask = [](const Variable&, const Tensor& mask) { return mask; }});
  CHECK(first(Input({.shape = {5}})).shape() == Shape{None, 1});
  CHECK(mask_of(first(with_mask(input({2, 3}), ones({2}, boolean)))).defined());
  const Lambda wrong({.function = [](const Variable& x) { return x; }, .output_shape = {4}});
  CHECK_THROWS_WITH_AS(wrong(input({2, 3})), doctest::Contains("output_shape is [4]"), ShapeError);
  const Lambda nothing([](const Variable&) { return Variable(); });
  CHECK_THROWS_WITH_AS(nothing(input({2, 3})), doctest::Contains("gave nothing"), ValueError);
}

TEST_CASE("activity regularization adds to the loss of the step") {
  const ActivityRegularization layer({.l1 = 0.5, .l2 = 0.25});
  keratin::detail::AddedLosses added;
  layer(Variable(full({2, 3}, -2), false));
  REQUIRE(added.losses.size() == 1);
  CHECK(added.losses[0].value().item<double>() == (0.5 * 12 + 0.25 * 24) / 2);
}

TEST_CASE("sequence layers: to JSON and back, in Keras' words") {
  using saving::Json;
  const std::pair<LayerRef, const char*> rows[] = {
      {Embedding({.input_dim = 3, .output_dim = 2, .mask_zero = true}),
       R"({"input_dim": 3, "output_dim": 2, "mask_zero": true})"},
      {Masking({.mask_value = -1}), R"({"mask_value": -1.0})"},
      {Conv1D({.filters = 2, .kernel_size = 3, .padding = "causal", .dilation_rate = 2}),
       R"({"kernel_size": [3], "strides": [1], "padding": "causal", "dilation_rate": [2]})"},
      {MaxPooling1D({.pool_size = 3}), R"({"pool_size": [3], "strides": [3]})"},
      {AveragePooling1D({.strides = 1}), R"({"pool_size": [2], "strides": [1]})"},
      {GlobalAveragePooling1D(), R"({"data_format": "channels_last", "keepdims": false})"},
      {GlobalMaxPooling1D({.keepdims = true}), R"({"keepdims": true})"},
      {ZeroPadding1D({.padding = {1, 2}}), R"({"padding": [1, 2]})"},
      {ZeroPadding2D({.padding = {1, 2}}), R"({"padding": [[1, 1], [2, 2]]})"},
      {Cropping1D({.cropping = 2}), R"({"cropping": [2, 2]})"},
      {Cropping2D({.cropping = 1}), R"({"cropping": [[1, 1], [1, 1]]})"},
      {UpSampling1D({.size = 3}), R"({"size": 3})"},
      {UpSampling2D(), R"({"size": [2, 2], "interpolation": "nearest"})"},
      {RepeatVector({.n = 2}), R"({"n": 2})"},
      {Permute({.dims = {2, 1}}), R"({"dims": [2, 1]})"},
      {Dot({.axes = {1, 2}, .normalize = true}), R"({"axes": [1, 2], "normalize": true})"},
      {AlphaDropout({.rate = 0.5, .noise_shape = {None, 1}}),
       R"({"rate": 0.5, "seed": null, "noise_shape": [null, 1]})"},
      {SpatialDropout1D({.rate = 0.5, .seed = 4}), R"({"rate": 0.5, "seed": 4})"},
      {SpatialDropout2D({.rate = 0.5}), R"({"rate": 0.5, "seed": null})"},
      {GaussianNoise({.stddev = 0.5}), R"({"stddev": 0.5})"},
      {GaussianDropout({.rate = 0.5}), R"({"rate": 0.5})"},
      {LeakyReLU(), R"({"negative_slope": 0.3})"},
      {ELU({.alpha = 0.5}), R"({"alpha": 0.5})"},
      {PReLU({.shared_axes = {1}}), R"({"shared_axes": [1]})"},
      {LayerNormalization({.axis = {-1, 1}}), R"({"axis": [-1, 1], "epsilon": 0.001})"},
      {GroupNormalization({.groups = -1}), R"({"groups": -1, "axis": -1})"},
      {RMSNormalization(), R"({"axis": -1, "epsilon": 1e-6})"},
      {UnitNormalization({.axis = {1, 2}}), R"({"axis": [1, 2]})"},
      {Identity(), R"({})"},
      {ActivityRegularization({.l1 = 0.5}), R"({"l1": 0.5, "l2": 0.0})"},
      {Average(), R"({})"},
      {TimeDistributed(Dense({.units = 2})), R"({})"},
  };
  for (const auto& [layer, text] : rows) {
    CAPTURE(layer.name());
    const Json json = saving::layer_to_json(layer);
    const Json expected = Json::parse(text);
    for (const auto& [key, value] : expected.items()) {
      CAPTURE(key);
      CHECK(json["config"][key] == value);
    }
    const LayerRef again = saving::layer_from_json(json, "test");
    CHECK(again.name() == layer.name());
    const Json written = saving::layer_to_json(again);
    for (const auto& [key, value] : expected.items()) CHECK(written["config"][key] == value);
    CHECK(saving::layer_to_json(saving::layer_from_json(written, "test")) == written);
  }
  const Lambda lambda({.function = [](const Variable& x) { return x; }, .name = "own"});
  CHECK_THROWS_WITH_AS(saving::layer_to_json(lambda), doctest::Contains("Lambda \"own\""),
                       ValueError);
  const TimeDistributed wrapped(Dense({.units = 2, .name = "inner"}));
  REQUIRE(wrapped.layer()->named_sublayers().size() == 1);
  CHECK(wrapped.layer()->named_sublayers()[0].first == "layer");
}

TEST_CASE("sequence layers: NaN goes through") {
  Tensor x = Tensor::from(normal_values(2 * 4 * 4, 3), {2, 4, 4});
  x.mutable_data<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  const LayerRef all[] = {Conv1D({.filters = 2, .kernel_size = 1, .activation = "relu"}),
                          MaxPooling1D(),
                          AveragePooling1D(),
                          GlobalAveragePooling1D(),
                          GlobalMaxPooling1D(),
                          LayerNormalization(),
                          RMSNormalization(),
                          UnitNormalization(),
                          GroupNormalization({.groups = 2}),
                          PReLU(),
                          LeakyReLU(),
                          ELU(),
                          Masking(),
                          UpSampling1D(),
                          TimeDistributed(Dense({.units = 2}))};
  for (const LayerRef& layer : all) {
    CAPTURE(layer.name());
    bool found = false;
    for (const float v : values(layer(Variable(x, false)))) found = found || std::isnan(v);
    CHECK(found);
  }
}

}  // namespace
}  // namespace keratin::tests
