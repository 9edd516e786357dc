#include "nn/model/model.h"

#include <fmt/format.h>

#include <cmath>

#include "autograd/ops/add.h"
#include "nn/model/model_layer.h"
#include "nn/model/not_finite.h"
#include "nn/model/resident.h"
#include "nn/names.h"

namespace keratin {

using detail::ModelLayer;

Model::Model(std::shared_ptr<ModelLayer> layer) : state_(std::move(layer)) {
  layer_ = state_;  // not LayerRef(layer): that asks for the name, and so for the class
  state_->attach(this);
}

Model::Model() : Model(std::make_shared<ModelLayer>(ModelLayer::Kind::subclassed, "")) {}

Model::Model(const SymbolicTensors& inputs, const SymbolicTensors& outputs, std::string name)
    : Model(std::make_shared<ModelLayer>(detail::Graph(inputs, outputs), std::move(name))) {
  state().name();
}

Model::Model(const Model& other) : LayerRef(other), state_(other.state_) { state_->attach(this); }

Model& Model::operator=(const Model& other) {
  if (this == &other) return *this;
  state_->detach(this);
  LayerRef::operator=(other);
  state_ = other.state_;
  state_->attach(this);
  return *this;
}

Model::~Model() { state_->detach(this); }

detail::ModelLayer& detail::model_state(const Model& model) { return model.state(); }

Model detail::model_of(const LayerRef& layer) {
  auto state = std::dynamic_pointer_cast<ModelLayer>(layer.layer());
  KERATIN_ASSERT(state != nullptr);
  return Model(std::move(state));
}

ModelLayer& Model::state() const { return *state_; }

// ---- for subclasses

void Model::build(const Shape& input) {
  if (state().kind() == ModelLayer::Kind::sequential) {
    state().ensure_built({{input, float32, {}}});
  }
}

Variable Model::call(const Variable& x, CallContext context) {
  return state().run_graph(x, context);
}

Variables Model::call_several(const Variables& x, CallContext context) {
  if (state().graph()) return state().run_graph(x, context);
  if (x.count() != 1) {
    throw ValueError(fmt::format("{}: called with {} inputs; override call_several for that",
                                 state().label(), x.count()));
  }
  return call(x.get(0), std::move(context));
}

void Model::track_layer(const LayerRef& layer) { state().track(layer); }

// ---- compile

void Model::compile(const CompileOptions& options) {
  auto compiled = std::make_shared<detail::Compiled>(options);
  if (const auto& graph = state().graph()) {
    compiled->resolve(graph->output_names(), graph->outputs().count() > 1);
  }
  state().compiled = std::move(compiled);
  state().not_finite.clear();
}

bool Model::compiled() const { return state().compiled != nullptr; }

void Model::require_compiled(const char* what) const {
  if (compiled()) return;
  throw ValueError(
      fmt::format("{}: {} is not compiled; call compile({{.optimizer = ..., .loss = ...}}) first",
                  what, state().label()));
}

OptimizerRef& Model::optimizer() {
  require_compiled("optimizer");
  return state().compiled->optimizer;
}

MetricRef& Model::loss_tracker() {
  require_compiled("loss_tracker");
  return state().compiled->loss_tracker;
}

std::vector<std::pair<std::string, MetricRef>> Model::metrics() const {
  require_compiled("metrics");
  return state().compiled->metrics();
}

void Model::resolve(const Variables& y_pred) {
  detail::Compiled& compiled = *state().compiled;
  if (!compiled.resolved()) {
    compiled.resolve(state().names_of_outputs(y_pred), y_pred.count() > 1);
  }
}

Variable Model::compute_loss(const Tensors&, const Tensors& y, const Variables& y_pred,
                             const Tensors& sample_weight) {
  require_compiled("compute_loss");
  resolve(y_pred);
  Variable total = state().compiled->loss(y_pred, y, sample_weight);
  const auto add = [&](const Variable& loss) { total = total.defined() ? total + loss : loss; };
  if (auto* added = detail::AddedLosses::current()) {
    for (const Variable& loss : std::exchange(added->losses, {})) add(loss);
  }
  for (const Layer* layer : detail::all_layers(layer_.get())) {
    if (!layer->trainable()) continue;
    for (const Weight& weight : layer->own_weights()) {
      if (weight.trainable && weight.regularizer.given()) add(weight.regularizer(weight.variable));
    }
  }
  if (!total.defined()) {
    throw ValueError(fmt::format(
        "{}: compiled without a loss, and no layer adds one; compile it with .loss = \"mse\" or "
        "another",
        state().label()));
  }
  const Example* const batch = state().training_batch;
  // On a GPU this would wait for it at each step: there it shows when the results are read.
  if (batch != nullptr && state().not_finite.empty() && total.size() == 1 &&
      total.value().device().is_cpu() && !std::isfinite(total.value().item<double>())) {
    state().not_finite =
        detail::why_not_finite(*this, detail::given_samples_of(state(), *batch),
                               y_pred.map([](const Variable& y) { return y.value(); }));
  }
  return total;
}

Tensors Model::compute_metrics(const Tensors&, const Tensors& y, const Variables& y_pred,
                               const Tensors& sample_weight) {
  require_compiled("compute_metrics");
  resolve(y_pred);
  const NoGrad no_grad;
  state().compiled->update_metrics(y_pred, y, sample_weight);
  return state().compiled->results();
}

void Model::stop_training() { state().stop_training = true; }

// ---- what it is made of

std::vector<LayerRef> Model::layers() const { return state().listed_layers(); }

LayerRef Model::get_layer(std::string_view name) const {
  std::vector<std::string> known;
  for (const LayerRef& layer : layers()) {
    if (layer.name() == name) return layer;
    known.push_back(layer.name());
  }
  throw ValueError(fmt::format("get_layer: {} has no layer \"{}\"{}", state().label(), name,
                               name_hint(name, known)));
}

LayerRef Model::get_layer(std::int64_t index) const {
  const std::vector<LayerRef> all = layers();
  if (index < 0 || index >= std::ssize(all)) {
    throw ValueError(
        fmt::format("get_layer: index {}; {} has {} layers", index, state().label(), all.size()));
  }
  return all[static_cast<std::size_t>(index)];
}

}  // namespace keratin
