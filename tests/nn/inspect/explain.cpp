#include "nn/inspect/explain.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "kernels/error.h"
#include "kernels/parallel.h"
#include "kernels/run.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dense.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/flatten.h"
#include "nn/layers/input_layer.h"
#include "nn/model/sequential.h"
#include "tensor/random.h"

namespace keratin::tests {
namespace {

Sequential net() {
  return Sequential(
      {layers::Conv2D({.filters = 8, .kernel_size = 3, .name = "conv"}),
       layers::BatchNormalization({.name = "norm"}), layers::Dropout({.rate = 0.5, .name = "drop"}),
       layers::Flatten(), layers::Dense({.units = 3, .name = "head"})},
      "net");
}

const ExplainedKernel* find(const Explanation& explanation, const std::string& layer,
                            const std::string& kernel) {
  const auto found = std::find_if(
      explanation.kernels.begin(), explanation.kernels.end(),
      [&](const ExplainedKernel& k) { return k.layer == layer && k.kernel == kernel; });
  return found == explanation.kernels.end() ? nullptr : &*found;
}

struct RestoredChoice {
  ~RestoredChoice() {
    const char* text = std::getenv("KERATIN_KERNEL");
    kernels::set_kernel_choice(text == nullptr ? "" : text);
  }
};

}  // namespace

TEST_CASE("explain: each layer's kernels, there and back, with rung and instruction set") {
  const RestoredChoice restored;
  kernels::set_kernel_choice("");
  const Sequential model = net();
  const Explanation explanation = model.explain({16, 20, 20, 4});
  const ExplainedKernel* const conv = find(explanation, "conv", "conv2d");
  REQUIRE(conv != nullptr);
  CHECK(!conv->backward);
  CHECK(conv->instruction_set != "plain");
  CHECK(conv->shape.find("20") != std::string::npos);
  const ExplainedKernel* const weights = find(explanation, "conv", "conv2d_weight_gradient");
  REQUIRE(weights != nullptr);
  CHECK(weights->backward);
  CHECK(find(explanation, "head", "gemm") != nullptr);
  for (const ExplainedKernel& kernel : explanation.kernels) {
    CHECK(kernel.threads >= 1);
    CHECK(kernel.threads <= kernels::thread_count());
    for (const PassedRung& rung : kernel.passed) CHECK(rung.why != "");
  }
  const std::string text = explanation.text();
  CHECK(text.find("conv\n  -> conv2d ") == 0);
  CHECK(text.find("  <- conv2d_weight_gradient") != std::string::npos);
}

TEST_CASE("explain: why faster rungs did not run") {
  const RestoredChoice restored;
  const Sequential model({layers::Dense({.units = 4, .name = "dense"})});
  kernels::set_kernel_choice("gemm=reference");
  const Explanation by_hand = model.explain({8, 4});
  const ExplainedKernel* const gemm = find(by_hand, "dense", "gemm");
  REQUIRE(gemm != nullptr);
  CHECK(gemm->rung == "reference");
  CHECK(gemm->instruction_set == "plain");
  REQUIRE(gemm->passed.size() >= 2);
  CHECK(gemm->passed[0].why == "KERATIN_KERNEL asks for another");
}

TEST_CASE("explain: changes neither weights nor random numbers, and takes a batch of None") {
  Sequential model = net();
  const Tensor x = randn({4, 8, 8, 2});
  model(x);
  const auto kept = model.get_weights();
  CHECK(model.explain({None, 8, 8, 2}).kernels.size() > 4);
  const auto after = model.get_weights();
  REQUIRE(kept.size() == after.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    CHECK(std::equal(kept[i].data<float>(), kept[i].data<float>() + kept[i].size(),
                     after[i].data<float>()));
  }
  for (const Variable& weight : model.trainable_variables()) CHECK(!weight.grad().defined());
}

TEST_CASE("explain: dropout draws after it what it would have drawn") {
  const auto drawn = [](bool explained) {
    set_random_seed(7);
    Sequential model({layers::Dropout({.rate = 0.5})});
    const Tensor x = full({2, 40}, 1);
    model(x, {.training = true});
    if (explained) static_cast<void>(model.explain({2, 40}));
    const Tensor y = model(x, {.training = true}).get(0).value();
    return std::vector<float>(y.data<float>(), y.data<float>() + y.size());
  };
  CHECK(drawn(true) == drawn(false));
}

TEST_CASE("explain: inputs of whole numbers, and shapes that do not fit") {
  Sequential model({Input({.shape = {5}, .dtype = int32}),
                    layers::Embedding({.input_dim = 10, .output_dim = 4, .name = "embedding"})});
  CHECK(find(model.explain({2, 5}), "embedding", "gather") != nullptr);
  CHECK_THROWS_AS(static_cast<void>(model.explain({2, 5, 5, 5, None})), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(net().explain({3, 4})), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(net().explain(Shape{})), ShapeError);
}

}  // namespace keratin::tests
