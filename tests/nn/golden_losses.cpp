#include "nn/activations.h"
#include "nn/losses/binary_crossentropy.h"
#include "nn/losses/categorical_crossentropy.h"
#include "nn/losses/mean_absolute_error.h"
#include "nn/losses/mean_squared_error.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

template <class Loss, class LossOptions>
LossRef made(Options& given, LossOptions options) {
  given.read("reduction", options.reduction);
  if constexpr (requires { options.from_logits; }) {
    given.read("from_logits", options.from_logits).read("axis", options.axis);
  }
  if constexpr (requires { options.label_smoothing; })
    given.read("label_smoothing", options.label_smoothing);
  if constexpr (requires { options.ignore_class; })
    given.read("ignore_class", options.ignore_class);
  given.done();
  return Loss(options);
}

LossRef made(const std::string& name, const Json& options) {
  using namespace losses;
  if (options.empty()) return LossRef(name);
  Options given(options);
  if (name == "mean_squared_error") return made<MeanSquaredError>(given, LossOptions());
  if (name == "mean_absolute_error") return made<MeanAbsoluteError>(given, LossOptions());
  if (name == "binary_crossentropy")
    return made<BinaryCrossentropy>(given, BinaryCrossentropyOptions());
  if (name == "categorical_crossentropy")
    return made<CategoricalCrossentropy>(given, CategoricalCrossentropyOptions());
  REQUIRE(name == "sparse_categorical_crossentropy");
  return made<SparseCategoricalCrossentropy>(given, SparseCategoricalCrossentropyOptions());
}

TEST_CASE("golden: losses, reductions, weights, and gradients by the predictions") {
  const Json& file = golden("losses");
  for (const DType dtype : {float64, float32}) {
    for (const Json& entry : file["cases"]) {
      const auto name = entry["name"].get<std::string>();
      // Cases at the edge of what is cut off hold in one dtype only.
      if (entry.value("only", name_of(dtype)) != name_of(dtype)) continue;
      CAPTURE(name);
      CAPTURE(entry["options"].dump());
      const auto tensor = [&](const char* key) {
        return to_tensor(file["tensors"][entry[key].get<std::size_t>()], dtype);
      };
      const Tensor y_true = tensor("y_true");
      const Variable y_pred(tensor("y_pred"));
      const Tensor weight = entry.contains("sample_weight") ? tensor("sample_weight") : Tensor();
      CAPTURE(y_true.spec().text());
      CAPTURE(y_pred.value().spec().text());
      const Activation activation = entry.value("activation", "linear");
      const Variable loss = made(name, entry["options"])(y_true, activation(y_pred), weight);
      // Where probabilities are cut Keras' own backends differ by 1e-7.
      const bool at_the_edge = entry.contains("only") && dtype == float64;
      const Tolerance tolerance = at_the_edge ? Tolerance{1e-7, 1e-7} : golden_tolerance(dtype);
      CHECK(difference(loss.value(), to_numbers(entry["loss"]["values"]), tolerance) == "");
      if (!entry.contains("gradient")) continue;
      REQUIRE(loss.rank() == 0);
      loss.backward();
      CHECK(difference(y_pred.grad(), to_numbers(entry["gradient"]), tolerance) == "");
    }
  }
}

}  // namespace
}  // namespace keratin::tests
