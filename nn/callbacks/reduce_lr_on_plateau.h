#pragma once

#include <string>

#include "nn/callback.h"

namespace keratin::callbacks {

struct ReduceLROnPlateauOptions {
  std::string monitor = "val_loss";
  double factor = 0.1;  // of the rate, below 1
  int patience = 10;    // epochs without improvement that are borne
  int verbose = 0;
  std::string mode = "auto";  // "min", "max"; "auto": as the metric says
  double min_delta = 1e-4;    // what counts as better differs by more
  int cooldown = 0;           // epochs after a reduction that are not counted
  double min_lr = 0;
};

/// Multiplies the learning rate by `factor` once the monitored value has not improved for
/// `patience` epochs, down to min_lr. Adds "learning_rate" to the logs. Throws ValueError for
/// options out of range, a mode as in EarlyStopping, or an optimizer whose rate follows a schedule.
class ReduceLROnPlateau : public CallbackRef {
 public:
  explicit ReduceLROnPlateau(const ReduceLROnPlateauOptions& options = {});
};

}  // namespace keratin::callbacks
