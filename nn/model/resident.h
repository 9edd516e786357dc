// Samples that lie on a model's GPU as a whole.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "tensor/several.h"

namespace keratin::detail {

class ModelLayer;

/// Samples of a model on a GPU, of which those tensors lie there that batches would be sent of: a
/// batch is gathered there, and what travels are the numbers of its samples.
class ResidentSamples {
 public:
  /// They take at most this share of the GPU's memory that is free.
  static constexpr double kShare = 0.25;

  /// nullptr where they would take more; where nothing would be sent; where floats among them may be
  /// NaN, for batches to tell of; and for a model that is not on a GPU, not built yet, or of a class
  /// of its own, which may look at what its train_step is given. Integers of 32 and 64 bits stay on
  /// the CPU, where indices are checked.
  static std::shared_ptr<const ResidentSamples> of(ModelLayer& model, const Example& samples);

  /// The samples, but that tensors that lie on the GPU are the samples' numbers instead, i64
  /// [samples]: to make batches of.
  const Example& numbered() const { return numbered_; }
  /// A batch of numbered(), with the samples in the numbers' place: on the GPU, where the numbers
  /// are there.
  Example gathered(const Example& batch) const;
  /// The same on the CPU.
  Example given(const Example& batch) const;
  /// Is the tensor of y, or of the sample weights, at this place on the GPU?
  bool holds(const Tensors Example::*part, std::int64_t position, const std::string& name) const;
  /// Were samples changed in place since they were sent?
  bool outdated() const;
  /// No other has the same.
  std::uint64_t serial() const { return serial_; }

 private:
  ResidentSamples() = default;
  Example on_gpu_, on_cpu_, numbered_;  // not defined() in the first two: what stays on the CPU
  std::vector<std::uint64_t> versions_;
  std::uint64_t serial_ = 0;
};

/// The batch as samples where a step computes with a batch of numbers; of any other that itself.
Example samples_of(const ModelLayer& model, const Example& batch);
/// The same on the CPU, of the batch that the data gave.
Example given_samples_of(const ModelLayer& model, const Example& batch);

/// Samples and how they are made into batches: those of their numbers, once they have found room on
/// the model's GPU. Or a dataset.
class PlacedData {
 public:
  using MakeBatches = std::function<data::Dataset(const Example& samples)>;
  /// `samples` none: `batches` gives the dataset.
  PlacedData(ModelLayer& model, const Example& samples, MakeBatches batches);

  /// Finds out whether the samples find room, once it is known where the model is; sends them again
  /// where they were changed. To be called before a batch is made. Are batches() others now?
  bool settle();
  const data::Dataset& batches() const { return batches_; }
  /// nullptr: they are batches of samples.
  const std::shared_ptr<const ResidentSamples>& resident() const { return resident_; }

 private:
  ModelLayer& model_;
  const Example& samples_;
  MakeBatches make_batches_;
  data::Dataset batches_;
  std::shared_ptr<const ResidentSamples> resident_;
  bool settled_ = false;
};

/// While one lives, batches of the model's steps are numbers of these samples; nullptr: samples.
class ResidentScope {
 public:
  ResidentScope(ModelLayer& model, const ResidentSamples* samples);
  ~ResidentScope();
  ResidentScope(const ResidentScope&) = delete;
  ResidentScope& operator=(const ResidentScope&) = delete;

 private:
  ModelLayer& model_;
  const ResidentSamples* before_;
};

}  // namespace keratin::detail
