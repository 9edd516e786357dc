#include "nn/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "autograd/layout.h"
#include "autograd/ops/add.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/minimum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sqrt.h"
#include "autograd/ops/square.h"
#include "autograd/ops/sum.h"
#include "autograd/shadow.h"
#include "autograd/tape.h"
#include "kernels/device_run.h"
#include "nn/gradient_watch.h"
#include "nn/inspect/terminal.h"
#include "tensor/cast.h"
#include "tensor/recording.h"

namespace keratin {
namespace {

detail::Optimizer& checked(const std::shared_ptr<detail::Optimizer>& impl) {
  if (impl == nullptr) throw ValueError("optimizer: none was given");
  return *impl;
}

thread_local std::vector<detail::GradientWatch*> gradient_watches;

// u_t of Nadam.
double nadam_momentum(double beta_1, std::int64_t step) {
  return beta_1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(step)));
}

void refuse_recording(const char* what) {
  if (auto* recording = detail::Recording::current()) recording->refuse(what);
}

double norm(const Tensor& g) { return std::sqrt(sum(square(g)).item<double>()); }

// min(1, most / norm) where the norm is, as reading it would wait for the GPU; squares: [].
Tensor clipped_scale(const Tensor& squares, double most) {
  return most / maximum(sqrt(squares), most);
}

}  // namespace

// ---- OptimizerRef

const std::string& OptimizerRef::name() const { return checked(impl_).settings().name; }
void OptimizerRef::apply_gradients(const std::vector<Variable>& variables) {
  const kernels::ScopeGuard scope(
      kernels::scope_of(nullptr, kernels::ScopeKind::optimizer, name()));
  checked(impl_).apply(variables);
}
void OptimizerRef::build(const std::vector<Variable>& variables) {
  const kernels::ScopeGuard scope(
      kernels::scope_of(nullptr, kernels::ScopeKind::optimizer, name()));
  checked(impl_).build(variables);
}
double OptimizerRef::learning_rate() const { return checked(impl_).learning_rate(); }
void OptimizerRef::set_learning_rate(double value) { checked(impl_).set_learning_rate(value); }
std::int64_t OptimizerRef::iterations() const { return checked(impl_).iterations(); }
Variable OptimizerRef::scale_loss(const Variable& loss) const {
  const std::optional<double> factor = checked(impl_).settings().loss_scale_factor;
  return factor ? loss * *factor : loss;
}
void OptimizerRef::finalize_variable_values() { checked(impl_).finalize_variable_values(); }
std::vector<Spec> OptimizerRef::state_specs() const {
  std::vector<Spec> specs;
  if (!checked(impl_).built()) return specs;
  for (const Tensor& tensor : impl_->state()) specs.push_back(tensor.spec());
  return specs;
}

namespace detail {

GradientWatch::GradientWatch() { gradient_watches.push_back(this); }
GradientWatch::~GradientWatch() { std::erase(gradient_watches, this); }
const std::vector<GradientWatch*>& GradientWatch::all() { return gradient_watches; }

void require_in(const char* optimizer, const char* option, double value, double low, double high) {
  if (value >= low && value < high) return;
  throw ValueError(fmt::format(
      "{}: {} is {}; expected at least {}{}", optimizer, option, value, low,
      high == std::numeric_limits<double>::infinity() ? "" : fmt::format(" and below {}", high)));
}

Optimizer::Optimizer(const char* class_name, OptimizerSettings settings, UpdateRule rule,
                     OriginPtr origin)
    : class_name_(class_name),
      settings_(std::move(settings)),
      rule_(rule),
      origin_(std::move(origin)) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const OptimizerSettings& s = settings_;
  if (!s.learning_rate.scheduled()) {
    require_in(class_name_, "learning_rate", s.learning_rate.at(0), 0, infinity);
  }
  require_in(class_name_, "weight_decay", s.weight_decay.value_or(0), 0, infinity);
  for (const auto& [option, value] : {std::pair("clipnorm", s.clipnorm),
                                      {"clipvalue", s.clipvalue},
                                      {"global_clipnorm", s.global_clipnorm}}) {
    if (value && !(*value > 0)) {
      throw ValueError(
          fmt::format("{}: {} is {}; expected a positive number", class_name_, option, *value));
    }
  }
  if (s.clipnorm.has_value() + s.clipvalue.has_value() + s.global_clipnorm.has_value() > 1) {
    throw ValueError(fmt::format(
        "{}: only one of clipnorm, clipvalue and global_clipnorm can be set", class_name_));
  }
  if (s.use_ema) require_in(class_name_, "ema_momentum", s.ema_momentum, 0, 1);
  if (s.ema_overwrite_frequency && *s.ema_overwrite_frequency < 1) {
    throw ValueError(fmt::format("{}: ema_overwrite_frequency is {}; expected at least 1",
                                 class_name_, *s.ema_overwrite_frequency));
  }
  if (s.gradient_accumulation_steps && *s.gradient_accumulation_steps < 2) {
    throw ValueError(fmt::format("{}: gradient_accumulation_steps is {}; expected at least 2",
                                 class_name_, *s.gradient_accumulation_steps));
  }
}

void Optimizer::build(const std::vector<Variable>& variables) {
  if (built_) return;
  for (const Variable& variable : variables) {
    Slots slots{.variable = variable, .slots = {}, .average = {}, .accumulated = {}};
    const auto like = [&](double value = 0) {
      return full(variable.shape(), value, variable.dtype()).to(variable.value().device());
    };
    for (std::size_t i = 0; i < slots.slots.size(); ++i) {
      if (rule_.slots[i]) slots.slots[i] = like(i == 0 ? rule_.first_value : 0);
    }
    if (settings_.use_ema) slots.average = like();
    if (settings_.gradient_accumulation_steps) slots.accumulated = like();
    slots_.push_back(std::move(slots));
  }
  built_ = true;
}

void Optimizer::set_learning_rate(double value) {
  if (settings_.learning_rate.scheduled()) {
    throw ValueError(fmt::format("{}: the learning rate follows a schedule and cannot be set to {}",
                                 class_name_, value));
  }
  require_in(class_name_, "learning_rate", value, 0, std::numeric_limits<double>::infinity());
  settings_.learning_rate = value;
}

std::int64_t Optimizer::iterations() const {
  return steps_ / settings_.gradient_accumulation_steps.value_or(1);
}

Optimizer::Slots& Optimizer::slots_of(const Variable& variable) {
  const auto found = std::find_if(slots_.begin(), slots_.end(),
                                  [&](const Slots& slots) { return slots.variable.is(variable); });
  if (found == slots_.end()) {
    throw ValueError(fmt::format(
        "{}: variable \"{}\", {}, was not among those of the first step; use a new optimizer, or "
        "compile the model again",
        class_name_, variable.name(), variable.value().spec().text()));
  }
  return *found;
}

void Optimizer::apply(const std::vector<Variable>& variables) {
  std::vector<Variable> ready;
  std::string without;
  for (const Variable& variable : variables) {
    if (variable.grad().defined()) {
      ready.push_back(variable);
    } else {
      without += fmt::format("{}\"{}\" {}", without.empty() ? "" : ", ", variable.name(),
                             variable.value().spec().text());
    }
  }
  if (ready.empty()) {
    throw ValueError(fmt::format("{}: none of {} variables has a gradient; call backward() first",
                                 class_name_, variables.size()));
  }
  if (!without.empty() && !std::exchange(warned_, true)) {
    detail::warn(
        "keratin: {}: no gradient for {}: they do not take part in the loss, and stay as "
        "they are\n",
        class_name_, without);
  }
  require_rate();
  build(variables);

  std::vector<Slots*> tensors;
  std::vector<Tensor> gradients;
  for (const Variable& variable : ready) {
    tensors.push_back(&slots_of(variable));
    gradients.push_back(variable.grad());
  }
  for (GradientWatch* watch : GradientWatch::all()) watch->see(ready, gradients);
  for (Variable& variable : ready) variable.clear_grad();
  if (accumulate(tensors, gradients)) {
    double scale = 1 / settings_.loss_scale_factor.value_or(1);
    if (settings_.loss_scale_factor) {  // before clipping
      for (Tensor& g : gradients) g = g * scale;
      scale = 1;
    }
    scale *= clip(gradients);
    update<float>(tensors, gradients, scale);
    update<double>(tensors, gradients, scale);
  }
  average();
  for (Slots* tensor : tensors) {
    const auto& constraint = tensor->variable.impl()->constraint;
    if (constraint) tensor->variable.assign(constraint(tensor->variable.value()));
  }
  detail::count_each_run([this] { ++steps_; });
}

void Optimizer::require_rate() const {
  if (rule_.constants.update != kernels::Update::ftrl || learning_rate() != 0) return;
  throw ValueError(fmt::format(
      "{}: the learning rate is 0 at step {}, and is divided by; expected more than 0. Let its "
      "schedule end above 0.",
      class_name_, steps_));
}

// Adds up gradients; in every n-th step gives their mean, to be applied. On a GPU sums stay where
// they are, for graphs.
bool Optimizer::accumulate(std::vector<Slots*>& tensors, std::vector<Tensor>& gradients) {
  if (!settings_.gradient_accumulation_steps) return true;
  const std::int64_t n = *settings_.gradient_accumulation_steps;
  const bool last = (steps_ + 1) % n == 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor total = tensors[i]->accumulated + gradients[i];
    gradients[i] = last ? total * (1 / static_cast<double>(n)) : Tensor();
    const Tensor left = last ? zeros_of(total.spec()) : total;
    if (left.device().is_cpu()) {
      tensors[i]->accumulated = left;
    } else {
      tensors[i]->accumulated.copy_from(left);
    }
  }
  return last;
}

double Optimizer::clip(std::vector<Tensor>& gradients) const {
  if (settings_.clipnorm) {
    const double most = *settings_.clipnorm;
    for (Tensor& g : gradients) {
      g = g.device().is_cpu() ? g * (most / std::max(norm(g), most))
                              : g * clipped_scale(sum(square(g)), most);
    }
  }
  if (settings_.clipvalue) {
    const double v = *settings_.clipvalue;
    for (Tensor& g : gradients) g = minimum(maximum(g, -v), v);
  }
  if (!settings_.global_clipnorm) return 1;
  if (!gradients.front().device().is_cpu()) {
    Tensor squares;
    for (const Tensor& g : gradients)
      squares = squares.defined() ? squares + sum(square(g)) : sum(square(g));
    const Tensor scale = clipped_scale(squares, *settings_.global_clipnorm);
    for (Tensor& g : gradients) g = g * scale;
    return 1;
  }
  double squares = 0;
  for (const Tensor& g : gradients) squares += sum(square(g)).item<double>();
  return *settings_.global_clipnorm / std::max(std::sqrt(squares), *settings_.global_clipnorm);
}

kernels::UpdateShape Optimizer::constants(double scale) const {
  kernels::UpdateShape s = rule_.constants;
  const std::int64_t step = iterations() + 1;
  const auto t = static_cast<double>(step);
  s.size = 0;
  s.learning_rate = learning_rate();
  s.decay = settings_.weight_decay.value_or(0) * s.learning_rate;
  s.gradient_scale = scale;
  const double missing_1 = 1 - std::pow(s.beta_1, t), missing_2 = 1 - std::pow(s.beta_2, t);
  switch (s.update) {
    case kernels::Update::adam:
      s.learning_rate *= std::sqrt(missing_2) / missing_1;
      break;
    case kernels::Update::adamax:
      s.learning_rate /= missing_1;
      break;
    case kernels::Update::nadam: {
      const double product = nadam_product(step), u = nadam_momentum(s.beta_1, step),
                   next = nadam_momentum(s.beta_1, step + 1);
      s.mean_share = next / (1 - product * next);
      s.gradient_share = (1 - u) / (1 - product);
      s.square_scale = 1 / missing_2;
      break;
    }
    case kernels::Update::lamb:
      s.mean_share = 1 / missing_1;
      s.square_scale = 1 / missing_2;
      break;
    default:
      break;
  }
  return s;
}

// From the first step on, always in the same order: a resumed training has the same bits.
double Optimizer::nadam_product(std::int64_t step) const {
  if (step < product_step_) product_ = 1, product_step_ = 0;
  while (product_step_ < step) product_ *= nadam_momentum(rule_.constants.beta_1, ++product_step_);
  return product_;
}

template <class T>
void Optimizer::update(const std::vector<Slots*>& tensors, const std::vector<Tensor>& gradients,
                       double scale) {
  std::vector<kernels::UpdatedTensor<T>> list;
  kernels::UpdateShape shape = constants(scale);
  const Device device = tensors.front()->variable.value().device();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    Tensor weight = tensors[i]->variable.value();
    if (weight.dtype() != dtype_of<T>) continue;
    if (weight.device() != device || gradients[i].device() != device) {
      throw DeviceError(fmt::format(
          "{}: variable \"{}\" is on {}, its gradient on {}, and others on {}; expected all "
          "variables of an optimizer on one device",
          class_name_, tensors[i]->variable.name(), weight.device().text(),
          gradients[i].device().text(), device.text()));
    }
    kernels::UpdatedTensor<T> one{.w = weight.mutable_on_device<T>(),
                                  .g = gradients[i].on_device<T>(),
                                  .slots = {},
                                  .size = weight.size()};
    for (std::size_t k = 0; k < one.slots.size(); ++k) {
      if (rule_.slots[k]) one.slots[k] = tensors[i]->slots[k].mutable_on_device<T>();
    }
    one.shadow = shadow_to_write(tensors[i]->variable);
    list.push_back(one);
    shape.size += one.size;
  }
  if (list.empty()) return;
  if (Recording* const recording = Recording::current()) {
    shape.each_step = static_cast<const double*>(
        recording->words(step_values(shape).size(), [this, scale](std::uint64_t* words) {
          require_rate();
          const auto values = step_values(constants(scale));
          std::memcpy(words, values.data(), sizeof values);
        }));
  }
  kernels::run(tensors.front()->variable.value().stream(), kernels::update_ladder<T>,
               std::span<const kernels::UpdatedTensor<T>>(list), shape);
  for (Slots* tensor : tensors) {
    Tensor weight = tensor->variable.value();
    if (weight.dtype() != dtype_of<T>) continue;
    weight.mark_changed();
    shadow_was_written(tensor->variable);
  }
}

// Of all weights, those without a gradient too; as in Keras also in steps that only accumulate.
void Optimizer::average() {
  if (!settings_.use_ema) return;
  const double m = iterations() == 0 ? 0 : settings_.ema_momentum;
  const auto every = settings_.ema_overwrite_frequency;
  if (iterations() == 0) refuse_recording("does another thing in its first step: use_ema");
  for (Slots& slots : slots_) {
    const Tensor average = slots.average * m + slots.variable.value() * (1 - m);
    if (average.device().is_cpu()) {
      slots.average = average;
    } else {
      slots.average.copy_from(average);  // stays where it is, for graphs
    }
    if (every && (iterations() + 1) % *every == 0) slots.variable.assign(slots.average);
  }
}

void Optimizer::swap_averages() {
  if (!settings_.use_ema || steps_ == 0) return;
  for (Slots& slots : slots_) {
    const Tensor weight = slots.variable.value().copy();
    slots.variable.assign(slots.average);
    slots.average.copy_from(weight);
  }
  averages_in_model_ = !averages_in_model_;
}

void Optimizer::finalize_variable_values() {
  if (averages_in_model_) swap_averages();
  if (!settings_.use_ema || steps_ == 0) return;
  for (Slots& slots : slots_) slots.variable.assign(slots.average);
}

std::vector<Tensor> Optimizer::state_tensors() const {
  std::vector<Tensor> tensors;
  const auto add = [&](const Tensor& tensor) {
    if (tensor.defined()) tensors.push_back(tensor);
  };
  for (const Slots& slots : slots_) add(slots.average);
  for (const Slots& slots : slots_) add(slots.accumulated);
  const bool pairs = rule_.constants.update != kernels::Update::rmsprop;
  if (pairs) {
    for (const Slots& slots : slots_) add(slots.slots[0]), add(slots.slots[1]);
  }
  for (std::size_t kind = pairs ? 2 : 0; kind < rule_.slots.size(); ++kind) {
    for (const Slots& slots : slots_) add(slots.slots[kind]);
  }
  return tensors;
}

std::vector<Tensor> Optimizer::state() const {
  std::vector<Tensor> state{Tensor::scalar(static_cast<double>(steps_), int64)};
  if (!settings_.learning_rate.scheduled()) {
    state.push_back(Tensor::scalar(settings_.learning_rate.at(0)));
  }
  for (const Tensor& tensor : state_tensors()) state.push_back(tensor);
  if (is_nadam()) state.push_back(Tensor::scalar(nadam_product(iterations())));
  return state;
}

void Optimizer::set_state(const std::vector<Tensor>& state) {
  std::vector<Tensor> mine = state_tensors();
  const std::size_t scalars = settings_.learning_rate.scheduled() ? 1 : 2;
  const std::size_t count = scalars + mine.size() + is_nadam();
  if (!built_ || state.size() != count) {
    throw ShapeError(fmt::format("{}: given {} tensors of state; it has {}{}", class_name_,
                                 state.size(), count, built_ ? "" : ", and is not built yet"));
  }
  for (std::size_t i = 0; i < state.size(); ++i) {
    const bool scalar = i < scalars || i - scalars == mine.size();
    const Shape wanted = scalar ? Shape{} : mine[i - scalars].shape();
    if (state[i].shape() != wanted) {
      throw ShapeError(fmt::format("{}: tensor {} of its state is {}; expected shape {}",
                                   class_name_, i, state[i].spec().text(), wanted.text()));
    }
  }
  steps_ = state[0].item<std::int64_t>();
  // Files keep the rate in float32: what we have may be that, with more digits.
  if (scalars == 2 && state[1].item<float>() != static_cast<float>(learning_rate())) {
    settings_.learning_rate = state[1].item<double>();
  }
  for (std::size_t i = 0; i < mine.size(); ++i) {
    mine[i].copy_from(cast(state[i + scalars], mine[i].dtype()));
  }
}

}  // namespace detail
}  // namespace keratin
