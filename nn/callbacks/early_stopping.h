#pragma once

#include <optional>
#include <string>

#include "nn/callback.h"

namespace keratin::callbacks {

struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  double min_delta = 0;  // what counts as better differs by more
  int patience = 0;      // epochs without improvement that are borne
  int verbose = 0;
  std::string mode = "auto";  // "min", "max"; "auto": as the metric says
  std::optional<double> baseline = {};
  bool restore_best_weights = false;
  int start_from_epoch = 0;
};

/// Ends training once the monitored value has not improved for `patience` epochs.
///
/// An epoch counts as an improvement if its value is better than the best so far by more than
/// min_delta; the count starts again then, with a baseline only if that is beaten too. With
/// restore_best_weights the model ends with the weights of its best epoch, whether training was
/// stopped or not. The first epoch never stops; epochs before start_from_epoch do not count. A
/// value that the logs do not have is warned of. Throws ValueError for a mode that is unknown, or
/// "auto" where the metric does not say which way is better: keratin does not guess.
///
///     EarlyStopping({.monitor = "val_loss", .patience = 3, .restore_best_weights = true})
class EarlyStopping : public CallbackRef {
 public:
  explicit EarlyStopping(const EarlyStoppingOptions& options = {});
};

}  // namespace keratin::callbacks
