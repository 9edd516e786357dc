#pragma once

#include "nn/callback.h"

namespace keratin::callbacks {

struct TerminateOnNaNOptions {
  bool raise_error = false;
};

/// Ends training after the first batch whose loss is NaN or infinite, with a message; with
/// raise_error by throwing ValueError that says why. (fit itself warns, and names the first layer whose
/// output was not finite.) It reads the loss of each batch, so each waits for a GPU.
class TerminateOnNaN : public CallbackRef {
 public:
  explicit TerminateOnNaN(const TerminateOnNaNOptions& options = {});
};

}  // namespace keratin::callbacks
