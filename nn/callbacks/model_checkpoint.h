#pragma once

#include <optional>
#include <string>

#include "nn/callback.h"
#include "nn/callbacks/frequency.h"

namespace keratin::callbacks {

struct ModelCheckpointOptions {
  std::string filepath = {};  // required; ends with .keras, or .weights.h5 for weights only
  std::string monitor = "val_loss";
  int verbose = 0;
  bool save_best_only = false;
  bool save_weights_only = false;
  std::string mode = "auto";  // "min", "max"; "auto": as the metric says
  Frequency save_freq = "epoch";
  std::optional<double> initial_value_threshold = {};  // what the first value has to beat
};

/// Saves the model, or its weights, after each epoch or every so many batches; with save_best_only
/// where the monitored value is the best so far.
///
/// The name may hold fields, filled in as fmt and Python do: {epoch} and {batch}, counted from 1,
/// and any name of the logs, as in "model_{epoch:02d}-{val_loss:.2f}.keras". Folders are made. A
/// file appears whole or not at all. Throws where training begins: ValueError for options, or a
/// model that no file can hold; FileError for a folder that cannot be made. A save that fails later
/// is warned of, and training goes on. The best value is not known across runs: give
/// initial_value_threshold to go on with an earlier one.
class ModelCheckpoint : public CallbackRef {
 public:
  explicit ModelCheckpoint(const ModelCheckpointOptions& options);
};

}  // namespace keratin::callbacks
