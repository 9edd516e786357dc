#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autograd/variable.h"
#include "kernels/optimizer/optimizer.h"
#include "nn/fields.h"
#include "nn/schedule.h"

namespace keratin {

namespace detail {
class Optimizer;
}

/// A handle to an optimizer: a name ("adam", "sgd" ... with default options), or one of
/// optimizers::... Copies are the same optimizer, with its state.
class OptimizerRef {
 public:
  OptimizerRef() = default;  // none
  /// Throws ValueError for an unknown name, with the nearest known one. Case does not matter.
  OptimizerRef(const char* name);
  OptimizerRef(const std::string& name) : OptimizerRef(name.c_str()) {}

  bool given() const { return impl_ != nullptr; }
  /// "adam": the name given in its options, or that of its class.
  const std::string& name() const;

  /// One step over variables that have collected gradients, which are taken and cleared. Those
  /// without one are left as they are, with one warning. Throws ValueError, and changes nothing,
  /// where none has a gradient, or a variable is not among those of the first step.
  void apply_gradients(const std::vector<Variable>& variables);
  /// Makes its state for these variables; the first apply_gradients does that otherwise.
  void build(const std::vector<Variable>& variables);

  /// The rate of the next step.
  double learning_rate() const;
  /// Throws ValueError where the rate follows a schedule, or `value` is not at least 0.
  void set_learning_rate(double value);
  /// Updates made so far.
  std::int64_t iterations() const;
  /// `loss`, times loss_scale_factor where there is one: what backward should start from.
  Variable scale_loss(const Variable& loss) const;
  /// With use_ema: writes the averages into the variables, as fit does at its end.
  void finalize_variable_values();
  /// Shape and dtype of everything it keeps: step, rate and what belongs to each variable.
  std::vector<Spec> state_specs() const;

  const std::shared_ptr<detail::Optimizer>& impl() const { return impl_; }

 protected:
  explicit OptimizerRef(std::shared_ptr<detail::Optimizer> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<detail::Optimizer> impl_;
};

namespace detail {

/// What the optimizers have in common, under Keras' names.
struct OptimizerSettings {
  optimizers::LearningRate learning_rate = 0.001;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name;
};

/// The settings in an optimizer's own options.
template <class Options>
OptimizerSettings settings_of(const Options& o) {
  return {o.learning_rate,
          o.weight_decay,
          o.clipnorm,
          o.clipvalue,
          o.global_clipnorm,
          o.use_ema,
          o.ema_momentum,
          o.ema_overwrite_frequency,
          o.loss_scale_factor,
          o.gradient_accumulation_steps,
          o.name};
}

/// The options that all optimizers have, as files name them.
template <class Options>
void optimizer_fields(Fields& f, Options& o) {
  f("name", o.name);
  f("learning_rate", o.learning_rate);
  f("weight_decay", o.weight_decay);
  f("clipnorm", o.clipnorm);
  f("global_clipnorm", o.global_clipnorm);
  f("clipvalue", o.clipvalue);
  f("use_ema", o.use_ema);
  f("ema_momentum", o.ema_momentum);
  f("ema_overwrite_frequency", o.ema_overwrite_frequency);
  f("loss_scale_factor", o.loss_scale_factor);
  f("gradient_accumulation_steps", o.gradient_accumulation_steps);
}

/// What one optimizer does to a weight: which update, with which constants and slots.
struct UpdateRule {
  kernels::UpdateShape constants;  // what depends on the step is set at each
  std::array<bool, 3> slots = {};
  double first_value = 0;  // of the first slot
};

/// Throws ValueError unless low <= value < high.
void require_in(const char* optimizer, const char* option, double value, double low, double high);

/// The order of a step: unscale, accumulate, clip, weight decay, update, average, constrain
/// (keras-semantics 4.1).
class Optimizer {
 public:
  /// Throws ValueError for settings out of range or that exclude each other.
  Optimizer(const char* class_name, OptimizerSettings settings, UpdateRule rule, OriginPtr origin);

  void build(const std::vector<Variable>& variables);
  void apply(const std::vector<Variable>& variables);

  const OptimizerSettings& settings() const { return settings_; }
  double learning_rate() const { return settings_.learning_rate.at(steps_); }
  void set_learning_rate(double value);
  std::int64_t iterations() const;
  void finalize_variable_values();
  /// With use_ema: averages and weights change places, until the next call. Nothing before the first
  /// step.
  void swap_averages();
  bool averages_in_model() const { return averages_in_model_; }
  /// What a backup says of weights and state that were read from it.
  void note_averages_in_model(bool are) { averages_in_model_ = are; }
  const OriginPtr& origin() const { return origin_; }
  bool built() const { return built_; }
  /// Everything that it keeps, in Keras' order: step, learning rate (none where that follows a
  /// schedule), averages, accumulated gradients, slots: the first two weight by weight, others kind by
  /// kind, RMSprop's all. Nadam's running product is the last.
  std::vector<Tensor> state() const;
  /// Throws ShapeError, and changes nothing, unless it is as state() of this optimizer, built.
  void set_state(const std::vector<Tensor>& state);

 private:
  struct Slots {
    Variable variable;
    std::array<Tensor, 3> slots;
    Tensor average, accumulated;
  };
  Slots& slots_of(const Variable& variable);
  std::vector<Tensor> state_tensors() const;  // what belongs to the weights, slots last
  bool accumulate(std::vector<Slots*>& tensors, std::vector<Tensor>& gradients);
  double clip(std::vector<Tensor>& gradients) const;   // gives what all are still to be scaled by
  kernels::UpdateShape constants(double scale) const;  // of this step
  void require_rate() const;                           // that the rule can divide by
  bool is_nadam() const { return rule_.constants.update == kernels::Update::nadam; }
  double nadam_product(std::int64_t step) const;
  template <class T>
  void update(const std::vector<Slots*>& tensors, const std::vector<Tensor>& gradients,
              double scale);
  void average();

  const char* class_name_;
  OptimizerSettings settings_;
  UpdateRule rule_;
  OriginPtr origin_;
  std::vector<Slots> slots_;
  std::int64_t steps_ = 0;  // calls of apply; with accumulation more than updates
  // u_1 u_2 ... u_t of Nadam, and t.
  mutable double product_ = 1;
  mutable std::int64_t product_step_ = 0;
  bool built_ = false, warned_ = false, averages_in_model_ = false;
};

}  // namespace detail
}  // namespace keratin
