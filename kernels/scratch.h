#pragma once

#include <cstddef>
#include <cstdint>

namespace keratin::kernels {

/// Working memory of a kernel, 64-byte aligned, with any content; returned to this thread's stock
/// at the end of scope, so that a training step asks the system for none. Scratches of a thread end
/// in reverse order of their beginning.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_;
};

/// Bytes that the stocks of all threads hold, and how often the system was asked for them.
std::int64_t scratch_bytes();
std::int64_t scratch_allocations();

/// Scratch for `count` floats.
class FloatScratch : public Scratch {
 public:
  explicit FloatScratch(std::int64_t count)
      : Scratch(static_cast<std::size_t>(count) * sizeof(float)) {}
  float* data() const { return as<float>(); }
};

}  // namespace keratin::kernels
