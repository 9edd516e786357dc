#pragma once

namespace keratin::detail {

/// Of a callback that does something slow when training ends early, such as talking to a server:
/// called once all have had their on_train_interrupted, and backups are written. The error, if there
/// is one, is still being handled: std::current_exception().
class AfterInterrupt {
 public:
  virtual ~AfterInterrupt() = default;
  virtual void after_interrupt() = 0;
};

}  // namespace keratin::detail
