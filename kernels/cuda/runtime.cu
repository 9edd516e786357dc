// The host's side of CUDA: devices, streams, memory, errors.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kernels/accelerator.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/device_run.h"
#include "kernels/error.h"

namespace keratin::kernels::cuda {

BoundRungs bound_rungs(const void* ladder);  // ladders.cu
Accelerator& runtime();

#define KERATIN_CUDA_CHECK(call) check(call, #call, __FILE__, __LINE__)

namespace {

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string mebibytes(std::size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

// Pinned memory through which data goes to a GPU: it is read while the CPU goes on, unlike other
// memory. A ring; a piece is taken again once the copy out of it is done.
class PinnedRing {
 public:
  PinnedRing() { KERATIN_CUDA_CHECK(cudaMallocHost(reinterpret_cast<void**>(&bytes_), kSize)); }

  void copy(char* to, const char* from, std::size_t bytes, cudaStream_t stream) {
    for (std::size_t done = 0; done < bytes;) {
      const std::size_t piece = std::min(bytes - done, kLargest);
      char* const here = take(piece);
      std::memcpy(here, from + done, piece);
      KERATIN_CUDA_CHECK(cudaMemcpyAsync(to + done, here, piece, cudaMemcpyHostToDevice, stream));
      KERATIN_CUDA_CHECK(cudaEventRecord(under_way_.back().done, stream));
      done += piece;
    }
  }

 private:
  struct Piece {
    std::size_t first, last;
    cudaEvent_t done;
  };
  static constexpr std::size_t kSize = std::size_t{32} << 20, kLargest = kSize / 4, kStep = 256;
  static constexpr std::size_t kMostPieces = 256;

  char* take(std::size_t bytes) {
    const std::size_t rounded = (bytes + kStep - 1) / kStep * kStep;
    if (next_ + rounded > kSize) next_ = 0;
    const std::size_t first = next_, last = next_ + rounded;
    const auto overlaps = [&](const Piece& p) { return p.first < last && first < p.last; };
    // The oldest are the first to be done, and those that lie ahead.
    while (under_way_.size() == kMostPieces ||
           std::any_of(under_way_.begin(), under_way_.end(), overlaps)) {
      KERATIN_CUDA_CHECK(cudaEventSynchronize(under_way_.front().done));
      spare_.push_back(under_way_.front().done);
      under_way_.pop_front();
    }
    if (spare_.empty()) {
      spare_.emplace_back();
      KERATIN_CUDA_CHECK(cudaEventCreateWithFlags(&spare_.back(), cudaEventDisableTiming));
    }
    under_way_.push_back({first, last, spare_.back()});
    spare_.pop_back();
    next_ = last;
    return bytes_ + first;
  }

  char* bytes_ = nullptr;
  std::size_t next_ = 0;
  std::deque<Piece> under_way_;
  std::vector<cudaEvent_t> spare_;
};

// Free blocks by their size; those that are handed out know their pool.
class Pool final : public GpuPool {
 public:
  explicit Pool(int device) : device_(device) {}
  ~Pool() override;

  int device() const { return device_; }
  void* take(std::size_t bytes) {
    std::vector<void*>& blocks = free_[bytes];
    if (blocks.empty()) return nullptr;
    void* const block = blocks.back();
    blocks.pop_back();
    return block;
  }
  void give_back(void* block, std::size_t bytes) { free_[bytes].push_back(block); }
  const std::unordered_map<std::size_t, std::vector<void*>>& free_blocks() const { return free_; }

 private:
  int device_;
  std::unordered_map<std::size_t, std::vector<void*>> free_;
};

thread_local Pool* current_pool = nullptr;

class Graph final : public GpuGraph {
 public:
  Graph(cudaGraphExec_t work, cudaStream_t stream) : work_(work), stream_(stream) {}
  ~Graph() override {
    // An error here is that of something which has thrown it, or will.
    cudaStreamSynchronize(stream_);
    cudaGraphExecDestroy(work_);
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  void launch() override { KERATIN_CUDA_CHECK(cudaGraphLaunch(work_, stream_)); }

 private:
  cudaGraphExec_t work_;
  cudaStream_t stream_;
};

class Runtime final : public Accelerator {
 public:
  int count() override {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess) {
      cudaGetLastError();
      return 0;
    }
    return devices;
  }

  std::string missing() override {
    int devices = 0, driver = 0, needed = 0;
    const cudaError_t code = cudaGetDeviceCount(&devices);
    if (code == cudaSuccess && devices > 0) return "";
    cudaGetLastError();
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&needed);
    if (driver == 0) return "no NVIDIA driver is installed; install one, or use \"cpu\"";
    if (driver < needed) {
      return "the NVIDIA driver is too old: it supports CUDA " + version_text(driver) +
             ", this build needs " + version_text(needed) + "; update the driver, or use \"cpu\"";
    }
    return std::string("no GPU is there: ") + cudaGetErrorString(code) +
           "; see what nvidia-smi says, or use \"cpu\"";
  }

  GpuProperties properties(int device) override {
    cudaDeviceProp p;
    KERATIN_CUDA_CHECK(cudaGetDeviceProperties(&p, device));
    return {p.name,
            p.major,
            p.minor,
            p.multiProcessorCount,
            static_cast<std::int64_t>(p.totalGlobalMem),
            static_cast<std::int64_t>(p.sharedMemPerBlockOptin)};
  }

  Stream stream(int device) override {
    const std::lock_guard lock(mutex_);
    Gpu& gpu = gpu_of(device);
    if (gpu.compute == nullptr) {
      // Freed memory stays in the pool, instead of going back at each synchronization.
      cudaMemPool_t pool;
      std::uint64_t threshold = UINT64_MAX;
      KERATIN_CUDA_CHECK(cudaDeviceGetDefaultMemPool(&pool, device));
      KERATIN_CUDA_CHECK(
          cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold));
      KERATIN_CUDA_CHECK(cudaStreamCreateWithFlags(&gpu.compute, cudaStreamNonBlocking));
    }
    return {gpu.compute, device};
  }

  Stream copy_stream(int device) override {
    const std::lock_guard lock(mutex_);
    Gpu& gpu = gpu_of(device);
    if (gpu.copy == nullptr)
      KERATIN_CUDA_CHECK(cudaStreamCreateWithFlags(&gpu.copy, cudaStreamNonBlocking));
    return {gpu.copy, device};
  }

  void order(const Stream& earlier, const Stream& later) override {
    const std::lock_guard lock(mutex_);
    Gpu& gpu = gpu_of(earlier.device);
    if (gpu.mark == nullptr)
      KERATIN_CUDA_CHECK(cudaEventCreateWithFlags(&gpu.mark, cudaEventDisableTiming));
    // A wait is for the event as it was last recorded when it began: one event does for all.
    KERATIN_CUDA_CHECK(cudaEventRecord(gpu.mark, static_cast<cudaStream_t>(earlier.handle)));
    KERATIN_CUDA_CHECK(cudaStreamWaitEvent(static_cast<cudaStream_t>(later.handle), gpu.mark, 0));
  }

  void* allocate(std::size_t bytes, int device) override {
    const auto native = on(device);
    Pool* const pool =
        current_pool != nullptr && current_pool->device() == device ? current_pool : nullptr;
    void* memory = pool == nullptr ? nullptr : take(*pool, bytes);
    if (memory != nullptr) return memory;
    refuse_in_capture(device, "more memory of the GPU is asked for than before");
    cudaError_t code = cudaMallocAsync(&memory, bytes, native);
    if (code == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      KERATIN_CUDA_CHECK(cudaStreamSynchronize(native));
      release_cached(device);
      code = cudaMallocAsync(&memory, bytes, native);
    }
    if (code == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      const GpuMemory now = this->memory(device);
      const std::string op = kernels::detail::DeviceCall::current();
      throw Error((op.empty() ? "" : op + ": ") + "cuda:" + std::to_string(device) +
                  ": out of memory: " + std::to_string(bytes) + " bytes (" + mebibytes(bytes) +
                  ") asked for; " + mebibytes(static_cast<std::size_t>(now.held)) +
                  " held by this process, " + mebibytes(static_cast<std::size_t>(now.free)) +
                  " free of " + mebibytes(static_cast<std::size_t>(now.total)) +
                  ". Use smaller batches, or end other programs on this GPU.");
    }
    KERATIN_CUDA_CHECK(code);
    if (pool != nullptr) {
      const std::lock_guard lock(mutex_);
      pooled_[memory] = {pool, bytes};
    }
    return memory;
  }

  void free(void* memory, int device) noexcept override {
    const std::lock_guard lock(mutex_);
    if (const auto found = pooled_.find(memory); found != pooled_.end()) {
      const auto [pool, bytes] = found->second;
      if (pool != nullptr) return pool->give_back(memory, bytes);
      pooled_.erase(found);
    }
    give_back(memory, device);
  }

  GpuMemory memory(int device) override {
    on(device);
    cudaMemPool_t pool;
    std::uint64_t used = 0, held = 0;
    std::size_t free = 0, total = 0;
    KERATIN_CUDA_CHECK(cudaDeviceGetDefaultMemPool(&pool, device));
    KERATIN_CUDA_CHECK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &used));
    KERATIN_CUDA_CHECK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReservedMemCurrent, &held));
    KERATIN_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    return {static_cast<std::int64_t>(used), static_cast<std::int64_t>(held),
            static_cast<std::int64_t>(free), static_cast<std::int64_t>(total)};
  }

  void release_cached(int device) override {
    cudaMemPool_t pool;
    KERATIN_CUDA_CHECK(cudaDeviceGetDefaultMemPool(&pool, device));
    KERATIN_CUDA_CHECK(cudaMemPoolTrimTo(pool, 0));
  }

  void to_gpu(void* to, const void* from, std::size_t bytes, const Stream& stream) override {
    // Pinned memory is written again before a graph is launched again.
    if (is_compute(stream)) refuse_in_capture(stream.device, "data is sent to the GPU");
    const std::lock_guard lock(mutex_);
    Gpu& gpu = gpu_of(stream.device);
    if (gpu.pinned == nullptr) gpu.pinned = std::make_unique<PinnedRing>();
    gpu.pinned->copy(static_cast<char*>(to), static_cast<const char*>(from), bytes,
                     static_cast<cudaStream_t>(stream.handle));
  }
  void from_gpu(void* to, const void* from, std::size_t bytes, const Stream& stream) override {
    refuse_in_capture(stream.device, "data of the GPU is read");
    copy(to, from, bytes, cudaMemcpyDeviceToHost, stream);
    synchronize(stream);
  }
  void within_gpu(void* to, const void* from, std::size_t bytes, const Stream& stream) override {
    copy(to, from, bytes, cudaMemcpyDeviceToDevice, stream);
  }

  void synchronize(const Stream& stream) override {
    if (is_compute(stream)) refuse_in_capture(stream.device, "the CPU waits for the GPU");
    KERATIN_CUDA_CHECK(cudaStreamSynchronize(static_cast<cudaStream_t>(stream.handle)));
  }

  void after_call(const Stream& stream) override {
    if (waits_always()) synchronize(stream);
  }

  std::string no_capture() override {
    return waits_always() ? "KERATIN_CUDA_SYNC=1 waits after each kernel" : "";
  }
  std::unique_ptr<GpuPool> make_pool(int device) override { return std::make_unique<Pool>(device); }
  GpuPool* allocate_from(GpuPool* pool) override {
    return std::exchange(current_pool, static_cast<Pool*>(pool));
  }
  void forget(const Pool& pool) noexcept {
    const std::lock_guard lock(mutex_);
    for (const auto& [bytes, blocks] : pool.free_blocks()) {
      for (void* block : blocks) {
        pooled_.erase(block);
        give_back(block, pool.device());
      }
    }
    for (auto& [block, owner] : pooled_)
      if (owner.first == &pool) owner.first = nullptr;
  }

  void begin_capture(const Stream& stream) override {
    const std::lock_guard lock(mutex_);
    Gpu& gpu = gpu_of(stream.device);
    KERATIN_ASSERT(is_compute(stream) && !gpu.captures);
    // Only this thread is held to what a capture allows: others read files into pinned memory.
    KERATIN_CUDA_CHECK(cudaStreamBeginCapture(gpu.compute, cudaStreamCaptureModeThreadLocal));
    gpu.captures = true;
  }

  std::unique_ptr<GpuGraph> end_capture(const Stream& stream) override {
    const std::lock_guard lock(mutex_);
    Gpu& gpu = gpu_of(stream.device);
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t work = nullptr;
    const cudaError_t ended = cudaStreamEndCapture(gpu.compute, &graph);
    capture_ended(gpu, stream.device);
    KERATIN_CUDA_CHECK(ended);
    const cudaError_t made = cudaGraphInstantiate(&work, graph, 0);
    cudaGraphDestroy(graph);
    KERATIN_CUDA_CHECK(made);
    return std::make_unique<Graph>(work, gpu.compute);
  }

  void abandon_capture(const Stream& stream) noexcept override {
    const std::lock_guard lock(mutex_);
    Gpu& gpu = gpus_[static_cast<std::size_t>(stream.device)];
    if (!gpu.captures) return;
    cudaSetDevice(stream.device);
    cudaGraph_t graph = nullptr;
    if (cudaStreamEndCapture(gpu.compute, &graph) == cudaSuccess) cudaGraphDestroy(graph);
    cudaGetLastError();
    capture_ended(gpu, stream.device);
  }

  BoundRungs rungs(const void* ladder) override { return bound_rungs(ladder); }

 private:
  struct Gpu {
    cudaStream_t compute = nullptr, copy = nullptr;
    cudaEvent_t mark = nullptr;
    std::unique_ptr<PinnedRing> pinned;
    std::atomic<bool> captures = false;
    std::vector<void*> freed_late;  // during a capture, which would free them at each launch
  };

  static bool waits_always() {
    static const bool always = [] {
      const char* text = std::getenv("KERATIN_CUDA_SYNC");
      return text != nullptr && std::strcmp(text, "1") == 0;
    }();
    return always;
  }
  bool is_compute(const Stream& stream) {
    return gpus_[static_cast<std::size_t>(stream.device)].compute == stream.handle;
  }
  void refuse_in_capture(int device, const char* what) {
    if (!gpus_[static_cast<std::size_t>(device)].captures) return;
    std::string text = kernels::detail::DeviceCall::current();
    if (!text.empty()) text += ": ";
    throw CaptureError(text += what);
  }
  void* take(Pool& pool, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    return pool.take(bytes);
  }
  // With mutex_ held. An error has been, or will be, the error of something that may throw.
  void give_back(void* memory, int device) noexcept {
    Gpu& gpu = gpus_[static_cast<std::size_t>(device)];
    if (gpu.captures) return gpu.freed_late.push_back(memory);
    cudaSetDevice(device);
    cudaFreeAsync(memory, gpu.compute);
  }
  void capture_ended(Gpu& gpu, int device) noexcept {
    gpu.captures = false;
    for (void* memory : std::exchange(gpu.freed_late, {})) give_back(memory, device);
  }

  // With mutex_ held. Each thread has a device of its own, and launches go there.
  Gpu& gpu_of(int device) {
    const auto at = static_cast<std::size_t>(device);
    while (at >= gpus_.size()) gpus_.emplace_back();
    KERATIN_CUDA_CHECK(cudaSetDevice(device));
    return gpus_[at];
  }
  cudaStream_t on(int device) { return static_cast<cudaStream_t>(stream(device).handle); }
  static void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                   const Stream& stream) {
    KERATIN_CUDA_CHECK(
        cudaMemcpyAsync(to, from, bytes, kind, static_cast<cudaStream_t>(stream.handle)));
  }

  std::mutex mutex_;
  std::deque<Gpu> gpus_;                                             // stay where they are
  std::unordered_map<void*, std::pair<Pool*, std::size_t>> pooled_;  // blocks; no pool: it is gone
};

Pool::~Pool() { static_cast<Runtime&>(runtime()).forget(*this); }

}  // namespace

// Never destroyed: tensors in static variables may outlive it otherwise.
Accelerator& runtime() {
  static auto* const instance = new Runtime;
  return *instance;
}

}  // namespace keratin::kernels::cuda
