// Transposed and depthwise convolutions: what Keras cannot tell, such as the text of errors.
#include "keratin.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using namespace layers;
using doctest::Contains;

TEST_CASE("convolutions: options out of range") {
  const std::pair<const char*, std::function<void()>> rows[] = {
      {"Conv2DTranspose: filters is 0", [] { Conv2DTranspose({.kernel_size = 3}); }},
      {"kernel_size", [] { Conv2DTranspose({.filters = 3}); }},
      {"strides", [] { Conv2DTranspose({.filters = 3, .kernel_size = 3, .strides = 0}); }},
      {"padding is \"causal\"",
       [] { Conv2DTranspose({.filters = 3, .kernel_size = 3, .padding = "causal"}); }},
      {"output_padding is 2 where strides is 2",
       [] {
         Conv2DTranspose({.filters = 3, .kernel_size = 3, .strides = 2, .output_padding = {0, 2}});
       }},
      {"output_padding is -1",
       [] {
         Conv2DTranspose({.filters = 3, .kernel_size = 3, .strides = 2, .output_padding = {-1, 0}});
       }},
      {"strides (2, 2) together with dilation_rate (1, 2)",
       [] {
         Conv2DTranspose({.filters = 3, .kernel_size = 3, .strides = 2, .dilation_rate = {1, 2}});
       }},
      {"data_format",
       [] { Conv2DTranspose({.filters = 3, .kernel_size = 3, .data_format = "channels_first"}); }},
      {"Conv1DTranspose: filters is -1",
       [] { Conv1DTranspose({.filters = -1, .kernel_size = 3}); }},
      {"Conv1DTranspose: kernel_size is 0", [] { Conv1DTranspose({.filters = 1}); }},
      {"output_padding is 1 where strides is 1",
       [] { Conv1DTranspose({.filters = 1, .kernel_size = 3, .output_padding = 1}); }},
      {"one of them must be 1",
       [] { Conv1DTranspose({.filters = 1, .kernel_size = 3, .strides = 2, .dilation_rate = 2}); }},
      {"DepthwiseConv1D: kernel_size is 0", [] { DepthwiseConv1D({}); }},
      {"DepthwiseConv1D: depth_multiplier is 0",
       [] { DepthwiseConv1D({.kernel_size = 2, .depth_multiplier = 0}); }},
      {"padding is \"causal\"", [] { DepthwiseConv1D({.kernel_size = 2, .padding = "causal"}); }},
      {"one of them must be 1",
       [] { DepthwiseConv1D({.kernel_size = 2, .strides = 2, .dilation_rate = 2}); }},
      {"SeparableConv1D: filters is 0", [] { SeparableConv1D({.kernel_size = 2}); }},
  };
  for (const auto& [text, make] : rows) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(make(), Contains(text), ValueError);
  }
}

TEST_CASE("convolutions: inputs that do not fit, and weights that do") {
  struct Row {
    LayerRef layer;
    Shape fits, other;
    const char* text;
  };
  const Row rows[] = {
      {Conv2DTranspose({.filters = 2, .kernel_size = 3}), {1, 4, 4, 3}, {4, 4, 3}, "rank 3"},
      {Conv2DTranspose({.filters = 2, .kernel_size = 3}), {1, 4, 4, 3}, {1, 4, 4, 2}, "must be 3"},
      {Conv2DTranspose({.filters = 2,
                        .kernel_size = 2,
                        .strides = 2,
                        .padding = "same",
                        .output_padding = {0, 0}}),
       {1, 4, 4, 3},
       {1, 1, 4, 3},
       "of which nothing would be left"},
      {Conv1DTranspose({.filters = 2, .kernel_size = 3}), {1, 4, 3}, {1, 4, 3, 3}, "rank 4"},
      {Conv1DTranspose({.filters = 2, .kernel_size = 3}), {1, 4, 3}, {1, 4, 5}, "must be 3"},
      {DepthwiseConv1D({.kernel_size = 3}), {1, 4, 3}, {1, 2, 3}, "shorter than the kernel, 3"},
      {SeparableConv1D({.filters = 2, .kernel_size = 3}), {1, 4, 3}, {1, 4, 1}, "must be 3"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.layer.layer()->class_name());
    CAPTURE(row.other.text());
    const LayerRef& layer = row.layer;
    (void)layer(Variable(ones(row.fits)));
    CHECK_THROWS_WITH_AS((void)layer(Variable(ones(row.other))), Contains(row.text), ShapeError);
  }
}

TEST_CASE("convolutions: a network that ends in a larger image learns") {
  set_random_seed(5);
  Sequential model(
      {Input({.shape = {6, 6, 1}}),
       Conv2D({.filters = 4, .kernel_size = 3, .strides = 2, .activation = "relu"}),
       Conv2DTranspose({.filters = 4, .kernel_size = 2, .strides = 2, .activation = "relu"}),
       Conv2DTranspose({.filters = 1, .kernel_size = 3})});
  model.compile({.optimizer = optimizers::Nadam({.learning_rate = 0.01}), .loss = "mse"});
  const Tensor x = random_uniform({16, 6, 6, 1});
  const History history = model.fit(x, x, {.batch_size = 4, .epochs = 20, .verbose = 0});
  CHECK(Tensor(model.predict(x, {.verbose = 0})).shape() == x.shape());
  CHECK(history.history.at("loss").back() < 0.5 * history.history.at("loss").front());
}

}  // namespace
}  // namespace keratin::tests
