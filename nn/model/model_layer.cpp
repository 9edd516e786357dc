#include "nn/model/model_layer.h"

#include <fmt/format.h>

#include <typeinfo>

#include "autograd/ops/reshape.h"
#include "nn/layers/input_layer.h"
#include "nn/mask.h"
#include "nn/model/model.h"
#include "nn/model/sequential.h"
#include "nn/names.h"
#include "nn/placement.h"
#include "tensor/cast.h"
#include "tensor/recording.h"

namespace keratin::detail {

ModelLayer::ModelLayer(Kind kind, std::string name) : kind_(kind) {
  set_autocast(false);
  if (!name.empty()) set_name(std::move(name));
}

ModelLayer::ModelLayer(Graph graph, std::string name)
    : ModelLayer(Kind::functional, std::move(name)) {
  graph_ = std::move(graph);
  Layer::ensure_built({});
}

std::vector<LayerRef> ModelLayer::listed_layers() const {
  return kind_ == Kind::sequential ? items_ : sublayers();
}

std::vector<LayerRef> ModelLayer::sublayers() const {
  if (kind_ == Kind::sequential) return items_;
  return graph_ ? graph_->layers() : Layer::sublayers();
}

std::vector<std::string> ModelLayer::names_of_outputs(const Variables& outputs) const {
  if (graph_) return graph_->output_names();
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < outputs.count(); ++i) {
    names.push_back(outputs.named() ? outputs.name(i) : fmt::format("output_{}", i + 1));
  }
  return names;
}

std::vector<std::string> ModelLayer::output_names() const {
  return graph_ && graph_->outputs().named() ? graph_->output_names() : std::vector<std::string>{};
}

std::string ModelLayer::class_name() const {
  if (kind_ == Kind::sequential) return "Sequential";
  if (kind_ == Kind::functional) return "Functional";
  // Remembered: the object may be gone when somebody asks.
  if (const Model* handle = derived_handle()) class_name_ = class_name_of(typeid(*handle));
  return class_name_.empty() ? "Model" : class_name_;
}

Model* ModelLayer::derived_handle() const {
  for (Model* handle : handles_) {
    const std::type_info& type = typeid(*handle);
    if (type != typeid(Model) && type != typeid(Sequential)) return handle;
  }
  return nullptr;
}

Model& ModelLayer::required_handle() const {
  if (Model* handle = derived_handle()) return *handle;
  throw ValueError(fmt::format(
      "{}: its object has gone; keep the {} that was made alive while the model is used", label(),
      class_name()));
}

// ---- Sequential

void ModelLayer::add_input(const SymbolicTensor& input) {
  if (graph_ || !items_.empty()) {
    throw ValueError(fmt::format("{}: the Input must be the first item", label()));
  }
  graph_.emplace(input, input);
  Layer::ensure_built({});
}

void ModelLayer::add_item(const LayerRef& layer) {
  if (!layer.defined()) throw ValueError(fmt::format("{}: add of an unset layer", label()));
  for (const LayerRef& item : items_) {
    if (item.name() == layer.name()) {
      throw ValueError(
          fmt::format("{}: has a layer \"{}\" already; names must differ", label(), layer.name()));
    }
  }
  // A model whose input is known says what the Sequential's is.
  const auto* model = dynamic_cast<const ModelLayer*>(layer.layer().get());
  if (!graph_ && items_.empty() && model != nullptr && model->graph_) {
    const SymbolicTensors& inputs = model->graph_->inputs();
    if (inputs.count() != 1) {
      throw ValueError(fmt::format("{}: {} takes {} inputs; the layers of a Sequential take one",
                                   label(), model->label(), inputs.count()));
    }
    add_input(Input({.dtype = inputs.get(0).dtype(), .batch_shape = inputs.get(0).shape()}));
  }
  if (graph_) {
    const SymbolicTensor input = graph_->inputs().get(0);  // a copy: emplace drops the graph
    const SymbolicTensors output = layer(graph_->outputs());
    if (output.count() != 1 && !output.named()) {
      throw ValueError(fmt::format("{}: {} gives {} results; the layers of a Sequential give one",
                                   label(), layer.layer()->label(), output.count()));
    }
    graph_.emplace(input, output);
  }
  items_.push_back(layer);
}

void ModelLayer::ensure_built(const std::vector<Spec>& inputs) {
  if (kind_ == Kind::sequential && !graph_) {
    if (items_.empty()) throw ValueError(fmt::format("{}: has no layers", label()));
    if (inputs.size() != 1 || inputs[0].shape.rank() < 1) {
      throw ShapeError(fmt::format("{}: called on {}; expected one input, [batch, ...]", label(),
                                   inputs.size() == 1 ? inputs[0].text() : "several inputs"));
    }
    std::vector<LayerRef> items = std::exchange(items_, {});
    try {
      const Shape& shape = inputs[0].shape;
      add_input(Input({.dtype = inputs[0].dtype, .batch_shape = shape.with(0, None)}));
      for (const LayerRef& item : items) add_item(item);
    } catch (...) {
      items_ = std::move(items);
      graph_.reset();
      throw;
    }
  }
  Layer::ensure_built(inputs);
}

// ---- Layer

void ModelLayer::build_several(const std::vector<Shape>& inputs) {
  if (kind_ == Kind::subclassed) {
    required_handle().build(inputs.empty() ? Shape::unset() : inputs[0]);
  }
}

void ModelLayer::check_inputs(const std::vector<Spec>& inputs) const {
  if (!graph_) return;
  const auto expected = graph_->inputs().entries();
  if (inputs.size() != expected.size()) {
    throw ValueError(
        fmt::format("{}: given {} inputs; it takes {}", label(), inputs.size(), expected.size()));
  }
}

std::vector<Spec> ModelLayer::output_specs(const std::vector<Spec>& inputs) {
  if (!graph_) return Layer::output_specs(inputs);
  std::vector<Spec> cast = inputs;
  for (std::size_t i = 0; i < cast.size(); ++i) {
    cast[i].dtype = graph_->inputs().get(static_cast<std::int64_t>(i)).dtype();
  }
  return graph_->output_specs(cast);
}

Variables ModelLayer::call_several(const Variables& x, CallContext context) {
  const Placement here(model_device());
  if (kind_ != Kind::subclassed && derived_handle() == nullptr) return run_graph(x, context);
  std::int64_t next = 0;
  const Variables there = x.map([&](const Variable& value) {
    const std::int64_t input = next++;
    const bool stays = stays_on_cpu(value.value(), input, x.named() ? x.name(input) : "");
    return stays ? value : placed(value, *Placement::current());
  });
  return required_handle().call_several(there, std::move(context));
}

Device ModelLayer::model_device() {
  if (model_device_) return *model_device_;
  const Layer* first = nullptr;
  for (const Layer* layer : all_layers(this)) {
    if (layer->own_weights().empty() || layer->works_on_cpu_only()) continue;
    if (first == nullptr) first = layer;
    if (layer->device() == first->device()) continue;
    throw DeviceError(fmt::format(
        "{}: the weights of {} are on {}, those of {} on {}; expected one device. Build all of a "
        "model's layers under one set_device.",
        label(), first->label(), first->device().text(), layer->label(), layer->device().text()));
  }
  if (first == nullptr)
    return Placement::current().value_or(built() ? device() : keratin::device());
  model_device_ = first->device();
  return *model_device_;
}

bool ModelLayer::stays_on_cpu(const Tensor& x, std::int64_t input, const std::string& name) const {
  return x.dtype() == string || (graph_ && graph_->read_on_cpu_only(input, name));
}

Variables ModelLayer::run_graph(const Variables& x, const CallContext& context) const {
  if (!graph_) {
    throw ValueError(fmt::format(
        "{}: has no computation; override call, or call_several for several inputs", label()));
  }
  return graph_->run(fed(x), context);
}

std::vector<Variable> ModelLayer::fed(const Variables& x) const {
  const SymbolicTensors& inputs = graph_->inputs();
  const std::vector<std::string> names = graph_->input_names();
  std::vector<Variable> values;
  for (std::int64_t i = 0; i < inputs.count(); ++i) {
    const std::string& name = names[static_cast<std::size_t>(i)];
    Variable value = x.named() ? x[name] : x.get(i);
    const Shape& wanted = inputs.get(i).shape();
    if (value.rank() == wanted.rank() + 1 && value.shape().back() == 1) {
      value = detail::keep_mask(value, reshape(value, value.shape().slice(0, value.rank() - 1)));
    } else if (value.rank() + 1 == wanted.rank() && wanted.back() == 1) {
      value = detail::keep_mask(value, reshape(value, value.shape().joined({1})));
    }
    bool fits = value.rank() == wanted.rank();
    for (std::int64_t axis = 0; fits && axis < wanted.rank(); ++axis) {
      fits = wanted[axis] == None || wanted[axis] == value.shape()[axis];
    }
    if (!fits) {
      throw ShapeError(fmt::format("{}: input \"{}\" is {}; expected {}", label(), name,
                                   value.value().spec().text(), inputs.get(i).spec().text()));
    }
    const DType dtype = inputs.get(i).dtype();
    if (value.dtype() != dtype && !value.requires_grad()) {
      const Tensor given = value.value();
      const Tensor fit = computed_each_run(given, [given, dtype] { return cast(given, dtype); });
      value = detail::keep_mask(value, Variable(fit, false));
    }
    const std::optional<Device> there = Placement::current();
    if (there && !stays_on_cpu(value.value(), i, name)) value = placed(value, *there);
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace keratin::detail
