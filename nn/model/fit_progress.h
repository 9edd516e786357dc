#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "data/dataset.h"
#include "nn/callback.h"
#include "nn/model/history.h"

namespace keratin {
class Model;
}

namespace keratin::detail {

/// Where a running fit() stands, between batches: what a backup holds beside the model, and what it
/// sets to go on from there.
struct FitProgress {
  int epoch = 0;           // under way, or next
  std::int64_t batch = 0;  // batches of it that are done
  /// The pass over the data that the next batch comes from, and batches of it that were taken. A
  /// pass that is not `mid_pass` has not begun.
  std::int64_t pass = 0, taken = 0;
  bool mid_pass = false;
  /// What the samples of tensors are shuffled by.
  std::uint64_t shuffle_seed = 0;
  History history = {};

  // Not saved:
  std::int64_t cardinality = data::kUnknown;  // batches of a pass
  const CallbackList* callbacks = nullptr;
  /// Makes the weights of a model that has none yet, from the first batch of the data.
  std::function<void()> build_model = {};
  std::function<Example()> example = {};  // gives the batch of the step that begins or ends
};

/// The progress of the fit() that runs on this model. Throws ValueError where none does.
FitProgress& fit_progress(Model& model);

/// While one lives, Ctrl-C (SIGINT) is noted instead of ending the process, unless the program
/// handles it itself; a second one ends it at once.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  bool interrupted() const;
  /// Ends the process as Ctrl-C would have.
  [[noreturn]] void end_process();

 private:
  bool installed_ = false;
};

}  // namespace keratin::detail
