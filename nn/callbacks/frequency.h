#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/error.h"

namespace keratin::callbacks {

/// How often a callback acts: "epoch", or after a number of batches, counted across epochs.
class Frequency {
 public:
  /// Throws ValueError unless "epoch".
  Frequency(const char* epoch) {
    if (std::string_view(epoch) == "epoch") return;
    throw ValueError("save_freq is \"" + std::string(epoch) +
                     "\"; expected \"epoch\" or a number of batches");
  }
  // A template, as a literal 0 would also be a null const char*.
  /// Throws ValueError for a number below 1.
  template <std::integral T>
  Frequency(T batches) : batches_(batches) {
    if (batches >= 1) return;
    throw ValueError("save_freq is " + std::to_string(batches) + "; expected at least 1 batch");
  }

  bool every_epoch() const { return batches_ == 0; }
  std::int64_t batches() const { return batches_; }

 private:
  std::int64_t batches_ = 0;
};

}  // namespace keratin::callbacks
