// Steps of training as graphs of a GPU.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/accelerator.h"
#include "tensor/recording.h"
#include "tensor/several.h"

namespace keratin::detail {

class ModelLayer;

/// The graphs of one fit, one a shape of batches and a kind of step: an optimizer that accumulates
/// gradients, or overwrites weights by averages, does another thing in some. The first step of each
/// runs kernel by kernel, which makes all that stays (the optimizer's state ...); the second is a
/// rehearsal, which finds what cannot be captured and leaves the memory that the third, captured,
/// needs. From there on a step is one launch. Every step gives the same bits as without graphs.
class StepGraphs {
 public:
  static constexpr std::int64_t kMostShapes = 8;  // of a kind of step; each has memory of its own

  explicit StepGraphs(ModelLayer& model) : model_(model) {}
  StepGraphs(const StepGraphs&) = delete;
  StepGraphs& operator=(const StepGraphs&) = delete;

  /// One step on this batch: `step` computes it, of what it is given alone.
  using Step = std::function<void(const Example&)>;
  void run(const Example& batch, const Step& step);
  /// Why steps run kernel by kernel, and will; "" where they do not, or it is not known yet.
  const std::string& why_not() const { return why_not_; }
  /// Was run() called? A train_step of one's own need not.
  bool used() const { return used_; }

 private:
  struct Captured {
    unsigned kind = 0;  // of step
    Example fed;        // the tensors that the graph reads: each batch is copied there
    std::vector<std::pair<Tensor, Tensor>> ids;    // indices in it, on the GPU and on the CPU
    std::unique_ptr<kernels::GpuPool> pool, kept;  // for what the step makes, and what it is sent
    RecordedHostWork host;                         // its tensors are in these
    std::unique_ptr<kernels::GpuGraph> graph;
  };

  Captured* captured_of(const Example& batch, unsigned kind);
  void take(Captured& one, const Example& batch) const;
  static void watch(Recording& recording, const Captured& one);
  void rehearse(Captured& one, const Example& batch, const Step& step);
  /// False where it turned out that it can't be captured: nothing was done then.
  bool capture(Captured& one, const Example& batch, const Step& step);
  bool replay(Captured& one, const Example& batch);
  static void launch(Captured& one);
  void give_up(std::string why);
  void refresh_shadows() const;
  std::uint64_t fingerprint() const;

  ModelLayer& model_;
  Device device_ = {};
  std::string why_not_;
  bool used_ = false;
  std::uint64_t fingerprint_ = 0;  // of all that graphs take for granted
  Tensor words_;
  std::vector<std::unique_ptr<Captured>> shapes_;
};

}  // namespace keratin::detail
