#include "nn/activations.h"
#include "nn/losses/binary_crossentropy.h"
#include "nn/losses/categorical_crossentropy.h"
#include "nn/losses/circle.h"
#include "nn/losses/ctc.h"
#include "nn/losses/focal.h"
#include "nn/losses/hinge.h"
#include "nn/losses/mean_absolute_error.h"
#include "nn/losses/mean_squared_error.h"
#include "nn/losses/overlap.h"
#include "nn/losses/regression.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

template <class Loss, class LossOptions>
LossRef made(Options& given, LossOptions options) {
  given.read("reduction", options.reduction);
  if constexpr (requires { options.from_logits; }) given.read("from_logits", options.from_logits);
  if constexpr (requires { options.axis = 1; }) {
    if (const Json* axis = given.find("axis"); axis != nullptr && axis->is_array()) {
      if constexpr (std::is_same_v<decltype(options.axis), Axes>)
        options.axis = Axes(axis->get<std::vector<int>>());
    } else if (axis != nullptr) {
      options.axis = axis->get<int>();
    }
  }
  if constexpr (requires { options.apply_class_balancing; })
    given.read("apply_class_balancing", options.apply_class_balancing);
  if constexpr (requires { options.alpha; }) given.read("alpha", options.alpha);
  if constexpr (requires { options.beta; }) given.read("beta", options.beta);
  if constexpr (requires { options.gamma; }) given.read("gamma", options.gamma);
  if constexpr (requires { options.margin; }) given.read("margin", options.margin);
  if constexpr (requires { options.remove_diagonal; })
    given.read("remove_diagonal", options.remove_diagonal);
  if constexpr (requires { options.delta; }) given.read("delta", options.delta);
  if constexpr (requires { options.q; }) given.read("q", options.q);
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
  if (name == "sparse_categorical_crossentropy")
    return made<SparseCategoricalCrossentropy>(given, SparseCategoricalCrossentropyOptions());
  if (name == "CosineSimilarity") return made<CosineSimilarity>(given, CosineSimilarityOptions());
  if (name == "Huber") return made<Huber>(given, HuberOptions());
  if (name == "KLDivergence") return made<KLDivergence>(given, LossOptions());
  if (name == "Poisson") return made<Poisson>(given, LossOptions());
  if (name == "CategoricalHinge") return made<CategoricalHinge>(given, LossOptions());
  if (name == "CTC") return made<CTC>(given, LossOptions());
  if (name == "Circle") return made<Circle>(given, CircleOptions());
  if (name == "Dice") return made<Dice>(given, DiceOptions());
  if (name == "Tversky") return made<Tversky>(given, TverskyOptions());
  if (name == "BinaryFocalCrossentropy")
    return made<BinaryFocalCrossentropy>(given, BinaryFocalCrossentropyOptions());
  if (name == "CategoricalFocalCrossentropy")
    return made<CategoricalFocalCrossentropy>(given, CategoricalFocalCrossentropyOptions());
  REQUIRE(name == "CategoricalGeneralizedCrossEntropy");
  return made<CategoricalGeneralizedCrossEntropy>(given,
                                                  CategoricalGeneralizedCrossEntropyOptions());
}

void check_losses(const char* name_of_file) {
  const Json& file = golden(name_of_file);
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
      // Circle raises e to up to 80 times a similarity, and an exponent's error becomes relative.
      const bool steep = name == "Circle" && dtype == float32;
      const Tolerance tolerance = at_the_edge ? Tolerance{1e-7, 1e-7}
                                  : steep     ? Tolerance{5e-5, 1e-6}
                                              : golden_tolerance(dtype);
      CHECK(difference(loss.value(), to_numbers(entry["loss"]["values"]), tolerance) == "");
      if (!entry.contains("gradient")) continue;
      REQUIRE(loss.rank() == 0);
      loss.backward();
      CHECK(difference(y_pred.grad(), to_numbers(entry["gradient"]), tolerance) == "");
    }
  }
}

TEST_CASE("golden: losses, reductions, weights, and gradients by the predictions") {
  for (const char* file : {"losses", "other_losses"}) check_losses(file);
}

}  // namespace
}  // namespace keratin::tests
