// The training loop.
#include <fmt/format.h>

#include <cmath>
#include <exception>
#include <functional>
#include <optional>

#include "autograd/tape.h"
#include "nn/callbacks/progress_logger.h"
#include "nn/inspect/terminal.h"
#include "nn/model/batches.h"
#include "nn/model/feed.h"
#include "nn/model/fit_progress.h"
#include "nn/model/loop.h"
#include "nn/model/model.h"
#include "nn/model/model_layer.h"
#include "nn/model/not_finite.h"
#include "nn/model/resident.h"
#include "nn/model/step_graphs.h"
#include "tensor/random.h"

namespace keratin {
namespace {

using detail::FitProgress;

/// What to train or to validate on: samples and how they are made into batches, given what they are
/// shuffled by; or, without samples, a dataset, which may be none.
struct FitData {
  Example samples = {};
  std::function<Dataset(const Example& samples, std::uint64_t seed)> batches;
};

/// Gathers what fit returns.
class HistoryCallback final : public Callback {
 public:
  explicit HistoryCallback(History& history) : history_(history) {}
  bool reads_batch_logs() const override { return false; }
  void on_epoch_end(int epoch, Logs& logs) override {
    history_.epoch.push_back(epoch);
    for (const auto& [name, value] : logs) history_.history[name].push_back(value);
  }

 private:
  History& history_;
};

/// Batches that go on over several calls of next(), pass after pass; keeps the progress up to date.
class Feed {
 public:
  Feed(const FitData& data, FitProgress& progress, detail::ModelLayer& model)
      : progress_(progress),
        model_(model),
        data_(model, data.samples, [&data, &progress](const Example& samples) {
          return data.batches(samples, progress.shuffle_seed);
        }) {}
  /// A new pass; or, where the progress stands in the middle of one, the rest of that.
  void begin() {
    const std::int64_t skipped = progress_.mid_pass ? progress_.taken : 0;
    iterator_.emplace(data_.batches().begin(progress_.pass, skipped));
    batches_.emplace(model_, [this](auto& resident) {
      if (data_.settle())
        iterator_.emplace(data_.batches().begin(progress_.pass, iterator_->taken()));
      resident = data_.resident();
      return iterator_->next();
    });
    progress_.taken = skipped;
    progress_.mid_pass = true;
  }
  bool begun() const { return iterator_.has_value(); }
  std::optional<detail::FedBatch> next() {
    std::optional<detail::FedBatch> batch = batches_->next();
    if (batch) {
      ++progress_.taken;
    } else {
      end();
    }
    return batch;
  }
  void send_ahead() { batches_->send_ahead(); }
  /// What is left of the pass is not wanted.
  void end() {
    batches_.reset();
    iterator_.reset();
    if (progress_.mid_pass) ++progress_.pass;
    progress_.mid_pass = false;
    progress_.taken = 0;
  }

 private:
  FitProgress& progress_;
  detail::ModelLayer& model_;
  detail::PlacedData data_;
  std::optional<data::Iterator> iterator_;
  std::optional<detail::BatchFeed> batches_;
};

// The model knows the progress of its fit as long as it runs.
class ProgressScope {
 public:
  ProgressScope(detail::ModelLayer& model, FitProgress& progress)
      : model_(model), before_(std::exchange(model.progress, &progress)) {}
  ~ProgressScope() { model_.progress = before_; }
  ProgressScope(const ProgressScope&) = delete;
  ProgressScope& operator=(const ProgressScope&) = delete;

 private:
  detail::ModelLayer& model_;
  FitProgress* before_;
};

// ... and makes graphs of its steps.
class GraphsScope {
 public:
  explicit GraphsScope(detail::ModelLayer& model)
      : model_(model),
        graphs_(model),
        before_(std::exchange(model.step_graphs,
                              model.compiled->options().run_eagerly ? nullptr : &graphs_)) {}
  ~GraphsScope() { model_.step_graphs = before_; }
  GraphsScope(const GraphsScope&) = delete;
  GraphsScope& operator=(const GraphsScope&) = delete;

 private:
  detail::ModelLayer& model_;
  detail::StepGraphs graphs_;
  detail::StepGraphs* before_;
};

void check(const FitOptions& o) {
  detail::require_positive("fit", "steps_per_epoch", o.steps_per_epoch);
  detail::require_positive("fit", "validation_steps", o.validation_steps);
  detail::require_positive("fit", "validation_batch_size", o.validation_batch_size);
  detail::require_positive("fit", "validation_freq", o.validation_freq);
  if (o.epochs < 0 || o.initial_epoch < 0) {
    throw ValueError(fmt::format("fit: epochs is {}, initial_epoch {}; expected at least 0",
                                 o.epochs, o.initial_epoch));
  }
}

// Of samples, where there are any.
FitData held_out_data(const Dataset& dataset, const Example& samples, std::int64_t batch_size) {
  if (samples.x.none()) return {{}, [dataset](const Example&, std::uint64_t) { return dataset; }};
  detail::sample_count("fit: validation_data", samples);
  return {detail::narrowed(samples), [batch_size](const Example& some, std::uint64_t) {
            return detail::batches_of("fit: validation_data", some, batch_size, {});
          }};
}

}  // namespace

namespace detail {

/// One run of fit.
class FitLoop {
 public:
  FitLoop(Model& model, const FitData& data, std::uint64_t shuffle_seed, const FitData& validation,
          const FitOptions& options)
      : model_(model),
        data_(data),
        options_(options),
        validation_(
            model.state(), validation.samples,
            [&validation](const Example& samples) { return validation.batches(samples, 0); }),
        train_(data.batches(data.samples, shuffle_seed)),
        callbacks_(options.callbacks, model,
                   {options.verbose.level(), options.epochs,
                    options.steps_per_epoch ? options.steps_per_epoch : known_steps(train_, {}),
                    validation_.batches().defined()}) {
    progress_.epoch = options.initial_epoch;
    progress_.pass = options.initial_epoch;
    progress_.shuffle_seed = shuffle_seed;
    progress_.history.seed = random_seed();
    progress_.cardinality = train_.cardinality();
    progress_.callbacks = &callbacks_;
    progress_.build_model = [this] {
      const std::optional<Example> first = train_.begin().next();
      const NoGrad no_grad;
      if (first) model_(first->x, {.training = false});
    };
    callbacks_.add(std::make_shared<HistoryCallback>(progress_.history));
    if (options.verbose.level() > 0) callbacks_.add(std::make_shared<ProgressLogger>());
  }

  History run() {
    const ProgressScope scope(model_.state(), progress_);
    const GraphsScope graphs(model_.state());
    model_.state().stop_training = false;
    model_.state().not_finite.clear();
    try {
      train();
      if (!interrupts_.interrupted()) {
        model_.state().compiled->optimizer.finalize_variable_values();
        callbacks_.call("on_train_end", &Callback::on_train_end, logs_);
        return std::move(progress_.history);
      }
    } catch (const std::exception&) {
      callbacks_.interrupt();
      throw;
    }
    callbacks_.interrupt();
    interrupts_.end_process();
  }

 private:
  void train() {
    const std::uint64_t seed = progress_.shuffle_seed;
    callbacks_.call("on_train_begin", &Callback::on_train_begin, logs_);
    if (progress_.shuffle_seed != seed)
      train_ = data_.batches(data_.samples, progress_.shuffle_seed);  // restored
    Feed feed(data_, progress_, model_.state());
    while (progress_.epoch < options_.epochs) {
      const int epoch = progress_.epoch;
      model_.state().compiled->reset();
      Logs none;
      callbacks_.call("on_epoch_begin", &Callback::on_epoch_begin, epoch, none);
      if (!feed.begun()) feed.begin();
      // Restored in the middle of an epoch: what was measured before.
      logs_ = progress_.batch > 0 ? to_logs(model_.state().compiled->results()) : Logs();
      train_epoch(feed);
      if (interrupts_.interrupted()) return;
      if (validation_.batches().defined() && (epoch + 1) % options_.validation_freq == 0) {
        validation_.settle();
        model_.state().evaluated = validation_.resident();
        const Logs measured =
            model_.run_evaluation(validation_.batches(), options_.validation_steps, callbacks_);
        for (const auto& [name, value] : measured) logs_["val_" + name] = value;
      }
      ++progress_.epoch;
      progress_.batch = 0;
      callbacks_.call("on_epoch_end", &Callback::on_epoch_end, epoch, logs_);
      if (model_.state().stop_training) return;
    }
  }

  void train_epoch(Feed& feed) {
    const std::optional<std::int64_t>& steps = options_.steps_per_epoch;
    while (!steps || progress_.batch < *steps) {
      std::optional<FedBatch> batch = feed.next();
      if (!batch) {
        if (progress_.batch == 0) {
          throw ValueError(
              fmt::format("fit: the dataset gave no batch in epoch {}", progress_.epoch + 1));
        }
        if (steps) {
          detail::warn(
              "keratin: fit: the data ended after {} of {} steps of epoch {}; repeat() it, "
              "or ask for fewer steps\n",
              progress_.batch, *steps, progress_.epoch + 1);
        }
        read_results();
        return;
      }
      if (!options_.class_weight.empty()) {
        const FedBatch targets{
            {{}, batch->given.y, batch->given.sample_weight}, {}, batch->resident};
        batch->given.sample_weight = weights_of_classes(options_.class_weight, targets.samples());
        batch->fed.sample_weight = batch->given.sample_weight;
      }
      const std::int64_t number = progress_.batch;
      refuse_nan("fit", batch->given, number);
      progress_.example = [&batch] { return batch->samples(); };
      Logs before;
      callbacks_.call("on_train_batch_begin", &Callback::on_train_batch_begin, number, before);
      {
        const ResultsScope scope(model_.state(), callbacks_.read_batch_logs());
        const ResidentScope resident(model_.state(), batch->resident.get());
        const Tensors results = model_.step(batch->given, batch->fed, true);
        if (!steps || number + 1 < *steps) feed.send_ahead();
        unread_ = results.none() && !model_.state().reads_results;
        last_ = unread_ ? FedBatch{batch->given, {}, batch->resident} : FedBatch();
        if (!unread_) note(to_logs(results), number, *batch);
      }
      tell_unless_captured();
      ++progress_.batch;
      callbacks_.call("on_train_batch_end", &Callback::on_train_batch_end, number, logs_);
      progress_.example = nullptr;
      if (model_.state().stop_training || interrupts_.interrupted()) break;
    }
    read_results();
  }

  void note(Logs logs, std::int64_t number, const FedBatch& batch) {
    logs_ = std::move(logs);
    if (told_) return;
    find_not_finite(
        model_, [&batch] { return batch.samples(); }, logs_);
    tell_unless_finite(number);
  }

  // Those that were left on the GPU.
  void read_results() {
    if (!std::exchange(unread_, false)) return;
    note(to_logs(model_.state().compiled->results()), progress_.batch - 1,
         std::exchange(last_, {}));
  }

  void tell_unless_captured() {
    const StepGraphs* const graphs = model_.state().step_graphs;
    bool& told = model_.state().compiled->told_of_graphs;
    if (graphs == nullptr || told || options_.verbose.level() == 0) return;
    if (model_.state().model_device().is_cpu()) return;
    const std::string why =
        graphs->used() ? graphs->why_not() : "the model has a train_step of its own";
    if (why.empty()) return;
    told = true;
    detail::warn("\nkeratin: fit: steps go to the GPU kernel by kernel, not as one graph: {}\n",
                 why);
  }

  void tell_unless_finite(std::int64_t batch) {
    std::string& why = model_.state().not_finite;
    const double* const loss = logs_.find("loss");
    if (why.empty() && (loss == nullptr || std::isfinite(*loss))) return;
    told_ = true;
    const bool late = !model_.state().model_device().is_cpu();
    if (why.empty()) {
      why =
          "the model's own train_step computes it without compute_loss, so the layer can't be told";
    }
    detail::warn("\nkeratin: fit: the loss of batch {}{} in epoch {} is not finite: {}\n", batch,
                 late ? " or one before it" : "", progress_.epoch + 1, why);
  }

  Model& model_;
  const FitData& data_;
  const FitOptions& options_;
  PlacedData validation_;
  Dataset train_;
  FitProgress progress_;
  CallbackList callbacks_;
  InterruptGuard interrupts_;
  Logs logs_;
  bool told_ = false;    // of a loss that is not finite
  bool unread_ = false;  // are results of the last step still on the GPU?
  FedBatch last_;        // the batch of that step
};

FitProgress& fit_progress(Model& model) {
  FitProgress* progress = model_state(model).progress;
  if (progress == nullptr) throw ValueError("fit: none runs on this model");
  return *progress;
}

}  // namespace detail

History Model::fit(const Tensors& x, const Tensors& y, const FitOptions& options) {
  require_compiled("fit");
  check(options);
  Example train{x, y, options.sample_weight}, held_out;
  const ValidationData& given = options.validation_data;
  if (options.validation_split != 0 && !given.given()) {
    std::tie(train, held_out) = detail::split_off_end(train, options.validation_split);
  }
  const std::int64_t rows = detail::sample_count("fit", train);
  std::int64_t batch_size = detail::kBatchSize;
  if (options.batch_size) {
    batch_size = *options.batch_size;
  } else if (options.steps_per_epoch) {
    batch_size = (rows + *options.steps_per_epoch - 1) / *options.steps_per_epoch;
  }
  const FitData data{detail::narrowed(train), [&](const Example& samples, std::uint64_t seed) {
                       return detail::batches_of(
                           "fit", samples, batch_size,
                           options.shuffle ? std::optional(seed) : std::nullopt);
                     }};
  const std::uint64_t seed = options.shuffle ? next_random_seed() >> 1 : 0;
  if (!given.tensors().x.none()) held_out = given.tensors();
  const FitData validation =
      held_out_data(given.dataset(), held_out, options.validation_batch_size.value_or(batch_size));
  return detail::FitLoop(*this, data, seed, validation, options).run();
}

History Model::fit(const Dataset& data, const FitOptions& options) {
  require_compiled("fit");
  check(options);
  detail::require_defined("fit", data);
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
  const FitData validation =
      held_out_data(options.validation_data.dataset(), options.validation_data.tensors(),
                    options.validation_batch_size.value_or(detail::kBatchSize));
  const FitData same{{}, [&](const Example&, std::uint64_t) { return data; }};
  return detail::FitLoop(*this, same, 0, validation, options).run();
}

}  // namespace keratin
