// Fibers: functions with a stack of their own that yield and are resumed, for the threads of an
// emulated block. Compiled without sanitizers, which are told of every switch instead.
#pragma once

#include <cstddef>

namespace cuda_emulation {

class Fiber {
 public:
  /// `body(argument)` begins at the first resume() and must never return.
  Fiber(void (*body)(void*), void* argument);
  /// Also of a fiber that stands in the middle of its body: what that holds is lost.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs until the fiber yields, on this OS thread: any, but one at a time.
  void resume();
  /// Back to whoever resumed this fiber.
  static void yield();

 private:
  struct State;
  static void enter();
  State* state_;
};

}  // namespace cuda_emulation
