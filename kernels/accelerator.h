// GPUs, as the rest of the library sees them: memory, copies, and which kernels run there. A build
// with CUDA has one implementation, kernels/cuda/runtime.cu; tests put in the same one on emulated
// hardware.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/error.h"
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

/// Something that cannot be captured was asked of a stream that captures.
class CaptureError : public Error {
 public:
  using Error::Error;
};

/// Memory of a GPU for work that is captured: what is freed there stays, and is handed out again for
/// the same size. Goes back to the GPU with the object; what is still in use then, when that is freed.
class GpuPool {
 public:
  virtual ~GpuPool() = default;
};

/// Captured work. Waits for its last launch before it goes.
class GpuGraph {
 public:
  virtual ~GpuGraph() = default;
  /// Puts the work into the stream that it was captured from.
  virtual void launch() = 0;
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

  /// Why no work can be captured here, and what to do; "" if it can.
  virtual std::string no_capture() = 0;
  virtual std::unique_ptr<GpuPool> make_pool(int device) = 0;
  /// Where this thread's memory comes from: a pool, or, nullptr, all that the GPU has. Gives the one
  /// before.
  virtual GpuPool* allocate_from(GpuPool* pool) = 0;
  /// What is put into the stream from now on is not done but noted, with its arguments. Until the end
  /// of the capture memory has to be in a pool, and what waits for the stream, or brings or takes
  /// data, throws CaptureError.
  virtual void begin_capture(const Stream& stream) = 0;
  virtual std::unique_ptr<GpuGraph> end_capture(const Stream& stream) = 0;
  /// Ends it, if it goes on still, whatever went wrong in it, and keeps nothing.
  virtual void abandon_capture(const Stream& stream) noexcept = 0;

  /// `ladder` is the address of a ladder of the CPU; none where it has no rungs for CUDA.
  virtual BoundRungs rungs(const void* ladder) = 0;
};

/// While one lives, this thread's memory on the GPU comes from `pool`.
class AllocateFrom {
 public:
  explicit AllocateFrom(GpuPool& pool);
  ~AllocateFrom();
  AllocateFrom(const AllocateFrom&) = delete;
  AllocateFrom& operator=(const AllocateFrom&) = delete;

 private:
  GpuPool* before_;
};

/// nullptr in a build without CUDA kernels.
Accelerator* accelerator();
/// For tests; gives back the one before. Tensors on its devices must not outlive it.
Accelerator* set_accelerator(Accelerator* accelerator);

}  // namespace keratin::kernels
