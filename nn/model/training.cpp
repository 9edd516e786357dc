// The loops: fit, evaluate, predict and single batches.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "autograd/ops/concatenate.h"
#include "nn/callbacks/progress_logger.h"
#include "nn/metrics/mean.h"
#include "nn/model/batches.h"
#include "nn/model/model.h"
#include "nn/model/model_layer.h"
#include "tensor/random.h"

namespace keratin {
namespace {

using detail::CallbackList;

constexpr std::int64_t kBatchSize = 32;

Logs to_logs(const Tensors& results) {
  Logs logs;
  std::vector<std::pair<std::string, double>> sorted;
  for (const auto& [name, value] : results.entries()) {
    if (value.size() == 1) sorted.emplace_back(name, value.item<double>());
  }
  std::sort(sorted.begin(), sorted.end());
  for (const auto& [name, value] : sorted) logs[name] = value;
  return logs;
}

std::int64_t batch_size_of(const Example& batch) {
  return batch.x.none() || batch.x.get(0).rank() == 0 ? 1 : batch.x.get(0).shape()[0];
}

/// Gathers what fit returns.
class HistoryCallback final : public Callback {
 public:
  explicit HistoryCallback(History& history) : history_(history) {}
  void on_epoch_end(int epoch, Logs& logs) override {
    history_.epoch.push_back(epoch);
    for (const auto& [name, value] : logs) history_.history[name].push_back(value);
  }

 private:
  History& history_;
};

/// Batches that go on over several calls of next(), pass after pass.
class Feed {
 public:
  explicit Feed(const data::Dataset& data) : data_(data) {}
  void begin(std::int64_t pass) { iterator_.emplace(data_.begin(pass)); }
  bool begun() const { return iterator_.has_value(); }
  std::optional<Example> next() {
    std::optional<Example> batch = iterator_->next();
    if (!batch) iterator_.reset();
    return batch;
  }

 private:
  const data::Dataset& data_;
  std::optional<data::Iterator> iterator_;
};

std::optional<std::int64_t> known_steps(const data::Dataset& data,
                                        std::optional<std::int64_t> asked) {
  const std::int64_t there = data.cardinality();
  if (asked) return there >= 0 ? std::min(*asked, there) : *asked;
  return there >= 0 ? std::optional(there) : std::nullopt;
}

void require_positive(const char* what, const char* option, std::optional<std::int64_t> value) {
  if (value && *value < 1) {
    throw ValueError(fmt::format("{}: {} is {}; expected at least 1", what, option, *value));
  }
}

void require_defined(const char* what, const data::Dataset& data) {
  if (!data.defined()) throw ValueError(fmt::format("{}: the dataset was never set", what));
  if (data.cardinality() == 0) throw ValueError(fmt::format("{}: the dataset is empty", what));
}

void check(const FitOptions& o) {
  require_positive("fit", "steps_per_epoch", o.steps_per_epoch);
  require_positive("fit", "validation_steps", o.validation_steps);
  require_positive("fit", "validation_batch_size", o.validation_batch_size);
  require_positive("fit", "validation_freq", o.validation_freq);
  if (o.epochs < 0 || o.initial_epoch < 0) {
    throw ValueError(fmt::format("fit: epochs is {}, initial_epoch {}; expected at least 0",
                                 o.epochs, o.initial_epoch));
  }
}

}  // namespace

// ---- one batch

Tensors Model::train_step(const Example& batch) {
  const Variables y_pred = (*this)(batch.x, {.training = true});
  const Variable loss = compute_loss(batch.x, batch.y, y_pred, batch.sample_weight);
  static_cast<metrics::MeanMetric&>(*loss_tracker().metric())
      .add(loss.value().item<double>(), static_cast<double>(batch_size_of(batch)));
  if (loss.requires_grad()) {  // not so where every layer is frozen
    optimizer().scale_loss(loss).backward();
    optimizer().apply_gradients(trainable_variables());
  }
  return compute_metrics(batch.x, batch.y, y_pred, batch.sample_weight);
}

Tensors Model::test_step(const Example& batch) {
  const Variables y_pred = (*this)(batch.x, {.training = false});
  const Variable loss = compute_loss(batch.x, batch.y, y_pred, batch.sample_weight);
  static_cast<metrics::MeanMetric&>(*loss_tracker().metric())
      .add(loss.value().item<double>(), static_cast<double>(batch_size_of(batch)));
  return compute_metrics(batch.x, batch.y, y_pred, batch.sample_weight);
}

Tensors Model::step(const Example& batch, bool training) {
  Model* derived = state().derived_handle();
  Model& self = derived != nullptr ? *derived : *this;
  detail::AddedLosses added;
  if (training) return self.train_step(batch);
  const NoGrad no_grad;
  return self.test_step(batch);
}

Logs Model::train_on_batch(const Tensors& x, const Tensors& y, const Tensors& sample_weight) {
  require_compiled("train_on_batch");
  const Example batch{x, y, sample_weight};
  detail::sample_count("train_on_batch", batch);
  detail::refuse_nan("train_on_batch", batch, 0);
  state().compiled->reset();
  return to_logs(step(batch, true));
}

Logs Model::test_on_batch(const Tensors& x, const Tensors& y, const Tensors& sample_weight) {
  require_compiled("test_on_batch");
  const Example batch{x, y, sample_weight};
  detail::sample_count("test_on_batch", batch);
  detail::refuse_nan("test_on_batch", batch, 0);
  state().compiled->reset();
  return to_logs(step(batch, false));
}

// ---- fit

History Model::fit(const Tensors& x, const Tensors& y, const FitOptions& options) {
  require_compiled("fit");
  check(options);
  Example train{x, y, options.sample_weight}, held_out;
  const ValidationData& given = options.validation_data;
  if (options.validation_split != 0 && !given.given()) {
    std::tie(train, held_out) = detail::split_off_end(train, options.validation_split);
  }
  const std::int64_t rows = detail::sample_count("fit", train);
  std::int64_t batch_size = kBatchSize;
  if (options.batch_size) {
    batch_size = *options.batch_size;
  } else if (options.steps_per_epoch) {
    batch_size = (rows + *options.steps_per_epoch - 1) / *options.steps_per_epoch;
  }
  const data::Dataset batches = detail::batches_of("fit", train, batch_size, options.shuffle);
  data::Dataset validation = given.dataset();
  if (!given.tensors().x.none()) held_out = given.tensors();
  if (!held_out.x.none()) {
    validation = detail::batches_of("fit: validation_data", held_out,
                                    options.validation_batch_size.value_or(batch_size), false);
  }
  return run_fit(batches, validation, options);
}

History Model::fit(const Dataset& data, const FitOptions& options) {
  require_compiled("fit");
  check(options);
  require_defined("fit", data);
  if (options.batch_size) {
    throw ValueError("fit: batch_size does not go with a dataset; use dataset.batch(n)");
  }
  if (options.validation_split != 0) {
    throw ValueError(
        "fit: validation_split does not go with a dataset; give .validation_data = another one");
  }
  if (!options.sample_weight.none()) {
    throw ValueError("fit: sample_weight does not go with a dataset; its elements carry their own");
  }
  data::Dataset validation = options.validation_data.dataset();
  if (const Example& held_out = options.validation_data.tensors(); !held_out.x.none()) {
    validation = detail::batches_of("fit: validation_data", held_out,
                                    options.validation_batch_size.value_or(kBatchSize), false);
  }
  return run_fit(data, validation, options);
}

History Model::run_fit(const Dataset& train, const Dataset& validation, const FitOptions& options) {
  History history;
  history.seed = random_seed();
  const std::optional<std::int64_t> steps =
      options.steps_per_epoch ? options.steps_per_epoch : known_steps(train, {});
  CallbackList callbacks(options.callbacks, *this,
                         {options.verbose.level(), options.epochs, steps, validation.defined()});
  callbacks.add(std::make_shared<HistoryCallback>(history));
  if (options.verbose.level() > 0) callbacks.add(std::make_shared<detail::ProgressLogger>());

  state().stop_training = false;
  Logs logs;
  callbacks.call(&Callback::on_train_begin, logs);
  Feed feed(train);
  std::int64_t passes = options.initial_epoch;
  for (int epoch = options.initial_epoch; epoch < options.epochs; ++epoch) {
    state().compiled->reset();
    Logs none;
    callbacks.call(&Callback::on_epoch_begin, epoch, none);
    if (!feed.begun() || !options.steps_per_epoch) feed.begin(passes++);
    logs = {};
    std::int64_t batch_number = 0;
    for (; !options.steps_per_epoch || batch_number < *options.steps_per_epoch; ++batch_number) {
      std::optional<Example> batch = feed.next();
      if (!batch && batch_number == 0) {
        throw ValueError(fmt::format("fit: the dataset gave no batch in epoch {}", epoch + 1));
      }
      if (!batch) {
        if (options.steps_per_epoch) {
          fmt::print(stderr,
                     "keratin: fit: the data ended after {} of {} steps of epoch {}; repeat() it, "
                     "or ask for fewer steps\n",
                     batch_number, *options.steps_per_epoch, epoch + 1);
        }
        break;
      }
      batch->sample_weight = detail::weights_of_classes(options.class_weight, *batch);
      detail::refuse_nan("fit", *batch, batch_number);
      Logs before;
      callbacks.call(&Callback::on_train_batch_begin, batch_number, before);
      logs = to_logs(step(*batch, true));
      callbacks.call(&Callback::on_train_batch_end, batch_number, logs);
      if (state().stop_training) break;
    }
    if (validation.defined() && (epoch + 1) % options.validation_freq == 0) {
      Logs measured = run_evaluation(validation, options.validation_steps, callbacks);
      for (const auto& [name, value] : measured) logs["val_" + name] = value;
    }
    callbacks.call(&Callback::on_epoch_end, epoch, logs);
    if (state().stop_training) break;
  }
  state().compiled->optimizer.finalize_variable_values();
  callbacks.call(&Callback::on_train_end, logs);
  return history;
}

// ---- evaluate

Logs Model::evaluate(const Tensors& x, const Tensors& y, const EvaluateOptions& options) {
  require_compiled("evaluate");
  const data::Dataset batches = detail::batches_of("evaluate", {x, y, options.sample_weight},
                                                   options.batch_size.value_or(kBatchSize), false);
  EvaluateOptions rest = options;
  rest.batch_size.reset();
  rest.sample_weight = Tensors();
  return evaluate(batches, rest);
}

Logs Model::evaluate(const Dataset& data, const EvaluateOptions& options) {
  require_compiled("evaluate");
  require_defined("evaluate", data);
  require_positive("evaluate", "steps", options.steps);
  if (options.batch_size || !options.sample_weight.none()) {
    throw ValueError("evaluate: batch_size and sample_weight do not go with a dataset");
  }
  CallbackList callbacks(options.callbacks, *this,
                         {options.verbose.level(), 1, known_steps(data, options.steps)});
  if (options.verbose.level() > 0) callbacks.add(std::make_shared<detail::ProgressLogger>());
  return run_evaluation(data, options.steps, callbacks);
}

Logs Model::run_evaluation(const Dataset& data, std::optional<std::int64_t> steps,
                           const CallbackList& callbacks) {
  state().compiled->reset();
  Logs logs;
  callbacks.call(&Callback::on_test_begin, logs);
  data::Iterator batches = data.begin();
  std::int64_t number = 0;
  for (; !steps || number < *steps; ++number) {
    const std::optional<Example> batch = batches.next();
    if (!batch) break;
    detail::refuse_nan("evaluate", *batch, number);
    Logs before;
    callbacks.call(&Callback::on_test_batch_begin, number, before);
    logs = to_logs(step(*batch, false));
    callbacks.call(&Callback::on_test_batch_end, number, logs);
  }
  if (number == 0) throw ValueError("evaluate: the dataset gave no batch");
  callbacks.call(&Callback::on_test_end, logs);
  return logs;
}

// ---- predict

Tensors Model::predict(const Tensors& x, const PredictOptions& options) {
  const data::Dataset batches =
      detail::batches_of("predict", {x, {}, {}}, options.batch_size.value_or(kBatchSize), false);
  PredictOptions rest = options;
  rest.batch_size.reset();
  return predict(batches, rest);
}

Tensors Model::predict(const Dataset& data, const PredictOptions& options) {
  require_defined("predict", data);
  require_positive("predict", "steps", options.steps);
  if (options.batch_size) {
    throw ValueError("predict: batch_size does not go with a dataset; use dataset.batch(n)");
  }
  CallbackList callbacks(options.callbacks, *this,
                         {options.verbose.level(), 1, known_steps(data, options.steps)});
  if (options.verbose.level() > 0) callbacks.add(std::make_shared<detail::ProgressLogger>());

  const NoGrad no_grad;
  Logs logs;
  callbacks.call(&Callback::on_predict_begin, logs);
  std::vector<Tensors> parts;
  data::Iterator batches = data.begin();
  for (std::int64_t number = 0; !options.steps || number < *options.steps; ++number) {
    const std::optional<Example> batch = batches.next();
    if (!batch) break;
    callbacks.call(&Callback::on_predict_batch_begin, number, logs);
    const Variables y = (*this)(batch->x, {.training = false});
    parts.push_back(y.map([](const Variable& v) { return v.value(); }));
    callbacks.call(&Callback::on_predict_batch_end, number, logs);
  }
  callbacks.call(&Callback::on_predict_end, logs);
  if (parts.empty()) throw ValueError("predict: the dataset gave no batch");
  std::int64_t output = 0;
  return parts[0].map([&](const Tensor&) {
    std::vector<Tensor> pieces;
    for (const Tensors& part : parts) pieces.push_back(part.get(output));
    ++output;
    return concatenate(std::span<const Tensor>(pieces));
  });
}

}  // namespace keratin
