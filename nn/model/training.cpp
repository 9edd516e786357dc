// Single batches, evaluate and predict. fit: fit.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "autograd/ops/concatenate.h"
#include "nn/callbacks/progress_logger.h"
#include "nn/inspect/terminal.h"
#include "nn/metrics/mean.h"
#include "nn/model/batches.h"
#include "nn/model/feed.h"
#include "nn/model/loop.h"
#include "nn/model/model.h"
#include "nn/model/model_layer.h"
#include "nn/model/not_finite.h"
#include "nn/model/resident.h"
#include "nn/model/step_graphs.h"
#include "tensor/random.h"

namespace keratin {
namespace detail {
namespace {

// The model knows the batch of its step, and whether it is trained on it.
class BatchScope {
 public:
  BatchScope(ModelLayer& model, const Example& given, const Example& fed, bool training)
      : model_(model),
        training_(std::exchange(model.training_batch, training ? &given : nullptr)),
        given_(std::exchange(model.given_batch, &given)),
        fed_(std::exchange(model.fed_batch, &fed)) {
    model.takes_fed = false;
  }
  ~BatchScope() {
    model_.training_batch = training_;
    model_.given_batch = given_;
    model_.fed_batch = fed_;
  }
  BatchScope(const BatchScope&) = delete;
  BatchScope& operator=(const BatchScope&) = delete;

 private:
  ModelLayer& model_;
  const Example *training_, *given_, *fed_;
};

// The batch that train_step was called with, where the model computes.
Example fed_batch(ModelLayer& model, const Example& batch) {
  if (&batch != model.given_batch) return where_model_is(model, batch);
  model.takes_fed = true;
  return *model.fed_batch;
}

}  // namespace

ResultsScope::ResultsScope(ModelLayer& model, bool wanted)
    : model_(model), before_(model.reads_results) {
  model.reads_results = wanted || model.model_device().is_cpu();
}
ResultsScope::~ResultsScope() { model_.reads_results = before_; }

}  // namespace detail

namespace {

using detail::CallbackList;

std::int64_t batch_size_of(const Example& batch) {
  return batch.x.none() || batch.x.get(0).rank() == 0 ? 1 : batch.x.get(0).shape()[0];
}

}  // namespace

// ---- one batch

Tensors Model::train_step(const Example& given) {
  const Example batch = detail::fed_batch(state(), given);
  if (state().step_graphs != nullptr && state().training_batch == &given) {
    state().step_graphs->run(
        batch, [this](const Example& fed) { train_on(detail::samples_of(state(), fed)); });
  } else {
    train_on(detail::samples_of(state(), batch));
  }
  return results_if_wanted();
}

// All of a step that may be captured as a graph.
void Model::train_on(const Example& batch) {
  const Variables y_pred = (*this)(batch.x, {.training = true});
  const Variable loss = compute_loss(batch.x, batch.y, y_pred, batch.sample_weight);
  static_cast<metrics::MeanMetric&>(*loss_tracker().metric())
      .add(loss.value(), static_cast<double>(batch_size_of(batch)));
  if (loss.requires_grad()) {  // not so where every layer is frozen
    optimizer().scale_loss(loss).backward();
    optimizer().apply_gradients(trainable_variables());
  }
  measure(batch, y_pred);
}

Tensors Model::test_step(const Example& given) {
  const Example batch = detail::samples_of(state(), detail::fed_batch(state(), given));
  const Variables y_pred = (*this)(batch.x, {.training = false});
  const Variable loss = compute_loss(batch.x, batch.y, y_pred, batch.sample_weight);
  static_cast<metrics::MeanMetric&>(*loss_tracker().metric())
      .add(loss.value(), static_cast<double>(batch_size_of(batch)));
  measure(batch, y_pred);
  return results_if_wanted();
}

void Model::measure(const Example& batch, const Variables& y_pred) {
  const NoGrad no_grad;
  state().compiled->update_metrics(y_pred, batch.y, batch.sample_weight);
}

Tensors Model::results_if_wanted() const {
  if (!state().reads_results) return {};
  const NoGrad no_grad;
  return state().compiled->results();
}

Tensors Model::step(const Example& batch, const Example& fed, bool training) {
  Model* derived = state().derived_handle();
  Model& self = derived != nullptr ? *derived : *this;
  detail::AddedLosses added;
  const detail::BatchScope scope(state(), batch, fed, training);
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
  const bool told = !state().not_finite.empty();
  const Logs logs = detail::to_logs(step(batch, detail::where_model_is(state(), batch), true));
  detail::find_not_finite(
      *this, [&batch] { return batch; }, logs);
  if (!told && !state().not_finite.empty()) {
    detail::warn("keratin: train_on_batch: the loss is not finite: {}\n", state().not_finite);
  }
  return logs;
}

Logs Model::test_on_batch(const Tensors& x, const Tensors& y, const Tensors& sample_weight) {
  require_compiled("test_on_batch");
  const Example batch{x, y, sample_weight};
  detail::sample_count("test_on_batch", batch);
  detail::refuse_nan("test_on_batch", batch, 0);
  state().compiled->reset();
  return detail::to_logs(step(batch, detail::where_model_is(state(), batch), false));
}

// ---- evaluate

Logs Model::evaluate(const Tensors& x, const Tensors& y, const EvaluateOptions& options) {
  require_compiled("evaluate");
  const data::Dataset batches =
      detail::batches_of("evaluate", {x, y, options.sample_weight},
                         options.batch_size.value_or(detail::kBatchSize), {});
  EvaluateOptions rest = options;
  rest.batch_size.reset();
  rest.sample_weight = Tensors();
  return evaluate(batches, rest);
}

Logs Model::evaluate(const Dataset& data, const EvaluateOptions& options) {
  require_compiled("evaluate");
  detail::require_defined("evaluate", data);
  detail::require_positive("evaluate", "steps", options.steps);
  if (options.batch_size || !options.sample_weight.none()) {
    throw ValueError("evaluate: batch_size and sample_weight do not go with a dataset");
  }
  CallbackList callbacks(options.callbacks, *this,
                         {options.verbose.level(), 1, detail::known_steps(data, options.steps)});
  if (options.verbose.level() > 0) callbacks.add(std::make_shared<detail::ProgressLogger>());
  return run_evaluation(data, options.steps, callbacks);
}

Logs Model::run_evaluation(const Dataset& data, std::optional<std::int64_t> steps,
                           const CallbackList& callbacks) {
  const auto evaluated = std::exchange(state().evaluated, nullptr);
  state().compiled->reset();
  Logs logs;
  callbacks.call("on_test_begin", &Callback::on_test_begin, logs);
  data::Iterator batches = data.begin();
  detail::BatchFeed feed(state(), [&](auto& resident) {
    resident = evaluated;
    return batches.next();
  });
  std::int64_t number = 0;
  bool unread = false;
  for (; !steps || number < *steps; ++number) {
    const std::optional<detail::FedBatch> batch = feed.next();
    if (!batch) break;
    detail::refuse_nan("evaluate", batch->given, number);
    Logs before;
    callbacks.call("on_test_batch_begin", &Callback::on_test_batch_begin, number, before);
    const detail::ResultsScope scope(state(), callbacks.read_batch_logs());
    const detail::ResidentScope numbers(state(), evaluated.get());
    const Tensors results = step(batch->given, batch->fed, false);
    if (!steps || number + 1 < *steps) feed.send_ahead();
    unread = results.none() && !state().reads_results;
    if (!unread) logs = detail::to_logs(results);
    callbacks.call("on_test_batch_end", &Callback::on_test_batch_end, number, logs);
  }
  if (number == 0) throw ValueError("evaluate: the dataset gave no batch");
  if (unread) logs = detail::to_logs(state().compiled->results());
  callbacks.call("on_test_end", &Callback::on_test_end, logs);
  return logs;
}

// ---- predict

Tensors Model::predict(const Tensors& x, const PredictOptions& options) {
  const data::Dataset batches = detail::batches_of(
      "predict", {x, {}, {}}, options.batch_size.value_or(detail::kBatchSize), {});
  PredictOptions rest = options;
  rest.batch_size.reset();
  return predict(batches, rest);
}

Tensors Model::predict(const Dataset& data, const PredictOptions& options) {
  detail::require_defined("predict", data);
  detail::require_positive("predict", "steps", options.steps);
  if (options.batch_size) {
    throw ValueError("predict: batch_size does not go with a dataset; use dataset.batch(n)");
  }
  CallbackList callbacks(options.callbacks, *this,
                         {options.verbose.level(), 1, detail::known_steps(data, options.steps)});
  if (options.verbose.level() > 0) callbacks.add(std::make_shared<detail::ProgressLogger>());

  const NoGrad no_grad;
  Logs logs;
  callbacks.call("on_predict_begin", &Callback::on_predict_begin, logs);
  std::vector<Tensors> parts;
  data::Iterator batches = data.begin();
  detail::BatchFeed feed(state(), [&](auto&) { return batches.next(); });
  for (std::int64_t number = 0; !options.steps || number < *options.steps; ++number) {
    const std::optional<detail::FedBatch> batch = feed.next();
    if (!batch) break;
    callbacks.call("on_predict_batch_begin", &Callback::on_predict_batch_begin, number, logs);
    const Variables y = (*this)(batch->fed.x, {.training = false});
    if (!options.steps || number + 1 < *options.steps) feed.send_ahead();
    parts.push_back(y.map([](const Variable& v) { return v.value().to(Device{}); }));
    callbacks.call("on_predict_batch_end", &Callback::on_predict_batch_end, number, logs);
  }
  callbacks.call("on_predict_end", &Callback::on_predict_end, logs);
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
