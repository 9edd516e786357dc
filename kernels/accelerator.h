// GPUs, as the rest of the library sees them: memory, copies, and which kernels run there. A build
// with CUDA has one implementation, kernels/cuda/runtime.cu; tests put in the same one on emulated
// hardware.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/stream.h"

namespace keratin::kernels {

struct GpuProperties {
  std::string name;          // "NVIDIA H200"
  int major = 0, minor = 0;  // compute capability
  int multiprocessors = 0;
  std::int64_t memory = 0, shared_memory = 0;  // bytes; the latter a block at most
};

struct GpuMemory {
  std::int64_t in_use = 0, held = 0;  // by this process' tensors; held: with what is kept for reuse
  std::int64_t free = 0, total = 0;   // of the GPU
};

class Accelerator {
 public:
  virtual ~Accelerator() = default;
  /// How many GPUs there are; 0 where none can be used.
  virtual int count() = 0;
  /// Why there is none, and what to do; "" if there is one.
  virtual std::string missing() = 0;
  virtual GpuProperties properties(int device) = 0;
  /// The stream in which the library computes on this GPU.
  virtual Stream stream(int device) = 0;
  /// A stream in which data comes to this GPU beside what it computes.
  virtual Stream copy_stream(int device) = 0;
  /// What `later` gets from now on waits for all that `earlier` has got; the CPU waits for nothing.
  virtual void order(const Stream& earlier, const Stream& later) = 0;

  /// Memory that may be used by what is put into stream(device) from now on. Throws Error: out of
  /// memory.
  virtual void* allocate(std::size_t bytes, int device) = 0;
  /// Given back once all that is in stream(device) by now is done.
  virtual void free(void* memory, int device) noexcept = 0;
  virtual GpuMemory memory(int device) = 0;
  /// Gives memory that is kept for reuse back to the GPU.
  virtual void release_cached(int device) = 0;

  /// Copies in order with the stream's kernels. To the GPU: `from` may change once this returns,
  /// which waits for nothing unless more is under way than pinned memory holds. From it: waits until
  /// the bytes are there.
  virtual void to_gpu(void* to, const void* from, std::size_t bytes, const Stream& stream) = 0;
  virtual void from_gpu(void* to, const void* from, std::size_t bytes, const Stream& stream) = 0;
  virtual void within_gpu(void* to, const void* from, std::size_t bytes, const Stream& stream) = 0;
  /// Waits until all that was put into the stream is done. Throws Error where something failed.
  virtual void synchronize(const Stream& stream) = 0;
  /// After every kernel call: with KERATIN_CUDA_SYNC=1 waits, so that an error names its culprit.
  virtual void after_call(const Stream& stream) = 0;

  /// `ladder` is the address of a ladder of the CPU; none where it has no rungs for CUDA.
  virtual BoundRungs rungs(const void* ladder) = 0;
};

/// nullptr in a build without CUDA kernels.
Accelerator* accelerator();
/// For tests; gives back the one before. Tensors on its devices must not outlive it.
Accelerator* set_accelerator(Accelerator* accelerator);

}  // namespace keratin::kernels
