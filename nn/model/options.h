// What compile, fit, evaluate and predict take.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "nn/callback.h"
#include "nn/loss.h"
#include "nn/metric.h"
#include "nn/optimizer.h"
#include "tensor/named.h"
#include "tensor/several.h"

namespace keratin {

/// compile's `loss`: one, for every output, or {{"output", loss}, ...}.
class Losses {
 public:
  Losses() = default;  // none
  template <std::convertible_to<LossRef> T>
  Losses(T&& one) : one_(std::forward<T>(one)) {}
  Losses(std::initializer_list<std::pair<std::string, LossRef>> by_output)
      : by_output_(by_output) {}
  Losses(const Named<LossRef>& by_output) : by_output_(by_output) {}

  bool given() const { return one_.given() || !by_output_.empty(); }
  const LossRef& one() const { return one_; }
  const Named<LossRef>& by_output() const { return by_output_; }

 private:
  LossRef one_;
  Named<LossRef> by_output_;
};

struct CompileOptions {
  OptimizerRef optimizer = "rmsprop";
  Losses loss = {};
  Named<double> loss_weights = {};
  Metrics metrics = {};
  Metrics weighted_metrics = {};  // these take sample_weight and class_weight into account
  /// On a GPU a step of fit is captured as a graph, once a shape of batches, and launched as a whole
  /// from then on, with the same results; where it can't be, fit says why. Code of one's own, such as
  /// a layer's call(), then runs in the first steps only: numbers that it computes on the CPU stay
  /// what they were. true: every step runs it, and goes to the GPU kernel by kernel.
  bool run_eagerly = false;
  int steps_per_execution = 1;
  bool auto_scale_loss = true;
};

/// "auto", 0 (silent), 1 (a progress bar) or 2 (one line an epoch).
class Verbose {
 public:
  Verbose(const char* automatic);  // throws ValueError unless "auto"
  Verbose(int level);              // throws ValueError unless 0, 1 or 2
  int level() const { return level_; }

 private:
  int level_ = 1;
};

/// A dataset of batches, or tensors.
class ValidationData {
 public:
  ValidationData() = default;  // none
  ValidationData(const Dataset& dataset) : dataset_(dataset) {}
  ValidationData(const Tensors& x, const Tensors& y, const Tensors& sample_weight = {})
      : tensors_{x, y, sample_weight} {}

  bool given() const { return dataset_.defined() || !tensors_.x.none(); }
  const Dataset& dataset() const { return dataset_; }
  const Example& tensors() const { return tensors_; }

 private:
  Dataset dataset_;
  Example tensors_;
};

struct FitOptions {
  std::optional<std::int64_t> batch_size = {};  // of tensors; 32
  int epochs = 1;                               // the last one, not how many
  Verbose verbose = "auto";
  std::vector<CallbackRef> callbacks = {};
  double validation_split = 0;  // the share at the end of the tensors that is not trained on
  ValidationData validation_data = {};
  bool shuffle = true;  // tensors: another order in each epoch
  std::vector<std::pair<std::int64_t, double>> class_weight = {};
  Tensors sample_weight = {};
  int initial_epoch = 0;
  std::optional<std::int64_t> steps_per_epoch = {};
  std::optional<std::int64_t> validation_steps = {};
  std::optional<std::int64_t> validation_batch_size = {};
  int validation_freq = 1;
};

struct EvaluateOptions {
  std::optional<std::int64_t> batch_size = {};
  Verbose verbose = "auto";
  Tensors sample_weight = {};
  std::optional<std::int64_t> steps = {};
  std::vector<CallbackRef> callbacks = {};
};

struct PredictOptions {
  std::optional<std::int64_t> batch_size = {};
  Verbose verbose = "auto";
  std::optional<std::int64_t> steps = {};
  std::vector<CallbackRef> callbacks = {};
};

}  // namespace keratin
