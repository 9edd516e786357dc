#pragma once

#include <string>

#include "nn/callback.h"

namespace keratin::callbacks {

struct CSVLoggerOptions {
  std::string filename = {};  // required
  std::string separator = ",";
  bool append = false;  // go on with a file that is there, under its header
};

/// Writes one row an epoch to a CSV file: "epoch", counted from 0, then the logs by name.
///
/// The columns are the logs of the first epoch, and those of validation where that comes only
/// later (validation_freq); what an epoch does not have is NA. Numbers are written such that
/// reading them gives the same double. Each row is on disk before the next epoch begins. With
/// `append`, rows go below those of a file that is there, in the order of its header, and a last
/// line that was cut off is dropped first. Throws FileError where training begins if the file cannot
/// be written; later failures are warned of, and training goes on.
class CSVLogger : public CallbackRef {
 public:
  explicit CSVLogger(const CSVLoggerOptions& options);
};

}  // namespace keratin::callbacks
