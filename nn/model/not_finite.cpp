#include "nn/model/not_finite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "nn/model/feed.h"
#include "nn/model/model_layer.h"
#include "nn/model/restored_state.h"
#include "nn/output_watch.h"

namespace keratin::detail {
namespace {

// "3 of 320 values of f32[32, 10] are NaN or infinite", or "" where all are finite.
std::string flaws_of(const Tensor& tensor) {
  if (!tensor.defined() || !is_floating(tensor.dtype())) return "";
  std::int64_t nan = 0, infinite = 0;
  for (const double value : tensor.to_vector<double>()) {
    nan += std::isnan(value) ? 1 : 0;
    infinite += std::isinf(value) ? 1 : 0;
  }
  if (nan + infinite == 0) return "";
  const char* what = infinite == 0 ? "NaN" : nan == 0 ? "infinite" : "NaN or infinite";
  return fmt::format("{} of the {} values of {} {} {}", nan + infinite, tensor.size(),
                     tensor.spec().text(), nan + infinite == 1 ? "is" : "are", what);
}

// "weight \"kernel\" of Dense \"head\" ...", the first of the layer and the layers in it.
std::string flawed_weight(Layer* layer) {
  for (Layer* one : all_layers(layer)) {
    for (const Weight& weight : one->own_weights()) {
      const std::string flaws = flaws_of(weight.variable.value());
      if (flaws.empty()) continue;
      return fmt::format("the weight \"{}\" of {} was not finite before this step ({})",
                         weight.variable.name(), one->label(), flaws);
    }
  }
  return "";
}

// The first result that is not finite.
class FirstFlaw final : public OutputWatch {
 public:
  void see(const Layer& layer, const Variables& outputs) override {
    if (layer_ != nullptr) return;
    for (const auto& [name, output] : outputs.entries()) {
      flaws_ = flaws_of(output.value());
      if (flaws_.empty()) continue;
      layer_ = &layer;
      return;
    }
  }
  const Layer* layer() const { return layer_; }
  const std::string& flaws() const { return flaws_; }

 private:
  const Layer* layer_ = nullptr;
  std::string flaws_;
};

// Where a layer lies: `Dense "head" in Functional "encoder"`; the model itself is not named.
std::string place_of(Layer* model, const Layer* wanted) {
  const auto find = [&](auto&& self, Layer* around) -> std::optional<std::string> {
    for (const LayerRef& inner : around->sublayers()) {
      Layer* const one = inner.layer().get();
      if (one == wanted) return one->label();
      if (std::optional<std::string> deeper = self(self, one)) {
        return fmt::format("{} in {}", *deeper, one->label());
      }
    }
    return {};
  };
  if (wanted == model) return model->label();
  return find(find, model).value_or(wanted->label());
}

std::string flawed_input(const Example& batch) {
  for (const auto& [role, tensors] : {std::pair("x", &batch.x), {"y", &batch.y}}) {
    for (const auto& [name, tensor] : tensors->entries()) {
      const std::string flaws = flaws_of(tensor);
      if (flaws.empty()) continue;
      return fmt::format("the batch itself is not: {}{}: {}", role,
                         name.empty() ? "" : " \"" + name + "\"", flaws);
    }
  }
  return "";
}

// Which layer, by two passes: the first tells how many random numbers one takes.
std::string flawed_output(Model& model, const Example& batch) {
  RestoredState state(model);
  const AddedLosses added;
  std::optional<FirstFlaw> flaw;
  try {
    model(batch.x, {.training = true});
    state.rewind_pass();
    flaw.emplace();
    model(batch.x, {.training = true});
  } catch (const std::exception&) {
    return "";  // a model whose train_step alone knows how its layers are called
  }
  if (flaw->layer() == nullptr) return "";
  Layer* const whole = model.layer().get();
  std::string text = fmt::format("first not finite was the output of {} ({})",
                                 place_of(whole, flaw->layer()), flaw->flaws());
  for (Layer* one : all_layers(whole)) {
    if (one != flaw->layer()) continue;
    const std::string weight = flawed_weight(one);
    if (!weight.empty()) text += ", as " + weight;
  }
  return text;
}

}  // namespace

void find_not_finite(Model& model, const std::function<Example()>& batch, const Logs& logs) {
  ModelLayer& state = model_state(model);
  const double* const loss = logs.find("loss");
  if (loss == nullptr || std::isfinite(*loss) || !state.not_finite.empty()) return;
  if (state.model_device().is_cpu()) return;
  state.not_finite = why_not_finite(model, where_model_is(state, batch()), {});
}

std::string why_not_finite(Model& model, const Example& batch, const Tensors& y_pred) {
  std::string text = flawed_input(batch);
  if (text.empty()) text = flawed_output(model, batch);
  if (text.empty()) text = flawed_weight(model.layer().get());
  if (!text.empty()) return text;
  for (const auto& [name, output] : y_pred.entries()) {
    const std::string flaws = flaws_of(output);
    if (!flaws.empty()) return fmt::format("the model's output is not: {}", flaws);
  }
  return "what the layers gave and all weights were finite, so it comes from the loss function, a "
         "regularizer or add_loss";
}

}  // namespace keratin::detail
