// Launches from host code, each checked.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/cuda/device.cuh"
#include "kernels/stream.h"

/// KERATIN_LAUNCH(kernel, grid, block, shared_bytes, stream, arguments...). Throws Error, which
/// names the kernel and its place. A kernel that is a template goes into a constant first.
#define KERATIN_LAUNCH(kernel, grid, block, shared, stream, ...)                                \
  do {                                                                                          \
    KERATIN_RAW_LAUNCH(kernel, grid, block, shared, static_cast<cudaStream_t>((stream).handle), \
                       __VA_ARGS__);                                                            \
    ::keratin::kernels::cuda::check(cudaPeekAtLastError(), #kernel, __FILE__, __LINE__);        \
  } while (false)

namespace keratin::kernels::cuda {

/// Throws Error unless `code` is cudaSuccess; `what` failed.
void check(cudaError_t code, const char* what, const char* file, int line);

/// Blocks of `threads` for `work` items, at most `most`: kernels loop over the rest.
inline unsigned blocks_for(std::int64_t work, int threads, std::int64_t most = 65535) {
  return static_cast<unsigned>(std::min((work + threads - 1) / threads, most));
}

/// How many multiprocessors the stream's GPU has.
int multiprocessors(const Stream& stream);

/// Calls f with the operation as a constant, so that the choice is made once a call of a kernel.
template <auto last, class Op, class F>
void with_constant(Op op, F f) {
  if constexpr (static_cast<int>(last) >= 0) {
    if (op == last) return f.template operator()<last>();
    if constexpr (static_cast<int>(last) > 0) {
      with_constant<static_cast<Op>(static_cast<int>(last) - 1)>(op, f);
    }
  }
}

/// Memory on the GPU for as long as the work that is put into the stream meanwhile takes.
class Scratch {
 public:
  /// Throws Error: out of memory.
  Scratch(std::int64_t bytes, const Stream& stream);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  template <class T>
  T* as() const {
    return static_cast<T*>(memory_);
  }
  float* floats() const { return as<float>(); }

 private:
  int device_;
  void* memory_;
};

}  // namespace keratin::kernels::cuda
