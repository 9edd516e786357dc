// Batches on their way from a dataset to a model.
#pragma once

#include <array>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tensor/several.h"

namespace keratin::detail {

class ModelLayer;
class ResidentSamples;

/// A batch as the data gave it, and as the model is given it: samples, or numbers of resident ones.
struct FedBatch {
  Example given, fed;
  std::shared_ptr<const ResidentSamples> resident = {};

  /// The samples, on the CPU.
  Example samples() const;
};

/// The batch where the model computes. On the CPU stay strings, inputs that only layers read that
/// work there, and targets of integers: losses check class numbers, and take them over themselves.
Example where_model_is(ModelLayer& model, const Example& batch);

/// Batches one by one. Those of a model on a GPU are sent there ahead: the next one travels while a
/// step runs, in a stream of its own, through two buffers that take turns.
class BatchFeed {
 public:
  using Resident = std::shared_ptr<const ResidentSamples>;
  /// `pull` gives the next batch, none at the end; where it sets `resident`, one of their numbers.
  using Pull = std::function<std::optional<Example>(Resident& resident)>;
  BatchFeed(ModelLayer& model, Pull pull);
  ~BatchFeed();
  BatchFeed(const BatchFeed&) = delete;
  BatchFeed& operator=(const BatchFeed&) = delete;

  std::optional<FedBatch> next();
  /// To be called when the work of a step was begun. What goes wrong here is thrown by next().
  void send_ahead();

 private:
  std::optional<FedBatch> pulled();
  Tensor sent(const Tensor& x, std::size_t number);
  // What the GPU computes from now on sees what was sent; what is sent from now on may overwrite
  // what it computes with by now.
  void meet() const;

  ModelLayer& model_;
  Pull pull_;
  std::optional<FedBatch> ahead_;
  bool pulled_ahead_ = false;  // or that there is none
  std::exception_ptr failed_;
  std::array<std::vector<Tensor>, 2> buffers_;
  std::size_t turn_ = 0;
  Device device_ = {};
};

}  // namespace keratin::detail
