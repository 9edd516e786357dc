#include "nn/layer.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "autograd/ops/cast.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/tape.h"
#include "nn/inspect/terminal.h"
#include "nn/mask.h"
#include "nn/names.h"
#include "nn/output_watch.h"
#include "nn/placement.h"
#include "tensor/cast.h"
#include "tensor/recording.h"

namespace keratin {
namespace {

// What the calling layer was told, for inner layers that are told nothing; empty outside of any.
thread_local std::optional<bool> inherited_training;
thread_local detail::AddedLosses* added_losses = nullptr;
thread_local detail::UnsetWeights* unset_weights = nullptr;
thread_local detail::OutputWatch* output_watch = nullptr;

class TrainingScope {
 public:
  explicit TrainingScope(bool training) : before_(std::exchange(inherited_training, training)) {}
  ~TrainingScope() { inherited_training = before_; }
  TrainingScope(const TrainingScope&) = delete;
  TrainingScope& operator=(const TrainingScope&) = delete;

 private:
  std::optional<bool> before_;
};

std::vector<Variable> collect(const LayerRef& layer, auto&& wanted) {
  std::vector<Variable> found;
  for (Layer* one : detail::all_layers(layer.layer().get())) {
    for (const bool trainable : {true, false}) {
      for (const Weight& weight : one->own_weights()) {
        if (weight.trainable == trainable && wanted(*one, weight)) found.push_back(weight.variable);
      }
    }
  }
  return found;
}

}  // namespace

namespace detail {

AddedLosses::AddedLosses() : before_(std::exchange(added_losses, this)) {}
AddedLosses::~AddedLosses() { added_losses = before_; }
AddedLosses* AddedLosses::current() { return added_losses; }

OutputWatch::OutputWatch() : before_(std::exchange(output_watch, this)) {}
OutputWatch::~OutputWatch() { output_watch = before_; }
OutputWatch* OutputWatch::current() { return output_watch; }

UnsetWeights::UnsetWeights(std::int64_t bytes)
    : left_(bytes), before_(std::exchange(unset_weights, this)) {}
UnsetWeights::~UnsetWeights() { unset_weights = before_; }
UnsetWeights* UnsetWeights::current() { return unset_weights; }
Tensor UnsetWeights::make(const Shape& shape, DType dtype) {
  std::int64_t bytes = static_cast<std::int64_t>(size_of(dtype));
  for (const std::int64_t size : shape) {
    if (__builtin_mul_overflow(bytes, size, &bytes)) bytes = left_ + 1;
    if (bytes > left_) break;
  }
  if (bytes > left_) {
    throw ValueError(
        fmt::format("weights of {} and more do not fit what the file holds", shape.text()));
  }
  left_ -= bytes;
  return Tensor::empty(shape, dtype);
}

std::vector<Layer*> all_layers(Layer* layer) {
  std::vector<Layer*> found;
  const auto visit = [&](auto&& self, Layer* one) -> void {
    if (std::find(found.begin(), found.end(), one) != found.end()) return;
    found.push_back(one);
    for (const LayerRef& inner : one->sublayers()) self(self, inner.layer().get());
  };
  if (layer != nullptr) visit(visit, layer);
  return found;
}

std::string class_name_of(const std::type_info& type) {
  int status = 0;
  char* readable = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string full = status == 0 ? readable : type.name();
  std::free(readable);
  if (const auto colon = full.rfind("::"); colon != std::string::npos)
    full = full.substr(colon + 2);
  return full;
}

}  // namespace detail

// ---- LayerRef

LayerRef::LayerRef(std::shared_ptr<Layer> layer) : layer_(std::move(layer)) {
  if (layer_ != nullptr) layer_->name();  // numbers layers in order of their making
}

namespace {
const std::shared_ptr<Layer>& checked(const std::shared_ptr<Layer>& layer) {
  if (layer == nullptr) throw ValueError("layer: this handle was never set");
  return layer;
}
}  // namespace

SymbolicTensors LayerRef::operator()(const SymbolicTensor& x, const CallContext& context) const {
  return (*this)(SymbolicTensors(x), context);
}
SymbolicTensors LayerRef::operator()(const SymbolicTensors& x, const CallContext& context) const {
  if (context.mask.defined()) {
    throw ValueError(fmt::format(
        "{}: a mask was given for a symbolic tensor; give it with the data, as with_mask(x, mask), "
        "or have an Embedding or Masking layer make it",
        checked(layer_)->label()));
  }
  return detail::call_symbolically(checked(layer_), x, context.training);
}
Variables LayerRef::operator()(const Variable& x, const CallContext& context) const {
  return checked(layer_)->invoke(Variables(x), context);
}
Variables LayerRef::operator()(const Variables& x, const CallContext& context) const {
  return checked(layer_)->invoke(x, context);
}

const std::string& LayerRef::name() const { return checked(layer_)->name(); }
bool LayerRef::trainable() const { return checked(layer_)->trainable(); }
void LayerRef::set_trainable(bool trainable) { checked(layer_)->set_trainable(trainable); }

std::vector<Variable> LayerRef::weights() const {
  return collect(*this, [](const Layer&, const Weight&) { return true; });
}
std::vector<Variable> LayerRef::trainable_variables() const {
  if (!trainable()) return {};
  return collect(*this, [](const Layer& layer, const Weight& weight) {
    return layer.trainable() && weight.trainable;
  });
}
std::vector<Variable> LayerRef::non_trainable_variables() const {
  const bool all = !trainable();
  return collect(*this, [all](const Layer& layer, const Weight& weight) {
    return all || !layer.trainable() || !weight.trainable;
  });
}

std::vector<Tensor> LayerRef::get_weights() const {
  std::vector<Tensor> copies;
  for (const Variable& weight : weights()) {
    const Tensor& value = weight.value();
    copies.push_back(value.device().is_cpu() ? value.copy() : value.to(Device{}));
  }
  return copies;
}

void LayerRef::set_weights(const std::vector<Tensor>& values) {
  std::vector<Variable> mine = weights();
  if (values.size() != mine.size()) {
    throw ShapeError(fmt::format("set_weights: {} tensors for {}, which has {} weights{}",
                                 values.size(), layer_->label(), mine.size(),
                                 mine.empty() && !layer_->built() ? "; it is not built yet" : ""));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].shape() != mine[i].shape()) {
      throw ShapeError(fmt::format("set_weights: {}: weight {} (\"{}\") is {}, given was {}",
                                   layer_->label(), i, mine[i].name(),
                                   mine[i].value().spec().text(), values[i].spec().text()));
    }
  }
  for (std::size_t i = 0; i < values.size(); ++i) mine[i].assign(values[i]);
}

std::int64_t LayerRef::count_params() const {
  std::int64_t count = 0;
  for (const Variable& weight : weights()) count += weight.size();
  return count;
}

// ---- Layer

Layer::Layer() : policy_(config::dtype_policy()) {}
Layer::~Layer() = default;

void Layer::build(const Shape&) {}
void Layer::build_several(const std::vector<Shape>& inputs) {
  build(inputs.empty() ? Shape::unset() : inputs[0]);
}

Variable Layer::call(const Variable&, CallContext) {
  throw ValueError(fmt::format(
      "{}: has no computation; override call, or call_several for several inputs", label()));
}
Variables Layer::call_several(const Variables& x, CallContext context) {
  if (x.count() != 1) {
    throw ValueError(fmt::format("{}: called with {} inputs; it takes one", label(), x.count()));
  }
  return call(x.get(0), std::move(context));
}

void Layer::check_inputs(const std::vector<Spec>&) const {}

std::vector<Spec> Layer::output_specs(const std::vector<Spec>& inputs) {
  // Unknown sizes get one number in the first call and another in the second: what changes with
  // them is unknown too.
  const NoGrad no_grad;
  const detail::Placement here(
      detail::Placement::current().value_or(built_ ? device_ : keratin::device()));
  const auto probe = [&](std::int64_t size) {
    std::vector<Variable> zeros_like;
    for (const Spec& input : inputs) {
      Shape shape;
      for (const std::int64_t known : input.shape) shape.push_back(known == None ? size : known);
      zeros_like.emplace_back(zeros(shape, input.dtype), false);
    }
    std::vector<Spec> specs;
    const Variables x =
        zeros_like.size() == 1 ? Variables(zeros_like[0]) : Variables(std::move(zeros_like));
    for (const auto& [name, output] : invoke(x, {.training = false}).entries())
      specs.push_back({output.shape(), output.dtype(), {}});
    return specs;
  };
  std::vector<Spec> first = probe(2);
  const std::vector<Spec> second = probe(3);
  for (std::size_t i = 0; i < first.size(); ++i) {
    for (std::int64_t axis = 0; axis < first[i].shape.rank(); ++axis) {
      if (first[i].shape[axis] != second[i].shape[axis])
        first[i].shape = first[i].shape.with(axis, None);
    }
  }
  return first;
}

std::string Layer::class_name() const { return detail::class_name_of(typeid(*this)); }

const std::string& Layer::name() const {
  if (name_.empty()) name_ = unique_name(snake_case(class_name()));
  return name_;
}

void Layer::set_trainable(bool trainable) {
  trainable_ = trainable;
  for (Weight& weight : weights_) weight.variable.set_requires_grad(trainable && weight.trainable);
  for (const LayerRef& inner : sublayers()) inner.layer()->set_trainable(trainable);
}

std::string Layer::label() const { return fmt::format("{} \"{}\"", class_name(), name()); }

std::vector<Spec> Layer::autocast_specs(std::vector<Spec> inputs) const {
  for (Spec& input : inputs) {
    if (autocast_ && is_floating(input.dtype)) input.dtype = compute_dtype();
  }
  return inputs;
}

void Layer::ensure_built(const std::vector<Spec>& inputs) {
  if (built_) return;
  std::vector<Shape> shapes;
  for (const Spec& input : inputs) shapes.push_back(input.shape);
  const std::size_t before = weights_.size();
  device_ = cpu_only_ ? Device{} : detail::Placement::current().value_or(keratin::device());
  const kernels::Scope* const here = kernels::call_site.scope;
  const bool inside = here != nullptr && here == scope_.load(std::memory_order_acquire);
  const kernels::ScopeGuard scope_of_layer(inside ? here : scope());
  try {
    build_several(shapes);
  } catch (...) {
    weights_.resize(before);
    throw;
  }
  built_ = true;
}

std::vector<Tensor> Layer::compute_mask(const Variables&, const std::vector<Tensor>& masks) {
  if (supports_masking_) return masks;
  if (!warned_of_mask_ && sublayers().empty()) {  // an inner layer speaks for itself
    detail::warn(
        "keratin: {}: drops the mask of its input; layers and losses after it count every "
        "time step\n",
        label());
    warned_of_mask_ = true;
  }
  return {};
}

Variables Layer::carry_masks(const Variables& x, const Variables& y) {
  bool all_carry = true;
  for (const auto& [name, output] : y.entries()) all_carry &= output.impl()->mask.defined();
  if (all_carry) return y;
  std::vector<Tensor> masks;
  for (const auto& [name, input] : x.entries()) masks.push_back(mask_of(input));
  const std::vector<Tensor> found = compute_mask(x, masks);
  std::size_t next = 0;
  return y.map([&](const Variable& output) {
    const Tensor mask = next < found.size() ? found[next] : Tensor();
    ++next;
    if (!mask.defined() || output.impl()->mask.defined()) return output;
    bool shared = output.requires_grad() && output.is_leaf();
    for (const auto& [name, input] : x.entries()) shared |= input.is(output);
    if (shared) return with_mask(output, mask);
    detail::attach_mask(output, detail::checked_mask(label(), mask, output.shape()));
    return output;
  });
}

void Layer::note_outputs(const Variables& y) {
  const std::lock_guard lock(first_call_);
  if (last_outputs_.empty()) {
    for (const auto& [name, output] : y.entries()) {
      Spec spec{output.shape(), output.dtype(), {}};
      if (spec.shape.rank() > 0) spec.shape = spec.shape.with(0, None);
      last_outputs_.push_back(spec);
    }
  }
  called_.store(true, std::memory_order_release);
}

const kernels::Scope* Layer::scope() {
  const kernels::Scope* const outer = kernels::call_site.scope;
  const kernels::Scope* found = scope_.load(std::memory_order_acquire);
  if (found == nullptr || found->outer != outer) {
    found = kernels::scope_of(outer, kernels::ScopeKind::layer, name(), !sublayers().empty());
    scope_.store(found, std::memory_order_release);
  }
  return found;
}

Variables Layer::invoke(const Variables& x, const CallContext& context) {
  if (!cpu_only_ || detail::Recording::current() == nullptr) return invoke_now(x, context);
  // Of a recorded step the part that the CPU does again for each batch.
  CallContext told = context;
  if (!told.training) told.training = inherited_training.value_or(training_by_default());
  std::vector<Tensor> given;
  for (const auto& [name, input] : x.entries()) given.push_back(input.value());
  const auto structure = std::make_shared<Variables>();
  const auto compute = [this, x, told, structure] {
    const Variables y = invoke_now(x, told);
    if (structure->none()) *structure = y;
    std::vector<Tensor> values;
    for (const auto& [name, output] : y.entries()) {
      values.push_back(output.value());
      values.push_back(mask_of(output));
    }
    return values;
  };
  const std::vector<Tensor> results = detail::computed_each_run(given, compute);
  std::size_t next = 0;
  return structure->map([&](const Variable&) {
    const Variable y(results[next], false);
    if (results[next + 1].defined()) detail::attach_mask(y, results[next + 1]);
    next += 2;
    return y;
  });
}

Variables Layer::invoke_now(const Variables& given, const CallContext& context) {
  const kernels::ScopeGuard scope_of_layer(scope());
  Variables x = given;
  if (context.mask.defined() && !context.mask.shares_storage_with(context.carried_mask)) {
    bool first = true;
    x = given.map([&](const Variable& input) {
      return std::exchange(first, false)
                 ? with_mask(input, detail::checked_mask(label(), context.mask, input.shape()))
                 : input;
    });
  }
  std::vector<Spec> specs;
  specs.reserve(static_cast<std::size_t>(x.count()));
  for (const auto& [name, input] : x.entries()) {
    if (!input.defined())
      throw ValueError(fmt::format("{}: called on a variable that has no value", label()));
    specs.push_back(input.value().spec());
  }
  check_inputs(specs);
  if (called_.load(std::memory_order_acquire)) {
    ensure_built(specs);
  } else {
    const std::lock_guard lock(first_call_);
    ensure_built(specs);
  }
  x = placed_inputs(x);
  bool masked = false;
  for (const auto& [name, input] : x.entries()) masked |= input.impl()->mask.defined();
  CallContext told;
  if (masked) told.mask = told.carried_mask = mask_of(x.get(0));
  told.training =
      context.training ? context.training : inherited_training.value_or(training_by_default());
  const TrainingScope scope(*told.training);
  const DType compute = compute_dtype();
  const auto needs_cast = [&](const Variable& v) {
    return autocast_ && v.dtype() != compute && is_floating(v.dtype());
  };
  bool cast_any = false;
  for (const auto& [name, input] : x.entries()) cast_any = cast_any || needs_cast(input);
  if (cast_any) {
    x = x.map([&](const Variable& v) {
      return needs_cast(v) ? detail::keep_mask(v, cast(v, compute)) : v;
    });
  }
  const bool mixed = compute != policy_.variable_dtype();
  const detail::AutocastScope reads_weights(
      mixed && !computes_in_float32_ ? std::optional<DType>(compute) : std::nullopt);
  const auto in_dtype = [](const Variables& all, DType from, DType to) {
    return all.map([&](const Variable& v) {
      return v.dtype() == from ? detail::keep_mask(v, cast(v, to)) : v;
    });
  };
  Variables y;
  if (mixed && computes_in_float32_) {
    y = in_dtype(call_several(in_dtype(x, bfloat16, float32), told), float32, compute);
  } else {
    y = call_several(x, told);
  }
  if (masked) y = carry_masks(x, y);
  if (!called_.load(std::memory_order_acquire)) note_outputs(y);
  if (output_watch != nullptr) output_watch->see(*this, y);
  if (activity_regularizer_.given() && added_losses != nullptr) {
    for (const auto& [name, output] : y.entries()) {
      add_loss(activity_regularizer_(output.dtype() == bfloat16 ? cast(output, float32) : output) *
               (1.0 / static_cast<double>(output.shape()[0])));
    }
  }
  return y;
}

Variable Layer::add_weight(const AddWeightOptions& options) {
  if (built_)
    throw ValueError(
        fmt::format("{}: add_weight after the layer was built; call it in build()", label()));
  const Initializer initializer =
      options.initializer.given() ? options.initializer : Initializer("glorot_uniform");
  const DType dtype =
      options.dtype.name().empty() ? policy_.variable_dtype() : options.dtype.variable_dtype();
  const Tensor value = unset_weights != nullptr ? unset_weights->make(options.shape, dtype)
                                                : initializer(options.shape, dtype);
  if (value.shape() != options.shape || value.dtype() != dtype) {
    throw ShapeError(fmt::format("{}: the initializer of \"{}\" gave {}; expected {}", label(),
                                 options.name, value.spec().text(),
                                 Spec{options.shape, dtype, {}}.text()));
  }
  if (options.constraint.given()) {  // an axis too many should not show after a step of training
    const Spec held = options.constraint(zeros(options.shape, dtype)).spec();
    if (held.shape != options.shape || held.dtype != dtype) {
      throw ShapeError(fmt::format("{}: the constraint of \"{}\" gave {}; expected {}", label(),
                                   options.name, held.text(), value.spec().text()));
    }
  }
  Variable variable(device_.is_cpu() ? value.copy() : value.to(device_),
                    options.trainable && trainable_);
  variable.set_name(options.name);
  variable.impl()->autocast = dtype == policy_.variable_dtype() && is_floating(dtype);
  if (options.constraint.given()) variable.impl()->constraint = options.constraint;
  weights_.push_back({variable, options.trainable, options.regularizer});
  return variable;
}

void Layer::fields(Fields&) {}
std::vector<std::pair<std::string, LayerRef>> Layer::named_sublayers() const {
  std::vector<std::pair<std::string, LayerRef>> named;
  std::map<std::string, int> used;
  for (const LayerRef& layer : sublayers()) {
    const std::string base = snake_case(layer.layer()->class_name());
    const int number = used[base]++;
    named.emplace_back(number == 0 ? "layers/" + base : fmt::format("layers/{}_{}", base, number),
                       layer);
  }
  return named;
}
void Layer::set_assets(const Named<std::string>& assets) {
  if (assets.empty()) return;
  throw ValueError(
      fmt::format("{}: given a text \"{}\"; it takes none", label(), assets.begin()->first));
}
void Layer::set_named_state(const Named<Tensor>&) {}

void Layer::track_layer(const LayerRef& layer) {
  if (!layer.defined())
    throw ValueError(fmt::format("{}: track of a layer handle that was never set", label()));
  sublayers_.push_back(layer);
}

void Layer::add_loss(const Variable& loss) {
  if (added_losses == nullptr) return;
  added_losses->losses.push_back(loss.dtype() == bfloat16 ? cast(loss, float32) : loss);
}

}  // namespace keratin
