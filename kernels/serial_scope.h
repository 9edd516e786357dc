#pragma once

namespace keratin::kernels {

/// As long as it lives, parallel_for runs what this thread calls on this thread alone: for threads
/// that share the cores among themselves already, and are to leave the pool to others.
class SerialScope {
 public:
  SerialScope();
  ~SerialScope();
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;

 private:
  bool before_;
};

}  // namespace keratin::kernels
